"""The tags of SSML that Polly knows, the values of their attributes, and the engines that take each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emulators.service_error import ServiceError

_STANDARD = frozenset({"standard"})
_NEURAL = frozenset({"neural"})
_EVERY = frozenset({"standard", "neural", "long-form", "generative"})
_TAGS: Mapping[str, frozenset[str]] = {
    "speak": _EVERY,
    "break": _EVERY,
    "lang": _EVERY,
    "mark": _EVERY,
    "p": _EVERY,
    "phoneme": _EVERY,
    "prosody": _EVERY,
    "s": _EVERY,
    "say-as": _EVERY,
    "sub": _EVERY,
    "w": _EVERY,
    "amazon:domain": _NEURAL,
    "amazon:effect": _EVERY,
    "emphasis": _STANDARD,
    "amazon:auto-breaths": _STANDARD,
    "amazon:breath": _STANDARD,
}
_PERCENT = r"\d+(\.\d+)?%"
_LEVELS = "default|x-soft|soft|medium|loud|x-loud"
_LENGTHS = "default|x-short|short|medium|long|x-long"
_HEIGHTS = "default|x-low|low|medium|high|x-high"
#: By tag and attribute: a pattern of values, and who takes those. A tag that is here has no other attributes.
_VALUES: Mapping[tuple[str, str], Mapping[str, frozenset[str]]] = {
    ("prosody", "rate"): {f"default|x-slow|slow|medium|fast|x-fast|{_PERCENT}": _EVERY},
    ("prosody", "volume"): {rf"silent|{_LEVELS}|[+-]\d+(\.\d+)?dB": _EVERY},
    ("prosody", "pitch"): {f"{_HEIGHTS}|[+-]{_PERCENT}": _STANDARD},
    ("prosody", "amazon:max-duration"): {r"\d+(\.\d+)?(s|ms)": _STANDARD},
    ("emphasis", "level"): {"(?i:strong|moderate|reduced)": _STANDARD},
    ("amazon:domain", "name"): {"news": _NEURAL},
    ("amazon:effect", "name"): {"drc": _EVERY - {"generative"}, "whispered": _STANDARD},
    ("amazon:effect", "phonation"): {"soft": _STANDARD},
    ("amazon:effect", "vocal-tract-length"): {f"[+-]?{_PERCENT}": _STANDARD},
    ("amazon:breath", "duration"): {_LENGTHS: _STANDARD},
    ("amazon:breath", "volume"): {_LEVELS: _STANDARD},
    ("amazon:auto-breaths", "duration"): {_LENGTHS: _STANDARD},
    ("amazon:auto-breaths", "volume"): {_LEVELS: _STANDARD},
    ("amazon:auto-breaths", "frequency"): {_HEIGHTS: _STANDARD},
}
#: Tags that do nothing without an attribute.
_ATTRIBUTED = frozenset({"prosody", "amazon:domain", "amazon:effect"})
#: Voices that read news.
_NEWSCASTERS = frozenset({"Amy", "Joanna", "Lupe", "Matthew"})


def check(tag: str, attributes: Mapping[str, str], voice: str, engine: str) -> None:
    """ServiceError (InvalidSsmlException) where Polly does not know the tag so, or the voice not with this engine."""
    if tag not in _TAGS:
        raise invalid(f"Invalid SSML request: unexpected element {tag}")
    if engine not in _TAGS[tag] or (tag == "amazon:domain" and voice not in _NEWSCASTERS):
        raise _unsupported(tag)
    known = {attribute: values for (owner, attribute), values in _VALUES.items() if owner == tag}
    if not known:
        return
    if (tag in _ATTRIBUTED and not attributes) or attributes.keys() - known:
        got = ", ".join(attributes) or "nothing"
        raise invalid(f"Invalid SSML request: expected {', '.join(known)} on {tag}, got {got}")
    for attribute, written in attributes.items():
        values = known[attribute]
        engines = next((engines for value, engines in values.items() if re.fullmatch(value, written)), None)
        if engines is None:
            expected = "|".join(values)
            raise invalid(f"Invalid SSML request: expected {attribute} on {tag} to match {expected}, got {written}")
        if engine not in engines:
            raise _unsupported(f'{tag} {attribute}="{written}"')


def invalid(message: str) -> ServiceError:
    """InvalidSsmlException."""
    return ServiceError("InvalidSsmlException", message)


def _unsupported(feature: str) -> ServiceError:
    return invalid(f"This voice does not support one of the used SSML features: {feature}")
