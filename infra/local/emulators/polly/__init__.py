"""Amazon Polly's protocol, with an offline engine behind it."""

from infra.local.emulators.polly.service import PollyService

__all__ = ["PollyService"]
