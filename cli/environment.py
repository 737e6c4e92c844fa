"""The environment that settings come from: the process's own, and a `.env` file in the working directory."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from shared.errors import SettingError

_FILE = Path(".env")

#: What `load` took from the file.
_from_file: dict[str, str] = {}


def load(file: Path = _FILE, environ: MutableMapping[str, str] = os.environ) -> None:
    """Adds what `file` says to `environ`, where nothing stands there yet; raises SettingError for a bad file."""
    _from_file.clear()
    for name, value in _read(file).items():
        if value is not None and name not in environ:
            environ[name] = _from_file[name] = value


def origin(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Where the setting `name` has its value from: .env, environment or default."""
    value = environ.get(name)
    if not value:
        return "default"
    return ".env" if _from_file.get(name) == value else "environment"


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
