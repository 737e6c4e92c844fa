"""How to get what is missing: in a checkout by make, which a package that pip installed does not bring."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from shared import DISTRIBUTION
from shared.extras import requirements

_IN_CHECKOUT = (Path(__file__).parents[1] / "Makefile").is_file()


def remedy(checkout: str, package: str) -> str:
    """What to do in a checkout, or where pip installed the package: whichever this is."""
    return checkout if _IN_CHECKOUT else package


def pip_install(*arguments: str) -> str:
    """The command that has pip install something into the environment that this runs in, activated or not."""
    return shlex.join([sys.executable or "python", "-m", "pip", "install", *arguments])


def install_extra(extra: str) -> str:
    """The command that installs what an extra brings; an empty one is what every installation has.

    It names the packages: this project is on no index from which pip could take it by its name and an extra.
    """
    packages = [found.package + found.versions for found in requirements() if found.extra == extra and found.wanted]
    if packages:
        return pip_install(*packages)
    return remedy("make install", f"have pip install {DISTRIBUTION}{f'[{extra}]' if extra else ''} anew")


#: Starts LocalStack.
START_LOCALSTACK = remedy(
    "make localstack", "docker run --rm --publish 127.0.0.1:4566:4566 localstack/localstack:4.9.2"
)
