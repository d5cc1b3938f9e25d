"""Films of the screen: an SVG that moves, a recording for asciinema, and keys for VHS."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pyte
import pytest

from backprop_engine.errors import UsageError
from backprop_engine.scenario.loader import load_scenario
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
    assert 'Type "backprop-tui add_multiply --lang ko"' in lines


@pytest.mark.parametrize("name", ["mine", "내 것", "a; rm -rf $HOME", """so-called "x"'s"""])
def test_the_tape_types_what_a_shell_takes_for_the_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(f"{name}.yaml").write_text("inputs: {x: 2}\nnodes: {f: x * x}\n", encoding="utf-8")
    before, enter, _ = written("tape", load_scenario(Path(f"{name}.yaml"))).partition("\nEnter\n")
    assert enter
    typed = re.findall(r"""^Type (["'])(.*)\1$""", before, re.MULTILINE)
    assert all(mark not in piece for mark, piece in typed)
    assert shlex.split("".join(piece for _, piece in typed)) == [
        "backprop-tui",
        f"{name}.yaml",
        "--lang",
        "en",
    ]


def test_a_long_run_is_not_filmed() -> None:
    with pytest.raises(UsageError, match="too long to film"):
        written("tape", scenario("xor"))
