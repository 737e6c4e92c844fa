"""Apertium's mode files: one shell pipeline that translates a pair of languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

#: Tools that flush on a NUL when told so by -z. A pipeline with any other tool would hold messages back.
NULL_FLUSHING = frozenset(
    {
        "apertium-anaphora",
        "apertium-interchunk",
        "apertium-postchunk",
        "apertium-posttransfer",
        "apertium-pretransfer",
        "apertium-tagger",
        "apertium-transfer",
        "cg-proc",
        "hfst-proc",
        "lrx-proc",
        "lsx-proc",
        "lt-proc",
        "rtx-proc",
    }
)

# `eng-spa`, not the variants: `spa-eng_US`, `eng-cat_valencia`.
_NAME = re.compile(r"([a-z]{2,3})-([a-z]{2,3})")
#: What the `apertium` script puts for the mode's own parameters: generation without marks on unknown words.
_PARAMETERS = {"$1": ["-n"], "$2": []}
#: ISO 639-3, which names Apertium's pairs, to ISO 639-1, which names languages everywhere else here.
_CODES = """
afr:af ara:ar arg:an bel:be bre:br bul:bg cat:ca ces:cs cos:co cym:cy dan:da deu:de ell:el eng:en epo:eo est:et
eus:eu fao:fo fin:fi fra:fr gla:gd gle:ga glg:gl hbs:sh heb:he hin:hi hrv:hr hun:hu hye:hy ind:id isl:is ita:it
kaz:kk kir:ky lat:la lav:lv lit:lt mar:mr mkd:mk mlt:mt nld:nl nno:nn nob:nb nor:no oci:oc pan:pa pol:pl por:pt
ron:ro rus:ru slk:sk slv:sl sme:se spa:es sqi:sq srd:sc srp:sr swe:sv tat:tt tgk:tg tha:th tuk:tk tur:tr uig:ug
ukr:uk urd:ur uzb:uz vie:vi zho:zh zlm:ms
"""
_ISO_639_1 = dict(pair.split(":") for pair in _CODES.split())

Command = tuple[str, ...]


def installed(folder: Path) -> dict[tuple[str, str], Path]:
    """The mode file of each direct pair (ISO 639-1 source, target) in `folder`."""
    pairs = {}
    for path in sorted(folder.glob("*.mode")):
        name = _NAME.fullmatch(path.stem)
        if name:
            pairs[_iso(name[1]), _iso(name[2])] = path
    return pairs


def parse(mode: str) -> list[Command]:
    """The commands of a mode file's pipeline, each told to flush on NUL.

    Raises ValueError for anything but a plain pipeline of tools that can.
    """
    words = shlex.shlex(mode, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    words.commenters = ""
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            commands.append([])
        elif word in _PARAMETERS:
            commands[-1].extend(_PARAMETERS[word])
        elif "$" in word or "`" in word or set(word) <= set(";&|<>()"):
            raise ValueError(f"expected a plain pipeline, got {word!r}")
        else:
            commands[-1].append(word)
    return [_null_flushing(command) for command in commands]


def _null_flushing(command: list[str]) -> Command:
    tool = Path(command[0]).name if command else ""
    if tool not in NULL_FLUSHING:
        raise ValueError(f"expected a tool that flushes on NUL, got {tool!r}")
    return (command[0], "-z", *(argument for argument in command[1:] if argument != "-z"))


def _iso(code: str) -> str:
    """The ISO 639-1 code; where a language has none (Asturian: ast), the code it came with."""
    return _ISO_639_1.get(code, code)
