"""The example notebook runs from top to bottom, and shows what it says it shows."""

from __future__ import annotations

import ast
import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from backprop_tui.from_python import NotebookPage

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "notebook.ipynb"


@pytest.fixture(scope="module")
def shown() -> list[Any]:
    """What each cell of code shows: the value of its last line."""
    names: dict[str, Any] = {}
    values = []
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        program = ast.parse("".join(cell["source"]))
        last = program.body.pop()
        assert isinstance(last, ast.Expr)
        exec(compile(program, "cell", "exec"), names)  # the notebook is ours
        values.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    return values


def test_tables_are_what_the_text_says(shown: list[Any]) -> None:
    graph, trace, frame, explained = shown[:4]
    assert "q * z" in graph._repr_html_()
    assert "<td>-4</td>" in trace._repr_html_()
    arrived = [name for name in ("f", "q", "x", "y", "z") if frame.gradient(name) is not None]
    assert arrived == ["f", "q"]
    assert "from f to q" in explained


def test_the_player_is_a_page_in_a_frame_of_its_own(shown: list[Any]) -> None:
    player = shown[4]
    assert isinstance(player, NotebookPage)
    frame = player._repr_html_()
    assert unescape(frame.partition('srcdoc="')[2].rpartition('"')[0]) == player.page
    assert frame.startswith('<iframe sandbox="allow-scripts"')


def test_the_wrong_rule_is_found(shown: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    cell = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"][-1]
    exec("".join(cell["source"]), names)
    assert "1 of 1 gradients differ" in capsys.readouterr().out
    assert len(shown) == 6
