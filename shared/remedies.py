"""How to get what is missing: in a checkout by make, which a package that pip installed does not bring."""

from __future__ import annotations

from pathlib import Path

_IN_CHECKOUT = (Path(__file__).parents[1] / "Makefile").is_file()


def remedy(checkout: str, package: str) -> str:
    """What to do in a checkout, or where pip installed the package: whichever this is."""
    return checkout if _IN_CHECKOUT else package


#: Starts LocalStack.
START_LOCALSTACK = remedy(
    "make localstack", "docker run --rm --publish 127.0.0.1:4566:4566 localstack/localstack:4.9.2"
)
