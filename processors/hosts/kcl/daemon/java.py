"""The Java runtime that KCL's daemon runs in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from processors.hosts.kcl.daemon.die_with_parent import dying_with_parent
from shared.errors import SetupError
from shared.remedies import remedy

#: The oldest that this is tested with. KCL itself runs in Java 8, and class-data archives need 13.
OLDEST = 17
_INSTALL = f"apt-get install openjdk-{OLDEST}-jre-headless"
_FIX = remedy(f"{_INSTALL}, or `make setup-kcl`", _INSTALL)
_VERSION = re.compile(r'version "(?:1\.)?(\d+)[^"]*"')
#: Seconds for it to say its version.
_LIMIT = 30
#: Small and quick to start. The heap grows only while a backlog is read: a read brings up to 10 MB a shard.
_FLAGS = (
    "-Xms16m",
    "-Xmx512m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
)
#: Whatever the locale: the children's lines, and what goes to them, are UTF-8.
_UTF8 = "-Dfile.encoding=UTF-8"
#: It would tell of archives that it cannot use, on standard output.
_QUIET = ("-Xlog:disable", "-Xlog:all=error:stderr")


@dataclass(frozen=True, slots=True)
class Java:
    """A runtime: its program, and all that it says of its version."""

    program: Path
    version: str

    @classmethod
    def find(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The one in JAVA_HOME, else the first in PATH; raises SetupError where there is none or it is too old."""
        home = environ.get("JAVA_HOME")
        named = str(Path(home) / "bin" / "java") if home else "java"
        program = shutil.which(named, path=environ.get("PATH"))
        if program is None:
            where = f"JAVA_HOME={home} has no bin/java" if home else "there is no java in PATH"
            raise SetupError(f"KCL: {where}; expected Java {OLDEST} or newer: {_FIX}")
        try:
            asked = subprocess.run(  # noqa: S603 (the operator's own choice)
                dying_with_parent([program, "-version"]), capture_output=True, text=True, timeout=_LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            raise SetupError(
                f"KCL: {program} does not say its version within {_LIMIT} s; expected Java {OLDEST} or newer: {_FIX}"
            ) from None
        said = _VERSION.search(asked.stderr)
        if said is None or int(said[1]) < OLDEST:
            version = said[0] if said else "of no known version"
            raise SetupError(f"KCL: {program} is {version}; expected Java {OLDEST} or newer: {_FIX}")
        return cls(Path(program), asked.stderr.strip())

    def command(self, jars: Iterable[Path], *options: str) -> list[str]:
        """How KCL's daemon is started with those jars; its own arguments follow."""
        classpath = os.pathsep.join(map(str, jars))
        main = "software.amazon.kinesis.multilang.MultiLangDaemon"
        return [str(self.program), *_FLAGS, _UTF8, *_QUIET, *options, "-cp", classpath, main]
