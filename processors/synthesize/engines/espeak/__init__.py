"""Speech by eSpeak NG, offline: small, fast, and in more than a hundred languages."""

from processors.synthesize.engines.espeak.synthesizer import EspeakSynthesizer

__all__ = ["EspeakSynthesizer"]
