"""An outside opinion: every operator written once more in HIPS autograd's terms, and graphs run through it.

Nothing here looks at a rule, a forward function or a shape rule of the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import make_vjp
from autograd.extend import defvjp, primitive
from autograd.tracer import getval

import outside_indices
import outside_layers
import outside_losses
import outside_own
import outside_shapes
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Kind


def _softmax(a: Any, axis: int) -> Any:
    e = anp.exp(a - np.max(getval(a), axis=axis, keepdims=True))
    return e / anp.sum(e, axis=axis, keepdims=True)


DEFINITIONS: dict[str, Callable[..., Any]] = (
    {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "pow": lambda a, b: a**b,
        "square": lambda a: a * a,
        "sqrt": lambda a: a**0.5,
        "exp": anp.exp,
        "log": anp.log,
        "maximum": anp.maximum,
        "minimum": anp.minimum,
        "abs": anp.abs,
        "where": lambda condition, a, b: 1.0 * (condition != 0) * a + 1.0 * (condition == 0) * b,
        "identity": lambda a: 1.0 * a,
        "detach": lambda a: 1.0 * getval(a),
        "less": lambda a, b: 1.0 * (a < b),
        "less_equal": lambda a, b: 1.0 * (a <= b),
        "greater": lambda a, b: 1.0 * (a > b),
        "greater_equal": lambda a, b: 1.0 * (a >= b),
        "equal": lambda a, b: 1.0 * (a == b),
        "not_equal": lambda a, b: 1.0 * (a != b),
        "relu": lambda a: anp.where(a > 0, a, 0.0),
        "sigmoid": lambda a: 0.5 * (1.0 + anp.tanh(0.5 * a)),
        "tanh": anp.tanh,
        "hadamard": lambda a, b: a * b,
        "matmul": anp.matmul,
        "outer": anp.outer,
        "sum": lambda a, axis, keepdims: anp.sum(a, axis=axis, keepdims=keepdims),
        "mean": lambda a, axis, keepdims: anp.mean(a, axis=axis, keepdims=keepdims),
        "transpose": anp.transpose,
        "index": lambda a, key: a[key],
        "softmax": _softmax,
    }
    | outside_shapes.DEFINITIONS
    | outside_indices.DEFINITIONS
    | outside_losses.DEFINITIONS
    | outside_layers.DEFINITIONS
    | outside_own.DEFINITIONS
)


@primitive
def _hooked(value: Any, gradient: Any) -> Any:
    """`value`; whatever gradient arrives, `gradient` is handed on."""
    return 1.0 * value


defvjp(_hooked, lambda ans, value, gradient: lambda g: gradient, None)


def run(
    graph: Graph,
    bindings: Bindings,
    *,
    leaves: Mapping[int, Any] | None = None,
    probes: Mapping[int, Any] | None = None,
    hooks: Mapping[int, Any] | None = None,
) -> list[Any]:
    """The value of each node; `probes` are added to computed nodes, `hooks` replace nodes' gradients."""
    values: list[Any] = [None] * len(graph.nodes)
    given = {**graph.literals, **bindings.leaves, **(leaves or {})}
    for node in graph.nodes:
        if node.op is None:
            value = given[node.position]
        else:
            operands = [values[operand] for operand in node.operands]
            value = DEFINITIONS[node.op.name](*operands, **node.attributes)
            if probes and node.position in probes:
                value = value + probes[node.position]
        if hooks and node.position in hooks:
            value = _hooked(value, hooks[node.position])
        values[node.position] = value
    return values


def gradients(
    graph: Graph, bindings: Bindings, hooks: Mapping[int, Any] | None = None
) -> tuple[list[Any], dict[int, Any]]:
    """The values, and the gradient of the seeded output by every input, parameter and computed node.

    The gradient of a computed node is that of a zero added to it. `hooks` replace the gradients that
    nodes hand on; a hooked computed node is then reported with what arrived before the replacement.
    """
    leaves = {
        leaf.position: np.asarray(bindings.leaves[leaf.position], dtype=np.float64)
        for leaf in graph.leaves
        if leaf.kind in (Kind.INPUT, Kind.PARAM)
    }
    probes = {position: np.zeros(graph.nodes[position].shape) for position in graph.order}

    def seeded(parts: tuple[dict[int, Any], dict[int, Any], float]) -> Any:
        values = run(graph, bindings, leaves=parts[0], probes=parts[1], hooks=hooks)
        return anp.sum(bindings.seed * values[graph.output]) + parts[2]

    # the number beside them keeps autograd from warning where the output depends on nothing else
    with np.errstate(over="ignore"):  # a saturated tanh divides by a cosh that overflows, which gives its 0
        vjp, _ = make_vjp(seeded)((leaves, probes, 0.0))
        by_leaf, by_probe, _ = vjp(1.0)
        return run(graph, bindings), {**by_leaf, **by_probe}
