"""The bug lab in the app: what is hidden, what is graded, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from backprop_engine.derivatives.numeric_check import check_edge
from backprop_engine.practice.bug_search import BugSearch
from backprop_tui.screens.bug_lab import BugLab, MistakesSheet
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.help import HelpScreen
from driving import PATIENCE, debugger, go, opened, seen, until


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for what is kept."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "backprop-tui" / "progress.json"


def is_busy(pilot: Pilot[None]) -> bool:
    return isinstance(pilot.app.screen, DebuggerScreen) and debugger(pilot).runner.busy


async def prompted(pilot: Pilot[None], text: str) -> None:
    await pilot.press("colon")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await pilot.pause()
    await until(pilot, lambda: not is_busy(pilot))
    await pilot.pause()


async def laboratory(pilot: Pilot[None]) -> BugLab:
    await prompted(pilot, "bug")
    await pilot.pause()
    lab = debugger(pilot).guide
    assert isinstance(lab, BugLab)
    return lab


async def test_a_bug_is_found_and_kept(folder: Path) -> None:
    async with opened("add_multiply") as pilot:
        lab = await laboratory(pilot)
        trace = debugger(pilot).current.session.trace
        assert not check_edge(trace, lab.search.bug.edge).verdict.good
        edge = trace.graph.edge_name(lab.search.bug.edge).replace("→", "->")
        await prompted(pilot, f"bug {edge}, {lab.search.bug.mutant.name}")
        assert lab.search.right
        assert "The edge is right." in seen(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert debugger(pilot).guide is None
    kept = json.loads(folder.read_text(encoding="utf-8"))["scenarios"]["add_multiply"]
    assert (kept["bugs"], kept["credit"]) == (1, 1.0)


@pytest.mark.thorough
async def test_no_check_says_where_it_is() -> None:
    async with opened("add_multiply") as pilot:
        last = debugger(pilot).current.session.last
        await go(pilot, last)
        assert "numeric" in seen(pilot)
        await laboratory(pilot)
        for position in range(last + 1):
            await go(pilot, position)
            assert "numeric" not in seen(pilot)


@pytest.mark.thorough
async def test_three_wrong_guesses_end_it(folder: Path) -> None:
    async with opened("add_multiply") as pilot:
        lab = await laboratory(pilot)
        trace = debugger(pilot).current.session.trace
        names = [trace.graph.edge_name(edge).replace("→", "->") for edge in trace.graph.edges]
        wrong = next(
            name for name in names if name != trace.graph.edge_name(lab.search.bug.edge).replace("→", "->")
        )
        await prompted(pilot, "bug nonsense")
        assert lab.search.guesses == 0
        for _ in range(3):
            await prompted(pilot, f"bug {wrong}, sign")
        assert lab.search.over
        assert not lab.search.right
        assert str(lab.search.bug.mutant.title) in " ".join(seen(pilot).split())
    kept = json.loads(folder.read_text(encoding="utf-8"))["scenarios"]["add_multiply"]
    assert kept["mistakes"] == {lab.search.bug.mutant.name: 1}


@pytest.mark.thorough
async def test_the_mistakes_are_listed() -> None:
    async with opened("add_multiply", language="ko") as pilot:
        await laboratory(pilot)
        await prompted(pilot, "bug")
        assert isinstance(pilot.app.screen, MistakesSheet)
        assert "upstream_forgotten" in seen(pilot)


@pytest.mark.thorough
async def test_a_search_that_is_left_is_kept(folder: Path) -> None:
    async with opened("add_multiply") as pilot:
        lab = await laboratory(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert not folder.exists()
        lab = await laboratory(pilot)
        await prompted(pilot, f"bug {lab.search.edge.replace('→', '->')}, wrong_axes")
        assert not folder.exists()
        await pilot.press("escape")
        await pilot.pause()
        kept = json.loads(folder.read_text(encoding="utf-8"))["scenarios"]["add_multiply"]
    assert (kept["sessions"], kept["bugs"], kept["mistakes"]) == (1, 0, {lab.search.bug.mutant.name: 1})


async def test_progress_that_cannot_be_kept_is_told(folder: Path) -> None:
    folder.parent.write_text("a file", encoding="utf-8")
    async with opened("add_multiply") as pilot:
        lab = await laboratory(pilot)
        await prompted(pilot, f"bug {lab.search.edge.replace('→', '->')}, wrong_axes")
        await pilot.press("escape")
        await pilot.pause()
        assert debugger(pilot).guide is None
        (notice,) = pilot.app._notifications
        assert "progress.json was not changed" in notice.message


@pytest.mark.thorough
async def test_while_a_guess_is_graded_the_screen_takes_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    opens, graded = Event(), BugLab.graded

    def waits(lab: BugLab, text: str) -> BugSearch:
        assert opens.wait(PATIENCE)
        return graded(lab, text)

    monkeypatch.setattr(BugLab, "graded", waits)
    async with opened("add_multiply") as pilot:
        lab = await laboratory(pilot)
        screen = debugger(pilot)
        edge = screen.current.graph.edge_name(lab.search.bug.edge).replace("→", "->")
        guess = f"bug {edge}, {lab.search.bug.mutant.name}"
        await pilot.press("colon", *guess, "enter")
        await until(pilot, lambda: screen.runner.busy)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        assert not lab.search.right
        opens.set()
        await until(pilot, lambda: lab.search.right)
        await until(pilot, lambda: "The edge is right." in seen(pilot))
