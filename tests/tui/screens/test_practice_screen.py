"""Practice on the screen: what is hidden, what is said of an answer, what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from backprop_engine.debugger import Session
from backprop_engine.explain.numbers import number
from backprop_engine.practice import ChoiceQuestion, NumbersQuestion, Question, ShapeQuestion
from backprop_engine.practice import session as practising
from backprop_tui.panels.practice import PracticeState, answer, begun, question, question_rows, skip
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.help import HelpScreen
from backprop_tui.screens.practice import PracticeScreen
from backprop_tui.view import View
from driving import NARROW, WIDE, debugger, go, opened, seen, until
from gate import Gate, held
from scenes import scenario


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for what is kept."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "backprop-tui" / "progress.json"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    yield from held(monkeypatch)


async def practising_screen(pilot: Pilot[None]) -> PracticeScreen:
    await pilot.press("Q")
    await until(pilot, lambda: isinstance(pilot.app.screen, PracticeScreen))
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, PracticeScreen)
    return screen


async def typed(pilot: Pilot[None], text: str) -> PracticeState:
    screen = pilot.app.screen
    assert isinstance(screen, PracticeScreen)
    screen.query_one(Input).value = text
    await pilot.press("enter")
    await until(pilot, lambda: not screen.busy)
    await pilot.pause()
    return screen.current


def right_answer(question: Question | None) -> str:
    match question:
        case NumbersQuestion():
            return ", ".join(f"{float(question.right[entry])!r}" for entry in question.entries)
        case ShapeQuestion():
            return str(question.right)
        case ChoiceQuestion():
            return str(question.right + 1)
        case _:
            raise AssertionError("no question is asked")


@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (NARROW, "ko")])
async def test_every_question_can_be_answered_and_is_kept(
    folder: Path, size: tuple[int, int], language: str
) -> None:
    async with opened("add_multiply", size=size, language=language) as pilot:
        screen = await practising_screen(pilot)
        count = len(screen.current.practice.places)
        for _ in range(count):
            state = await typed(pilot, right_answer(screen.current.asked))
            assert state.grade is not None
            assert state.grade.right
            await typed(pilot, "")
        assert screen.current.over
        assert f"{count}" in seen(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert debugger(pilot).current.title
    kept = json.loads(folder.read_text(encoding="utf-8"))["scenarios"]["add_multiply"]
    assert (kept["questions"], kept["credit"], kept["sessions"]) == (count, count, 1)


async def test_the_result_is_hidden_until_it_is_answered() -> None:
    async with opened("add_multiply") as pilot:
        screen = await practising_screen(pilot)
        while not isinstance(screen.current.asked, NumbersQuestion):
            await pilot.press("tab")
            await pilot.pause()
        asked = screen.current.asked
        before = screen.current.before
        operand = before.graph.nodes[asked.trace.frame(asked.position).edge.operand]  # type: ignore[union-attr]
        assert before.frame.gradient(operand) is None or before.frame.arrived(operand)[0] > 0
        state = await typed(pilot, "12345.6")
        assert state.grade is not None
        assert not state.grade.right
        assert f"The answer is {number(asked.right[()], 4)}" in seen(pilot)
        await typed(pilot, "")
        assert screen.current.practice.number == state.practice.number  # once more, with other numbers
        assert screen.current.grade is None


async def test_a_misconception_is_named_and_counted(folder: Path) -> None:
    async with opened("multiply_gates") as pilot:
        screen = await practising_screen(pilot)
        asked = screen.current.asked
        while not (isinstance(asked, NumbersQuestion) and asked.outcomes):
            await pilot.press("tab")
            await pilot.pause()
            asked = screen.current.asked
        wrong = asked.outcomes[0]
        answer = ", ".join(repr(float(wrong.answer[entry])) for entry in asked.entries)
        state = await typed(pilot, answer)
        assert state.grade is not None
        assert state.grade.mutant is wrong.mutant
        assert str(wrong.mutant.title) in " ".join(seen(pilot).split())
        await pilot.press("escape")
        await pilot.pause()
    kept = json.loads(folder.read_text(encoding="utf-8"))["scenarios"]["multiply_gates"]
    assert kept["mistakes"] == {wrong.mutant.name: 1}


async def test_a_hint_costs_half_and_what_is_no_answer_nothing() -> None:
    async with opened("add_multiply") as pilot:
        screen = await practising_screen(pilot)
        while isinstance(screen.current.asked, ChoiceQuestion):
            await pilot.press("tab")
            await pilot.pause()
        assert (await typed(pilot, "one half")).problem
        assert (await typed(pilot, "")).problem
        assert screen.current.practice.tries == ()
        await pilot.press("question_mark")
        await pilot.pause()
        assert screen.query_one(Input).value == ""
        assert "Hint:" in seen(pilot)
        state = await typed(pilot, right_answer(screen.current.asked))
        assert state.practice.tries[-1].credit == 0.5


@pytest.mark.thorough
async def test_leaving_at_once_keeps_nothing(folder: Path) -> None:
    async with opened("add_multiply") as pilot:
        await practising_screen(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert debugger(pilot)
    assert not folder.exists()


@pytest.mark.thorough
async def test_what_has_no_question_says_so() -> None:
    async with opened("rnn_cell") as pilot:
        screen = debugger(pilot)
        begin = practising.begin
        try:
            practising.begin = lambda scenario, seed, at: begin(scenario, seed, ("ask",))  # type: ignore[assignment]
            await pilot.press("Q")
            await until(pilot, lambda: not screen.runner.busy)
            await pilot.pause()
        finally:
            practising.begin = begin
        assert pilot.app.screen is screen


@pytest.mark.thorough
async def test_what_was_answered_is_kept_when_the_program_is_left(folder: Path) -> None:
    async with opened("add_multiply") as pilot:
        screen = await practising_screen(pilot)
        await typed(pilot, right_answer(screen.current.asked))
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert json.loads(folder.read_text(encoding="utf-8"))["scenarios"]["add_multiply"]["questions"] == 1


@pytest.mark.thorough
async def test_it_begins_with_the_step_that_is_looked_at() -> None:
    async with opened("add_multiply") as pilot:
        await go(pilot, 6)
        screen = await practising_screen(pilot)
        assert screen.current.asked is not None
        assert screen.current.asked.position == 6
        assert screen.current.practice.number == 0


@pytest.mark.parametrize("stem", ["sigmoid_neuron", "rnn_cell", "broadcast_bias"])
@pytest.mark.parametrize(("width", "height"), [(76, 17), (116, 33)])
def test_the_graph_gets_what_the_question_does_not_need(stem: str, width: int, height: int) -> None:
    practice = practising.begin(scenario(stem), 1)
    state = begun(practice, View(scenario(stem), Session(scenario(stem).run())))
    while not state.over:
        rows = question_rows(state, width, height)
        assert rows <= height // 2
        assert question(state, width, rows).height <= rows
        if isinstance(state.asked, ChoiceQuestion):
            assert rows == question(state, width, rows).height + 3
        told = answer(state, right_answer(state.asked))
        assert question_rows(told, width, height) <= height * 3 // 5
        assert question(told, width, question_rows(told, width, height)).height <= height * 3 // 5
        state = skip(state)
    assert question_rows(state, width, height) <= height * 3 // 5


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "ko"])
async def test_in_a_small_terminal_the_names_of_the_graph_are_read(language: str) -> None:
    async with opened("rnn_cell", size=NARROW, language=language) as pilot:
        screen = await practising_screen(pilot)
        while not isinstance(screen.current.asked, ChoiceQuestion):
            await pilot.press("tab")
            await pilot.pause()
        graph, asked = screen.query_one("#practice-graph"), screen.query_one("#question")
        assert graph.size.height + asked.size.height == NARROW[1] - 7
        assert graph.size.height > asked.size.height
        for name in ("W_xg", "h_prev", "k#3"):
            assert name in seen(pilot)
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert graph.size.height + asked.size.height == WIDE[1] - 7


@pytest.mark.thorough
async def test_while_a_question_is_made_the_screen_takes_keys(gate: Gate) -> None:
    gate.open.set()
    async with opened("add_multiply") as pilot:
        screen = await practising_screen(pilot)
        asked = screen.current.asked
        gate.close()
        await pilot.press("tab")
        await until(pilot, gate.heard.is_set)
        assert screen.busy
        await until(pilot, lambda: "computing" in seen(pilot))
        await pilot.press("1", "enter")
        await pilot.pause()
        assert screen.current.asked is asked
        assert screen.query_one(Input).value == "1"
        gate.open.set()
        await until(pilot, lambda: not screen.busy)
        await pilot.pause()
        assert screen.current.practice.number == 1
        assert "computing" not in seen(pilot)
        gate.close()
        await pilot.press("tab")
        await until(pilot, gate.heard.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is not screen)


@pytest.mark.thorough
async def test_while_questions_are_looked_for_the_screen_takes_keys(gate: Gate) -> None:
    gate.open.set()
    async with opened("add_multiply") as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, DebuggerScreen))
        gate.close()
        await pilot.press("Q")
        await until(pilot, gate.heard.is_set)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DebuggerScreen))
        await pilot.press("escape")
        gate.open.set()
        await until(pilot, lambda: not debugger(pilot).runner.busy)
        assert isinstance(pilot.app.screen, DebuggerScreen)
