"""The viewer of a node's tensors: what is in view, what it costs, the cursor, the entries that are lit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from textual.pilot import Pilot

from backprop_engine.derivatives.jacobian import EntryIndex
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.heatmap import downsampled
from backprop_tui.cells.lines import Line, Role, Span, line_text, line_width, plain
from backprop_tui.cells.shades import Emphasis, Shade
from backprop_tui.panels.tensor import state as tensor_state
from backprop_tui.panels.tensor.grid import (
    TOP_LEFT,
    Grid,
    Picture,
    Scroll,
    as_heatmap,
    as_numbers,
    fits,
    last_axes,
)
from backprop_tui.panels.tensor.keys import KEYS, key_line
from backprop_tui.panels.tensor.panes import main_pane, side_panes
from backprop_tui.panels.tensor.state import TensorState, opened_at
from backprop_tui.panels.tensor.viewer import Viewer, fact_lines, histogram_lines, in_full, literal, viewer
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.help import TensorHelpScreen
from backprop_tui.screens.inspect import InspectScreen
from backprop_tui.widgets.panel import Panel
from covering import SHOWN
from driving import debugger, opened, seen
from effort import examples
from scenes import crowded, trace, view, view_of, written

SIZES = st.tuples(st.integers(9, 60), st.integers(2, 20))
DRAWERS = st.sampled_from([as_numbers, as_heatmap])


def lines_of(drawing: Drawing) -> list[Line]:
    return [drawing.row(y, 0, drawing.width) for y in range(drawing.height)]


def seen_at(stem: str, node: str, at: int | None = None, **where: Any) -> TensorState:
    """The viewer of a node of a bundled scenario, at the end of its first iteration's backward pass."""
    shown = view(stem, trace(stem).schedule.completed if at is None else at)
    return replace(opened_at(shown, shown.graph[node]), **where)


def on_gradient(stem: str, node: str, **where: Any) -> TensorState:
    return seen_at(stem, node, subject=1, **where)


class Counted:
    """A tensor without end, which says how many of its entries were read."""

    def __init__(self) -> None:
        self.entries = 0

    def __call__(self, places: tuple[Any, ...]) -> Any:
        row, column = np.broadcast_arrays(*places)
        self.entries += row.size
        return np.sin(row * 0.37 + column)


def grid(shape: tuple[int, int], at: EntryIndex = (0, 0), read: Any = None, **how: Any) -> Grid:
    return Grid(
        shape=shape,
        read=read or Counted(),
        at=at,
        axes=(0, 1),
        role=Role.VALUE,
        largest=1.0,
        cursor=True,
        **how,
    )


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    tensor = draw(
        arrays(
            np.float64,
            st.tuples(st.integers(1, 40), st.integers(1, 40)),
            elements=st.floats(-999, 999, width=16),
        )
    )
    at = tuple(draw(st.integers(0, size - 1)) for size in tensor.shape)
    return grid(tensor.shape, at, lambda places: tensor[places])


class TestWindows:
    @pytest.mark.parametrize(
        ("widths", "at", "left", "shown"),
        [
            pytest.param([9, 3, 1, 1], 2, 0, [1, 2, 3], id="what is followed leaves room on both sides"),
            pytest.param([1, 1, 9, 9], 0, 3, [0, 1, 2], id="what is followed is before"),
            pytest.param([1, 9, 1, 1], 3, 3, [1, 2, 3], id="beside the last one is room"),
        ],
    )
    def test_columns_of_different_widths(
        self, widths: list[int], at: int, left: int, shown: list[int]
    ) -> None:
        numbers = np.array([[10.0 ** (width - 1)] * 20 for width in widths]).T
        one = grid(numbers.shape, (0, at), lambda places: numbers[places], follow=True)
        picture = as_numbers(one, 12, 21, Scroll(0, left))
        assert list(picture.shown[1]) == shown
        assert as_numbers(one, 12, 21, picture.scroll).lines == picture.lines

    @settings(max_examples=examples(40))
    @given(one=grids(), size=SIZES, draw=DRAWERS, top=st.integers(0, 50), left=st.integers(0, 50))
    def test_the_cursor_is_in_view_and_marked(
        self, one: Grid, size: tuple[int, int], draw: Any, top: int, left: int
    ) -> None:
        picture: Picture = draw(one, *size, Scroll(top, left))
        rows, columns = picture.shown
        assert one.place[0] in rows
        assert one.place[1] in columns
        again: Picture = draw(one, *size, picture.scroll)
        assert again.lines == picture.lines
        tints = [span.role for line in picture.lines for span in line]
        marked = [
            tint
            for tint in tints
            if tint is Role.SELECTED
            or (isinstance(tint, Shade) and any(tone.emphasis is Emphasis.CURSOR for tone in tint))
        ]
        assert marked

    @pytest.mark.thorough
    @settings(max_examples=examples(40))
    @given(one=grids(), size=SIZES, draw=DRAWERS)
    def test_what_is_drawn_fits(self, one: Grid, size: tuple[int, int], draw: Any) -> None:
        width, height = size
        picture: Picture = draw(one, width, height, TOP_LEFT)
        assert len(picture.lines) <= height
        assert len(picture.rows) == len(picture.lines)
        if draw is as_heatmap or len(picture.columns) > 1:
            assert max(map(line_width, picture.lines)) <= width

    @pytest.mark.thorough
    @settings(max_examples=examples(40))
    @given(one=grids(), size=SIZES)
    def test_every_number_stands_under_its_column_and_is_that_of_its_entry(
        self, one: Grid, size: tuple[int, int]
    ) -> None:
        picture = as_numbers(one, *size, TOP_LEFT)
        for y, rows in enumerate(picture.rows):
            for start, end, column in picture.columns:
                shown = line_text(picture.lines[y])[start:end].strip()
                if not rows:
                    assert int(shown) == column
                    continue
                value = float(one.window(rows, range(column, column + 1))[0, 0])
                assert float(shown) == pytest.approx(value, rel=0.051, abs=0)
                assert {picture.at(x, y) for x in range(start, end)} == {(rows[0], column)}

    @pytest.mark.thorough
    @settings(max_examples=examples(40))
    @given(one=grids(), size=SIZES)
    def test_a_click_on_a_heatmap_finds_the_entry_that_is_drawn_there(
        self, one: Grid, size: tuple[int, int]
    ) -> None:
        picture = as_heatmap(one, *size, TOP_LEFT)
        rows, columns = picture.shown
        for y, part in enumerate(picture.rows):
            for start, end, column in picture.columns:
                if part:
                    assert picture.at(start, y) == picture.at(end - 1, y) == (part[0], column)
        assert {row for part in picture.rows for row in part} == set(rows)
        assert [column.number for column in picture.columns] == list(columns)
        assert picture.at(0, 0) is None

    @pytest.mark.parametrize("draw", [as_numbers, as_heatmap])
    @pytest.mark.parametrize("corner", [0, -1])
    def test_a_tensor_ten_times_as_wide_and_high_costs_the_same(self, draw: Any, corner: int) -> None:
        read = []
        for size in (1001, 10_000):
            counted = Counted()
            draw(grid((size, size), (corner % size, corner % size), counted), 70, 20, TOP_LEFT)
            read.append(counted.entries)
        assert 0 < read[0] == read[1] < 10_000

    def test_the_wheel_leaves_the_cursor_behind(self) -> None:
        picture = as_numbers(grid((90, 90), follow=False), 40, 10, Scroll(50, 60))
        assert picture.shown[0] == range(50, 59)
        assert picture.shown[1].start == 60
        assert as_numbers(grid((90, 90), follow=False), 40, 10, Scroll(500, 600)).shown[0] == range(81, 90)
        last = as_numbers(grid((90, 90), follow=False), 40, 10, Scroll(500, 600)).shown[1]
        assert last.stop == 90
        assert len(last) > 3

    def test_lit_entries_and_the_others(self) -> None:
        one = grid((3, 3), (0, 0), lit=frozenset({(1, 2), (2, 2)}))
        picture = as_numbers(one, 40, 9, TOP_LEFT)
        lit = [[span.role for span in line if span.role in (Role.LIT, Role.VALUE)] for line in picture.lines]
        assert [roles[-1] for roles in lit[1:]] == [Role.VALUE, Role.LIT, Role.LIT]
        shades = {
            tone.emphasis
            for line in as_heatmap(one, 40, 9, TOP_LEFT).lines
            for span in line
            if isinstance(span.role, Shade)
            for tone in span.role
        }
        assert shades == {Emphasis.CURSOR, Emphasis.LIT, Emphasis.FADED}

    def test_signs_show_a_row_a_line(self) -> None:
        picture = as_heatmap(grid((6, 5)), 40, 9, TOP_LEFT, signs=True)
        assert [part[0] for part in picture.rows if part] == list(range(6))

    @pytest.mark.parametrize(
        ("shape", "axes"), [((), (None, None)), ((4,), (0, None)), ((4, 5), (0, 1)), ((2, 3, 4), (1, 2))]
    )
    def test_the_last_axes(self, shape: Any, axes: Any) -> None:
        assert last_axes(shape) == axes

    @pytest.mark.parametrize(("width", "height", "fit"), [(40, 4, True), (40, 3, False), (12, 4, False)])
    def test_whether_numbers_fit(self, width: int, height: int, fit: bool) -> None:
        assert fits(grid((3, 3)), width, height) is fit


class TestFactsAndHistograms:
    @settings(max_examples=examples(40))
    @given(tensor=arrays(np.float64, st.integers(1, 9), elements=st.floats()), width=st.integers(30, 90))
    def test_facts_fit(self, tensor: np.ndarray, width: int) -> None:
        for language in ("en", "ko"):
            lines = fact_lines(tensor, language, width)
            assert max(map(line_width, lines)) <= width
        assert f"NaN {int(np.isnan(tensor).sum())}" in plain(fact_lines(tensor, "en", 200))

    @given(
        tensor=arrays(np.float64, st.integers(1, 40), elements=st.floats() | st.integers(-3, 3).map(float)),
        width=st.integers(24, 60),
        height=st.integers(2, 30),
    )
    def test_bars_fit_and_count_every_finite_entry(self, tensor: np.ndarray, width: int, height: int) -> None:
        lines = histogram_lines(tensor, "en", width, height)
        assert len(lines) <= height
        assert max(map(line_width, lines)) <= width
        counts = [int(line[-1].text) for line in lines[1:]]
        assert sum(counts) == np.isfinite(tensor).sum()
        for line, count in zip(lines[1:], counts, strict=True):
            assert bool(line[1].text.strip()) == (count > 0)

    def test_bars_are_in_eighths_of_a_cell(self) -> None:
        tensor = np.asarray([0.0] * 24 + [1.0] * 7)
        bars = [line[1].text.strip() for line in histogram_lines(tensor, "en", 9, 9)[1:]]
        assert bars == ["███", "▉"]

    def test_counts_far_apart_have_logarithms(self) -> None:
        tensor = np.asarray([0.0] * 1023 + [1.0])
        lines = histogram_lines(tensor, "en", 50, 9)
        assert "log" in line_text(lines[0])
        long, short = (len(line[1].text.strip()) for line in lines[1:])
        assert long / short == pytest.approx(10, rel=0.3)


class TestStates:
    def test_the_cursor_stops_at_the_ends(self) -> None:
        state = seen_at("softmax_classifier", "W")
        assert state.move_cursor(-1, -1).at == (0, 0)
        assert state.move_cursor(2, 1).at == (2, 1)
        assert state.move_cursor(99, 99).at == (3, 2)

    def test_slices_go_along_an_axis_that_is_chosen(self) -> None:
        state = seen_at("small_convnet", "K")
        assert state.shape == (2, 1, 3, 3)
        assert state.sliding == 0
        assert state.move_slice(1).at == (1, 0, 0, 0)
        assert state.move_slice(5).at == (1, 0, 0, 0)
        assert state.next_slider().sliding == 1
        assert state.next_slider().next_slider().sliding == 0
        assert seen_at("softmax_classifier", "W").move_slice(1).at == (0, 0)

    def test_any_two_axes_can_be_in_view(self) -> None:
        state = seen_at("small_convnet", "K")
        met = []
        for _ in range(12):
            met.append(state.axes)
            state = state.next_axes()
        assert len(set(met)) == 12
        assert state.axes == met[0] == (2, 3)
        lying = seen_at("rnn_cell", "k").next_axes()
        assert lying.axes == (None, 0)
        assert lying.move_cursor(0, 1).at == (1,)

    def test_the_tensors_of_a_node_that_is_used_three_times(self) -> None:
        kinds = [
            [subject.kind for subject in seen_at("value_used_twice", "a", at).subjects]
            for at in (3, 6, 8, 10)
        ]
        assert [len(found) for found in kinds] == [2, 3, 4, 5]
        assert kinds[-1] == ["value", "gradient", "product", "product", "product"]

    def test_a_constant_has_a_value_alone(self) -> None:
        state = seen_at("digits_mlp", "digit")
        assert [subject.kind for subject in state.subjects] == ["value"]
        assert "gets no gradient" in plain(lines_of(viewer(state, 100, 30).drawing))

    def test_one_product_is_opened_by_its_edge(self) -> None:
        at = crowded("softmax_classifier")
        shown = view("softmax_classifier", at)
        edge = shown.frame.edge
        assert edge is not None
        state = opened_at(shown, shown.graph.nodes[edge.operand], edge)
        assert state.edge is edge
        assert state.origins is not None

    def test_a_matrix_is_copied_as_numpy_reads_it(self) -> None:
        state = seen_at("small_convnet", "K", at=None)
        for turned in (state, state.move_slice(1), state.next_axes()):
            tensor = turned.tensor
            assert tensor is not None
            found = eval(literal(turned), {"np": np})
            index = tuple(slice(None) if axis in turned.axes else at for axis, at in enumerate(turned.at))
            wanted = tensor[index]
            down, across = turned.axes
            assert down is not None
            assert across is not None
            assert np.array_equal(found, wanted if down < across else wanted.T)

    def test_what_is_not_finite_is_copied_too(self) -> None:
        state = seen_at("nan_from_log_zero", "logs")
        assert "-np.inf" in literal(state)
        assert literal(seen_at("nan_from_log_zero", "logs", at=0)) == ""


def _spans(state: TensorState, role: Role, size: tuple[int, int] = (118, 30)) -> list[Span]:
    return [span for line in lines_of(viewer(state, *size).drawing) for span in line if span.role is role]


class TestProducts:
    def test_the_entries_that_made_an_entry_of_a_product_are_lit(self) -> None:
        state = on_gradient("softmax_classifier", "W").move_cursor(1, 1)
        factor, upstream = side_panes(state)
        assert factor.name == "Xᵀ"
        assert factor.grid.lit == {(1, sample) for sample in range(6)}
        assert upstream.grid.lit == {(sample, 1) for sample in range(6)}
        assert len(_spans(state, Role.LIT)) == 12
        shown = plain(lines_of(viewer(state, 118, 30).drawing))
        assert "∂L/∂W[1,1] = ∑ i  ∂L/∂XW[i,1] · ∂XW[i,1]/∂W[1,1]" in shown
        assert f"∂L/∂W[1,1] = {state.tensor[1, 1].item()!r}" in shown  # type: ignore[index]

    def test_a_bias_says_which_axis_is_summed(self) -> None:
        state = on_gradient("softmax_classifier", "b")
        assert state.edge is not None
        assert state.edge.summed == (0,)
        shown = plain(lines_of(viewer(state, 118, 30).drawing))
        assert "b was broadcast over axis 0: the 6 terms along axis 0 are added up." in shown
        assert {entry[1] for entry in side_panes(state)[0].grid.lit or ()} == {0}

    def test_a_convolution_shows_where_its_weight_was_put(self) -> None:
        state = on_gradient("small_convnet", "K").move_cursor(1, 1)
        upstream, local = side_panes(state)
        assert local.name == "∂a/∂K[0,0,1,1]"
        assert local.grid.shape == (2, 4, 4)
        assert local.grid.lit == upstream.grid.lit
        seen = local.grid.window(range(4), range(4))
        lit = [[(0, i, j) in (local.grid.lit or ()) for j in range(4)] for i in range(4)]
        assert (seen != 0).tolist() == lit

    def test_a_gradient_of_several_is_the_sum_of_what_has_arrived(self) -> None:
        state = seen_at("value_used_twice", "a", subject=1)
        shown = plain(lines_of(viewer(state, 118, 30).drawing))
        assert shown.count("via f#1") >= 2
        assert state.origins is None
        assert side_panes(state) == []

    def test_a_computed_value_shows_the_operands_that_it_was_made_of(self) -> None:
        state = seen_at("softmax_classifier", "XW").move_cursor(1, 2)
        first, second = side_panes(state)
        assert (first.name, first.sign, second.name, second.sign) == ("X", "=", "W", "@")
        assert first.grid.lit == {(1, feature) for feature in range(4)}
        assert second.grid.lit == {(feature, 2) for feature in range(4)}
        shown = plain(lines_of(viewer(state, 118, 30).drawing))
        assert re.search(r"XW\[1,2\] = \S+ · \S+ \+ ", shown)

    def test_a_histogram_takes_the_place_of_operands_at_a_key(self) -> None:
        state = seen_at("softmax_classifier", "XW")
        assert not viewer(state, 118, 30).with_counts
        assert viewer(replace(state, counts=True), 118, 30).with_counts
        assert viewer(seen_at("softmax_classifier", "W"), 118, 30).with_counts
        assert not viewer(seen_at("softmax_classifier", "W"), 78, 21).with_counts

    @pytest.mark.thorough
    @pytest.mark.parametrize("stem", SHOWN)
    def test_every_tensor_of_every_scenario_is_drawn_within_its_bounds(self, stem: str) -> None:
        last = trace(stem).schedule.completed
        shown = view(stem, last)
        nodes = [node for node in shown.graph.nodes if node.name]
        for turn, node in enumerate(nodes[:: max(1, len(nodes) // 6)]):
            first = opened_at(replace(shown, language=("en", "ko")[turn % 2]), node)
            for subject in range(min(3, len(first.subjects))):
                width, height = ((58, 17), (78, 21), (118, 37), (198, 57))[(turn + subject) % 4]
                state = first.choose(subject).move_cursor(1, 1)
                drawn = viewer(state, width, height)
                assert drawn.drawing.width <= width
                assert drawn.drawing.height <= height
                if drawn.picture is not None:
                    row, column = main_pane(state, state.tensor).grid.place  # type: ignore[arg-type]
                    assert row in drawn.picture.shown[0]
                    assert column in drawn.picture.shown[1]

    def test_a_sum_over_too_many_is_not_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tensor_state, "MOST_ENTRIES", 5)
        state = on_gradient("softmax_classifier", "W")
        assert state.large
        assert "a sum over too many" in plain(lines_of(viewer(state, 118, 30).drawing))

    @settings(max_examples=examples(12))
    @given(
        width=st.integers(30, 130), height=st.integers(14, 45), heated=st.sampled_from([None, True, False])
    )
    def test_any_size(self, width: int, height: int, heated: bool | None) -> None:
        for state in (on_gradient("digits_mlp", "W1"), on_gradient("small_convnet", "x")):
            drawn = viewer(replace(state, heat=heated).move_cursor(3, 3), width, height)
            assert drawn.drawing.width <= width
            assert drawn.drawing.height <= height


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(0.1) + 0.2, "0.30000000000000004"),
        (np.float32(0.1), "0.1"),
        (np.float64(np.nan), "NaN"),
        (np.float64(-np.inf), "-inf"),
        (np.bool_(True), "true"),
        (np.int64(-7), "-7"),
    ],
)
def test_a_number_in_full(value: Any, text: str) -> None:
    assert in_full(value) == text


# The screen


def inspector(pilot: Pilot[None]) -> InspectScreen:
    screen = pilot.app.screen
    assert isinstance(screen, InspectScreen)
    return screen


def drawn(pilot: Pilot[None]) -> Viewer:
    return inspector(pilot).shown


def _actions() -> Iterator[str]:
    return (action.partition("(")[0] for key in KEYS for _, action in key.actions)


def test_every_key_says_and_does_something() -> None:
    assert all(key.label and key.help and len(key.label) < len(key.help) for key in KEYS)
    assert all(hasattr(InspectScreen, f"action_{action}") for action in _actions())
    assert sorted(key.footer for key in KEYS) == list(range(1, len(KEYS) + 1))


@given(width=st.integers(1, 200), language=st.sampled_from(["en", "ko"]), deep=st.booleans())
def test_the_footer_fits_and_says_how_to_leave(width: int, language: str, deep: bool) -> None:
    drawing = key_line(language, width, deep=deep)
    assert drawing.width <= max(1, width)
    assert width < 12 or "Esc" in plain(lines_of(drawing))


async def test_another_language_is_spoken_at_once() -> None:
    async with opened("add_multiply", at=4) as pilot:
        await pilot.press("enter")
        pilot.app.choose_language("ko")  # type: ignore[attr-defined]
        await pilot.pause()
        shown = plain(lines_of(drawn(pilot).drawing))
        assert "최솟값" in shown
        assert "min" not in shown


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_of_no_entries_and_of_single_precision(tmp_path: Path, dtype: str) -> None:
    read = written(
        tmp_path, f"dtype: {dtype}\ninputs: {{x: [0.1, 0.7], e: []}}\nnodes: {{y: sum(x * 3) + sum(e)}}\n"
    )
    shown = view_of(read, read.run().trace(0).schedule.completed)
    for node in filter(lambda node: node.name, shown.graph.nodes):
        for subject in range(len(opened_at(shown, node).subjects)):
            state = opened_at(shown, node).choose(subject).move_cursor(1, 1)
            text = plain(lines_of(viewer(state, 78, 21).drawing))
            assert ("[ ]" in text) == (node.name == "e")
            if node.name == "x" and subject == 0:
                assert "x[1] = 0.7" in text
                assert dtype in text


async def test_help_says_what_every_key_does() -> None:
    async with opened("add_multiply", at=4) as pilot:
        await pilot.press("enter", "question_mark")
        assert isinstance(pilot.app.screen, TensorHelpScreen)
        shown = plain(pilot.app.screen.lines(90))
        assert all(key.shown in shown for key in KEYS)
        await pilot.press("escape")
        assert inspector(pilot).is_current


async def test_from_the_chain_rule_its_product_is_opened() -> None:
    async with opened("softmax_classifier", at=crowded("softmax_classifier")) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, DebuggerScreen)
        edge = screen.current.frame.edge
        screen.panel("step").focus()
        await pilot.press("enter")
        assert inspector(pilot).current.edge is edge
        await pilot.press("escape")
        assert pilot.app.screen is screen


@pytest.mark.thorough
async def test_a_click_puts_the_cursor_or_chooses_a_tensor_by_its_name() -> None:
    async with opened("xor", at=4) as pilot:
        node = debugger(pilot).current.graph["W1"]
        await pilot.app.push_screen(InspectScreen(debugger(pilot).current, node))
        inspected = inspector(pilot)
        panel = inspected.query_one("#tensor", Panel)
        entry_at, subject_at, nothing_at = (
            next((x, y) for y in range(panel.size.height) for x in range(panel.size.width) if found(x, y))
            for found in (
                lambda x, y: inspected.shown.entry(x, y) == (1, 1),
                lambda x, y: inspected.shown.subject(x, y) not in (None, inspected.current.subject),
                lambda x, y: inspected.shown.entry(x, y) is inspected.shown.subject(x, y) is None,
            )
        )
        before = inspected.current
        for where, at in (("tensor-keys", entry_at), ("tensor", nothing_at)):
            panel.post_message(Panel.Clicked(inspected.query_one(f"#{where}", Panel), *at, 1))
            await pilot.pause()
            assert inspected.current is before
        panel.post_message(Panel.Clicked(panel, *entry_at, 1))
        await pilot.pause()
        assert inspected.current.at == (1, 1)
        panel.post_message(Panel.Clicked(panel, *subject_at, 1))
        await pilot.pause()
        assert inspected.current.subject != before.subject


async def test_keys_move_the_cursor_through_a_large_tensor() -> None:
    async with opened("digits_mlp", at=1, size=(80, 24)) as pilot:
        node = pilot.app.screen.current.graph["W1"]  # type: ignore[attr-defined]
        await pilot.app.push_screen(InspectScreen(pilot.app.screen.current, node))  # type: ignore[attr-defined]
        await pilot.press("down", "right", "right")
        assert inspector(pilot).current.at == (1, 2)
        await pilot.press("pagedown")
        assert inspector(pilot).current.at[0] == 1 + len(drawn(pilot).picture.shown[0])  # type: ignore[union-attr]
        await pilot.press("ctrl+end")
        assert inspector(pilot).current.at == (63, 15)
        await pilot.press("home")
        assert inspector(pilot).current.at == (63, 0)
        assert drawn(pilot).as_heat
        await pilot.press("h")
        assert not drawn(pilot).as_heat
        assert 63 in drawn(pilot).picture.shown[0]  # type: ignore[union-attr]
        await pilot.press("f")
        assert drawn(pilot).with_counts
        await pilot.press("tab")
        assert inspector(pilot).current.subject == 1
        await pilot.press("y")
        assert pilot.app.clipboard == "" or pilot.app.clipboard.startswith("np.array(")


async def test_the_mouse_puts_the_cursor_and_scrolls() -> None:
    async with opened("digits_mlp", at=1, size=(80, 24)) as pilot:
        node = pilot.app.screen.current.graph["W1"]  # type: ignore[attr-defined]
        await pilot.app.push_screen(InspectScreen(pilot.app.screen.current, node))  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press("h")
        shown = drawn(pilot)
        assert shown.picture is not None
        column = shown.picture.columns[2]
        y = next(y for y, rows in enumerate(shown.picture.rows) if 3 in rows)
        # The border, and the space inside of it, come before the first cell.
        await pilot.click("#tensor", offset=(2 + shown.x + column.end - 1, 1 + shown.y + y))
        assert inspector(pilot).current.at == (3, 2)
        start, _, which = shown.tabs[1]
        await pilot._post_mouse_events([_wheel()], "#tensor", offset=(10, 12))
        await pilot.pause()
        assert inspector(pilot).current.scroll.top == 3
        assert inspector(pilot).current.at == (3, 2)
        await pilot.click("#tensor", offset=(2 + start + 1, 1 + shown.tabs_row))
        assert inspector(pilot).current.subject == which


def _wheel() -> Any:
    from textual.events import MouseScrollDown

    return MouseScrollDown


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_the_footer_names_keys_for_slices_where_there_are_slices(language: str) -> None:
    async with opened("small_convnet", at=3, language=language, size=(120, 40)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, DebuggerScreen)
        for node, wanted in (("K", True), ("W", False)):
            await pilot.app.push_screen(InspectScreen(screen.current, screen.current.graph[node]))
            await pilot.pause()
            footer = plain(lines_of(inspector(pilot).query_one("#tensor-keys").drawing))  # type: ignore[attr-defined]
            assert (
                next(key.label for key in KEYS if key.name == "slice").in_language(language) in footer
            ) is wanted
            await pilot.press("full_stop")
            assert inspector(pilot).current.at[0] == int(wanted)
            assert bool(re.search(r"\[1, 0, :, :\]", plain(lines_of(drawn(pilot).drawing)))) is wanted
            await pilot.press("escape")


def test_no_width_is_too_small() -> None:
    for width in range(-3, 6):
        assert as_numbers(grid((3, 3)), width, 2, TOP_LEFT).lines


@pytest.mark.thorough
async def test_a_scalar_and_what_it_was_made_of_are_numbers_in_one_row() -> None:
    async with opened("add_multiply") as pilot:
        await pilot.press("s", "enter")
        assert "▀" not in seen(pilot)
        assert re.search(r"3 = +-2 \+ +5", seen(pilot))


# What is too large, and what belongs together


def of_node(stem: str, at: int, name: str) -> TensorState:
    shown = view(stem, at)
    return opened_at(shown, shown.graph[name])


def test_a_heatmap_that_is_too_large_is_seen_as_a_whole_and_says_so() -> None:
    state = of_node("digits_mlp", 2, "a#1")
    drawn = viewer(state, 78, 20)
    assert drawn.picture is not None
    assert drawn.picture.factor > 1
    assert drawn.picture.shown == (range(30), range(16))
    text = plain(drawn.drawing.lines)
    assert text.count(f"cell: largest of {drawn.picture.factor}×{drawn.picture.factor}") == 3, (
        "one factor for all"
    )
    assert "[0:" not in text


def test_after_a_move_a_large_heatmap_is_seen_entry_by_entry() -> None:
    state = of_node("digits_mlp", 2, "a#1").move_cursor(20, 3)
    drawn = viewer(state, 78, 20)
    assert drawn.picture is not None
    assert drawn.picture.factor == 1
    assert 20 in drawn.picture.shown[0]
    assert "largest of" not in plain(drawn.drawing.lines)


def test_a_click_on_a_block_goes_to_an_entry_of_it() -> None:
    state = of_node("digits_mlp", 2, "a#1")
    drawn = viewer(state, 78, 20)
    assert drawn.picture is not None
    found = {drawn.entry(x, y) for x in range(30) for y in range(20)} - {None}
    assert len(found) > 10
    for entry in found:
        assert entry is not None
        assert entry[0] < 30
        assert entry[1] < 16
        assert entry[1] % drawn.picture.factor == 0


@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    down=st.integers(1, 9),
    across=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_block_is_its_largest_entry(rows: int, columns: int, down: int, across: int, seed: int) -> None:
    matrix = np.random.default_rng(seed).normal(size=(rows, columns))
    small = downsampled(matrix, down, across)
    assert small.shape == (-(-rows // down), -(-columns // across))
    for row, column in np.ndindex(*small.shape):
        block = matrix[row * down : (row + 1) * down, column * across : (column + 1) * across]
        assert abs(small[row, column]) == np.abs(block).max()
        assert small[row, column] in block


def test_no_entry_that_is_not_a_number_is_lost_from_afar() -> None:
    matrix = np.ones((20, 20))
    matrix[13, 4] = np.nan
    assert np.isnan(downsampled(matrix, 5, 5)).sum() == 1


def test_in_a_product_numbers_are_equally_large() -> None:
    drawn = viewer(of_node("digits_mlp", 5, "logits#1"), 118, 36)
    heats = [line for line in drawn.drawing.lines if sum(isinstance(span.role, Shade) for span in line) > 20]
    assert heats
    widths = {len(span.text) for line in heats[:5] for span in line if isinstance(span.role, Shade)}
    assert max(widths) < 10
    assert drawn.picture is not None
    assert {place.end - place.start for place in drawn.picture.columns} == {1}


def test_a_sign_of_two_operands_stands_between_them() -> None:
    drawn = plain(viewer(of_node("rnn_cell", 11, "h"), 78, 20).drawing.lines)
    assert "⊙ 1 -0.5964" in drawn
    assert " , " not in drawn


def test_an_entry_that_is_handed_on_is_no_product() -> None:
    shown = view("small_convnet", trace("small_convnet").schedule.seed)
    name = next(
        node.name
        for node in shown.graph.nodes
        if node.op is not None and node.op.name in ("flatten", "reshape")
    )
    text = plain(viewer(opened_at(shown, shown.graph[name]), 78, 30).drawing.lines)
    (line,) = (line for line in text.splitlines() if line.startswith(f"{name}[") and line.count("=") > 1)
    assert "·" not in line


def test_conventions_are_told_from_their_label() -> None:
    assert "conventions: " in plain(viewer(of_node("digits_mlp", 5, "logits#1"), 118, 36).drawing.lines)


@pytest.mark.parametrize("width", range(24, 100, 7))
def test_no_part_is_cut_in_a_heading(width: int) -> None:
    stem = "small_convnet"
    shown = view(stem, trace(stem).schedule.seed)
    for node in shown.graph.nodes:
        if len(node.shape) > 2:
            for line in plain(viewer(opened_at(shown, node), width, 20).drawing.lines).splitlines():
                assert " = " in line or not re.search(r"\[[\d:, ]*…", line), line


@pytest.mark.parametrize(
    ("node", "at", "kind", "entry"),
    [("logs", 2, "value", (2,)), ("x", 8, "gradient", (2,)), ("x", 2, "value", (0,)), ("L", 8, "value", ())],
)
def test_it_opens_on_the_first_entry_that_is_not_finite(
    node: str, at: int, kind: str, entry: tuple[int, ...]
) -> None:
    shown = view("nan_from_log_zero", at)
    state = opened_at(shown, shown.graph.nodes[shown.graph.position(node)])
    assert (state.chosen.kind, state.at) == (kind, entry)


def test_an_author_s_note_is_in_regular_weight() -> None:
    shown = view("xor", 9)
    rows = lines_of(viewer(opened_at(shown, shown.graph["L"]), 118, 30).drawing)
    sign, words = next(row for row in rows if row[0].text == "» ")
    assert (sign.role, words.role) == (Role.NAME, Role.TEXT)
