"""The picture in README shows the demo's screen, and asks nothing of any server."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from infra.docs.picture import PICTURE, Camera
from tests.unit.docs.document import Document
from tests.unit.docs.tree import ROOT

pytestmark = pytest.mark.hermetic


SVG = PICTURE.read_text(encoding="utf-8")


def shown(svg: str = SVG) -> str:
    """The text of a picture, in the order of its lines."""
    texts = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return " ".join("".join(text.itertext()).replace("\N{NO-BREAK SPACE}", " ").strip() for text in texts)


def test_readme_shows_it() -> None:
    assert PICTURE.relative_to(ROOT).as_posix() in Document("README.md").links


def test_it_shows_the_recording_in_each_of_the_demo_s_languages_and_the_latencies() -> None:
    text = shown()
    said = re.findall(r"\w+", (ROOT / "cli" / "demo" / "recording.txt").read_text(encoding="utf-8"))
    assert len(set(said) & set(re.findall(r"\w+", text))) > 15
    assert {"en", "es", "ca"} <= set(text.split())
    assert re.search(r"speech to caption.* \d+\.\d s", text)


def test_it_fetches_nothing() -> None:
    assert re.findall(r"url\((?!#)[^)]*\)|href=", SVG) == []


def test_it_is_taken_once_at_its_moment() -> None:
    camera = Camera(["es"], 27.2)
    camera.tail("good")
    camera.sent(1)
    camera.tail("good morning")
    camera.sent(26)
    camera.tail("too late")
    camera.sent(27)
    text = shown(camera.svg())
    assert "good morning" in text
    assert "26.0 s of 27.2 s" in text
    assert "too late" not in text
