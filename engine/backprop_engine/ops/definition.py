"""What an operator is.

The contract for writing one
----------------------------
An operator is one `define(...)` in the file of its family; every table, test, help page and hint follows
from it.

- `forward(*operands, **attributes)` gives the output. Operands are NumPy scalars or arrays; complex ones
  too, if the operator is `analytic`.
- `shape(*shapes, **attributes)` gives the output's shape, or raises `ShapeError`; in its message ``{0}``,
  ``{1}``, … stand for the operands' names. The message names every operand that does not fit, with its
  shape; the hint says which axis differs, and what would fit if something that is legal does:
  `shape_rules.py` has the words. Nothing is computed before every shape is known.
- `attributes` declare their types and their limits, once: within its limits, a rule can rely on a setting.
- `rules` has one entry for each operand, or is a function of the operands' shapes and the attributes that
  returns them. ``None`` means that no gradient flows to the operand. An *elementwise* operator gives an
  `Elementwise`: its derivative, cell by cell, in a shape that broadcasts to the output's; the vector-Jacobian
  product is the upstream gradient times it. Any other operator gives a `Linear` or a `Jacobian` rule with
  its vector-Jacobian product.
- The `text` of a rule is an expression over `g` (the upstream gradient), `out` (the output), the operands'
  names, NumPy's functions and the operators of this table. It is what people read, and a test evaluates it
  and compares.
- A gradient that was broadcast is summed by the trace, never by a rule.
- `entries(i, j, out, *operands, **attributes)` of a rule that is no `Elementwise` gives single cells of its
  Jacobian, ∂out[i]/∂operand[j]: `i` and `j` are tuples of integer arrays, one an axis, that broadcast with
  each other. Windows of a Jacobian and the origins of a gradient's cell are read from it, never the whole.
- `lesson` is true of every operand; where more can be said of one, or of some shapes, `lessons` has it. A
  lesson speaks in words: no letter of a formula is on the reader's screen.
- `inside` is the operator's decomposition, if it is composite: names and expressions over the operands'
  names and those before, the last called ``out``; it is lowered to a graph elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeAlias

from msgspec import Struct

from backprop_engine.arrays import Shape
from backprop_engine.messages.message import Hint, Message
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.rules import Rules
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import broadcast

__all__ = ["OPS", "Decomposition", "Op", "OpTable", "define"]

Decomposition: TypeAlias = tuple[tuple[str, str], ...]
"""A decomposition: (name, expression) in the order of computing."""


Lessons: TypeAlias = tuple[Words | None, ...]


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
    attributes: tuple[OpAttribute, ...] = ()
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
    inside: Decomposition | Callable[[tuple[Shape, ...], Attributes], Decomposition] | None = None
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

    def inside_for(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition | None:
        """The decomposition for operands of these shapes, or None for an elementary operator."""
        return self.inside(shapes, attributes) if callable(self.inside) else self.inside

    def attribute(self, name: str) -> OpAttribute | None:
        """The attribute called `name`."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


_BETWEEN_OPERANDS = re.compile(r"a (\S+) b")


class OpTable(Mapping[str, Op]):
    """Every operator by name.

    `files` are the modules that define operators, the most used first: a look-up loads them in turn until it
    finds its operator, so that a small scenario does not wait for convolutions. Going through the table loads
    them all, and gives operators by family and name, whatever was loaded before.
    """

    def __init__(self, package: str, files: Sequence[str]) -> None:
        self._package = package
        self._waiting = list(reversed(files))
        self._defined: dict[str, Op] = {}
        self._by_symbol: dict[str, Op] = {}

    def add(self, op: Op) -> None:
        """Put an operator into the table."""
        if op.name in self._defined:
            raise ValueError(f"the operator {op.name} is defined twice")
        self._defined[op.name] = op
        if match := _BETWEEN_OPERANDS.fullmatch(op.written):
            self._by_symbol[match[1]] = op

    def by_symbol(self, symbol: str) -> Op:
        """The operator that `symbol` between two operands stands for: ``+``, ``@``, ``<=``."""
        while symbol not in self._by_symbol and self._waiting:
            self._load_next()
        return self._by_symbol[symbol]

    def __getitem__(self, name: str) -> Op:
        while name not in self._defined and self._waiting:
            self._load_next()
        return self._defined[name]

    def __iter__(self) -> Iterator[str]:
        while self._waiting:
            self._load_next()
        return iter(sorted(self._defined, key=lambda name: (self._defined[name].family, name)))

    def __len__(self) -> int:
        while self._waiting:
            self._load_next()
        return len(self._defined)

    def _load_next(self) -> None:
        import_module(f"{self._package}.{self._waiting.pop()}")


OPS = OpTable(
    "backprop_engine.ops",
    (
        *("arithmetic", "linear", "activations", "functions", "reductions", "indexing", "classification"),
        *("losses", "normalisation", "reshaping", "products", "extrema", "statistics", "standardising"),
        *("joining", "einsum", "convolution", "pooling", "attention"),
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
