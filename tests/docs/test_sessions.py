"""The sessions of `docs/sessions/` show what their pages say, and find what they look for."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "sessions"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


@pytest.fixture(scope="module")
def replay() -> Any:
    spec = importlib.util.spec_from_file_location("docs_sessions_replay", FOLDER / "replay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_session_shows_what_its_page_says(replay: Any, path: Path) -> None:
    one = replay.session(path)
    code, shown = replay.played(one)
    assert shown == one.output, "run `python docs/sessions/replay.py`, and look at the difference"
    assert code == 0


def test_there_are_ten_and_all_are_listed(replay: Any) -> None:
    assert len(PAGES) == 10
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == replay.index()


FINDS = {
    "dead_relu": r"Stopped at breakpoint 1 \(dead relu\)\.[\s\S]*forward  H = relu\(Z\)",
    "who_exploded": r"Stopped at breakpoint 1 \(above 100\)\.[\s\S]*W_hhᵀ",
    "wrong_transposition": r"slope 4  gradient 6[\s\S]*slope 6  gradient 4",
    "first_nan": r"\(first infinity\)\.[\s\S]*forward  logs[\s\S]*\(first nan\)\.[\s\S]*backward  logs → x",
    "what_if": r"q  3 → 5",
    "wrong_learning_rate": r"\(sign change\)\.[\s\S]*iteration 1 of 20",
    "bptt": r"sum of 5 contributions",
    "into_softmax": r"inside L 3/18  forward  L\.z = a − L\.m",
    "compare_branches": r"> compare baseline smaller\n7 nodes differ",
    "vanishing": r"\(below 1e-6\)\.[\s\S]*h1 → x",
}
"""The moment in each session that it is about."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_session_finds_what_it_looks_for(replay: Any, path: Path) -> None:
    assert re.search(FINDS[path.stem], replay.session(path).output)
