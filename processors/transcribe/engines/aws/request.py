"""What a stream of Amazon Transcribe is asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

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
    own = _own(session, settings)
    options = language_options(own.transcribe_language_options)
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


def check(settings: Settings) -> None:
    """Raises SettingError where Transcribe would refuse what the TRANSCRIBE_ settings ask for together."""
    if (refusal := _refusal(settings)) is not None:
        raise refusal[1]


def _refusal(settings: Settings) -> tuple[str, SettingError] | None:
    """The first setting that Transcribe would refuse beside the others, and why."""
    try:
        several = language_options(settings.transcribe_language_options)
    except SettingError as error:
        return "transcribe_language_options", error
    for name in () if several else ("transcribe_vocabulary", "transcribe_vocabulary_filter"):
        text = getattr(settings, name)
        if (count := len(_names(text))) > 1:
            return name, SettingError(
                f"{name.upper()}={text}: expected one name where TRANSCRIBE_LANGUAGE_OPTIONS is empty, got {count}"
            )
    return None


def _own(session: Session, settings: Settings) -> Settings:
    own = settings.tolerate(session.settings)
    # A setting of a session's own that is not valid costs it no audio, and no other setting.
    while (refusal := _refusal(own)) is not None:
        name, error = refusal
        log.warning("transcribe: session %s goes without a setting of its own: %s", session.id, error)
        own = replace(own, **{name: getattr(settings, name)})
    return own


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
