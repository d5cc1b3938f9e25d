"""Plots: marks stand where their numbers belong, nothing overflows, and nothing is computed for them."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite, log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.events import MouseMove
from textual.geometry import Offset

from backprop_engine.debugger import Go, Session, Set, ToEnd, finished, update
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace import run as runs
from backprop_tui.cells.lines import Role, Span, line_text, line_width
from backprop_tui.cells.shades import BLANK, LEVELS, Shade
from backprop_tui.panel_slots import PLOTS
from backprop_tui.panels.plots.gradients_by_depth import gradients_by_depth
from backprop_tui.panels.plots.gradients_over_time import recurrent_states
from backprop_tui.panels.plots.panel import KINDS, iteration_at, kinds, node_at, plots, plots_title
from backprop_tui.plots.axis import Axis, axis_of
from backprop_tui.plots.canvas import Canvas
from backprop_tui.plots.chart import NOT_FINITE, ZERO, Chart, Curve, chart
from backprop_tui.plots.plane import plane
from backprop_tui.themes import DARK, LIGHT, palette
from backprop_tui.view import View
from backprop_tui.widgets.strips import paint
from covering import SHOWN
from driving import debugger, opened, seen, text_of
from effort import examples
from scenes import LANGUAGES, scenario, view, view_of

SIZES = ((10, 4), (20, 5), (27, 7), (58, 12), (78, 9), (120, 30))
BLOWN_UP = (
    "params: {w: 3, v: [1, 2]}\nnodes: {L: w ** 4 + sum(v)}\ntrain: {optimizer: sgd, lr: 100, steps: 12}\n"
)
DEEP = "inputs: {x: 0.5}\nparams: {w: 0.01}\nnodes:\n" + "".join(
    f"  h{at}: tanh(w * {'x' if at == 0 else f'h{at - 1}'})\n" for at in range(12)
)


def load(text: str) -> Scenario:
    return load_source(Source.from_bytes("case.yaml", text.encode()))


def whole(shown: View) -> View:
    """With all iterations computed."""
    while shown.session.run.extend():
        pass
    return shown


# Axes


numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=1e-300, max_value=1e300)


@given(values=st.lists(numbers, min_size=1, max_size=20), dots=st.integers(1, 200))
def test_a_number_falls_on_the_dot_whose_number_is_nearest(values: list[float], dots: int) -> None:
    axis = axis_of(np.array(values), dots)
    found = axis.dots_of(np.array(values)).tolist()
    assert all(0 <= dot < dots for dot in found)
    for value, dot in zip(values, found, strict=True):
        assert dot == axis.dot(value)
        between = (axis.value(max(0.0, dot - 0.51)), axis.value(min(dots - 1.0, dot + 0.51)))
        room = 1e-9 * max(map(abs, values))
        assert between[0] - room <= value <= between[1] + room or dots == 1
    pairs = sorted(zip(values, found, strict=True))
    assert [dot for _, dot in pairs] == sorted(dot for _, dot in pairs)


@given(low=positive, high=positive, most=st.integers(1, 12))
def test_ticks_are_few_round_and_on_the_axis(low: float, high: float, most: int) -> None:
    if low * 1.01 >= high:  # labels have six digits, which tell no closer numbers apart
        return
    for log in (False, True):
        ticks = Axis(low, high, 50, log).ticks(most)
        assert len(ticks) <= most
        for tick in ticks:
            room = 1e-8 * (high if log else high - low)
            assert low - room <= tick.value <= high + room
            assert float(tick.label) == pytest.approx(tick.value, rel=1e-5)


def test_the_axis_is_by_magnitude_where_numbers_differ_by_much() -> None:
    assert axis_of(np.array([1e-4, 1.0]), 10).log
    assert not axis_of(np.array([0.5, 1.0]), 10).log
    assert not axis_of(np.array([0.0, 1e6]), 10).log
    assert [tick.label for tick in Axis(1e-4, 100, 40, log=True).ticks(4)] == ["0.0001", "0.01", "1", "100"]
    assert [tick.label for tick in Axis(0, 100, 40).ticks(6)] == ["0", "20", "40", "60", "80", "100"]
    assert axis_of(np.array([3.0, 3.0]), 9).dot(3) == 4


# Charts, read back from their cells


def dots_of(drawn: Chart, *, ascii_only: bool) -> dict[tuple[int, int], bool]:
    """Every dot of a chart, by column and row of dots from below; True for a sign, which hides its cell's."""
    found: dict[tuple[int, int], bool] = {}
    across, down = (1, 2) if ascii_only else (2, 4)
    rows = drawn.up.dots // down
    for row in range(rows):
        cells = "".join(span.text for span in drawn.lines[drawn.top + row])[drawn.left :]
        for column, cell in enumerate(cells):
            bits = bits_of(cell, ascii_only=ascii_only)
            for x in range(across):
                for y in range(down):
                    place = (column * across + x, (rows - 1 - row) * down + (down - 1 - y))
                    if bits is None or bits & bit(x, y, ascii_only=ascii_only):
                        found[place] = bits is None
    return found


def bit(x: int, y: int, *, ascii_only: bool) -> int:
    return 1 << y if ascii_only else ((1, 2, 4, 64), (8, 16, 32, 128))[x][y]


def bits_of(cell: str, *, ascii_only: bool) -> int | None:
    """The dots of a cell; None where a sign stands."""
    if ascii_only:
        return " '.:".find(cell) if cell in " '.:" else None
    if cell == " ":
        return 0
    return ord(cell) - 0x2800 if "\u2800" <= cell <= "\u28ff" else None


@pytest.mark.thorough
@given(
    values=st.lists(st.one_of(numbers, positive), min_size=1, max_size=300),
    size=st.sampled_from(SIZES),
    ascii_only=st.booleans(),
)
def test_every_number_has_its_dot_and_every_dot_lies_between_numbers(
    values: list[float], size: tuple[int, int], ascii_only: bool
) -> None:
    places = np.arange(len(values), dtype=np.float64)
    curve = Curve(places, np.array(values), (), Role.VALUE)
    drawn = chart([curve], (0.0, float(max(1, len(values) - 1))), *size, ascii_only=ascii_only)
    assert len(drawn.lines) <= size[1]
    assert all(line_width(line) <= size[0] for line in drawn.lines)
    dots = dots_of(drawn, ascii_only=ascii_only)
    columns: dict[int, list[int]] = {}
    for place, value in zip(places.tolist(), values, strict=True):
        columns.setdefault(drawn.along.dot(place), []).append(drawn.up.dot(value))
    for x, ys in columns.items():
        assert all((x, y) in dots for y in ys)
    for (x, y), hidden in dots.items():
        if hidden:
            continue
        left = max(column for column in columns if column <= x)
        right = min((column for column in columns if column >= x), default=left)
        if x in columns:  # lines from both sides end in it
            left = max((column for column in columns if column < x), default=x)
            right = min((column for column in columns if column > x), default=x)
        near = [*columns[left], *columns.get(x, []), *columns[right]]
        assert min(near) <= y <= max(near)


def curve_of(values: list[float], sign: str = "") -> Curve:
    return Curve(np.arange(len(values), dtype=np.float64), np.array(values), (), Role.VALUE, sign)


HALVED = """
L = 2
  │⠳⣄⡀          ┊
  │  ⠙⢦⡀        ┊
5 ┤    ⠉⠳⣄⡀     ┊
  │       ⠉⠓⠦⣄⡀ ┊
  │           ⠉⠓◉⠦⠤⣄⣀⣀
0 ┤             ┊    ⠈⠉⠉⠓⠒⠦⠤⣄⣀
  └┬────────────▲────────────┬
   0            2            4
"""
HALVED_ASCII = """
L = 2
  |:.           |
  | ':..        |
5 +    ':..     |
  |       '':.. |
  |           ''@:....
0 +             |    '''':....
  ++------------^------------+
   0            2            4
"""


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_chart_as_it_is_seen(ascii_only: bool) -> None:
    curve = Curve(np.arange(5.0), np.array([8.0, 4, 2, 1, 0]), (Span("L = 2"),), Role.VALUE)
    drawn = chart([curve], (0, 4), 30, 9, here=2.0, ascii_only=ascii_only)
    wanted = HALVED_ASCII if ascii_only else HALVED
    assert [line_text(line) for line in drawn.lines] == wanted.strip().splitlines()


def test_what_is_no_number_is_marked_at_an_edge() -> None:
    drawn = chart([curve_of([1, 2, np.nan, 3, np.inf, 4])], (0, 5), 40, 8)
    top = line_text(drawn.lines[0])
    assert [top.index(NOT_FINITE), top.rindex(NOT_FINITE)] == [
        drawn.left + drawn.along.dot(at) // 2 for at in (2, 4)
    ]
    logarithmic = chart([curve_of([1e-3, 0, 1])], (0, 2), 40, 8, log=True)
    row = line_text(logarithmic.lines[logarithmic.top + logarithmic.up.dots // 4 - 1])
    assert row[logarithmic.left + logarithmic.along.dot(1) // 2] == ZERO
    by_itself = chart([curve_of([1.0, 1e-3, 0])], (0, 2), 40, 8)
    assert by_itself.up.log
    assert ZERO in line_text(by_itself.lines[by_itself.top + by_itself.up.dots // 4 - 1])
    assert not chart([curve_of([1.0, 0.5, 0])], (0, 2), 40, 8).up.log
    assert not chart([curve_of([1.0, 1e-3, -1])], (0, 2), 40, 8).up.log
    assert chart([curve_of([np.nan])], (0, 1), 40, 8).lines
    assert chart([curve_of([0.0])], (0, 1), 40, 8, log=True).lines
    assert chart([], (0, 1), 40, 8).lines


def test_curves_are_told_apart_by_their_signs() -> None:
    curves = [curve_of([float(at)] * 60, sign) for at, sign in enumerate("●▲■")]
    drawn = chart(curves, (0, 59), 60, 12)
    rows = [line_text(line) for line in drawn.lines]
    for sign in "●▲■":
        assert sum(row.count(sign) for row in rows) >= 5
        assert sum(sign in row for row in rows) == 1


def test_many_points_cost_no_more_dots_than_there_are() -> None:
    canvas = Canvas(10, 2)
    xs, ys = np.arange(1000) // 50, np.arange(1000) % 8
    canvas.line(xs, ys, Role.VALUE)
    assert line_text(canvas.row(0)) == "⣿" * 10


# The panel


def test_every_kind_is_in_the_table() -> None:
    assert KINDS == PLOTS


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_no_plot_overflows(stem: str) -> None:
    start = view(stem)
    last = start.session.last
    for language, ascii_only in (("en", False), ("ko", True)):
        for at in sorted({min(last, start.session.run.length // 2), last}):
            shown = View(scenario(stem), Session(start.session.run, at), language, ascii_only)
            for kind in kinds(shown):
                for size in SIZES:
                    check_size(View(shown.scenario, shown.session, language, ascii_only, plot=kind), size)


def check_size(shown: View, size: tuple[int, int]) -> None:
    drawing = plots(shown, *size)
    rows = [drawing.row(y, 0, 10_000) for y in range(min(drawing.height, 40))]
    assert max(map(line_width, rows)) <= size[0], (shown.plot, size)
    if shown.plot in ("loss", "parameters", "time"):
        assert drawing.height <= size[1], (shown.plot, size)
    drawn = "".join(map(line_text, rows))
    assert not shown.ascii or not re.search("[\u2500-\u25ff\u2800-\u28ff]", drawn), (shown.plot, size)


def test_nothing_is_computed_for_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = view_of(scenario("iris_mlp"))
    shown.frame  # noqa: B018 - what is shown anyway
    recorded: list[object] = []

    def counted(*arguments: object) -> object:
        recorded.append(arguments)
        raise AssertionError

    for name in ("record", "run_both", "record_forward"):
        monkeypatch.setattr(runs, name, counted)
    for kind in kinds(shown):
        plots(View(shown.scenario, shown.session, plot=kind), 60, 12)
    assert recorded == []
    assert "1 of 101 computed" in text_of(plots(shown, 60, 12))


def test_the_loss_and_where_one_stands() -> None:
    shown = whole(view_of(scenario("gradient_descent")))
    session = finished(update(shown.session, Go(shown.session.run.start(10) + 1)))
    shown = View(shown.scenario, session)
    drawing = plots(shown, 60, 12)
    rows = text_of(drawing).splitlines()
    loss = float(session.run.history.losses[10])
    assert rows[0].startswith("f = ") or rows[0].startswith("L = ")
    assert float(rows[0].split(" = ")[1].split()[0]) == pytest.approx(loss, rel=1e-3)
    column = rows[-2].index("▲")
    assert iteration_at(shown, 60, 12, column, 3) == 10
    assert any(row[column] == "◉" for row in rows[1:-2])
    assert plots_title(shown) == "Plots ─ loss"


@settings(max_examples=examples(25))
@given(width=st.integers(24, 120), iteration=st.integers(0, 100))
def test_a_click_below_a_mark_goes_to_its_iteration(width: int, iteration: int) -> None:
    shown = IRIS
    for kind in ("loss", "parameters", "norms"):
        session = Session(shown.session.run, shown.session.run.start(iteration) + (iteration < 100))
        here = View(shown.scenario, session, plot=kind)
        if session.iteration == 100:
            continue
        rows = text_of(plots(here, width, 14)).splitlines()
        row = next(row for row in reversed(rows) if "▲" in row and "[" not in row)
        found = iteration_at(here, width, 14, row.index("▲"), 3)
        assert found is not None
        per_column = 101 / (width - 20)
        assert abs(found - iteration) <= per_column + 1
    assert iteration_at(shown, width, 14, width + 5, 3) is None


IRIS = whole(view_of(scenario("iris_mlp")))


def test_what_a_branch_changes_is_seen_beside_the_baseline() -> None:
    start = view_of(scenario("gradient_descent"))
    whole(start)
    session = finished(update(update(start.session, Set("x", np.float64(9.0))), ToEnd()))
    shown = View(start.scenario, session, plot="loss")
    whole(shown)
    drawn = text_of(plots(shown, 70, 14))
    assert "● b1: " in drawn
    assert "○ baseline: " in drawn


def test_vanishing_and_exploding_are_seen_along_time() -> None:
    for stem, sign in (("vanishing_over_time", 1), ("exploding_over_time", -1)):
        shown = view_of(scenario(stem))
        (state,) = recurrent_states(shown)
        assert state.name == "h"
        sizes = [shown.session.trace.gradient_norms[node] for node in state.nodes]
        assert sign * (log10(sizes[-1]) - log10(sizes[0])) > 1
        in_time = View(shown.scenario, shown.session, plot="time")
        found = node_at(in_time, 70, 14, 40, 5)
        assert found is not None
        assert found.position in state.nodes[15:35]
        end = finished(update(shown.session, ToEnd()))
        known = text_of(plots(View(shown.scenario, end, plot="time"), 70, 14))
        ahead = text_of(plots(View(shown.scenario, shown.session, plot="time"), 70, 14))
        factor = (sizes[0] / sizes[-1]) ** (1 / (len(sizes) - 1))
        assert float(known.split("×")[1].split()[0]) == pytest.approx(factor, rel=1e-2)
        assert "●" in known
        assert "○" not in known
        assert "○" in ahead
        assert ahead.count("●") == 1  # in the legend


def test_bars_are_as_long_as_their_numbers() -> None:
    shown = view_of(load(DEEP))
    session = finished(update(shown.session, ToEnd()))
    rows = text_of(plots(View(shown.scenario, session, plot="gradients"), 70, 40)).splitlines()
    bars = [(row.count("▇"), float(row.split()[-1])) for row in rows[1:]]
    assert len(bars) == 26
    (short, least), (long, most) = min(bars), max(bars)
    per_cell = (long - short) / (log10(most) - log10(least))
    for cells, size in bars:
        assert cells == pytest.approx(long - (log10(most) - log10(size)) * per_cell, abs=1.1)
    ahead = text_of(plots(View(shown.scenario, shown.session, plot="gradients"), 70, 40)).splitlines()
    assert [row.count("░") for row in ahead[1:]] == [cells for cells, _ in bars]
    assert node_at(View(shown.scenario, session, plot="gradients"), 70, 40, 5, 1) is session.graph["x"]


def test_what_blows_up_is_marked_everywhere() -> None:
    shown = whole(view_of(load(BLOWN_UP)))
    assert not all(isfinite(loss) for loss in shown.session.run.history.losses)
    for kind in ("loss", "parameters"):
        assert NOT_FINITE in text_of(plots(View(shown.scenario, shown.session, plot=kind), 60, 12))
    norms = text_of(plots(View(shown.scenario, shown.session, plot="norms"), 60, 12))
    assert "?" in norms or ">" in norms
    end = finished(update(shown.session, Go(shown.session.run.start(8))))
    assert NOT_FINITE in text_of(plots(View(shown.scenario, end, plot="gradients"), 60, 12))


# On the screen


def test_a_schedule_is_drawn() -> None:
    start = view_of(scenario("learning_rate_schedule"))
    run = start.session.run
    session = Session(run, run.start(4) + 1)
    shown = View(start.scenario, session, plot="rate")
    assert "rate" in kinds(shown)
    assert "lr = 0.3" in text_of(plots(shown, 70, 14))
    assert plots_title(shown) == "Plots ─ learning rate over iterations"
    row = next(row for row in reversed(text_of(plots(shown, 70, 14)).splitlines()) if "▲" in row)
    assert iteration_at(shown, 70, 14, row.index("▲"), 3) == 4
    assert "rate" not in kinds(IRIS)


async def test_keys_go_through_the_plots() -> None:
    async with opened("iris_mlp") as pilot:
        shown = []
        await pilot.press("v")
        for _ in range(4):
            shown.append(next(row for row in seen(pilot).splitlines() if "Plots ─" in row))
            await pilot.press("v")
        titles = ["loss", "gradients along depth", "gradients over iterations", "parameters over iterations"]
        assert all(f"Plots ─ {title} " in row for title, row in zip(titles, shown, strict=True))
        assert "Plots ─ loss " in seen(pilot)
        await pilot.press("V")
        assert "Plots ─ parameters over iterations " in seen(pilot)
        debugger(pilot).runner.type("plot norms")
        await pilot.pause()
        assert "Plots ─ gradients over iterations " in seen(pilot)
        await pilot.app.workers.wait_for_complete()
        run = debugger(pilot).current.session.run
        assert run.history.count == run.iterations
        assert debugger(pilot).current.session.position == 0


async def test_a_click_on_a_plot_goes_there() -> None:
    async with opened("iris_mlp") as pilot:
        await pilot.press("v")
        await pilot.app.workers.wait_for_complete()
        await pilot.click("#plots", offset=(40, 4))
        await pilot.app.workers.wait_for_complete()
        session = debugger(pilot).current.session
        assert 0 < session.iteration < 100
        debugger(pilot).runner.type("plot gradients")
        await pilot.pause()
        await pilot.click("#plots", offset=(8, 3))
        assert debugger(pilot).current.session.selection is not None


# Two parameters in the plane


@given(
    points=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=60),
    size=st.sampled_from(SIZES),
    ascii_only=st.booleans(),
    data=st.data(),
)
def test_a_path_goes_through_its_points(
    points: list[tuple[float, float]], size: tuple[int, int], ascii_only: bool, data: st.DataObject
) -> None:
    xs, ys = np.array(points).T
    here = data.draw(st.integers(0, len(points) - 1))
    drawn = plane(xs, ys, here, (), *size, ascii_only=ascii_only)
    assert len(drawn.lines) <= size[1]
    assert all(line_width(line) <= size[0] for line in drawn.lines)
    cells = [
        "".join(span.text for span in line)[drawn.left :]
        for line in drawn.lines[drawn.top : drawn.top + drawn.rows]
    ]
    for at, (x, y) in enumerate(zip(*drawn.dots, strict=True)):
        column, row = int(x) // drawn.across, drawn.rows - 1 - int(y) // drawn.down
        assert cells[row][column] != " "
        nearest = drawn.nearest(drawn.left + column, drawn.top + row)
        assert nearest is not None
        gap = (abs(int(drawn.dots[0][nearest]) - int(x)), abs(int(drawn.dots[1][nearest]) - int(y)))
        assert gap[0] < 2 * drawn.across
        assert gap[1] < 2 * drawn.down
        if at == here:
            assert cells[row][column] == ("@" if ascii_only else "◉")
    assert drawn.nearest(drawn.left - 1, drawn.top) is None


def test_two_parameters_have_a_path() -> None:
    shown = whole(view_of(scenario("narrow_valley")))
    assert "plane" in kinds(shown)
    assert "plane" not in kinds(view_of(scenario("iris_mlp")))
    session = finished(update(shown.session, Go(shown.session.run.start(6) + 1)))
    here = View(shown.scenario, session, plot="plane")
    rows = text_of(plots(here, 60, 14)).splitlines()
    x, y = session.run.history.paths[6]
    assert [float(word) for word in rows[0].split() if word[-1].isdigit()] == pytest.approx([x, y], rel=1e-2)
    (row,) = (at for at, line in enumerate(rows) if "◉" in line)
    assert iteration_at(here, 60, 14, rows[row].index("◉"), row) == 6


async def test_drawing_the_mouse_along_goes_through_iterations() -> None:
    async with opened("iris_mlp") as pilot:
        await pilot.press("v")
        await pilot.app.workers.wait_for_complete()
        panel = debugger(pilot).panel("plots")
        passed = []
        for x in (20, 30, 40):
            place = panel.content_region.offset + Offset(x, 4)
            panel.on_mouse_move(MouseMove(panel, x, 4, 1, 0, 1, False, False, False, *place))
            await pilot.pause()
            passed.append(debugger(pilot).current.session.iteration)
        assert passed == sorted(set(passed))
        assert 0 < passed[0] < passed[-1] < 100


def test_the_last_iteration_has_no_gradient_and_looks_like_none() -> None:
    shown = replace(whole(view("gradient_descent")), plot="norms")
    line = plots(shown, 60, 12).row(0, 0, 60)
    *_, beyond, label = line
    assert set(beyond.text) == {"–"}
    assert beyond.role is Role.DIM
    assert label.text.strip() == "2"
    heat = [span.role for span in line if isinstance(span.role, Shade)]
    assert max(shade.upper.level for shade in heat) <= LEVELS


@pytest.mark.parametrize("colours", [False, True])
def test_nothing_is_painted_where_no_number_is(colours: bool) -> None:
    for theme in (DARK, LIGHT):
        strip = paint((Span("  ", Shade(BLANK, BLANK)),), palette(theme), 2, Style(), colours=colours)
        assert strip.text == "  "
        assert all(segment.style is None or segment.style.bgcolor is None for segment in strip)


async def test_where_there_is_one_plot_alone_the_key_says_so() -> None:
    async with opened(view("add_multiply"), size=(120, 40)) as pilot:
        await pilot.press("v")
        assert "only this plot" not in seen(pilot)
        await pilot.press("v")
        assert "only this plot" in seen(pilot)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_there_are_no_gradients_the_whole_sentence_says_so(language: str) -> None:
    last = view("xor", 0).session.last
    shown = view("xor", last, language)
    drawing = gradients_by_depth(shown, 44, 12)
    words = " ".join(line_text(drawing.row(y, 0, 44)).strip() for y in range(drawing.height))
    assert words.endswith((".", "다."))
    assert "…" not in words
