"""Where windows overlap at a tie each may choose another entry, and none may choose what is not there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backprop_engine import make_graph, record
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_edge


def verdict(contribution: list[float]) -> Verdict:
    """Of two windows of a tie, (x0, x1) with gradient 1 and (x1, x2) with −0.75, whose choices gave this."""
    graph = make_graph(
        {"h": "max_pool2d(x, kernel_size=[1, 2], stride=1)", "f": "sum(h * c)"},
        inputs={"x": [[[[0.0, 0.0, 0.0]]]]},
        constants={"c": [[[[1.0, -0.75]]]]},
    )
    trace = record(graph)
    (edge,) = (edge for edge in graph.edges if graph.edge_name(edge) == "h → x")
    given = list(trace.contributions)
    given[edge.index] = np.array(contribution, float).reshape(1, 1, 1, 3)
    return check_edge(replace(trace, contributions=given), edge).verdict


@pytest.mark.parametrize(
    "choice", [[1, -0.75, 0], [0, 1, -0.75], [1, 0, -0.75], [0, 0.25, 0], [0.5, 0.125, -0.375]]
)
def test_each_window_may_choose(choice: list[float]) -> None:
    assert verdict(choice) is Verdict.KINK


@pytest.mark.parametrize("wrong", [[1, 1.5, -1], [2, -0.75, 0], [1, -0.75, -0.75], [-1, 1, 0], [1, -2, 0]])
def test_what_no_choice_gives_is_wrong(wrong: list[float]) -> None:
    assert verdict(wrong) is Verdict.DIFFERS
