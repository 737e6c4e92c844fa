"""The tables of settings, and the example of a `.env`, from the settings' own definitions."""

from __future__ import annotations

from cli.environment import AWS
from infra.docs.markdown import code, table
from shared.settings import OF_A_SESSION, Settings


def table_of_settings() -> str:
    """Every setting: its name, default, range, whether a session may have its own, and what it is."""
    return table(
        ("setting", "default", "range", "a session's own", "what it is"),
        (
            (code(name), value, span, "yes" if name in OF_A_SESSION else "", text)
            for name, value, span, text in Settings().describe()
        ),
    )


def table_of_aws() -> str:
    """The names by which AWS is found, and what each is."""
    return table(("name", "what it is"), ((code(name), text) for name, (text, _) in AWS.items()))


def example() -> str:
    """Every setting as a comment of a `.env`, with its default."""
    return "".join(f"\n# {text} ({span})\n#{name}={value}\n" for name, value, span, text in Settings().describe())
