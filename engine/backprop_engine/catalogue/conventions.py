"""Kinks and extremes: what operators give, and what their gradients are, where an answer had to be chosen.

The figures are in the operators' definitions, written by hand; a test computes each of them and compares.
``docs/conventions.md`` is made from them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from backprop_engine.evaluation.attributes import shown_value
from backprop_engine.explain.numbers import number
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS, Op
from backprop_engine.ops.samples import Kink, NestedNumbers
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace

__all__ = ["Convention", "every_convention"]


class Convention(Struct, frozen=True, eq=False):
    """What an operator gives at one of its kinks, in figures to read and as a run."""

    op: Op
    kink: Kink

    def run(self) -> Trace:
        """The point computed: ``out`` over leaves called as the operator calls its operands."""
        kink, names = self.kink, self.op.names(len(self.kink.operands))
        builder = GraphBuilder()
        tensors = [np.asarray(operand) for operand in kink.operands]
        leaves = [
            builder.leaf(name, Kind.CONSTANT if gradient is None else Kind.INPUT, tensor.shape)
            for name, tensor, gradient in zip(names, tensors, kink.gradients, strict=True)
        ]
        builder.apply(self.op, leaves, "out", attributes=kink.attributes)
        graph = builder.build()
        return record(graph, Bindings.of(graph, dict(zip(names, tensors, strict=True)), kink.seed))

    @property
    def call(self) -> str:
        """The call, as it is written with these numbers."""
        settings = (f"{name}={shown_value(value)}" for name, value in self.kink.attributes.items())
        return f"{self.op.name}({', '.join([*map(_text, self.kink.operands), *settings])})"

    @property
    def value_text(self) -> str:
        """The value as people read it."""
        return _text(self.kink.value)

    @property
    def gradient_text(self) -> str:
        """The gradients as people read them, by operand."""
        names = self.op.names(len(self.kink.gradients))
        pairs = zip(names, self.kink.gradients, strict=True)
        return ", ".join(f"d{name} = {_text(gradient)}" for name, gradient in pairs if gradient is not None)


def every_convention() -> Iterator[Convention]:
    """The conventions of every operator, in the order of the table."""
    return (Convention(op, kink) for op in OPS.values() for kink in op.kinks)


def _text(numbers: NestedNumbers) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(map(_text, numbers))}]"
    return number(numbers)
