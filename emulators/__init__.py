"""Servers that speak the wire protocols of Transcribe streaming, Translate and Polly, with offline engines behind."""

import shared

if getattr(shared, "DISTRIBUTION", "") != "low-latency-translate":
    raise ImportError(
        "low-latency-translate finds another project's `shared` in place of its own: "
        f"{shared.__file__ or shared.__path__[0]}. "
        "Install it in an environment of its own, and keep that out of Python's path."
    )
