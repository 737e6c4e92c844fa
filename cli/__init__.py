"""The command line: `llt`."""

import shared

if getattr(shared, "DISTRIBUTION", "") != "low-latency-translate":
    raise SystemExit(
        "llt: low-latency-translate finds another project's `shared` in place of its own: "
        f"{shared.__file__ or shared.__path__[0]}. "
        "Install it in an environment of its own, and keep that out of Python's path."
    )
