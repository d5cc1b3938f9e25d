"""What an operator is.

The contract for writing one
----------------------------
An operator is one `define(...)` in the file of its family; every table, test, help page and hint follows
from it.

- `forward(*operands, **attributes)` gives the output. Operands are NumPy scalars or arrays; complex ones
  too, if the operator is `analytic`.
- `shape(*shapes, **attributes)` gives the output's shape, or raises `ShapeError`; in its message ``{0}``,
  ``{1}``, … stand for the operands' names. The message names every operand that does not fit, with its
  shape; the hint says which axis differs, and what would fit if something that is legal does: `fitting.py`
  has the words. Nothing is computed before every shape is known.
- `attributes` declare their types and their limits, once: within its limits, a rule can rely on a setting.
- `rules` has one entry for each operand, or is a function of the operands' shapes and the attributes that
  returns them. ``None`` means that no gradient flows to the operand. An *elementwise* operator gives a
  `Partial`: its derivative, cell by cell, in a shape that broadcasts to the output's; the vector-Jacobian
  product is the upstream gradient times it. Any other operator gives a `Linear` or a `Jacobian` rule with
  its vector-Jacobian product.
- The `text` of a rule is an expression over `g` (the upstream gradient), `out` (the output), the operands'
  names, NumPy's functions and the operators of this table. It is what people read, and a test evaluates it
  and compares.
- A gradient that was broadcast is summed by the trace, never by a rule.
- `entries(i, j, out, *operands, **attributes)` of a rule that is no `Partial` gives single cells of its
  Jacobian, ∂out[i]/∂operand[j]: `i` and `j` are tuples of integer arrays, one an axis, that broadcast with
  each other. Windows of a Jacobian and the origins of a gradient's cell are read from it, never the whole.
- `lesson` is true of every operand; where more can be said of one, or of some shapes, `lessons` has it. A
  lesson speaks in words: no letter of a formula is on the reader's screen.
- `inside` is the operator's decomposition, if it is composite: names and expressions over the operands'
  names and those before, the last called ``out``; it is lowered to a graph elsewhere.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct, field

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attribute import Attribute
from backprop_engine.ops.fitting import broadcasts, clash, difference, joined, named, repair
from backprop_engine.ops.table import OpTable

__all__ = [
    "ONE",
    "OPS",
    "Attribute",
    "Factor",
    "Jacobian",
    "Linear",
    "Op",
    "Partial",
    "Rule",
    "Sample",
    "broadcast",
    "define",
    "no_broadcast",
    "other_shape",
    "same_shape",
]

Attributes: TypeAlias = Mapping[str, Any]
Entries: TypeAlias = Callable[..., Any]
Inside: TypeAlias = tuple[tuple[str, str], ...]
"""A decomposition: (name, expression) in the order of computing."""


class Partial(Struct, frozen=True):
    """The derivative of an elementwise operator: ``of(out, *operands, **attributes)``."""

    text: str
    of: Callable[..., Any]


def _one(*_: Any, **__: Any) -> float:
    return 1.0


ONE = Partial("1", _one)
"""The derivative that hands the upstream gradient on unchanged."""


class Factor(Struct, frozen=True):
    """The tensor that a linear rule multiplies the upstream gradient with, as it stands in the equation.

    ``of(out, *operands, **attributes)`` gives it; it stands after the upstream gradient unless `before`;
    `sign` joins the two: ``·`` for a matrix product or a scalar, ``⊙`` cell by cell.
    """

    text: str
    of: Callable[..., Any]
    before: bool = False
    sign: Literal["·", "⊙"] = "·"
    upstream_as: Literal["column", "row"] = "column"


class Linear(Struct, frozen=True):
    """A rule for any other operator: ``vjp(g, out, *operands, **attributes)``, linear in `g`.

    `factor` is the tensor that it multiplies the upstream gradient with; where there is none, `shown` says
    in its place what the map does. `summed` are the axes of its result that the operand was broadcast along.
    """

    text: str
    vjp: Callable[..., Any]
    factor: Factor | None = None
    summed: tuple[int, ...] = ()
    shown: Words | None = None
    entries: Entries | None = None


class Jacobian(Struct, frozen=True):
    """A rule whose Jacobian is small and dense.

    ``matrix(out, *operands, **attributes)`` has the `shape` batch + (out, in).
    """

    text: str
    vjp: Callable[..., Any]
    matrix: Callable[..., Any]
    matrix_text: str
    shape: Shape
    entries: Entries | None = None


Rule: TypeAlias = Partial | Linear | Jacobian
Rules: TypeAlias = tuple[Rule | None, ...]
Lessons: TypeAlias = tuple[Words | None, ...]


class Sample(Struct, frozen=True):
    """Operands to try an operator on: shapes to fill from [`low`, `high`), or tensors as they are."""

    operands: tuple[Shape | Tensor, ...]
    attributes: Attributes = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0

    def draw(self, seed: int = 0) -> tuple[Tensor, ...]:
        """The operands in float64; the same for the same `seed`."""
        random = np.random.default_rng(seed)
        return tuple(
            self.low + (self.high - self.low) * random.random(operand)
            if isinstance(operand, tuple)
            else operand
            for operand in self.operands
        )


class Op(Struct, frozen=True, eq=False):
    """An operator; see the contract at the top of this file for its parts."""

    name: str
    family: str
    sign: str
    operands: tuple[str, ...]
    formula: str
    forward: Callable[..., Any]
    shape: Callable[..., Shape]
    rules: Rules | Callable[[tuple[Shape, ...], Attributes], Rules]
    samples: tuple[Sample, ...]
    lesson: Words
    """What its backward step does, in one sentence for a learner."""
    lessons: Lessons | Callable[[tuple[Shape, ...]], Lessons] = ()
    """Lessons of their own for operands, in order, which may differ with the operands' shapes; None, or
    none at all, where `lesson` says it."""
    attributes: tuple[Attribute, ...] = ()
    written: str = ""
    """How it is written in an expression, where that is not a call: ``a + b``."""
    conventions: Words | None = None
    """What it gives where an answer had to be chosen, in sentences."""
    meets: Callable[..., Any] | None = None
    """``meets(*operands, **attributes)``: whether the operands are such that `conventions` matter. Kinks, and
    operands and results that are not finite, need not be told: they are found out for every operator."""
    analytic: bool = True
    boolean: bool = False
    optional: int = 0
    """How many operands at the end may be left out."""
    variadic: bool = False
    """Whether the last operand may be given any number of times."""
    inside: Inside | Callable[[tuple[Shape, ...], Attributes], Inside] | None = None
    constants: tuple[str, ...] = ()
    """Operands that must be constants."""
    indices: Callable[..., tuple[int, ...]] | None = None
    """``indices(*shapes)``: which operands hold whole numbers and keep their integer type."""
    conflict: Callable[..., Hint] | None = None
    """``conflict(**attributes)``: why settings within their limits do not go together, if they do not."""
    refuse: Callable[..., Message | None] | None = None
    """``refuse(*operands, **attributes)``: what is wrong with the values of the `constants`, where that can
    be told before anything is computed; in place of any other operand stands its shape."""

    def rules_for(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
        """One rule, or ``None``, for each operand."""
        return self.rules(shapes, attributes) if callable(self.rules) else self.rules

    def lesson_of(self, argnum: int, shapes: tuple[Shape, ...]) -> Words:
        """What the backward step to an operand does, for operands of these shapes."""
        given = self.lessons(shapes) if callable(self.lessons) else self.lessons
        return (given[argnum] if argnum < len(given) else None) or self.lesson

    def names(self, count: int) -> tuple[str, ...]:
        """The operands' names where `count` of them are given."""
        if not self.variadic:
            return self.operands[:count]
        *first, repeated = self.operands
        return (*first, *(f"{repeated}{number}" for number in range(1, count - len(first) + 1)))

    def inside_for(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Inside | None:
        """The decomposition for operands of these shapes, or None for an elementary operator."""
        return self.inside(shapes, attributes) if callable(self.inside) else self.inside

    def attribute(self, name: str) -> Attribute | None:
        """The attribute called `name`."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


OPS = OpTable(
    "backprop_engine.ops",
    (
        *("arithmetic", "comparisons", "linear", "activations", "functions", "reductions", "indexing"),
        *("classification", "losses", "normalisation", "shaping", "products", "extrema", "statistics"),
        *("gates", "standardising", "batches", "reshaping", "joining", "cumulative", "einsum"),
        *("convolution", "pooling", "attention"),
    ),
)
"""Every operator by name."""


def define(
    name: str,
    *,
    operands: str,
    shape: Callable[..., Shape] | None = None,
    **parts: Any,
) -> Op:
    """Define an operator; `operands` are names separated by spaces, `shape` broadcasts unless given."""
    op = Op(name=name, operands=tuple(operands.split()), shape=shape or broadcast, **parts)
    OPS.add(op)
    return op


def broadcast(*shapes: Shape, **_: Any) -> Shape:
    """The shape rule of elementwise operators: NumPy's broadcasting."""
    if shapes.count(shapes[0]) == len(shapes):  # the common case, and many times faster
        return shapes[0]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise no_broadcast(shapes) from None


def no_broadcast(shapes: tuple[Shape, ...], fixed: tuple[int, ...] = (), better: Hint = "") -> ShapeError:
    """The error of shapes that do not broadcast.

    The hint is `better`, if there is a better one than another form of an operand that is not `fixed`.
    """
    hint = joined(clash(*shapes), better or repair(shapes, broadcasts, fixed))
    return ShapeError(msg("{operands}: these shapes do not broadcast", operands=named(*shapes)), hint)


def same_shape(a: Shape, b: Shape, **_: Any) -> Shape:
    """The shape rule of operators that take two operands of one shape and never broadcast."""
    if a != b:
        raise other_shape(a, b)
    return a


def other_shape(a: Shape, b: Shape, fixed: tuple[int, ...] = ()) -> ShapeError:
    """The error of two shapes that are not the same; those in `fixed` are constants."""
    hint = joined(difference(a, b), repair((a, b), operator.eq, fixed))
    return ShapeError(msg("{operands}: both must have one shape", operands=named(a, b)), hint)
