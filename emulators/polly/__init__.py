"""Amazon Polly's protocol, with an offline engine behind it."""

from emulators.polly.service import PollyService

__all__ = ["PollyService"]
