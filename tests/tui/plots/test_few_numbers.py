"""Plots of nothing, of one number, and of numbers that cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_tui.cells.lines import Role, Span, line_text
from backprop_tui.plots.axis import Axis, axis_of
from backprop_tui.plots.canvas import Canvas
from backprop_tui.plots.chart import Curve, chart
from backprop_tui.plots.plane import plane

NOTHING = np.array([], dtype=np.int64)


def test_an_axis_of_one_number_has_it_in_the_middle() -> None:
    axis = Axis(2.0, 2.0, 11)
    assert axis.dots_of(np.array([2.0, 2.0])).tolist() == [5, 5]
    assert axis.dot(2.0) == 5
    assert [(tick.value, tick.label) for tick in axis.ticks(3)] == [(2.0, "2")]
    assert axis.ticks(0) == []


@pytest.mark.parametrize(("value", "low", "high"), [(5.0, 0.5, 50.0), (1e-300, 1e-301, 1e-299)])
def test_a_log_axis_of_one_number_reaches_a_power_of_ten_to_both_sides(
    value: float, low: float, high: float
) -> None:
    axis = axis_of(np.array([value]), 21, log=True)
    assert (axis.low, axis.high) == pytest.approx((low, high))
    assert axis.dot(value) == 10


def test_an_axis_too_short_for_round_numbers_has_its_end_alone() -> None:
    assert [tick.label for tick in Axis(0.0, 1e-301, 10).ticks(3)] == ["0"]


def test_a_line_through_no_point_draws_nothing() -> None:
    canvas = Canvas(4, 2, ascii_only=False)
    canvas.line(NOTHING, NOTHING, Role.VALUE)
    assert all(canvas.is_empty(column, row) for column in range(4) for row in range(2))


@pytest.mark.parametrize("here", [0, 1, 7])
def test_a_path_without_finite_points_has_no_signs(here: int) -> None:
    infinite = np.array([np.nan, np.inf])
    drawn = plane(infinite, infinite, here, (Span("w"),), 30, 8, ascii_only=True)
    assert not {"@", "o"} & set("".join(line_text(line) for line in drawn.lines[1:]))


def test_a_current_number_that_is_infinite_has_no_mark_on_its_curve() -> None:
    values = np.array([1.0, np.inf, 3.0])
    curve = Curve(np.arange(3.0), values, (Span("L"),), Role.VALUE)
    marked = {
        here: "".join(map(line_text, chart([curve], (0, 2), 40, 10, here=here, ascii_only=True).lines))
        for here in (0, 1)
    }
    assert "@" in marked[0]
    assert "@" not in marked[1]
