"""The environment that settings come from: the process's own, and a `.env` file in the working directory."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from shared.errors import SettingError
from shared.proxies import spare_own
from shared.settings import Settings

_FILE = Path(".env")

#: The names by which AWS is found, what each is, and whether its value is a secret.
AWS: Mapping[str, tuple[str, bool]] = {
    "AWS_ENDPOINT_URL": ("where AWS is, if not where it always is: LocalStack's address", False),
    "AWS_REGION": ("the region", False),
    "AWS_DEFAULT_REGION": ("the region where AWS_REGION is not set", False),
    "AWS_PROFILE": ("the profile of the AWS configuration files", False),
    "AWS_ACCESS_KEY_ID": ("the id of the access key", True),
    "AWS_SECRET_ACCESS_KEY": ("the access key", True),
    "AWS_SESSION_TOKEN": ("the token of temporary credentials", True),
}
#: How alike two names are (difflib's ratio) of which one is taken for a misspelling of the other.
_ALIKE = 0.85

#: What `load` took from the file.
_from_file: dict[str, str] = {}


def load(file: Path = _FILE, environ: MutableMapping[str, str] = os.environ) -> Sequence[str]:
    """Adds what `file` says to `environ`, where nothing stands there yet; returns what looks misspelt, a line each.

    Where there is a proxy, this machine's own addresses are not to go through it: NO_PROXY says so from then on.
    Raises SettingError for a bad file.
    """
    _from_file.clear()
    found = _read(file)
    for name, value in found.items():
        if value is not None and name not in environ:
            environ[name] = _from_file[name] = value
    spare_own(environ)
    return [f"{file}: there is no setting {name}; is {meant} meant?" for name in found if (meant := _meant(name))]


def origin(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Where the setting `name` has its value from: .env, environment or default."""
    value = environ.get(name)
    if not value:
        return "default"
    return ".env" if _from_file.get(name) == value else "environment"


def _meant(name: str) -> str:
    """The setting that a name seems to be a misspelling of; empty for a setting, and for what is like none."""
    known = [*(setting for setting, *_ in Settings().describe()), *AWS]
    # AWS knows an endpoint for each service.
    if name in known or name.startswith("AWS_ENDPOINT_URL_"):
        return ""
    return next(iter(get_close_matches(name.upper(), known, 1, _ALIKE)), "")


def _read(file: Path) -> Mapping[str, str | None]:
    try:
        with file.open(encoding="utf-8") as lines:
            for binding in parse_stream(lines):
                # The line itself stays unsaid: it may hold a secret.
                if binding.error or (binding.key is not None and binding.value is None):
                    text = binding.original.string
                    line = binding.original.line + len(text) - len(text.lstrip("\n"))
                    raise SettingError(f"{file} line {line}: expected NAME=value")
        return dotenv_values(file)
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingError(f"{file}: expected a text file in UTF-8") from None
    except OSError as error:
        raise SettingError(f"{file}: {error.strerror}; make it readable or move it away") from None
