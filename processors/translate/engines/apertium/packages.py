"""The Debian packages that bring language pairs, to tell a user which one is missing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from processors.translate.engines.apertium.routes import Pair, routes

# Package: the directions it translates in (Debian 12).
_PACKAGES = {
    "apertium-afr-nld": "af-nl nl-af",
    "apertium-arg-cat": "an-ca ca-an",
    "apertium-bel-rus": "be-ru ru-be",
    "apertium-br-fr": "br-fr",
    "apertium-cat-ita": "ca-it it-ca",
    "apertium-dan-nor": "da-nb nb-da da-nn nn-da",
    "apertium-en-gl": "en-gl gl-en",
    "apertium-eng-cat": "en-ca ca-en",
    "apertium-eng-spa": "en-es es-en",
    "apertium-eo-en": "eo-en en-eo",
    "apertium-es-gl": "es-gl gl-es",
    "apertium-es-pt": "es-pt pt-es",
    "apertium-es-ro": "es-ro ro-es",
    "apertium-eu-en": "eu-en",
    "apertium-eu-es": "eu-es",
    "apertium-fr-es": "fr-es es-fr",
    "apertium-fra-cat": "fr-ca ca-fr",
    "apertium-hbs-eng": "sh-en",
    "apertium-ind-zlm": "id-ms ms-id",
    "apertium-isl-eng": "is-en",
    "apertium-mkd-bul": "mk-bg bg-mk",
    "apertium-mkd-eng": "mk-en",
    "apertium-nno-nob": "nn-nb nb-nn",
    "apertium-oc-ca": "oc-ca ca-oc",
    "apertium-oc-es": "oc-es es-oc",
    "apertium-oci-fra": "oc-fr fr-oc",
    "apertium-por-cat": "pt-ca ca-pt",
    "apertium-pt-gl": "pt-gl gl-pt",
    "apertium-rus-ukr": "ru-uk uk-ru",
    "apertium-spa-arg": "es-an an-es",
    "apertium-spa-ast": "es-ast",
    "apertium-spa-cat": "es-ca ca-es",
    "apertium-spa-ita": "es-it it-es",
    "apertium-swe-dan": "sv-da da-sv",
    "apertium-urd-hin": "ur-hi hi-ur",
}

_PAIRS: dict[Pair, str] = {
    (start, end): package
    for package, directions in _PACKAGES.items()
    for start, _, end in (direction.partition("-") for direction in directions.split())
}


def missing(installed: Iterable[Pair], source: str, target: str) -> list[str]:
    """The packages that would lead from `source` to `target` beside the installed pairs; none if none would."""
    have = set(installed)
    route = routes(have | _PAIRS.keys(), source).get(target, ())
    return sorted({_PAIRS[pair] for pair in pairwise(route) if pair not in have})
