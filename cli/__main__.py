"""The entry point of `llt`, and of `python -m cli`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line; a client that installed the producer alone is told what it lacks."""
    try:
        from cli.main import run  # noqa: PLC0415 (it needs packages that a producer's client does without)
    except ModuleNotFoundError as error:
        sys.exit(f"llt: the package {error.name} is missing; pip install 'low-latency-translate[workers]'")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
