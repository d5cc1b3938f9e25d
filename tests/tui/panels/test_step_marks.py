"""Two marks after each step, the changed number in reverse, and both in view."""

from __future__ import annotations

import pytest

from backprop_engine.arrays import same
from backprop_engine.graph.steps import Accumulate, Backward, Clear
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import Role, line_text
from backprop_tui.cells.troubles import with_troubles
from backprop_tui.panels.nodes import nodes, row_of_node
from backprop_tui.panels.outline import outline, row_in_outline
from backprop_tui.panels.step_marks import step_marks
from backprop_tui.view import View
from covering import SHOWN
from driving import debugger, opened
from scenes import positions, view

CHANGED = (Role.CHANGED_VALUE, Role.CHANGED_GRADIENT)
WIDTH, HEIGHT = 200, 12


def marked(drawing: Drawing, sign: str) -> list[int]:
    """The rows with a sign in the first cell."""
    return [y for y in range(drawing.height) if line_text(drawing.row(y, 0, 1)) == sign]


def in_reverse(drawing: Drawing) -> list[int]:
    """The rows with a number in reverse."""
    return [
        y for y in range(drawing.height) if any(span.role in CHANGED for span in drawing.row(y, 0, WIDTH))
    ]


def drawings(shown: View) -> list[tuple[Drawing, dict[int, int]]]:
    """The two tables, and the row of each node in them."""
    every = [node.position for node in shown.graph.nodes]
    return [
        (nodes(shown, WIDTH, HEIGHT), {node: row_of_node(shown, node) for node in every}),
        (outline(shown, WIDTH, HEIGHT), {node: row_in_outline(shown, node) for node in every}),
    ]


def changes(now: Frame, before: Frame) -> list[int]:
    """The nodes whose value or gradient a step changed."""
    return [
        node.position
        for node in now.graph.nodes
        if not (same(now.value(node), before.value(node)) and same(now.gradient(node), before.gradient(node)))
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_operator_and_receiver_have_a_mark_each(stem: str) -> None:
    for at in positions(stem)[1:]:
        shown = view(stem, at)
        if isinstance(shown.frame.step, Clear | None):
            continue
        operator, receiver = shown.frame.step, None
        for drawing, row in drawings(shown):
            touched = step_marks(shown.frame).now
            assert touched.operator is not None
            assert touched.receiver is not None
            operator, receiver = row[touched.operator], row[touched.receiver]
            assert marked(drawing, "▶") == [operator]
            assert marked(drawing, "◀") == ([receiver] if receiver != operator else [])
        edge = shown.frame.edge
        assert edge is None or (edge.node, edge.operand) == (touched.operator, touched.receiver)


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_the_number_in_reverse_is_the_one_that_changed(stem: str) -> None:
    for at in positions(stem)[1:]:
        shown = view(stem, at)
        frame = shown.frame
        if isinstance(frame.step, Clear | None):
            continue
        if frame.position == 1 or isinstance(frame.trace.schedule.step(frame.position - 1), Clear):
            continue
        changed = changes(frame, frame.trace.frame(frame.position - 1))
        for drawing, row in drawings(shown):
            assert in_reverse(drawing) == sorted({row[node] for node in changed}), at


@pytest.mark.parametrize("stem", SHOWN)
def test_the_receiver_is_in_view_and_so_is_the_operator_where_both_can_be(stem: str) -> None:
    for at in positions(stem)[1:]:
        shown = view(stem, at)
        touched = step_marks(shown.frame).now
        if touched.operator is None or touched.receiver is None:
            continue
        for drawing, row in drawings(shown):
            focus = drawing.focus
            assert focus is not None
            assert focus.height < HEIGHT
            inside = range(focus.y, focus.y + focus.height)
            operator, receiver = row[touched.operator], row[touched.receiver]
            assert receiver in inside
            assert operator in inside or abs(operator - receiver) >= HEIGHT - 2


def test_the_step_before_fades() -> None:
    shown = view("rnn_cell", 19)
    table = nodes(shown, WIDTH, HEIGHT)
    (before,) = marked(table, "◁")
    assert table.row(before, 0, 1)[0].role is Role.DIM
    assert step_marks(shown.frame).before.receiver == shown.graph.position("k#3")
    plain = nodes(view("rnn_cell", 19, ascii=True), WIDTH, HEIGHT)
    assert [len(marked(plain, sign)) for sign in "><)("] == [1, 1, 0, 1]


def test_a_contribution_to_a_sum_counts_when_it_is_added() -> None:
    at = next(
        at
        for at in positions("value_used_twice")
        if isinstance(view("value_used_twice", at).frame.step, Accumulate)
    )
    assert isinstance(view("value_used_twice", at - 1).frame.step, Backward)
    assert in_reverse(nodes(view("value_used_twice", at - 1), WIDTH, HEIGHT)) == []
    assert len(in_reverse(nodes(view("value_used_twice", at), WIDTH, HEIGHT))) == 1


def test_zeros_that_are_added_change_no_number() -> None:
    shown = view("relu_three_ways", 18)
    assert isinstance(shown.frame.step, Accumulate)
    table = nodes(shown, WIDTH, HEIGHT)
    assert marked(table, "◀") == [row_of_node(shown, shown.graph.position("c"))]
    assert in_reverse(table) == in_reverse(outline(shown, WIDTH, HEIGHT)) == []


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_a_gradient_that_arrives_is_scrolled_into_view(size: tuple[int, int]) -> None:
    async with opened("rnn_cell", at=18, size=size) as pilot:
        await pilot.press("s")
        panel = debugger(pilot).panel("nodes")
        rows = range(panel.scroll_offset.y, panel.scroll_offset.y + panel.size.height)
        shown = debugger(pilot).current
        assert row_of_node(shown, shown.graph.position("b_g")) in rows
        assert row_of_node(shown, shown.graph.position("k")) in rows


def test_a_number_that_came_and_is_not_finite_is_trouble() -> None:
    shown = view("nan_from_log_zero", 8)
    drawing = nodes(shown, WIDTH, HEIGHT)
    row = drawing.row(row_of_node(shown, shown.graph.position("x")), 0, WIDTH)
    changed = [span for span in with_troubles(row) if span.role in (*CHANGED, Role.TROUBLE)]
    assert ("NaN", Role.TROUBLE) in changed
    assert any(span.role is Role.CHANGED_GRADIENT for span in changed), "its brackets are in reverse"
