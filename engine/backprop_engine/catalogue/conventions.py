"""Kinks and extremes: what operators give, and what their gradients are, where an answer had to be chosen.

The figures are written by hand; a test computes each row and compares. ``docs/conventions.md`` is made from
this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, log, nan
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.evaluation.attributes import shown_value
from backprop_engine.explain.numbers import number
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.messages.message import Message, msg
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace

__all__ = ["KINKS", "Kink"]

Numbers: TypeAlias = Any
"""A number, or a list of numbers."""


class Kink(Struct, frozen=True, eq=False):
    """One operator at one point: its value, and the gradient of each operand, None where none flows.

    The gradient that flows in is `seed`.
    """

    op: str
    operands: tuple[Numbers, ...]
    value: Numbers
    gradients: tuple[Numbers | None, ...]
    note: Message
    attributes: Mapping[str, Any] = {}
    seed: Numbers = 1

    def run(self) -> Trace:
        """The point computed: ``out`` over leaves called as the operator calls its operands."""
        op, names = OPS[self.op], OPS[self.op].names(len(self.operands))
        builder = GraphBuilder()
        tensors = [np.asarray(operand) for operand in self.operands]
        leaves = [
            builder.leaf(name, Kind.CONSTANT if gradient is None else Kind.INPUT, tensor.shape)
            for name, tensor, gradient in zip(names, tensors, self.gradients, strict=True)
        ]
        builder.apply(op, leaves, "out", attributes=self.attributes)
        graph = builder.build()
        return record(graph, Bindings.of(graph, dict(zip(names, tensors, strict=True)), self.seed))

    @property
    def call(self) -> str:
        """The call, as it is written with these numbers."""
        settings = (f"{name}={shown_value(value)}" for name, value in self.attributes.items())
        return f"{self.op}({', '.join([*map(_text, self.operands), *settings])})"

    @property
    def value_text(self) -> str:
        """The value as people read it."""
        return _text(self.value)

    @property
    def gradient_text(self) -> str:
        """The gradients as people read them, by operand."""
        names = OPS[self.op].names(len(self.gradients))
        pairs = zip(names, self.gradients, strict=True)
        return ", ".join(f"d{name} = {_text(gradient)}" for name, gradient in pairs if gradient is not None)


def _text(numbers: Numbers) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(map(_text, numbers))}]"
    return number(numbers)


_NO = (None, None)
_EPS = {"eps": 0.25}

KINKS: tuple[Kink, ...] = (
    Kink("relu", (0.0,), 0, (0,), msg("the corner belongs to the flat side, as in PyTorch")),
    Kink("relu", (-1.0,), 0, (nan,), msg("0 · inf is NaN, as in IEEE; PyTorch masks it to 0"), seed=inf),
    Kink("relu", (nan,), nan, (nan,), msg("NaN stays NaN")),
    Kink("leaky_relu", (0.0,), 0, (0.01,), msg("the corner belongs to the leak")),
    Kink("elu", (0.0,), 0, (1,), msg("both sides have slope 1 where alpha is 1")),
    Kink("selu", (0.0,), 0, (1.7580993408473766,),
         msg("the corner belongs to the left side, as in PyTorch")),
    Kink("hard_tanh", ([-1.0, 1.0],), [-1, 1], ([0, 0],), msg("closed at its corners, as in PyTorch")),
    Kink("relu6", ([0.0, 6.0],), [0, 6], ([0, 0],), msg("closed at its corners, as in PyTorch")),
    Kink("clip", ([-1.0, 1.0],), [-1, 1], ([1, 1],), msg("open at its bounds"), {"min": -1.0, "max": 1.0}),
    Kink("abs", (0.0,), 0, (0,), msg("between the slopes −1 and 1")),
    Kink("sign", (0.0,), 0, (0,), msg("flat everywhere, also where it jumps")),
    Kink("maximum", (1.0, 1.0), 1, (0.5, 0.5), msg("a tie is shared equally")),
    Kink("minimum", (1.0, 1.0), 1, (0.5, 0.5), msg("a tie is shared equally")),
    Kink("maximum", (inf, inf), inf, (0.5, 0.5), msg("infinities tie too")),
    Kink("maximum", (nan, 1.0), nan, (nan, nan), msg("NaN wins, and spreads")),
    Kink("max", ([2.0, 5.0, 5.0],), 5, ([0, 0.5, 0.5],), msg("the largest cells share equally")),
    Kink("min", ([2.0, 2.0, 5.0],), 2, ([0.5, 0.5, 0],), msg("the smallest cells share equally")),
    Kink("sqrt", (0.0,), 0, (inf,), msg("the slope is vertical")),
    Kink("sqrt", (-1.0,), nan, (nan,), msg("outside the real numbers")),
    Kink("rsqrt", (0.0,), inf, (-inf,), msg("a pole")),
    Kink("norm", ([0.0, 0.0],), 0, ([0, 0],), msg("0 at the origin; through sqrt(sum(a²)) it would be NaN")),
    Kink("std", ([3.0, 3.0],), 0, ([0, 0],),
         msg("0 where all cells are equal; through sqrt it would be NaN")),
    Kink("log", (0.0,), -inf, (inf,), msg("the first infinity of many a run")),
    Kink("log", (-1.0,), nan, (-1,), msg("the value is NaN, the formula 1/a goes on")),
    Kink("log1p", (1e-20,), 1e-20, (1,), msg("exact where log(1 + a) would be 0")),
    Kink("expm1", (1e-20,), 1e-20, (1,), msg("exact where exp(a) − 1 would be 0")),
    Kink("exp", (1e4,), inf, (inf,), msg("overflow is infinity")),
    Kink("exp", (-1e4,), 0, (0,), msg("underflow is 0")),
    Kink("mul", (0.0, inf), nan, (inf, 0), msg("0 · inf is NaN")),
    Kink("div", (1.0, 0.0), inf, (inf, -inf), msg("an infinity of the numerator's sign")),
    Kink("div", (0.0, 0.0), nan, (inf, nan), msg("0 / 0 is NaN")),
    Kink("reciprocal", (-0.0,), -inf, (-inf,), msg("a negative zero has a negative reciprocal")),
    Kink("pow", (0.0, 0.0), 1, (0, 0), msg("0⁰ is 1")),
    Kink("pow", (0.0, 2.0), 0, (0, 0), msg("log 0 is not asked for")),
    Kink("pow", (0.0, -1.0), inf, (-inf, -inf), msg("a pole")),
    Kink("pow", (-1.0, 0.5), nan, (nan, nan), msg("outside the real numbers")),
    Kink("prod", ([2.0, 0.0, 3.0],), 0, ([0, 6, 0],), msg("a single 0 gets the product of the others")),
    Kink("prod", ([0.0, 0.0, 3.0],), 0, ([0, 0, 0],), msg("of several zeros none gets anything")),
    Kink("where", (0.0, 1.0, inf), inf, (None, 0, 1), msg("0 is false; the side not chosen gets 0")),
    Kink("less", (nan, 1.0), False, _NO, msg("NaN is not less")),
    Kink("less_equal", (nan, nan), False, _NO, msg("NaN is not even equal to itself")),
    Kink("greater", (nan, 1.0), False, _NO, msg("NaN is not greater")),
    Kink("greater_equal", (nan, nan), False, _NO, msg("NaN is not even equal to itself")),
    Kink("equal", (nan, nan), False, _NO, msg("NaN equals nothing")),
    Kink("not_equal", (nan, nan), True, _NO, msg("NaN differs from everything")),
    Kink("sigmoid", (1e3,), 1, (0,), msg("saturated, without overflow")),
    Kink("sigmoid", (-1e3,), 0, (0,), msg("saturated, without overflow")),
    Kink("tanh", (1e3,), 1, (0,), msg("saturated")),
    Kink("softplus", (21.0,), 21.000000000758256, (0.9999999992417439,), msg("exact: no threshold at 20")),
    Kink("softplus", (1e4,), 1e4, (1,), msg("without overflow")),
    Kink("log_sigmoid", (-1e4,), -1e4, (1,), msg("without log 0")),
    Kink("silu", (-inf,), nan, (nan,), msg("−inf · 0 is NaN")),
    Kink("gelu", (0.0,), 0, (0.5,), msg("half open")),
    Kink("softmax", ([1e4, 0.0],), [1, 0], ([0, 0],),
         msg("shifted by the largest: no overflow"), seed=[1, 0]),
    Kink("softmax", ([-1e4, 0.0],), [0, 1], ([0, 0],), msg("shifted by the largest: no 0 / 0"), seed=[1, 0]),
    Kink("softmax", ([inf, 0.0],), [nan, nan], ([nan, nan],), msg("inf − inf is NaN"), seed=[1, 0]),
    Kink("log_softmax", ([1e4, 0.0],), [0, -1e4], ([-1, 1],),
         msg("log(softmax(a)) would be −inf"), seed=[0, 1]),
    Kink("logsumexp", ([1e4, 1e4],), 1e4 + log(2), ([0.5, 0.5],), msg("without overflow")),
    Kink("softmax_with_loss", ([1e4, 0.0], 1), 1e4, ([1, -1], None),
         msg("a confident mistake: a finite loss")),
    Kink("softmax_with_loss", ([-inf, 0.0, 0.0], 1), log(2), ([0, -0.5, 0.5], None),
         msg("a masked logit gets 0")),
    Kink("bce_with_logits", (1e4, 0.0), 1e4, (1, -1e4), msg("a confident mistake: a finite loss")),
    Kink("bce", (0.0, 0.0), 0, (1, inf), msg("0 · log 0 counts as 0")),
    Kink("bce", (0.0, 1.0), inf, (-inf, inf), msg("a certain mistake costs infinity")),
    Kink("kl_div", (-inf, 0.0), 0, (0, nan), msg("0 · log 0 counts as 0")),
    Kink("mae", (1.0, 1.0), 0, (0, 0), msg("0 at the corner, as abs")),
    Kink("huber", (1.0, 0.0), 0.5, (1, -1), msg("both pieces agree where they meet")),
    Kink("hinge", (1.0, 1.0), 0, (0, None), msg("the corner belongs to the flat side")),
    Kink("layer_norm", ([3.0, 3.0],), [0, 0], ([2, -2],), msg("eps bounds the slope"), _EPS, [1, -1]),
    Kink("mean", ([],), nan, ([],), msg("the mean of nothing is 0 / 0")),
    Kink("sum", ([],), 0, ([],), msg("the sum of nothing is 0")),
)  # fmt: skip
