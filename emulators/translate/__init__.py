"""Amazon Translate's protocol, with an offline engine behind it."""

from emulators.translate.service import TranslateService

__all__ = ["TranslateService"]
