"""How a commit message begins."""

from __future__ import annotations

import re

import pytest

from infra.commit_subject import LONGEST, SubjectError, check

pytestmark = pytest.mark.hermetic

LONG = "hosts: " + "x" * (LONGEST - len("hosts: "))


@pytest.mark.parametrize(
    "message",
    [
        "hosts: a parked key is watched",
        "hosts: a parked key is watched\n\nWhy it is.\n",
        "\n# What git asks for.\nhosts: a parked key is watched\n# More.\n",
        "dedup, translate: what happened just now is told by the loop's clock",
        "test-kcl: one run",
        LONG,
        'Revert "hosts: a parked key is watched"\n\nThis reverts commit 0225590.\n',
        "Merge branch 'main' into parked",
        "fixup! hosts: a parked key is watched",
        "hosts: a parked key is watched\n# ------------------------ >8 ------------------------\n# Below.\ndiff --git",
    ],
)
def test_a_subject_that_names_its_component_is_taken(message: str) -> None:
    check(message)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", "expected `component: what changed`, the component in lower case, got ''"),
        ("# Only git's own.", "expected `component: what changed`"),
        ("Add a bench", "expected `component: what changed`, the component in lower case, got 'Add a bench'"),
        ("README: shorter", "the component in lower case, got 'README: shorter'"),
        ("hosts:shorter", "got 'hosts:shorter'"),
        ("hosts: ", "got 'hosts: '"),
        (LONG + "x", f"expected a subject of at most {LONGEST} characters, got {LONGEST + 1}: "),
        ("hosts: shorter.", "expected a subject without a full stop at its end, got 'hosts: shorter.'"),
        ("hosts: shorter\nand more", "expected an empty line behind the subject, got 'and more'"),
    ],
)
def test_any_other_is_refused_and_told_why(message: str, said: str) -> None:
    with pytest.raises(SubjectError, match=re.escape(said)):
        check(message)
