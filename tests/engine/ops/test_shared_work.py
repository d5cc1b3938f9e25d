"""Work that the forward function and the rules of a node share, and products that are collected at once."""

from __future__ import annotations

import gc
from typing import Any
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine import OPS, load_scenario, record
from backprop_engine.arrays import settle, sum_axes
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops.linear import matrix_product
from backprop_engine.ops.rules import Linear
from backprop_engine.ops.shared_work import remembered

FLOAT = np.dtype(np.float64)


def frozen(*numbers: float) -> Any:
    return settle(np.array(numbers), FLOAT)


class Counted:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *operands: Any, factor: float = 1.0) -> Any:
        self.calls += 1
        return sum(operands) * factor


def test_the_last_result_is_remembered_for_the_same_tensors_and_settings() -> None:
    counted = Counted()
    function, a, b = remembered(counted), frozen(1, 2), frozen(3, 4)
    first = function(a, b)
    assert function(a, b) is first
    assert counted.calls == 1
    assert function(a, b, factor=2).tolist() == [8, 12]
    assert function(b, a).tolist() == [4, 6]
    assert function(a, frozen(3, 4)).tolist() == [4, 6]
    assert counted.calls == 4
    assert not first.flags.writeable


def test_what_may_still_be_written_to_is_computed_every_time() -> None:
    counted = Counted()
    function, a = remembered(counted), np.array([1.0, 2.0])
    assert function(a).tolist() == [1, 2]
    a[0] = 5
    assert function(a).tolist() == [5, 2]
    view = a[:]
    view.flags.writeable = False
    assert function(view).tolist() == [5, 2]
    a[0] = 7
    assert function(view).tolist() == [7, 2]
    assert function(np.float64(3)) == 3
    assert counted.calls == 5


@pytest.mark.thorough
def test_a_result_goes_with_its_tensors() -> None:
    function, a = remembered(Counted()), frozen(1, 2)
    result = ref(function(a))
    gc.collect()
    assert result() is not None
    del a
    gc.collect()
    assert result() is None


@pytest.mark.parametrize("name", ["transformer_block", "causal_attention", "layer_norm_directions"])
def test_a_run_has_the_same_bits_whatever_is_remembered(name: str) -> None:
    scenario = load_scenario(name)
    runs = [scenario.record()]
    for _ in range(2):  # with tensors of its own, and then again with these
        bindings = Bindings(
            {at: settle(np.array(leaf), leaf.dtype) for at, leaf in scenario.bindings.leaves.items()},
            scenario.bindings.seed,
        )
        runs += [record(scenario.graph, bindings), record(scenario.graph, bindings)]
    for run in runs[1:]:
        for found, wanted in zip(run.contributions, runs[0].contributions, strict=True):
            assert found.tobytes() == wanted.tobytes()


@given(
    st.lists(st.integers(0, 3), min_size=0, max_size=2),
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
    st.booleans(),
    st.sampled_from(["float64", "float32", "complex128"]),
)
def test_a_product_with_all_rows_at_once_is_the_product(
    batch: list[int], sizes: tuple[int, int, int], turned: bool, dtype: str
) -> None:
    rows, inner, columns = sizes
    numbers = np.random.default_rng(0)
    a = numbers.integers(-9, 9, (*batch, rows, inner)).astype(dtype)
    b = numbers.integers(-9, 9, (inner, columns)).astype(dtype)
    if turned:
        a = np.ascontiguousarray(a.mT).mT
    found = matrix_product(a, b)
    assert (found.dtype, found.shape) == (np.dtype(dtype), (*batch, rows, columns))
    assert np.array_equal(found, np.matmul(a, b))


def test_what_is_collected_at_once_is_the_sum_over_the_broadcast_axes() -> None:
    """For every rule of the table that says it can do both together."""
    seen = 0
    for op in OPS.values():
        for sample in op.samples:
            operands = sample.draw()
            builder = GraphBuilder()
            leaves = [builder.leaf(f"x{at}", Kind.INPUT, np.shape(one)) for at, one in enumerate(operands)]
            out = builder.node(builder.apply(op, leaves, "out", attributes=sample.attributes))
            for rule, operand in zip(out.rules, operands, strict=True):
                if not isinstance(rule, Linear) or rule.collected is None or not rule.summed:
                    continue
                seen += 1
                value = op.forward(*operands, **out.attributes)
                upstream = np.random.default_rng(seen).normal(size=out.shape)
                product = rule.vjp(upstream, value, *operands, **out.attributes)
                found = rule.collected(upstream, value, *operands, **out.attributes)
                wanted = sum_axes(product, rule.summed, np.shape(operand))
                assert found.shape == np.shape(operand)
                assert np.max(np.abs(found - wanted), initial=0) < 1e-14
    assert seen >= 1
