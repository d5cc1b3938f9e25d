"""Operators with a wrong rule planted in them, and graphs to find it in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec.structs import replace

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS, Elementwise, Jacobian, Linear, Op
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace

Vjp = Callable[..., Any]


def trace_through(
    op: Op, values: dict[str, Any], *, after: str | None = "tanh", dtype: str = "float64", seed: int = 1
) -> Trace:
    """f = tanh(op(…)) over inputs with `values`; with a random seed where f is no scalar."""
    builder = GraphBuilder(dtype)
    operands = [builder.leaf(name, Kind.INPUT, np.shape(value)) for name, value in values.items()]
    node = builder.apply(op, operands, "q")
    if after is not None:
        builder.apply(OPS[after], [node], "f")
    graph = builder.build()
    upstream = np.random.default_rng(seed).uniform(0.5, 1.5, graph.nodes[graph.output].shape)
    return record(graph, Bindings.of(graph, values, upstream))


def numbers(*shape: int) -> Any:
    return np.random.default_rng(sum(shape) + 5).uniform(0.5, 1.5, shape)


def with_vjp(op: Op, argnum: int, change: Callable[[Vjp], Vjp], *shapes: tuple[int, ...]) -> Op:
    """`op` with another vector-Jacobian product (or partial) for one operand."""
    rules = list(op.rules_for(shapes, {one.name: one.default for one in op.attributes}))
    rule = rules[argnum]
    match rule:
        case Elementwise():
            rules[argnum] = replace(rule, of=change(rule.of))
        case Linear() | Jacobian():
            rules[argnum] = replace(rule, vjp=change(rule.vjp))
    return replace(op, rules=tuple(rules))


def times(factor: float) -> Callable[[Vjp], Vjp]:
    return lambda right: lambda *args, **attributes: factor * right(*args, **attributes)


def instead(wrong: Vjp) -> Callable[[Vjp], Vjp]:
    return lambda _: wrong


def swapped(op: Op) -> Op:
    assert not callable(op.rules)
    return replace(op, rules=op.rules[::-1])


def unsummed(op: Op) -> Op:
    """The gradient of a broadcast operand from the first row alone."""
    first_row = Linear("g[0]", lambda g, out, a, b: g[0])
    assert not callable(op.rules)
    return replace(op, rules=(op.rules[0], first_row))
