"""The errors that cross from one part to another. Each says what was expected and what came."""


class LowLatencyTranslateError(Exception):
    """The root of every error this project raises on purpose."""


class CodecError(LowLatencyTranslateError):
    """No record, or one whose fields are outside their ranges: what decoding raises, and nothing else."""


class SettingError(LowLatencyTranslateError):
    """A setting has a value outside its range; names the setting, the value and the range."""


class StreamUnavailable(LowLatencyTranslateError):
    """A stream refused a read or a write for now; the caller may try again."""


class WrongEventLoop(LowLatencyTranslateError, RuntimeError):
    """What belongs to one event loop is used on another one; says which, and what to do."""


class ForkedProcess(LowLatencyTranslateError, RuntimeError):
    """What belongs to the process that opened it is used in a child that was forked from it."""


class RecordTooLarge(LowLatencyTranslateError):
    """A stream takes no record of this size."""


class StoreUnavailable(LowLatencyTranslateError):
    """The session store refused an operation for now; the caller may try again."""


class RefusedTooLong(LowLatencyTranslateError):
    """The session store has refused an operation for so long that nothing waits for it any more."""


class SetupError(LowLatencyTranslateError):
    """Nothing works until somebody mends the setup: credentials, rights, a stream or table that is not there."""


class ResourceMissing(SetupError):
    """A stream or table does not exist; names it and says how to make it."""


class SessionExists(LowLatencyTranslateError):
    """A session of this id was created before."""


class SessionUnknown(LowLatencyTranslateError):
    """No session of this id was created."""


class ClaimRefused(LowLatencyTranslateError):
    """Another worker has decided: the session's last number is not the one this claim builds on."""


class Fenced(LowLatencyTranslateError):
    """Another worker has opened a newer take of the session, or the session has ended; this worker must stop."""


class EngineUnavailable(LowLatencyTranslateError):
    """An engine failed for now: trying again may succeed."""


class UnsupportedLanguage(LowLatencyTranslateError):
    """An engine will never serve this language or pair of languages."""


class ScriptError(LowLatencyTranslateError):
    """A file of recogniser results cannot be played; names the file and the line."""


class SessionOver(LowLatencyTranslateError):
    """The session has ended and takes no more audio."""


class SessionMismatch(LowLatencyTranslateError):
    """The session exists with another sample rate or source language."""


class AudioNotSent(LowLatencyTranslateError):
    """A producer was closed before the stream had taken all audio; says how many seconds are lost."""


class ProducerClosed(AudioNotSent, RuntimeError):
    """The producer is not open, or was closed while this waited: nothing of this write is sent."""


class OutageBufferFull(AudioNotSent):
    """The stream has refused records for too long; says how many seconds of audio were refused."""


class AudioFormatError(LowLatencyTranslateError):
    """A file or chunk of audio cannot be read; names the file, what was expected and what came."""


class DependencyMissing(LowLatencyTranslateError):
    """An optional package or system library is not installed; says how to install it."""


class MicrophoneUnavailable(LowLatencyTranslateError):
    """There is no microphone, or it stopped delivering."""


class SinkError(LowLatencyTranslateError):
    """A file that a sink writes could not be written; names the file."""
