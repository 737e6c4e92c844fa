"""Whether a commit message begins as this project's do: `python -m infra.commit_subject FILE`, the commit-msg hook."""

from __future__ import annotations

import re
import sys
from pathlib import Path

#: The most characters of a subject: a line of `git log --oneline` in 80 columns.
LONGEST = 72
#: One component, or several by commas, and what changed in them.
_SUBJECT = re.compile(r"[a-z][\w.-]*(?:, [a-z][\w.-]*)*: \S.*")
#: What git itself writes.
_OF_GIT = re.compile(r'Merge |Revert "|(?:fixup|squash|amend)! ')
#: Behind this line `git commit --verbose` shows the change.
_SCISSORS = re.compile(r"^# -+ >8 -+$.*", re.MULTILINE | re.DOTALL)


class SubjectError(ValueError):
    """A commit message does not begin with `component: what changed`."""


def check(message: str) -> None:
    """Raises SubjectError where the message's first line is no subject, or no empty line stands behind it.

    Lines that begin with `#` are git's and do not count; nor does what git itself writes for a merge, a revert or a
    commit that `git rebase --autosquash` takes away again.
    """
    lines = [line for line in _SCISSORS.sub("", message).splitlines() if not line.startswith("#")]
    while lines and not lines[0].strip():
        del lines[0]
    subject, *body = lines or [""]
    if _OF_GIT.match(subject):
        return
    if not _SUBJECT.fullmatch(subject):
        raise SubjectError(f"expected `component: what changed`, the component in lower case, got {subject!r}")
    if len(subject) > LONGEST:
        raise SubjectError(f"expected a subject of at most {LONGEST} characters, got {len(subject)}: {subject!r}")
    if subject.endswith("."):
        raise SubjectError(f"expected a subject without a full stop at its end, got {subject!r}")
    if body and body[0].strip():
        raise SubjectError(f"expected an empty line behind the subject, got {body[0]!r}")


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except SubjectError as error:
        sys.exit(f"commit message: {error}")
