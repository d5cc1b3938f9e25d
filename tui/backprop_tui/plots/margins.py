"""What stands around a canvas: the numbers beside it and below it, and where one stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.plots.axis import Axis
from backprop_tui.plots.canvas import Canvas

__all__ = ["axis_below", "numbers_beside", "rows_of"]


def numbers_beside(up: Axis, rows: int, per_row: int) -> dict[int, str]:
    """The numbers beside the upright axis, by row."""
    found: dict[int, str] = {}
    for tick in up.ticks(max(1, (rows + 1) // 2)):
        found.setdefault(rows - 1 - up.dot(tick.value) // per_row, tick.label)
    return found


def rows_of(canvas: Canvas, beside: Mapping[int, str], margin: int) -> Iterator[Line]:
    """The rows of a canvas behind the upright axis, with the numbers `beside` it in a margin."""
    edge, joint = ("|", "+") if canvas.ascii else ("│", "┤")
    for row in range(canvas.height):
        label = beside.get(row, "")
        indent = " " * (margin - 1 - cell_width(label)) + label + " " if margin > 0 else ""
        yield (Span(f"{indent}{joint if label else edge}", Role.DIM), *canvas.row(row))


def axis_below(canvas: Canvas, along: Axis, margin: int, here: float | None, *, whole: bool) -> list[Line]:
    """The level axis, marked where one stands, and the numbers below it; `whole` ones alone where asked."""
    corner, rule, joint, pointer = "+-+^" if canvas.ascii else "└─┬▲"
    axis, labels = [rule] * canvas.width, [" "] * canvas.width
    end = 0
    for tick in along.ticks(max(1, canvas.width // 8)):
        column = along.dot(tick.value) // canvas.across
        start = min(column - len(tick.label) // 2, canvas.width - len(tick.label))
        start = max(start, 0)
        fits = end <= start <= canvas.width - len(tick.label)
        if fits and (not whole or tick.value == round(tick.value)):
            axis[column] = joint
            labels[start : start + len(tick.label)] = tick.label
            end = start + len(tick.label) + 1
    indent = " " * margin
    below: Line = (Span(f"{indent} {''.join(labels).rstrip()}", Role.DIM),)
    if here is None:
        return [(Span(f"{indent}{corner}{''.join(axis)}", Role.DIM),), below]
    column = along.dot(here) // canvas.across
    before, after = "".join(axis[:column]), "".join(axis[column + 1 :])
    marked = (Span(f"{indent}{corner}{before}", Role.DIM), Span(pointer, Role.KEY), Span(after, Role.DIM))
    return [marked, below]
