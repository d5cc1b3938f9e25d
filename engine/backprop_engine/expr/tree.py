"""The tree of an expression: what was written, and where in the text each part stands.

Spans take no part in comparing, so two trees are equal when they mean the same. A flat chain (`a + b + …`,
`x.T.T`) grows the tree on its left as deep as the chain is long: go through trees with `walk`, which does
not recurse. Comparing, hashing and printing whole trees do recurse, and are for small ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

__all__ = [
    "Attribute",
    "Binary",
    "Boolean",
    "Call",
    "Constant",
    "Expr",
    "Index",
    "Keyword",
    "ListOf",
    "Name",
    "Number",
    "Slice",
    "Span",
    "Subscript",
    "Text",
    "Transpose",
    "Unary",
    "Value",
    "children",
    "literal",
    "path",
    "walk",
]


class Span(NamedTuple):
    """A stretch of the expression's text, in code points: from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its sign: always finite; whole ones are `int`."""

    value: int | float
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it was written, not normalised."""

    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """Quoted text, the value of an attribute."""

    value: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`, the value of an attribute."""

    value: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A bracketed list of constants, the value of an attribute."""

    items: tuple[Constant, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """A minus before an operand that is not a number."""

    op: str
    operand: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands; `op` is its symbol: ``+ - * / @ ** < <= > >= == !=``."""

    op: str
    left: Expr
    right: Expr
    op_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Keyword:
    """`name=value` in a call: an attribute, or an operand by name."""

    name: str
    value: Value
    name_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """An operator called by name; operands by position come before the keywords."""

    name: str
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Index:
    """One whole number between the brackets of a subscript."""

    value: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` between the brackets of a subscript; what was left out is `None`."""

    start: int | None
    stop: int | None
    step: int | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Subscript:
    """`value[key]`, one part of the key for each axis written."""

    value: Expr
    key: tuple[Index | Slice, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Transpose:
    """`value.T`"""

    value: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A step of a path into an instance of a cell: the `.h` of `one.h` and of `states[2].h`."""

    value: Expr
    name: str
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


Expr: TypeAlias = Number | Name | Unary | Binary | Call | Subscript | Transpose | Attribute
"""What can be an operand."""

Constant: TypeAlias = Number | Text | Boolean | ListOf
"""What an attribute can be set to."""

Value: TypeAlias = Expr | Constant


def children(node: Value) -> tuple[Value, ...]:
    """The parts right below `node`, as written from left to right."""
    match node:
        case Binary():
            return (node.left, node.right)
        case Call():
            return (*node.args, *(keyword.value for keyword in node.keywords))
        case Unary():
            return (node.operand,)
        case Subscript() | Transpose() | Attribute():
            return (node.value,)
        case ListOf():
            return node.items
        case _:
            return ()


def walk(tree: Value) -> Iterator[Value]:
    """Every part of `tree`, operands before what is computed from them, left to right; without recursion."""
    stack: list[tuple[Value, bool]] = [(tree, False)]
    while stack:
        node, entered = stack.pop()
        below = () if entered else children(node)
        if not below:
            yield node
            continue
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(below))


def path(tree: Value) -> tuple[str | int, ...] | None:
    """`tree` as a path of names and numbers, `("states", -1, "h")` for `states[-1].h`; else `None`."""
    parts: list[str | int] = []
    node = tree
    while not isinstance(node, Name):
        match node:
            case Attribute():
                parts.append(node.name)
                node = node.value
            case Subscript(key=(Index(value=number),)):
                parts.append(number)
                node = node.value
            case _:
                return None
    return (node.name, *reversed(parts))


def literal(constant: Constant) -> object:
    """The plain value of a constant: a number, a `bool`, a `str`, or a list of those."""
    if isinstance(constant, ListOf):
        return [literal(item) for item in constant.items]
    return constant.value
