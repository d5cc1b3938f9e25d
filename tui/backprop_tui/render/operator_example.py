"""A worked example of an operator, computed when it is asked for: small numbers, and every backward step."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from backprop_engine.explain.facts import BackwardFacts, ForwardFacts, step_facts
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block
from backprop_tui.render.equation.equation import equation

__all__ = ["equations", "example"]

_MOST_ENTRIES, _FEWEST_ENTRIES = 16, 4
_HEIGHT = 12


def example(op: Op) -> Trace:
    """A run of `op` on operands of one decimal, as ``out``.

    Unless ``out`` is a number, or no gradient flows, the run ends in ``L = sum(out * g)``, so that the
    gradient that flows in is `g`.
    """
    sample = max(op.samples, key=lambda tried: _fitness(op, tried))
    drawn = [
        _rounded(tensor) if isinstance(operand, tuple) else tensor
        for operand, tensor in zip(sample.operands, sample.draw(), strict=True)
    ]
    builder = GraphBuilder()
    names = op.names(len(drawn))
    whole = op.indices(*map(np.shape, drawn)) if op.indices else ()
    operands = []
    for argnum, (name, tensor) in enumerate(zip(names, drawn, strict=True)):
        fixed = name in op.constants or argnum in whole or tensor.dtype.kind == "b"
        operands.append(builder.leaf(name, Kind.CONSTANT if fixed else Kind.INPUT, np.shape(tensor)))
    out = builder.apply(op, operands, "out", attributes=sample.attributes)
    shape, values = builder.shape(out), dict(zip(names, drawn, strict=True))
    if shape != () and any(builder.node(out).rules):
        upstream = builder.leaf("g", Kind.CONSTANT, shape)
        values["g"] = _rounded(np.random.default_rng(1).standard_normal(shape))
        builder.apply(OPS["sum"], [builder.apply(OPS["mul"], [out, upstream], "L#1")], "L")
    graph = builder.build()
    return record(graph, Bindings.of(graph, values, 1.0))


def equations(trace: Trace, language: str, width: int) -> Iterator[Block]:
    """The forward step of ``out``, and its backward steps, as equations."""
    for position in range(1, len(trace.steps) + 1):
        match step_facts(trace.frame(position)):
            case (ForwardFacts() | BackwardFacts()) as facts if facts.node.name == "out":
                yield equation(facts, language, width, _HEIGHT)


def _fitness(op: Op, sample: Sample) -> tuple[bool, bool, bool, int, int, int]:
    """Few numbers but not too few, no more axes than a page has, every operand, no settings to explain."""
    shapes = [operand if isinstance(operand, tuple) else np.shape(operand) for operand in sample.operands]
    sizes = [prod(shape) for shape in shapes]
    small = 0 not in sizes and max(sizes) <= _MOST_ENTRIES
    settings = sum(
        1
        for attribute in op.attributes
        if attribute.name in sample.attributes and attribute.default is not ...
    )
    size = sum(sizes) if small else -sum(sizes)
    return small, max(map(len, shapes)) <= 2, max(sizes) >= _FEWEST_ENTRIES, len(shapes), -settings, size


def _rounded(tensor: Any) -> Any:
    """Numbers of one decimal."""
    return np.round(tensor, 1) + 0.0
