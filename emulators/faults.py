"""What an emulator does wrong on request, and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.errors import SettingError

_WRITTEN = re.compile(r"(?:(?P<service>\w+):)?(?P<kind>[a-z-]+)(?:@(?P<at>\d+(?:\.\d+)?))?(?:x(?P<times>\d+))?")


class Service(StrEnum):
    """What is emulated."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
    POLLY = "polly"


class FaultKind(StrEnum):
    """How a request or a stream fails."""

    #: The TCP connection is closed in the middle.
    ABORT = "abort"
    #: The HTTP/2 stream is reset; over HTTP/1.1 the TCP connection is.
    RESET = "reset"
    #: The answer ends early, as if all were well.
    SILENT_END = "silent-end"
    #: Nothing is ever answered (a stream that is open already falls silent).
    NO_ANSWER = "no-answer"
    #: The modelled error of a caller that asks too much.
    THROTTLE = "throttle"


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes `times` streams or requests: a stream once it was fed `at` ms of audio, a request at once."""

    kind: FaultKind
    service: Service = Service.TRANSCRIBE
    at: int = 0
    times: int = 1

    def __str__(self) -> str:
        at = f"@{self.at / 1000:g}" if self.at else ""
        times = f"x{self.times}" if self.times > 1 else ""
        return f"{self.service}:{self.kind}{at}{times}"

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Reads [SERVICE:]KIND[@SECONDS][xTIMES], such as `abort@12.5` or `polly:throttlex3`; raises SettingError.

        SECONDS are of a stream's audio: what is asked of Translate and Polly has no place for them.
        """
        found = _WRITTEN.fullmatch(text)
        try:
            if found is None or found["times"] == "0":
                raise ValueError(text)
            fault = cls(
                FaultKind(found["kind"]),
                Service(found["service"] or Service.TRANSCRIBE),
                round(float(found["at"] or 0) * 1000),
                int(found["times"] or 1),
            )
        except ValueError:
            raise SettingError(
                f"fault {text}: expected [SERVICE:]KIND[@SECONDS][xTIMES], such as abort@12.5 or polly:throttlex3, "
                f"with a service of {', '.join(Service)} and a kind of {', '.join(FaultKind)}"
            ) from None
        if found["at"] is not None and fault.service is not Service.TRANSCRIBE:
            raise SettingError(
                f"fault {text}: expected @SECONDS for {Service.TRANSCRIBE} alone, whose streams have audio to count "
                f"them by, got @{found['at']} for {fault.service}"
            )
        return fault


class Faults:
    """The faults that have not struck yet; each strikes as often as it says and is gone."""

    def __init__(self, *faults: Fault) -> None:
        self._waiting: list[Fault] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """One more, while the emulators run."""
        self._waiting += [replace(fault, times=1)] * fault.times

    @property
    def waiting(self) -> Sequence[Fault]:
        """Those that have not struck yet, one for each time."""
        return tuple(self._waiting)

    def strike(self, service: Service, position: int = 0) -> FaultKind | None:
        """What befalls a request of the service, or a stream of it that was fed `position` ms of audio; None: nothing.

        The caller that is told of a fault has to commit it: it is told once.
        """
        for fault in self._waiting:
            if fault.service is service and fault.at <= position:
                self._waiting.remove(fault)
                return fault.kind
        return None
