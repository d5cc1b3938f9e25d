"""Films of the screen: an SVG that moves, a recording for asciinema, and keys for VHS."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pyte
import pytest

from backprop_engine.errors import UsageError
from backprop_engine.scenario.model import Scenario
from backprop_tui.export.formats import FORMATS, Exported
from backprop_tui.pytest_plugin.screens import draw
from scenes import scenario

SIZE = (80, 24)
SVG = "{http://www.w3.org/2000/svg}"


def written(form: str, what: Scenario, language: str = "en") -> str:
    return FORMATS[form].write(Exported(what, what.record().frame(0), language, SIZE))


@pytest.mark.thorough
def test_what_asciinema_plays_is_the_screen_of_each_step() -> None:
    header, *events = map(json.loads, written("cast", scenario("add_multiply")).splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, *SIZE)
    terminal = pyte.Screen(*SIZE)
    stream = pyte.Stream(terminal)
    assert len(events) == 7 + 2
    assert [time for time, _, _ in events] == sorted({time for time, _, _ in events})
    for number, (_, kind, told) in enumerate(events[:-1]):
        assert kind == "o"
        stream.feed(told)
        shown = "\n".join(line.rstrip() for line in terminal.display) + "\n"
        assert shown == draw("add_multiply", at=number, size=SIZE).text


@pytest.mark.thorough
def test_each_row_of_the_animation_is_seen_when_it_is_so() -> None:
    root = ElementTree.fromstring(written("animation", scenario("add_multiply")))
    count = 7 + 1
    for number in range(count):
        rows: dict[int, str] = {}
        for element in root:
            style = element.get("style", "")
            if style:
                frames, whole, delay = map(float, re.findall(r"-?[\d.]+", style))
                first = round((delay + whole) / whole * count)
                if not first <= number < first + frames:
                    continue
            for text in element.iter(f"{SVG}text"):
                y = int(text.get("y", "")) // 20
                rows[y] = rows.get(y, "") + (text.text or "")
        shown = [
            re.sub(r"\s", "", line) for line in draw("add_multiply", at=number, size=SIZE).text.splitlines()
        ]
        assert [re.sub(r"\s", "", rows.get(y, "")) for y in range(SIZE[1])] == shown


def test_the_tape_steps_to_the_end() -> None:
    lines = written("tape", scenario("add_multiply"), "ko").splitlines()
    assert lines[0] == 'Output "add_multiply.gif"'
    assert lines.count('Type "s"') == 7
    assert any(line.startswith('Type "backprop-tui ') and line.endswith(' --lang ko"') for line in lines)


def test_a_long_run_is_not_filmed() -> None:
    with pytest.raises(UsageError, match="too long to film"):
        written("tape", scenario("xor"))
