"""Every bundled scenario against HIPS autograd, which knows nothing of our operators.

`outside` says what each operator means in `autograd.numpy`; the derivatives are autograd's own. Only the
graph's structure and the numbers of its leaves come from us. With `train`, it is the first iteration.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import autograd.numpy as anp
import numpy as np
import pytest

import outside
from backprop_engine import Trace, load_scenario
from graphs import behind_wrong_rules, largest

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(FOLDER.rglob("*.yaml"))
SCENARIOS = {path.stem: path for path in FILES}

CLOSE = {"float64": 1e-12, "float32": 1e-5, "float16": 1e-2}
"""What a cell may differ by, as a part of the largest number in its tensor or among those that flowed in."""

NOT_FINITE = (
    "nan_from_log_zero",  # log(0) is −∞, and 0 · ∞ is NaN on the way back
    "nan_from_sqrt_zero",  # the slope of the root is infinite at 0
    "softmax_overflow",  # exp of a large score is ∞, and ∞ / ∞ is NaN
)
"""Scenarios that teach how infinities and NaN come about.

The same cells must be NaN or the same infinity; all others are compared as usual.
"""


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    """`where` by choosing cells: `outside` multiplies by 0 and 1, and 0 · ∞ would be NaN."""
    shape = np.broadcast_shapes(np.shape(condition), np.shape(a), np.shape(b))
    return anp.where(condition != 0, a + np.zeros(shape), b + np.zeros(shape))


class Pair(NamedTuple):
    """A tensor as both engines have it, and the largest number that flowed into it."""

    what: str
    ours: Any
    theirs: Any
    flowed: float

    def gap(self) -> float:
        """The largest difference as a part of the scale; infinite where other cells are not finite."""
        ours, theirs = np.asarray(self.ours, np.float64), np.asarray(self.theirs, np.float64)
        assert ours.shape == theirs.shape, self.what
        finite = np.isfinite(theirs)
        if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
            return np.inf
        if not np.isfinite(ours[finite]).all():
            return np.inf
        difference = largest(ours[finite] - theirs[finite])
        scale = max(self.flowed, largest(theirs[finite]))
        if not difference:
            return 0.0
        return difference / scale if scale else np.inf


@cache
def recorded(stem: str) -> Trace:
    """Our own run of a scenario."""
    return load_scenario(SCENARIOS[stem]).record()


@cache
def theirs(stem: str) -> tuple[list[Any], dict[int, Any]]:
    """The values and gradients of a scenario's nodes by position, as autograd has them."""
    trace = recorded(stem)
    with np.errstate(all="ignore"), patch.dict(outside.DEFINITIONS, where=_chosen):
        return outside.gradients(trace.graph, trace.bindings)


def _finite_largest(*tensors: Any) -> float:
    return largest(*(np.where(np.isfinite(tensor), tensor, 0.0) for tensor in tensors))


def value_pairs(stem: str) -> Iterator[Pair]:
    """The values of computed nodes; their operands flowed in."""
    trace, (values, _) = recorded(stem), theirs(stem)
    for position in trace.graph.order:
        node = trace.graph.nodes[position]
        flowed = _finite_largest(*(values[operand] for operand in node.operands))
        yield Pair(f"the value of {node.name}", 1.0 * trace.values[position], values[position], flowed)


def gradient_pairs(stem: str) -> Iterator[Pair]:
    """The gradients of leaves and computed nodes; each use's upstream gradient and contribution flowed in.

    Those that pass through a rule that is wrong on purpose are left out.
    """
    trace, (_, gradients) = recorded(stem), theirs(stem)
    wrong = behind_wrong_rules(trace.graph)
    incoming: dict[int, list[Any]] = {}
    for edge, contribution in zip(trace.graph.edges, trace.contributions, strict=True):
        incoming.setdefault(edge.operand, []).extend((contribution, trace.gradients[edge.node]))
    for node in trace.graph.nodes:
        if node.position in wrong:
            continue
        ours = trace.gradients[node.position]
        if ours is None and node.is_leaf and node.takes_gradient:
            ours = trace.gradient(node.name)
        if ours is not None:
            flowed = _finite_largest(*incoming.get(node.position, ()))
            yield Pair(f"the gradient of {node.name}", ours, gradients[node.position], flowed)


def tolerance(stem: str) -> float:
    """What a scenario's cells may differ by."""
    return CLOSE[recorded(stem).graph.dtype.name]


def assert_close(pairs: Iterator[Pair], stem: str) -> None:
    """Each pair within the tolerance, and at least one of them."""
    gaps = {pair.what: pair.gap() for pair in pairs}
    assert gaps
    assert {what: gap for what, gap in gaps.items() if gap > tolerance(stem)} == {}


def test_scenarios_are_found() -> None:
    assert len(FILES) >= 40
    assert len(FILES) == len(SCENARIOS), "two scenarios have one stem"
    assert set(NOT_FINITE) <= SCENARIOS.keys()


@pytest.mark.parametrize("stem", SCENARIOS)
def test_every_operator_is_written_a_second_time(stem: str) -> None:
    used = [node.op.name for node in recorded(stem).graph.nodes if node.op]
    assert [name for name in used if name not in outside.DEFINITIONS] == []


@pytest.mark.parametrize("stem", SCENARIOS)
def test_values(stem: str) -> None:
    assert_close(value_pairs(stem), stem)


@pytest.mark.parametrize("stem", SCENARIOS)
def test_gradients(stem: str) -> None:
    assert_close(gradient_pairs(stem), stem)
    assert any(leaf.takes_gradient for leaf in recorded(stem).graph.leaves)


def test_a_wrong_rule_gives_another_gradient_than_the_outside_engine() -> None:
    stems = [stem for stem in SCENARIOS if behind_wrong_rules(recorded(stem).graph)]
    assert len(stems) >= 8
    for stem in stems:
        trace, (_, gradients) = recorded(stem), theirs(stem)
        leaves = [leaf for leaf in trace.graph.leaves if leaf.takes_gradient]
        assert any(largest(trace.gradient(leaf.name) - gradients[leaf.position]) > 1e-3 for leaf in leaves), (
            stem
        )


@pytest.mark.parametrize("stem", SCENARIOS)
def test_only_scenarios_about_it_hold_infinities_or_nan(stem: str) -> None:
    pairs = (*value_pairs(stem), *gradient_pairs(stem))
    found = [pair.what for pair in pairs if not np.isfinite(pair.ours).all()]
    assert bool(found) == (stem in NOT_FINITE), found
