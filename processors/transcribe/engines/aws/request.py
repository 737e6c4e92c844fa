"""What a stream of Amazon Transcribe is asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from processors.transcribe.engines.aws.languages import Languages, language_options
from shared.errors import SettingError, UnsupportedLanguage
from shared.sessions import Session
from shared.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """The parameters of StartStreamTranscription; audio is mono PCM s16le at `rate` Hz.

    Either `language` is the code of what is spoken, or it is found among the codes of `options`, of which
    `preferred` is the likeliest.
    """

    rate: int
    language: str | None
    options: tuple[str, ...] = ()
    preferred: str | None = None
    #: high, medium or low; None for results whose words are not marked stable.
    stability: str | None = None
    vocabularies: tuple[str, ...] = ()
    vocabulary_filters: tuple[str, ...] = ()
    #: mask, remove or tag.
    filter_method: str | None = None
    speaker_labels: bool = False


def stream_request(session: Session, settings: Settings, languages: Languages, rate: int) -> StreamRequest:
    """What to ask for this session; its own settings, those that are valid, go before `settings`.

    Raises UnsupportedLanguage where Transcribe does not hear its language.
    """
    own = settings.tolerate(session.settings)
    options = _options(session, own, settings)
    code = languages.code(session.source_language)
    if code is None and not options:
        raise UnsupportedLanguage(f"Amazon Transcribe does not hear {session.source_language}")
    filters = _names(own.transcribe_vocabulary_filter)
    return StreamRequest(
        rate=rate,
        language=None if options else code,
        options=options,
        preferred=next((option for option in options if languages.language(option) == session.source_language), None),
        stability=None if own.transcribe_stabilisation == "off" else own.transcribe_stabilisation,
        vocabularies=_names(own.transcribe_vocabulary),
        vocabulary_filters=filters,
        filter_method=own.transcribe_vocabulary_filter_method if filters else None,
        speaker_labels=own.transcribe_speaker_labels,
    )


def _options(session: Session, own: Settings, settings: Settings) -> tuple[str, ...]:
    try:
        return language_options(own.transcribe_language_options)
    except SettingError as error:
        # A setting of a session's own that is not valid costs it no audio.
        log.warning("transcribe: session %s: %s", session.id, error)
        return language_options(settings.transcribe_language_options)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
