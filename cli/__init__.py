"""The command line: `llt`."""

import shared

if getattr(shared, "DISTRIBUTION", "") != "low-latency-translate":
    raise SystemExit(
        f"llt: low-latency-translate finds another project's `shared` in place of its own: {shared.__file__}. "
        "Install it in an environment of its own, and keep that file out of Python's path."
    )
