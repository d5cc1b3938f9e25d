"""A picture for each step: as SVG the screen at that position, as PNG the same in pixels."""

from __future__ import annotations

from struct import unpack
from xml.etree import ElementTree

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_tui.export.formats import FORMATS, Exported
from backprop_tui.headless import pictures
from backprop_tui.pytest_plugin.screens import draw
from scenes import scenario

SIZE = (80, 24)
HOSTILE = 'title: "<&>\\"]]> \\a \\e[31m"\ninputs: {x_1: 2, 값: 3}\nnodes: {f: x_1 * 값}\n'
TEXT = "{http://www.w3.org/2000/svg}text"


def files(form: str, what: Scenario, language: str = "en") -> dict[str, bytes]:
    return dict(FORMATS[form].files(Exported(what, what.record().frame(0), language, SIZE)))


def shown(picture: bytes) -> str:
    return "".join(text.text or "" for text in ElementTree.fromstring(picture).iter(TEXT))


@pytest.mark.thorough
def test_an_svg_for_each_step_is_the_screen_there() -> None:
    found = files("svg", scenario("add_multiply"))
    assert [*found] == [f"{position:03}.svg" for position in range(7 + 1)]
    for position, picture in enumerate(found.values()):
        wanted = draw("add_multiply", at=position, size=SIZE).text
        assert shown(picture).replace(" ", "") == "".join(wanted.split())


def test_hostile_texts_are_texts() -> None:
    found = files("svg", load_source(Source.from_bytes("<test>", HOSTILE.encode())))
    for picture in found.values():
        assert '<&>"]]>' in shown(picture)
        assert b"\x1b" not in picture


@pytest.mark.thorough
def test_a_png_for_each_step() -> None:
    found = files("png", scenario("add_multiply"), "ko")
    assert [*found] == [f"{position:03}.png" for position in range(7 + 1)]
    assert len(set(found.values())) == 7 + 1
    for picture in found.values():
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert unpack(">II", picture[16:24]) == (SIZE[0] * 10, SIZE[1] * 20)


@pytest.mark.thorough
def test_pictures_have_the_same_bytes_on_every_run() -> None:
    for form in ("svg", "png"):
        assert files(form, scenario("add_multiply"), "ko") == files(form, scenario("add_multiply"), "ko")


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'backprop-tui\[png\]'"):
        files("png", scenario("add_multiply"))
