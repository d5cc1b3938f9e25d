"""The pages before the first step and after the last: what a run is, and what came of it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from backprop_engine.debugger import Session, Set, update
from backprop_engine.scenario.loader import load_scenario
from backprop_tui.app import DebuggerApp
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.shades import Flow
from backprop_tui.cells.text import cell_width
from backprop_tui.files.bundled import bundled, following, shelves
from backprop_tui.files.folders import scenario_folder
from backprop_tui.files.opening import Opening
from backprop_tui.panels.run_pages import about, ending, opening
from backprop_tui.panels.scenarios import title_of_entry
from backprop_tui.panels.step import step, step_title
from backprop_tui.settings import UserSettings
from backprop_tui.view import View
from driving import debugger, notices, opened, seen, text_of
from scenes import LANGUAGES, STEMS, run, view, view_of, written

SIZES = ((76, 6), (68, 12), (76, 26))
_SHORT_TITLE = 34
"""Beside a longer one not every key has room in one row."""


def at_end(stem: str, language: str = "en") -> View:
    return view(stem, run(stem).last, language)


def spans(view: View, width: int, height: int) -> list[Span]:
    return [span for line in ending(view, width).drawn(height).lines for span in line]


# The start


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stem", STEMS[::6])
def test_the_start_tells_what_the_run_is_and_the_first_keys(
    stem: str, size: tuple[int, int], language: str
) -> None:
    shown = view(stem, 0, language)
    page = step(shown, *size)
    assert page.height <= size[1]
    words = text_of(page)
    for key in ("s", "End", "?", ":tour", "I"):
        assert key in words.splitlines()[-1] or key in words.splitlines()[-2]
    told = shown.scenario.description.in_language(language)
    assert words.split()[:5] == told.split()[:5]
    assert step_title(shown) == shown.scenario.title.in_language(language)


def test_the_network_of_the_readme_explains_itself() -> None:
    words = text_of(opening(view("rnn_cell"), 76, 12))
    assert "The candidate c is a plain recurrent cell" in words.replace("\n", " ")
    assert "L = mse(h, t)" in words
    assert "∂L/∂… x, h_prev, W_xh, W_hh, b, W_xg, W_hg, b_g" in words
    assert "x, h_prev  used more than once: the gradient is a sum" in words


def test_a_file_without_a_word_about_itself_is_told_by_its_graph(tmp_path: Path) -> None:
    read = written(tmp_path, "inputs: {x: 3}\nparams: {w: 2}\nnodes: {f: w * x}\n", name="mine")
    shown = view_of(read)
    assert step_title(shown) == "mine"
    words = text_of(opening(shown, 60, 10))
    assert "forward   f = w · x" in words
    assert "backward  ∂L/∂… x, w" in words


def test_the_source_the_stops_and_the_training_of_any_file_are_shown(tmp_path: Path) -> None:
    text = """title: Mine
description: Of my own.
source: https://example.org/mine
objective: You can compute it by hand.
params: {w: 2}
nodes: {f: w * w}
notes: {f: A square.}
breakpoints: [f]
train: {optimizer: sgd, lr: 0.1, steps: 3}
"""
    shown = view_of(written(tmp_path, text))
    words = text_of(opening(shown, 70, 16))
    for part in (
        "Of my own.",
        "https://example.org/mine",
        "training   3 iterations of sgd",
        "objective  You can compute it by hand.",
        "watch for  w  used more than once",
        "f  noted by the author",
        "stops at   f  c runs there",
    ):
        assert part in words
    sheet = "\n".join("".join(span.text for span in line) for line in about(shown, 70))
    assert sheet.startswith("Mine\nOf my own.\nhttps://example.org/mine\n")
    assert "3 iterations of sgd" in sheet
    assert "objective  You can compute it by hand." in sheet


def test_of_a_long_description_the_beginning_is_shown_and_the_keys() -> None:
    words = text_of(opening(view("rnn_cell"), 30, 5)).splitlines()
    assert len(words) == 5
    assert words[0].startswith("One time step.")
    assert "…" in words
    assert "I about" in words[-1]


async def test_what_a_file_is_about_can_be_read_at_any_step() -> None:
    async with opened("rnn_cell", at=19) as pilot:
        await pilot.press("I")
        await pilot.pause()
        shown = seen(pilot)
        assert "─ about ─" in shown
        assert "A recurrent cell with a gate" in shown
        assert "One time step." in shown
        await pilot.press("I")
        await pilot.pause()
        assert "─ about ─" not in seen(pilot)


# The end


def test_in_one_row_the_title_of_what_follows_is_whole_before_every_key_is_there() -> None:
    words = text_of(step(at_end("own_huber"), 69, 22))
    assert words.endswith("e what if?   b breakpoint   G A loss whose gradient is a tanh")


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", ["rnn_cell", "xor", "lstm", "gradient_descent", "add_multiply", "iris_mlp"])
def test_the_end_says_what_came_of_the_run_in_every_size(stem: str, language: str) -> None:
    shown = at_end(stem, language)
    for width, height in SIZES:
        page = step(shown, width, height)
        assert page.height <= height
        assert page.width <= width
        words = text_of(page)
        assert f"{shown.graph.nodes[shown.graph.output].name}" in words
        title = title_of_entry(entry, language) if (entry := shown.next_scenario) else ""
        fits = cell_width(title) <= _SHORT_TITLE
        for key in ("e", "b", "v", "G") if fits else ("e", "G"):
            assert f"{key} " in words
        assert "✓" in words
        assert "✗" not in words


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_has_a_bar_by_the_size_of_its_gradient(size: tuple[int, int]) -> None:
    shown = at_end("rnn_cell")
    found = spans(shown, *size)
    bars = {
        found[place - 1].text.strip(): (span.text, span.role)
        for place, span in enumerate(found)
        if isinstance(span.role, Flow)
    }
    assert bars.keys() == {"x", "h_prev", "W_xh", "W_hh", "b", "W_xg", "W_hg", "b_g"}
    assert len(bars["W_xh"][0]) > len(bars["W_hg"][0])
    assert bars["W_xh"][1] > bars["W_hg"][1]
    words = text_of(ending(shown, size[0]).drawn(size[1]))
    assert "✓ 8 of 8 numeric checks" in words
    assert "✓ 9 of 9 expected figures" in words
    assert "G Backpropagation through time" in words


def test_where_there_is_room_the_last_equation_stands_above() -> None:
    shown = at_end("rnn_cell")
    assert "contribution" in text_of(step(shown, 76, 26))
    low = text_of(step(shown, 76, 12)).splitlines()
    assert "contribution" in " ".join(low[:9]), "the step goes before what came of the run"
    assert len(low) == 12
    assert "numeric checks" in low[-2]
    assert "e what if?" in low[-1]
    assert "contribution" not in text_of(step(shown, 76, 8))
    assert step_title(shown) == "The end of the run"


def test_a_training_ends_with_the_way_of_its_loss() -> None:
    words = text_of(ending(at_end("gradient_descent"), 76).drawn(12))
    assert words.splitlines()[0] == "f: 1 → 0.0001329   20 iterations of sgd"
    assert "✓ 2 of 2 expected figures" in words


def test_a_gradient_that_is_not_finite_is_trouble() -> None:
    found = spans(at_end("nan_from_log_zero"), 60, 12)
    assert Span("NaN", Role.TROUBLE) in found
    assert any("0 of 1" in text for text, role in found if role is Role.TROUBLE)


def test_on_a_branch_nothing_is_said_of_figures_that_were_expected_without_it() -> None:
    shown = at_end("add_multiply")
    changed = update(shown.session, Set("x", shown.session.trace.value("x") + 1))
    changed = Session(changed.run, changed.run.last, branches=changed.branches, runs=changed.runs)
    words = text_of(ending(View(shown.scenario, changed), 76).drawn(12))
    assert "3 of 3 numeric checks" in words
    assert "expected figures" not in words


# What follows


@pytest.mark.parametrize(("language", "told"), [("en", "2 blanks"), ("ko", "빈칸 2개")])
def test_the_blanks_of_an_exercise_are_counted_and_not_compared(
    tmp_path: Path, language: str, told: str
) -> None:
    text = "inputs: {x: 2}\nnodes: {f: x * x}\nexpect: {values: {x: 2, f: ?}, grads: {x: ?}}\n"
    scenario = written(tmp_path, text)
    run = scenario.run()
    words = text_of(ending(View(scenario, Session(run, position=run.last), language), 76).drawn(12))
    assert f"? {told}" in words
    assert words.count("✓") == 2
    assert "✗" not in words


def test_scenarios_follow_each_other_as_they_stand_in_the_gallery() -> None:
    order = [entry for shelf in shelves(bundled()) for entry in shelf.entries]
    for entry, after in itertools.pairwise(order):
        assert following(str(entry.path)) == after
    assert following(str(order[-1].path)) is None
    assert following("mine.yaml") is None


async def test_a_key_opens_the_next_scenario_in_place_of_this_one() -> None:
    async with opened("rnn_cell") as pilot:
        screens = len(pilot.app.screen_stack)
        await pilot.press("G")
        await pilot.pause()
        assert debugger(pilot).current.scenario.name == "bptt"
        assert len(pilot.app.screen_stack) == screens
        assert "Backpropagation through time" in seen(pilot)


async def test_in_a_folder_the_next_one_there_follows(tmp_path: Path) -> None:
    for name, text in (("a", "x * x"), ("b", "x * y"), ("c", "x + 1")):
        (tmp_path / f"{name}.yaml").write_text(
            f"title: Part {name}\ninputs: {{x: 3}}\nnodes: {{f: {text}}}\n", encoding="utf-8"
        )
    app = DebuggerApp(None, folder=scenario_folder(tmp_path), still=True)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("enter", "end")
        await pilot.pause()
        assert "G Part b" in seen(pilot)
        await pilot.press("G")
        await pilot.pause()
        assert "`y` is not defined" in notices(pilot)[0], "it has a mistake, so this one stays"
        assert debugger(pilot).current.scenario.name == "a"
        mended = "title: Part b\ninputs: {x: 3}\nnodes: {f: x * 2}\n"
        (tmp_path / "b.yaml").write_text(mended, encoding="utf-8")
        await pilot.press("G", "G")
        await pilot.pause()
        assert debugger(pilot).current.scenario.name == "c"
        await pilot.press("G")
        await pilot.pause()
        assert "this is the last scenario" in seen(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "▶ Part c" in seen(pilot), "in the gallery the one that was shown last is chosen"


def test_a_title_over_several_lines_stands_on_one(tmp_path: Path) -> None:
    for name in "ab":
        lines = f"title: |-\n  Part {name}\n  of two\ninputs: {{x: 3}}\nnodes: {{f: x * x}}\n"
        written(tmp_path, lines, name)
    [shelf] = scenario_folder(tmp_path).shelves
    first, second = shelf.entries
    shown = view_of(load_scenario(first.path))
    assert step_title(shown) == "Part a of two"
    last = replace(shown.session, position=shown.session.last)
    at_its_end = replace(shown, session=last, opening=Opening.of(first.path, among=(first, second)))
    assert "G Part b of two" in text_of(ending(at_its_end, 76).drawn(26))


@pytest.mark.thorough
async def test_the_pages_name_the_keys_that_their_reader_chose(tmp_path: Path) -> None:
    keys = {"step": ("w",), "next_scenario": ("f9",), "break": ("ctrl+b",)}
    app = DebuggerApp(view("rnn_cell"), settings=UserSettings(keys=keys), still=True)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        assert "w step   n node" in seen(pilot)
        await pilot.press("end")
        await pilot.pause()
        assert "F9 Backpropagation through time" in seen(pilot)
        assert "Ctrl+B breakpoint" in seen(pilot)
        await pilot.press("f9")
        await pilot.pause()
        assert debugger(pilot).current.scenario.name == "bptt"
        assert "w step   n node" in seen(pilot)


async def test_where_none_follows_the_key_says_so(tmp_path: Path) -> None:
    mine = view_of(written(tmp_path, "inputs: {x: 3}\nnodes: {f: x * x}\n"))
    async with opened(mine) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert "this is the last scenario" in seen(pilot)


def test_the_start_of_a_run_whose_expression_is_long(tmp_path: Path) -> None:
    names = [f"name_{number}" for number in range(40)]
    leaves = ", ".join(f"{name}: 1" for name in names)
    long = view_of(written(tmp_path, f"inputs: {{{leaves}}}\nnodes: {{total: {' + '.join(names)}}}\n"))
    shown = ["".join(span.text for span in line) for line in opening(long, 68, 16).lines]
    assert "total = total#38 + name_39" in shown[0]
