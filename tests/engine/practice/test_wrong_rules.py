"""What each misconception computes where operands are broadcast, one number, or a batch of matrices."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine import make_graph, record
from backprop_engine.optim import OPTIMIZERS
from backprop_engine.practice import wrong_rules
from backprop_engine.practice.uses import OperandUse, use_at

ROWS = np.array([[3.0, 4.0], [5.0, 6.0], [7.0, 9.0]])


def use_of(nodes: dict[str, str], name: str, **inputs: object) -> OperandUse:
    """The first use of `name` in a graph whose loss is the sum of its last node."""
    trace = record(make_graph({**nodes, "L": f"sum({list(nodes)[-1]})"}, inputs=inputs))
    position = trace.graph.position(name)
    return use_at(trace, next(edge for edge in trace.graph.edges if edge.operand == position))


def answers(rule: wrong_rules.OfUse, use: OperandUse) -> list[object]:
    return [answer.tolist() for answer in rule(use)]


def test_a_bias_of_one_number_has_no_sum_over_other_axes_of_its_shape() -> None:
    use = use_of({"y": "x * 2 + b"}, "b", x=ROWS, b=[1])
    assert use.contribution().tolist() == [6]
    assert answers(wrong_rules.wrong_axes, use) == [[[1, 1]] * 3]
    assert answers(wrong_rules.sum_forgotten, use) == [[[1, 1]] * 3, [1]]
    assert answers(wrong_rules.mean_for_sum, use) == [[1]]


def test_a_bias_of_a_row_has_one() -> None:
    use = use_of({"y": "k * (x + b)"}, "b", x=ROWS, b=[1, 2], k=3)
    assert use.contribution().tolist() == [9, 9]
    assert answers(wrong_rules.wrong_axes, use) == [[18, 18], [6, 6, 6]]


def test_a_weight_of_a_batch_of_matrices_is_met_without_the_sum_over_the_batch() -> None:
    batch = np.stack([ROWS, ROWS + 1])
    use = use_of({"y": "x @ W"}, "W", x=batch, W=[[1], [2]])
    (forgotten,) = wrong_rules.sum_forgotten(use)
    assert forgotten.shape == (2, 2, 1)
    assert forgotten.sum(axis=0).tolist() == use.contribution().tolist()
    assert answers(wrong_rules.wrong_axes, use) == answers(wrong_rules.mean_for_sum, use) == []


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_has_a_rate_that_may_be_forgotten(name: str) -> None:
    assert "lr" in {setting.name for setting in OPTIMIZERS[name].settings}
