"""Servers that speak the wire protocols of Transcribe streaming, Translate and Polly, with offline engines behind."""

import shared

if getattr(shared, "DISTRIBUTION", "") != "low-latency-translate":
    raise ImportError(
        f"low-latency-translate finds another project's `shared` in place of its own: {shared.__file__}. "
        "Install it in an environment of its own, and keep that file out of Python's path."
    )
