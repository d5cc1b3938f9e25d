"""The work of a run is told from its shapes: counted by numbers that count, and refused before it begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.ops.definition import MATRIX_SPEED
from backprop_engine.ops.rules import Linear
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.work import pass_work, work_by_node
from graphs import attributes_of, each_sample, graph_of

MATRICES = ("matmul", "linear", "scaled_dot_product_attention")
CELLS = ("lstm_cell", "gru_cell")
NOT_COUNTED = ("scaled_dot_product_attention", "avg_pool1d", "avg_pool2d", *CELLS)
"""Those that take exponentials, or sums alone."""


class Counting:
    """A number that counts how often it is multiplied, or compared with another."""

    made = 0

    def __init__(self, value: float) -> None:
        self.value = float(value)

    def __mul__(self, other: Any) -> Counting:
        Counting.made += 1
        return Counting(self.value * _number(other))

    def __add__(self, other: Any) -> Counting:
        return Counting(self.value + _number(other))

    def __truediv__(self, other: Any) -> Counting:
        return Counting(self.value / _number(other))

    def __eq__(self, other: object) -> bool:
        Counting.made += 1
        return self.value == _number(other)

    def __ge__(self, other: Any) -> bool:
        Counting.made += 1
        return self.value >= _number(other)

    def __le__(self, other: Any) -> bool:
        Counting.made += 1
        return self.value <= _number(other)

    __rmul__, __radd__ = __mul__, __add__
    __hash__ = None  # type: ignore[assignment]


def _number(value: Any) -> float:
    return value.value if isinstance(value, Counting) else float(value)


def _counts(op: Op, sample: Sample) -> bool:
    return op.work is not None and op.name not in NOT_COUNTED


@each_sample(_counts)
def test_what_an_operator_says_is_what_it_does(op: Op, sample: Sample) -> None:
    graph, operands = graph_of(op, sample), _counting(sample)
    Counting.made = 0
    op.forward(*operands, **attributes_of(op, sample))
    assert op.work is not None
    shapes = [graph.nodes[operand].shape for operand in graph.nodes[-1].operands]
    told = op.work(*shapes, **attributes_of(op, sample))
    if op.name in MATRICES:
        assert told == Counting.made // MATRIX_SPEED
    else:
        assert told / 2 <= Counting.made <= told, "the first of a window is compared with nothing"


def _counting(sample: Sample) -> list[Any]:
    return [np.vectorize(Counting, otypes=[object])(tensor) for tensor in sample.draw()]


@each_sample(lambda op, sample: op.backward_work > 1)
def test_what_a_contribution_takes_where_it_is_more_is_what_it_does(op: Op, sample: Sample) -> None:
    graph, operands, attributes = graph_of(op, sample), _counting(sample), attributes_of(op, sample)
    out = op.forward(*operands, **attributes)
    assert op.work is not None
    told = op.backward_work * op.work(*(tensor.shape for tensor in operands), **attributes)
    for edge in graph.edges:
        assert isinstance(edge.rule, Linear)
        Counting.made = 0
        edge.rule.vjp(out, out, *operands, **attributes)
        assert Counting.made == told


def test_max_pooling_takes_three_times_as_much_backward() -> None:
    text = (
        "inputs: {x: {shape: [1, 8, 8], init: ones}}\nnodes: {p: 'max_pool2d(x, kernel_size=2)', f: sum(p)}\n"
    )
    graph = load(text).graph
    assert work_by_node(graph) == {"p": 4 * 64}
    assert pass_work(graph)[1] == (1 + 3) * 64 // 2 + 10 * 16  # the mean of both passes
    with pytest.raises(ScenarioError, match="takes about 260 multiplications"):
        load(text, max_work=255)
    assert load(text, max_work=256)


def test_an_operator_of_ones_own_takes_backward_what_the_parts_of_it_take() -> None:
    graph = load(
        "operators: {pooled: {inputs: [a], forward: 'max_pool2d(a, kernel_size=2)'}}\n"
        "inputs: {x: {shape: [1, 8, 8], init: ones}}\nnodes: {p: pooled(x), f: sum(p)}\n"
    ).graph
    assert work_by_node(graph) == {"p": 4 * 64}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_takes_what_its_two_products_take_and_a_step_for_each_gate(name: str) -> None:
    op, linear = OPS[name], OPS["linear"]
    assert op.work is not None
    assert linear.work is not None
    rows = 4 * 16 if name == "lstm_cell" else 3 * 16
    products = linear.work((8, 32), (rows, 32)) + linear.work((8, 16), (rows, 16))
    states = [(8, 16)] * (len(op.operands) - 5)
    assert op.work((8, 32), *states, (rows, 32), (rows, 16)) == products + 8 * rows


def load(text: str, **limits: int) -> Any:
    return load_source(Source.from_bytes("case.yaml", text.encode()), **limits)


LONG = {
    "a large kernel": (
        "inputs: {x: {shape: [1, 600, 600], init: ones}, w: {shape: [1, 1, 300, 300], init: ones}}\n"
        "nodes:\n  c: conv2d(x, w)\n  f: sum(c)\n",
        "a run of this graph takes about 24,000,000,000 multiplications; at most 10,000,000,000 are allowed",
        "100 % of them are in c; `--max-work` allows more",
    ),
    "large windows": (
        "inputs: {x: {shape: [1, 1000, 1000], init: ones}}\n"
        "nodes:\n  p: max_pool2d(x, kernel_size=500, stride=1)\n  f: sum(p)\n",
        "a run of this graph takes about 250,000,000,000 multiplications; at most 10,000,000,000 are allowed",
        "100 % of them are in p; `--max-work` allows more",
    ),
    "a formula of one's own": (
        "operators:\n  far:\n    inputs: [a, b]\n    forward: einsum(a, b, subscripts='ij,kl->ijkl')\n"
        "inputs: {a: {shape: [60, 60], init: ones}, b: {shape: [60, 60], init: ones}}\n"
        "nodes:\n  o: far(a, b)\n  f: sum(o)\n",
        "a run of this graph takes about 39,000,000 multiplications; at most 1,000,000 are allowed",
        "100 % of them are in o; `--max-work` allows more",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), LONG.values(), ids=LONG)
def test_what_would_take_too_long_is_refused(text: str, message: str, hint: str) -> None:
    limits = {"max_work": 10**6} if "own" in hint or "far" in text else {}
    with pytest.raises(ScenarioError) as caught:
        load(text, **limits)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code.name, str(diagnostic.message)) == ("too-much-work", message)
    assert str(diagnostic.hint) == hint
    assert load(text, max_work=10**12).graph.nodes, "nothing is computed to load it"


def test_the_backward_pass_counts_for_each_operand_that_gets_a_gradient() -> None:
    shapes = "inputs: {a: {shape: [8, 16], init: ones}}\nconstants: {b: {shape: [16, 4], init: ones}}\n"
    graph = load(f"{shapes}nodes:\n  p: a @ b\n  f: sum(p)\n").graph
    assert work_by_node(graph) == {"p": 2 * 8 * 16 * 4 // MATRIX_SPEED}


def test_a_run_may_take_just_what_is_allowed() -> None:
    """Less than as if gradient flowed to every operand, which is tried first."""
    text = (
        "inputs: {a: {shape: [8, 16], init: ones}}\nconstants: {b: {shape: [16, 4], init: ones}}\n"
        "nodes:\n  p: a @ b\n  f: sum(p)\n"
    )
    need = 2 * 8 * 16 * 4 // MATRIX_SPEED
    assert load(text, max_work=need).graph.nodes
    with pytest.raises(ScenarioError, match="takes about 130 multiplications; at most 130 are allowed"):
        load(text, max_work=need - 1)


def test_letters_that_stand_alone_are_summed_before_anything_is_multiplied() -> None:
    """A million numbers each: their products, 10¹², are never made."""
    scenario = load(
        "inputs: {a: {shape: [100, 100, 100], init: ones}, b: {shape: [100, 100, 100], init: ones}}\n"
        "nodes:\n  f: einsum(a, b, subscripts='abc,def->')\n"
    )
    trace = scenario.record()
    assert trace.value("f") == 10**12
    for name in "ab":
        assert trace.gradient(name).shape == (100, 100, 100)
        assert np.all(trace.gradient(name) == 10**6)


def test_every_operator_says_what_it_takes_where_that_is_more_than_its_entries() -> None:
    """The operators whose work grows faster than what they read and write: by an axis that is summed."""
    assert {name for name, op in OPS.items() if op.work is not None} == {
        *("matmul", "linear", "einsum", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"),
        *("avg_pool1d", "avg_pool2d", "max_pool1d", "max_pool2d", "scaled_dot_product_attention", *CELLS),
    }
