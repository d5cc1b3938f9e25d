"""Every bundled scenario against HIPS autograd, which knows nothing of our operators.

`OUTSIDE` says what each operator means, its default settings included, in `autograd.numpy`; the derivatives
are autograd's own. Only the graph's structure and the numbers of its leaves come from us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad

from backprop_engine import Graph, Trace, load_scenario
from backprop_engine.graph import Node

FOLDER = Path(__file__).parents[2] / "scenarios"
SCENARIOS = {path.stem: path for path in sorted(FOLDER.glob("**/*.yaml"))}
CLOSE = 1e-12
"""What a cell may differ by, as a part of the largest magnitude in its tensor."""


def _softmax_with_loss(a: Any, target: Any, reduction: str = "mean") -> Any:
    largest = anp.max(a, axis=-1, keepdims=True)
    log_sums = largest + anp.log(anp.sum(anp.exp(a - largest), axis=-1, keepdims=True))
    if target.ndim < a.ndim:
        target = np.eye(a.shape[-1])[target]
    return _reduced(anp.sum(target * (log_sums - a), axis=-1), reduction)


def _reduced(losses: Any, reduction: str) -> Any:
    return {"mean": anp.mean, "sum": anp.sum, "none": lambda same: same}[reduction](losses)


OUTSIDE: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "exp": anp.exp,
    "maximum": anp.maximum,
    "relu": lambda a: anp.where(a > 0, a, 0.0),
    "sigmoid": lambda a: 0.5 * (anp.tanh(0.5 * a) + 1.0),
    "tanh": anp.tanh,
    "hadamard": lambda a, b: a * b,
    "matmul": anp.matmul,
    "sum": lambda a, axis=None, keepdims=False: anp.sum(a, axis=axis, keepdims=keepdims),
    "mse": lambda a, target, reduction="mean": _reduced((a - target) ** 2, reduction),
    "softmax_with_loss": _softmax_with_loss,
}


@cache
def recorded(stem: str) -> Trace:
    """Our own run of a scenario."""
    return load_scenario(SCENARIOS[stem]).record()


@cache
def outside(stem: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The values and the gradients of a scenario's nodes by name, as autograd has them.

    Every node that gets gradient has a nudge of zero added to it. The gradient by the nudge is the node's.
    """
    trace = recorded(stem)
    graph, leaves, seed = trace.graph, trace.bindings.leaves, trace.bindings.seed
    nudged = [node for node in graph.nodes if node.takes_gradient and graph.active[node.position]]
    values: dict[str, Any] = {}

    def loss(nudges: Mapping[str, Any]) -> Any:
        known: dict[int, Any] = {**graph.literals, **leaves}
        for node in graph.nodes:
            if node.op is not None:
                operands = [known[operand] for operand in node.operands]
                known[node.position] = OUTSIDE[node.op.name](*operands, **settings(node))
            if node.name in nudges:
                known[node.position] = known[node.position] + nudges[node.name]
            values[node.name] = getattr(known[node.position], "_value", known[node.position])
        return anp.sum(seed * known[graph.output])

    _, gradients = value_and_grad(loss)({node.name: np.zeros(node.shape) for node in nudged})
    return values, gradients


def settings(node: Node) -> dict[str, Any]:
    """The attributes of a computed node that its author set to something else than the default."""
    assert node.op is not None
    defaults = {attribute.name: attribute.default for attribute in node.op.attributes}
    return {name: value for name, value in node.attributes.items() if value != defaults[name]}


def computed(graph: Graph) -> list[Node]:
    """The nodes that an operator gives."""
    return [node for node in graph.nodes if node.op is not None]


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    """Equal in shape, and in every cell to `CLOSE` of the largest."""
    assert np.shape(ours) == np.shape(theirs), what
    largest = np.max(np.abs(theirs), initial=0.0)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=CLOSE * largest, err_msg=what)


def test_scenarios_are_found() -> None:
    files = sorted(FOLDER.glob("**/*.yaml"))
    assert len(files) >= 9
    assert len(files) == len(SCENARIOS), "two scenarios have one stem"


def test_every_operator_in_use_is_written_a_second_time() -> None:
    used = {node.op.name for stem in SCENARIOS for node in computed(recorded(stem).graph) if node.op}
    assert used <= OUTSIDE.keys()


@pytest.mark.parametrize("stem", SCENARIOS)
def test_values(stem: str) -> None:
    values, _ = outside(stem)
    trace = recorded(stem)
    for node in computed(trace.graph):
        assert_close(trace.value(node.name), values[node.name], f"the value of {node.name}")


@pytest.mark.parametrize("stem", SCENARIOS)
def test_gradients_of_leaves(stem: str) -> None:
    _, gradients = outside(stem)
    trace = recorded(stem)
    leaves = [leaf for leaf in trace.graph.leaves if leaf.takes_gradient]
    assert leaves
    for leaf in leaves:
        theirs = gradients.get(leaf.name, np.zeros(leaf.shape))
        assert_close(trace.gradient(leaf.name), theirs, f"the gradient of {leaf.name}")


@pytest.mark.parametrize("stem", SCENARIOS)
def test_gradients_of_computed_nodes(stem: str) -> None:
    _, gradients = outside(stem)
    trace = recorded(stem)
    active = [node for node in computed(trace.graph) if trace.graph.active[node.position]]
    assert active
    for node in active:
        assert_close(trace.gradient(node.name), gradients[node.name], f"the gradient of {node.name}")
