"""`make setup-kcl`, with stand-ins for Java, for apt-get and for the environment's Python."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]

#: Logs what pip installs, and finds the jars in order where there is a file `jars`.
PYTHON = """#!/bin/sh
case "$*" in
*" pip install "*) echo "$*" >>pip.log; touch jars ;;
*kcl.daemon.class_data_archive) [ -e jars ] ;;
esac
"""
#: Brings the Java that Debian has.
APT_GET = """#!/bin/sh
echo "$*" >>apt.log
printf '%s\\n' '#!/bin/sh' 'echo "openjdk version \\"17.0.15\\" 2025-04-15" >&2' >"{bin}/java"
chmod +x "{bin}/java"
"""
JAVA = """#!/bin/sh
echo 'openjdk version "{version}" 2025-04-15' >&2
"""


class Checkout:
    """A checkout in a folder with a space in its name, on a machine of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "low latency"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for file in ("constraints.txt", "infra/local/lib.sh", "infra/local/kcl/install.sh"):
            target = self.folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, target)
        self.program(self.bin / "apt-get", APT_GET.format(bin=self.bin))
        self.program(self.bin / "sudo", '#!/bin/sh\n[ "$1" = -n ] || exec "$@"\n')
        self.program(self.bin / "java", "#!/bin/sh\nexit 127\n")
        self.environment()

    def environment(self) -> None:
        """A new .venv."""
        shutil.rmtree(self.folder / ".venv", ignore_errors=True)
        (self.folder / "jars").unlink(missing_ok=True)
        self.program(self.folder / ".venv/bin/python", PYTHON)

    def java(self, version: str) -> None:
        """The Java that is there."""
        self.program(self.bin / "java", JAVA.format(version=version))

    def program(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def install(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Runs the script from another folder."""
        own = {name: value for name, value in os.environ.items() if name not in ("JAVA_HOME", "PYTHON")}
        return subprocess.run(
            ["bash", self.folder / "infra/local/kcl/install.sh", *arguments],
            env=own | {"PATH": f"{self.bin}:{os.environ['PATH']}"} | environ,
            cwd=self.bin,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    def logged(self, name: str) -> list[str]:
        """What was asked of a stand-in."""
        log = self.folder / f"{name}.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_installs_all_that_is_missing_and_then_nothing(checkout: Checkout) -> None:
    first, second = checkout.install(), checkout.install()
    assert first.stdout.splitlines() == [
        "Debian packages openjdk-17-jre-headless ... done",
        "Kinesis Client Library ... done",
        "Kinesis Client Library's class data ... done",
    ]
    assert (first.returncode, first.stderr) == (0, "")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    (asked,) = checkout.logged("apt")
    assert asked.startswith("install ")
    assert asked.endswith(" openjdk-17-jre-headless")


def test_the_library_is_pinned_and_built_anew_with_the_pinned_setuptools(checkout: Checkout) -> None:
    checkout.java("21.0.2")
    assert checkout.install().returncode == 0
    (asked,) = checkout.logged("pip")
    assert {"--no-build-isolation", "--no-cache-dir"} <= set(asked.split())
    assert "--constraint constraints.txt" in asked
    assert "\namazon_kclpy==3.1.3\n" in (checkout.folder / "constraints.txt").read_text()
    # A newer Java will do.
    assert checkout.logged("apt") == []


def test_a_new_environment_is_noticed(checkout: Checkout) -> None:
    checkout.install()
    checkout.environment()
    assert "Kinesis Client Library ... done" in checkout.install().stdout.splitlines()
    assert len(checkout.logged("pip")) == 2


def test_a_jar_that_is_damaged_is_noticed(checkout: Checkout) -> None:
    checkout.install()
    (checkout.folder / "jars").unlink()
    assert "Kinesis Client Library ... done" in checkout.install().stdout.splitlines()
    assert len(checkout.logged("pip")) == 2


def test_another_pin_is_noticed(checkout: Checkout) -> None:
    checkout.install()
    with (checkout.folder / "constraints.txt").open("a") as file:
        file.write("other==1\n")
    assert "Kinesis Client Library ... done" in checkout.install().stdout.splitlines()


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22"])
def test_an_old_java_is_replaced(checkout: Checkout, version: str) -> None:
    checkout.java(version)
    assert checkout.install("debian").stdout.splitlines() == ["Debian packages openjdk-17-jre-headless ... done"]


def test_the_java_alone_leaves_the_environment_as_it_is(checkout: Checkout) -> None:
    assert checkout.install("debian").returncode == 0
    assert checkout.logged("pip") == []


def test_the_package_alone_wants_no_java_and_is_not_installed_again_by_the_rest(checkout: Checkout) -> None:
    ended = checkout.install("package")
    assert (ended.returncode, ended.stdout) == (0, "Kinesis Client Library ... done\n")
    assert checkout.logged("apt") == []
    assert checkout.install().stdout.splitlines() == ["Debian packages openjdk-17-jre-headless ... done"]
    assert len(checkout.logged("pip")) == 1


def test_a_java_home_without_a_java_that_will_do_is_one_line_that_says_what_to_do(checkout: Checkout) -> None:
    ended = checkout.install(JAVA_HOME="/nowhere")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "Java 17" in line
    assert "unset JAVA_HOME" in line
    assert checkout.logged("pip") == []


def test_jars_that_are_wrong_after_all_are_an_error_and_not_taken_for_installed(checkout: Checkout) -> None:
    checkout.program(checkout.folder / ".venv/bin/python", PYTHON.replace("touch jars", "true"))
    for _ in range(2):
        ended = checkout.install()
        assert ended.returncode == 1
        assert "Kinesis Client Library's class data failed" in ended.stderr
