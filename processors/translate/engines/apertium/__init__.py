"""Translation by Apertium, offline, through the language pairs that Debian installs."""

from processors.translate.engines.apertium.translator import ApertiumTranslator

__all__ = ["ApertiumTranslator"]
