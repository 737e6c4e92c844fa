"""Amazon Translate's protocol, with an offline engine behind it."""

from infra.local.emulators.translate.service import TranslateService

__all__ = ["TranslateService"]
