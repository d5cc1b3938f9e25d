"""What an operator is.

The contract for writing one
----------------------------
An operator is one `define(...)` in the file of its family. Everything else follows from it: expressions, the
screen, checks, the NumPy program, the catalogue, the schema, and every test of the table. Nothing outside of
the definition is keyed by the operator's name, but how PyTorch is called (`program/pytorch_calls.py`). A
definition reads in one order, that of the parts below; a plain elementwise operator has six: name, operands,
formula, forward, rules, lesson.

How it is written
- `sign` is what is in its node of the graph: by default its name.
- `operands` are the operands' names, separated by spaces.
- `formula` says what it computes, as an expression over the operands' and the attributes' names. Where the
  operator is not made of others, that is a call of its own name.
- `exact(shapes, attributes)` gives the formula for operands of these shapes and these settings, where
  `formula` does not say it all; for `inside`, `lessons` and `rules` alike, a function of the shapes may take
  the place of a constant.
- `written` is how it is in an expression, if that is not a call: ``a + b``.
- `notation` hints at what a call looks like in a formula: a root sign, bars, a brace (`notations.py`).
- `numpy` is its form in NumPy: an expression over the operands' names, with ``{name}`` for a setting, a
  function of the operands' shapes and the attributes that returns one, or a `NumpyCall`, which spells a call.
  Where it is left out it is derived: from `written` or `exact`; as a call of the helper that has the
  operator's name, or of NumPy's function of that name, if the formula is a call of it; else from the
  `formula`. In a form, the operator's own name is NumPy's function. A test executes every program.
- `helpers` are functions that these texts call and NumPy does not have: the name in the texts, and the source
  of the function. They may call each other.

What it computes
- `forward(*operands, **attributes)` gives the output. Operands are NumPy scalars or arrays; complex ones
  too, if the operator is `analytic`.
- `shape(*shapes, **attributes)` gives the output's shape, or raises `ShapeError`; unless it is given, the
  operands are broadcast. In its message ``{0}``, ``{1}``, … stand for the operands' names. The message names
  every operand that does not fit, with its shape; the hint says which axis differs, and what would fit if
  something legal does: `shape_rules.py` has the words. Nothing is computed before every shape is known.
- `work(*shapes, **attributes)` counts the products or comparisons of two numbers that `forward` makes, where
  those are more than the entries that it reads and writes; a product of matrices makes `MATRIX_SPEED` of them
  in the time of one. A graph that would take too long is refused by it, before anything is computed.
- `backward_work` is how many times `work` a contribution to a gradient takes, where it is not once.
- `held(*shapes, **attributes)` counts the numbers that `forward` holds on the way, where they may be far more
  than those of the operands and the result: a run that would not fit is refused before.
- `rules` has one entry for each operand, or is a function of the operands' shapes and the attributes that
  returns them. ``None`` means that no gradient flows to the operand. An *elementwise* operator gives an
  `Elementwise` rule: its derivative for each entry, in a shape that broadcasts to the output's; the
  vector-Jacobian product is the upstream gradient times it. Any other operator gives a `Linear` or a
  `Jacobian` rule with its vector-Jacobian product (`rules.py`).
- The `text` of a rule is an expression over `g` (the upstream gradient), `out` (the output), the operands'
  names and the operators of this table. It is what people read and paste: a test evaluates it as any
  expression and compares. What it calls besides operators is in `backward_words.py`.
- A `Linear` rule that no product tells well may have a `picture`, a tensor that stands for it (a flipped
  kernel, a mask), and name the tensors on the way as its `parts`: each is shown made of those before it.
- A gradient that was broadcast is summed by the trace, never by a rule; `collected` of a `Linear` rule does
  both at once where that is faster.
- What `forward` and the rules all need is computed once by a function that is `remembered`
  (`shared_work.py`).
- `entries(i, j, out, *operands, **attributes)` of a rule that is not `Elementwise` gives single entries of
  its Jacobian, ∂out[i]/∂operand[j]: `i` and `j` are tuples of integer arrays, one for each axis, that
  broadcast with each other. Windows of a Jacobian and the origins of a gradient's entry are read from it,
  never the whole.

What it takes
- `attributes` declare their types and their limits, once: within its limits, a rule can rely on a setting.
- `optional`, `variadic`, `constants`, `stops`, `indices`, `conflict`, `refuse`: see `Op`.
- `analytic`, `boolean`, `counts`, `tails`, `raises_at_zero`: what kind of function it is, see `Op`.
- `inside` is the operator's decomposition, if it is composite: names and expressions over the operands'
  names and those before, the last called ``out``; it is lowered to a graph elsewhere.

What is said of it
- `lesson` is true of every operand; where more can be said of one, or of some shapes, `lessons` has it. A
  lesson speaks in words: no letter of a formula is on the reader's screen.
- `conventions`, `meets` and `kinks` say what it gives where an answer had to be chosen.
- `samples` are what it is tried on: by default those of an elementwise operator of one or two operands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import MAX_AXES, Shape
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.notations import Notation, NumpyCall
from backprop_engine.ops.rules import Elementwise, Rules
from backprop_engine.ops.samples import PAIRS, SINGLES, Kink, Sample
from backprop_engine.ops.shape_rules import broadcast

__all__ = ["OPS", "RECORDED", "Decomposition", "Family", "Op", "OpTable", "backward_word"]

Decomposition: TypeAlias = tuple[tuple[str, str], ...]
"""A decomposition: (name, expression) in the order of computing."""

DecompositionOf: TypeAlias = Callable[[tuple[Shape, ...], Attributes], Decomposition | None]
"""The decomposition for operands of these shapes and these settings, if there is one."""

Lessons: TypeAlias = tuple[Words | None, ...]
Shapes: TypeAlias = tuple[Shape, ...]
TextOf: TypeAlias = Callable[[Shapes, Attributes], str]
"""An expression for operands of these shapes, and these settings."""


class Op(Struct, frozen=True, eq=False, kw_only=True):
    """An operator; see the contract at the top of this file for its parts."""

    name: str
    family: str
    sign: str
    operands: tuple[str, ...]
    formula: str
    exact: TextOf | None = None
    written: str = ""
    notation: Notation | None = None
    numpy: str | NumpyCall | TextOf | None = None
    helpers: Mapping[str, str] = {}
    forward: Callable[..., Any]
    shape: Callable[..., Shape]
    work: Callable[..., int] | None = None
    backward_work: int = 1
    """How many times `work` a contribution to an operand's gradient takes."""
    held: Callable[..., int] | None = None
    """``held(*shapes, **attributes)``: how many numbers it holds on the way, where that may be far more than
    its operands and its result."""
    rules: Rules | Callable[[tuple[Shape, ...], Attributes], Rules]
    attributes: tuple[OpAttribute, ...] = ()
    optional: int = 0
    """How many operands at the end may be left out."""
    variadic: bool = False
    """Whether the last operand may be given any number of times."""
    constants: tuple[str, ...] = ()
    """Operands that must be constants."""
    stops: tuple[str, ...] | Callable[[Attributes], tuple[str, ...]] = ()
    """Operands that no gradient is meant to flow to, which may depend on the settings; to those of a
    `boolean` operator none is."""
    indices: Callable[..., tuple[int, ...]] | None = None
    """``indices(*shapes)``: which operands hold whole numbers and keep their integer type."""
    conflict: Callable[..., Hint] | None = None
    """``conflict(**attributes)``: why settings within their limits do not go together, if they do not."""
    refuse: Callable[..., Message | None] | None = None
    """``refuse(*operands, **attributes)``: what is wrong with the values of the `constants`, where that can
    be told before anything is computed; in place of any other operand is its shape."""
    analytic: bool = True
    """Whether its derivative can be checked by a complex step."""
    boolean: bool = False
    """Whether it gives truth values."""
    counts: bool = False
    """Whether it gives positions, which NumPy has as whole numbers."""
    tails: Literal["", "saturating", "dead"] = ""
    """What becomes of the slope of an activation function far from 0: ``saturating`` where it falls to 0,
    ``dead`` where it and the output are exactly 0 on one side."""
    raises_at_zero: bool = False
    """Whether Python's own numbers raise an error at an operand of 0, for which NumPy's have an answer."""
    inside: Decomposition | DecompositionOf | None = None
    lesson: Words
    """What its backward step does, in one sentence for a learner."""
    lessons: Lessons | Callable[[tuple[Shape, ...]], Lessons] = ()
    """Lessons of their own for operands, in order, which may differ with the operands' shapes; None, or
    none at all, where `lesson` says it."""
    conventions: Words | None = None
    """What it gives where an answer had to be chosen, in sentences."""
    meets: Callable[..., Any] | None = None
    """``meets(*operands, **attributes)``: whether the operands are such that `conventions` matter. Kinks, and
    operands and results that are not finite, need not be stated: they are found out for every operator."""
    kinks: tuple[Kink, ...] = ()
    """Points at which an answer had to be chosen, with the answer; a test computes each."""
    samples: tuple[Sample, ...]
    wrong: bool = False
    """Whether a rule of it is wrong on purpose, so that a check must find it; none of the table's is."""
    recorded: bool = False
    """Whether it ran elsewhere and was recorded, so that nothing here can compute it."""
    rules_as_written: Mapping[str, str] = {}
    """Of an operator that is a formula: the rules that its author gave, empty where nothing is handed on."""

    def takes(self, count: int) -> bool:
        """Whether it can be given this many operands."""
        least, most = len(self.operands) - self.optional, len(self.operands)
        return count >= least and (self.variadic or count <= most)

    def takes_only(self, count: int) -> bool:
        """Whether this many operands are all that it can be given."""
        return len(self.operands) == count and not self.optional and not self.variadic

    def shape_for(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
        """The output's shape; `ShapeError` where the operands do not fit, or it would have too many axes."""
        shape = tuple(map(int, self.shape(*shapes, **attributes)))
        if len(shape) > MAX_AXES:
            raise ShapeError(
                msg(
                    "the result has {count} axes; at most {most} are allowed", count=len(shape), most=MAX_AXES
                )
            )
        return shape

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

    def formula_for(self, shapes: tuple[Shape, ...], attributes: Attributes) -> str:
        """The formula for operands of these shapes and these settings."""
        return self.exact(shapes, attributes) if self.exact else self.formula

    def attribute(self, name: str) -> OpAttribute | None:
        """The attribute called `name`."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def stops_gradient(self, name: str, attributes: Attributes) -> bool:
        """Whether no gradient is meant to flow to the operand called `name`, with these settings."""
        stops = self.stops(attributes) if callable(self.stops) else self.stops
        return self.boolean or name in stops or name in self.constants

    @property
    def is_called(self) -> bool:
        """Whether its formula is a call of its own name: it is not made of others."""
        return self.formula.startswith(f"{self.name}(")

    @property
    def reduces(self) -> bool:
        """Whether it takes the axes away that its setting `axis` names, unless `keepdims` is set."""
        return {"axis", "keepdims"} <= {attribute.name for attribute in self.attributes}

    def __repr__(self) -> str:
        return f"<op {self.name}>"


RECORDED: Final = "recorded"
"""The family of operators that are in recordings alone: what ran elsewhere, and casts to another type."""
MATRIX_SPEED = 8
"""How many products of two numbers a product of matrices makes in the time that one takes elsewhere."""
_BETWEEN_OPERANDS = re.compile(r"a (\S+) b")
NO_OPERATORS = frozenset(
    ["expand_dims", "eye", "logaddexp", "ones", "put", "swapaxes", "take", "tensordot", "zeros"]
)
"""Functions that texts call besides operators: they are known, so that no file is loaded to find out."""


class OpTable(Mapping[str, Op]):
    """Every operator by name.

    `files` are the modules that define operators, the most used first: a look-up loads them in turn until it
    finds its operator, so a small scenario does not have to wait for convolutions. Iterating over the table
    loads them all, and gives operators by family and name, whatever was loaded before.

    >>> from backprop_engine import OPS
    >>> OPS["tanh"].formula, OPS["matmul"].operands
    ('tanh(a)', ('a', 'b'))
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

    def also(self, symbol: str, op: Op) -> None:
        """Let another symbol between two operands stand for an operator that the table has."""
        self._by_symbol[symbol] = op

    def remove(self, name: str) -> None:
        """Take an operator out of the table."""
        del self._defined[name]

    def by_symbol(self, symbol: str) -> Op:
        """The operator that `symbol` between two operands stands for: ``+``, ``@``, ``<=``."""
        while symbol not in self._by_symbol and self._waiting:
            self._load_next()
        return self._by_symbol[symbol]

    def __getitem__(self, name: str) -> Op:
        while name not in self._defined and self._waiting:
            self._load_next()
        return self._defined[name]

    def called(self, name: str) -> Op | None:
        """The operator that a call of `name` in an operator's text is, if it is one."""
        return None if name in NO_OPERATORS else self.get(name)

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
        *("arithmetic", "linear", "activations", "smooth_activations", "functions", "reductions"),
        *("indexing", "classification", "regression", "losses", "normalisation", "reshaping"),
        *("products", "extrema", "statistics", "standardising", "joining", "by_index", "einsum"),
        *("convolution", "pooling", "attention", "channel_norms", "gated", "norms", "cumulative"),
        *("trigonometry", "rounding", "scattering", "masking", "rearranging", "sorting"),
        *("adaptive_pooling", "resampling", "transposed_convolution", "rotary", "recurrent"),
    ),
)
"""Every operator by name."""


_WORDS: Final = re.compile(
    r"put|at_(?:largest|smallest)|product_(?:of_others|before)|carried_back|on_diagonal|add_(?:selected|at_rows)"
    r"|attention_weights|(?:lstm|gru)_cell_(?:gates|carry)|conv[12]d_(?:input|weight)"
    r"|(?:adaptive_)?(?:avg|max)_pool[12]d_input|(?:interpolate|rotary_embedding)_input"
)


def backward_word(name: str) -> Op | None:
    """The function that backward formulas call by this `name` and that is not an operator, if there is
    one.
    """
    if not _WORDS.fullmatch(name):
        return None
    words = import_module("backprop_engine.ops.backward_words").WORDS
    found: Op | None = words.get(name)
    return found


class Family(Struct, frozen=True):
    """Operators that belong together; a file says once which family its operators are of."""

    name: str

    def define(
        self,
        name: str,
        *,
        sign: str = "",
        operands: str,
        formula: str,
        exact: TextOf | None = None,
        written: str = "",
        notation: Notation | None = None,
        numpy: str | NumpyCall | TextOf | None = None,
        helpers: Mapping[str, str] | None = None,
        forward: Callable[..., Any],
        shape: Callable[..., Shape] = broadcast,
        work: Callable[..., int] | None = None,
        backward_work: int = 1,
        held: Callable[..., int] | None = None,
        rules: Rules | Callable[[tuple[Shape, ...], Attributes], Rules],
        attributes: tuple[OpAttribute, ...] = (),
        optional: int = 0,
        variadic: bool = False,
        constants: tuple[str, ...] = (),
        stops: tuple[str, ...] | Callable[[Attributes], tuple[str, ...]] = (),
        indices: Callable[..., tuple[int, ...]] | None = None,
        conflict: Callable[..., Hint] | None = None,
        refuse: Callable[..., Message | None] | None = None,
        analytic: bool = True,
        boolean: bool = False,
        counts: bool = False,
        tails: Literal["", "saturating", "dead"] = "",
        raises_at_zero: bool = False,
        inside: Decomposition | DecompositionOf | None = None,
        lesson: Words,
        lessons: Lessons | Callable[[tuple[Shape, ...]], Lessons] = (),
        conventions: Words | None = None,
        meets: Callable[..., Any] | None = None,
        kinks: tuple[Kink, ...] = (),
        samples: tuple[Sample, ...] = (),
    ) -> Op:
        """Put an operator into the table; its parts, in this order, are in the contract above."""
        names = tuple(operands.split())
        if numpy is None and exact is None and formula.startswith(f"{name}(") and name not in (helpers or {}):
            _in_numpy(name)
        op = Op(
            name=name,
            family=self.name,
            sign=sign or name,
            operands=names,
            formula=formula,
            exact=exact,
            written=written,
            notation=notation,
            numpy=numpy,
            helpers=helpers or {},
            forward=forward,
            shape=shape,
            work=work,
            backward_work=backward_work,
            held=held,
            rules=rules,
            attributes=attributes,
            optional=optional,
            variadic=variadic,
            constants=constants,
            stops=stops,
            indices=indices,
            conflict=conflict,
            refuse=refuse,
            analytic=analytic,
            boolean=boolean,
            counts=counts,
            tails=tails,
            raises_at_zero=raises_at_zero,
            inside=inside,
            lesson=lesson,
            lessons=lessons,
            conventions=conventions,
            meets=meets,
            kinks=kinks,
            samples=samples or _elementwise_samples(name, rules),
        )
        OPS.add(op)
        return op


def _in_numpy(name: str) -> None:
    """Refuse an operator that nothing can carry out: one that is not made of others, and is not NumPy's."""
    if not hasattr(np, name):
        raise ValueError(f"NumPy has no function {name}: the operator needs `numpy`, or a helper of its name")


def _elementwise_samples(name: str, rules: Any) -> tuple[Sample, ...]:
    """What an elementwise operator of one or two operands is tried on."""
    if callable(rules) or len(rules) > 2 or not all(isinstance(rule, Elementwise) for rule in rules):
        raise ValueError(f"the operator {name} has no samples, and is not elementwise in one or two operands")
    return SINGLES if len(rules) == 1 else PAIRS
