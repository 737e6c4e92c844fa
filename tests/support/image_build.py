"""The Dockerfile's steps on this machine, in a folder, as far as they need no container."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from docker.utils.build import exclude_paths

from tests.unit.infra.dockerfile import ROOT, instructions, pairs, values

#: Steps that change the system around the folder, which is this machine's own.
_SYSTEM = re.compile(r"bash \S+ debian|rm -rf /var/lib/apt/lists/\*|groupadd .*|useradd .*")
#: Seconds. Where pip's cache has none of the packages, 400 MB are fetched.
_STEP = 900


class ImageBuild:
    """An image's file system below its WORKDIR, made in `folder`, which stands for that; `python` is the image's."""

    def __init__(self, target: str, folder: Path, python: str) -> None:
        (self._workdir,) = values("WORKDIR", target)
        self.folder = folder
        self.environment: dict[str, str] = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHON": python}
        self._arguments: dict[str, str] = {}
        self._context = context()
        for name, value in instructions(target):
            match name:
                case "ARG":
                    self._arguments |= pairs(value)
                case "ENV":
                    self.environment |= {key: self._filled(found) for key, found in pairs(value).items()}
                case "COPY":
                    self._copy(*value.split())
                case "RUN":
                    self._run(value)

    def here(self, path: str) -> str:
        """A path of the image, on this machine."""
        return re.sub(rf"^{self._workdir}(?=/|$)", str(self.folder), path)

    def _filled(self, value: str) -> str:
        return self.here(re.sub(r"\$(\w+)", lambda found: self._arguments[found[1]], value))

    def _copy(self, *sources_and_target: str) -> None:
        *sources, target = sources_and_target
        for source in sources:
            found = [path for path in self._context if source == "." or path == Path(source)]
            assert found, f"COPY {source}: .dockerignore leaves no such file"
            for path in found:
                place = self.folder / target / (path if source == "." else path.name)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, place)

    def _run(self, steps: str) -> None:
        for step in map(str.strip, steps.split("&&")):
            if _SYSTEM.fullmatch(step):
                continue
            done = subprocess.run(
                ["sh", "-c", step],
                cwd=self.folder,
                env=self._step_environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=_STEP,
            )
            assert done.returncode == 0, f"RUN {step}: {done.stderr}"

    def _step_environment(self) -> Mapping[str, str]:
        """What the steps see: the image's, and how pip and Java are had here."""
        ours = {
            name: value for name, value in os.environ.items() if re.search("pip_|proxy|^HOME$", name, re.IGNORECASE)
        }
        # What is fetched stays with this machine, where it would only make an image larger.
        return {name: value for name, value in (ours | self.environment).items() if name != "PIP_NO_CACHE_DIR"}


def context() -> list[Path]:
    """The files that .dockerignore lets into a build, relative to the root of the tree."""
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    left = exclude_paths(str(ROOT), [line for line in patterns if line and not line.startswith("#")])
    # These two it always lets in, since Docker's old builder needed them there.
    return [Path(path) for path in sorted(left - {"Dockerfile", ".dockerignore"}) if (ROOT / path).is_file()]
