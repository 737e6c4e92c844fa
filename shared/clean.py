"""Untrusted text, made fit for a terminal, a file of subtitles or a line of a log."""

from __future__ import annotations

import re

#: Escape sequences (ECMA-48), in seven bits and in eight: strings (OSC, DCS, SOS, PM, APC) with their end, control
#: sequences (CSI) with their parameters, and whatever else ESC begins. One that is cut short goes as far as it came;
#: of a string without its end only the beginning goes, since nothing says how far it was to reach.
_ESCAPES = re.compile(
    r"""
    (?: \x1b[\]PX^_] | [\x90\x98\x9d-\x9f] ) [^\x07\x18\x1a\x1b\x80-\x9f]* (?: \x07 | \x1b\\ | \x9c )
    | (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]?
    | \x1b [ -/]* [0-~]?
    """,
    re.VERBOSE,
)
#: What begins another line, or stands for white space on this one.
_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
#: Control characters; what turns the direction of the text behind it (bidi embeddings, overrides and isolates); and
#: lone surrogates, which no file takes.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def clean(text: str) -> str:
    """`text` as one line that shows what it says and does nothing else.

    Whole escape sequences go, and so do control characters, bidi overrides and lone surrogates; line breaks and tabs
    become a blank. Words of every script, marks, joiners and emoji stay as they are. Cleaning twice changes nothing.
    """
    # Nearly all text: nothing of it is a control, a format character or a line break.
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _BREAKS.sub(" ", _ESCAPES.sub("", text)))
