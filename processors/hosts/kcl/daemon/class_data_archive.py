"""An archive of the classes that KCL's daemon loads: Java maps it instead of reading and checking 79 jars.

`python -m processors.hosts.kcl.daemon.class_data_archive` makes it ahead of the first start.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from processors.hosts.kcl.daemon.daemon import Daemon
from processors.hosts.kcl.daemon.installation import Installation
from processors.hosts.kcl.daemon.logs import LOGBACK
from processors.hosts.kcl.daemon.properties import write
from shared.aio import first_of
from shared.errors import SetupError

log = logging.getLogger(__name__)

#: Seconds that the run which makes it may take.
_LIMIT = 60.0
#: Archives that are kept, the newest: each place of the jars has one, and each Java.
_KEPT = 4
#: What the daemon logs once it has loaded what it needs, and only an answer from AWS is missing.
_LOADED = "Caught exception when initializing LeaseCoordinator"
#: Nothing listens there.
_NOWHERE = "http://127.0.0.1:9"
_PROPERTIES = {
    "executableName": "none",
    "applicationName": "none",
    "streamName": "none",
    "workerId": "none",
    "regionName": "us-east-1",
    "kinesisEndpoint": _NOWHERE,
    "dynamoDBEndpoint": _NOWHERE,
    "AwsCredentialsProvider": "DefaultCredentialsProvider",
    "initialPositionInStream": "LATEST",
    "retrievalMode": "POLLING",
    "metricsLevel": "NONE",
    "clientVersionConfig": "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X",
}


async def ensure_archive(installation: Installation, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The archive for what is installed, made where there is none yet; that takes some seconds.

    None where it cannot be had: then a start costs a second more of computing, and nothing else. Also None while
    another process makes it.
    """
    folder = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "low-latency-translate"
    archive = folder / f"kcl-{fingerprint(installation)}.jsa"
    if archive.exists():
        return archive
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "kcl.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not archive.exists():
                await _make(installation, archive, environ)
    except BlockingIOError:
        return None
    except (OSError, TimeoutError) as error:
        log.warning("KCL starts without an archive of its classes: %s", error or "making it took too long")
        return None
    return archive


def fingerprint(installation: Installation) -> str:
    """What an archive belongs to: Java takes it only for the same runtime and the same files, in the same place."""
    seen: list[object] = [installation.command(), installation.java.version]
    for jar in installation.jars:
        status = jar.stat()
        # Whole seconds, as Java compares them, and all that an image keeps.
        seen.append((status.st_size, int(status.st_mtime)))
    return sha256(repr(seen).encode()).hexdigest()[:16]


async def _make(installation: Installation, archive: Path, environ: Mapping[str, str]) -> None:
    """Starts the daemon against an address where nobody is, and has it write at its end what it had loaded."""
    # Keys of no account: it shall look for none, such as in the metadata of a machine on AWS.
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        new = Path(folder) / "new.jsa"
        properties = Path(folder) / "none.properties"
        write(properties, _PROPERTIES)
        command = installation.command(f"-XX:ArchiveClassesAtExit={new}")
        arguments = ["--properties-file", str(properties), "--log-configuration", str(LOGBACK)]
        loaded = asyncio.Event()

        def on_line(line: str) -> None:
            if _LOADED in line:
                loaded.set()

        daemon = await Daemon.start([*command, *arguments], {**environ, **keys}, on_line)
        try:
            async with asyncio.timeout(_LIMIT):
                await first_of(daemon.ended(), loaded.wait())
                daemon.drain()
                code = await daemon.ended()
        finally:
            await daemon.close()
        if not new.exists():
            raise OSError(f"Java wrote none and ended with {code}")
        new.rename(archive)
    for old in sorted(archive.parent.glob("kcl-*.jsa"), key=lambda file: file.stat().st_mtime)[:-_KEPT]:
        old.unlink()


def main() -> int:
    """Makes the archive; the exit code is 1 where something is not installed."""
    try:
        archive = asyncio.run(ensure_archive(Installation.find()))
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    print(archive or "another process makes it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
