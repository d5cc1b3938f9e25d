"""The tree of an expression: what was written, and where in the text each part is.

Spans take no part in comparing, so two trees are equal when they mean the same. A flat chain (`a + b + …`,
`x.T.T`) grows the tree on its left as deep as the chain is long: go through trees with `walk`, which does
not recurse. Comparing, hashing and printing whole trees do recurse, and are for small ones.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from types import EllipsisType
from typing import TypeAlias

from msgspec import Struct

__all__ = [
    "Attribute",
    "Binary",
    "Boolean",
    "Call",
    "Constant",
    "Expr",
    "IndexList",
    "IntegerIndex",
    "KeyPart",
    "Keyword",
    "ListOf",
    "Name",
    "NewAxis",
    "Number",
    "QuotedText",
    "Rest",
    "Slice",
    "SourceSpan",
    "Subscript",
    "Transpose",
    "Unary",
    "Value",
    "children",
    "key_of",
    "literal",
    "normalised",
    "path",
    "walk",
]


class SourceSpan(Struct, frozen=True, gc=False):
    """A stretch of the expression's text, in code points: from `start` up to, not including, `end`."""

    start: int
    end: int


class _Part(Struct, frozen=True, eq=False):
    """A part of a tree. Spans take no part in comparing: parts are equal where they mean the same."""

    def _meaning(self) -> tuple[object, ...]:
        names = (name for name in self.__struct_fields__ if not name.endswith("span"))
        return (type(self), *(getattr(self, name) for name in names))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Part) and self._meaning() == other._meaning()

    def __hash__(self) -> int:
        return hash(self._meaning())


class Number(_Part, frozen=True, eq=False):
    """A number with its sign: always finite; whole ones are `int`."""

    value: int | float
    span: SourceSpan


class Name(_Part, frozen=True, eq=False):
    """A name as it was written, not normalised."""

    name: str
    span: SourceSpan


class QuotedText(_Part, frozen=True, eq=False):
    """Quoted text, the value of an attribute."""

    value: str
    span: SourceSpan


class Boolean(_Part, frozen=True, eq=False):
    """`true` or `false`, the value of an attribute."""

    value: bool
    span: SourceSpan


class ListOf(_Part, frozen=True, eq=False):
    """A bracketed list of constants: the value of an attribute, or, of numbers, an operand: ``[1, 0.5]``."""

    items: tuple[Constant, ...]
    span: SourceSpan


class Unary(_Part, frozen=True, eq=False):
    """A minus before an operand that is not a number."""

    op: str
    operand: Expr
    span: SourceSpan


class Binary(_Part, frozen=True, eq=False):
    """An operator between two operands; `op` is its symbol: ``+ - * / @ ** < <= > >= == !=``."""

    op: str
    left: Expr
    right: Expr
    op_span: SourceSpan
    span: SourceSpan


class Keyword(_Part, frozen=True, eq=False):
    """`name=value` in a call: an attribute, or an operand by name, which is normalised."""

    name: str
    value: Value
    name_span: SourceSpan


class Call(_Part, frozen=True, eq=False):
    """An operator called by name, which is normalised; operands by position come before the keywords."""

    name: str
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    name_span: SourceSpan
    span: SourceSpan


class IntegerIndex(_Part, frozen=True, eq=False):
    """One whole number between the brackets of a subscript."""

    value: int
    span: SourceSpan


class Slice(_Part, frozen=True, eq=False):
    """`start:stop:step` between the brackets of a subscript; what was left out is `None`."""

    start: int | None
    stop: int | None
    step: int | None
    span: SourceSpan


class IndexList(_Part, frozen=True, eq=False):
    """`[0, 2]` between the brackets of a subscript: the whole numbers that are taken, in order."""

    values: tuple[int, ...]
    span: SourceSpan


class NewAxis(_Part, frozen=True, eq=False):
    """`None` between the brackets of a subscript: an axis of size 1."""

    span: SourceSpan


class Rest(_Part, frozen=True, eq=False):
    """`...` between the brackets of a subscript: all axes that the other parts leave."""

    span: SourceSpan


KeyPart: TypeAlias = IntegerIndex | Slice | IndexList | NewAxis | Rest
"""What can be between the brackets of a subscript."""


class Subscript(_Part, frozen=True, eq=False):
    """`value[key]`, one part of the key for each axis written."""

    value: Expr
    key: tuple[KeyPart, ...]
    span: SourceSpan


class Transpose(_Part, frozen=True, eq=False):
    """`value.T`"""

    value: Expr
    span: SourceSpan


class Attribute(_Part, frozen=True, eq=False):
    """A step of a path into an instance of a cell: the `.h` of `one.h` and of `states[2].h`."""

    value: Expr
    name: str
    name_span: SourceSpan
    span: SourceSpan


Expr: TypeAlias = Number | Name | Unary | Binary | Call | Subscript | Transpose | Attribute | ListOf
"""What can be an operand."""

Constant: TypeAlias = Number | QuotedText | Boolean | ListOf
"""What an attribute can be set to."""

Value: TypeAlias = Expr | Constant


def children(node: Value) -> tuple[Value, ...]:
    """The parts right below `node`, as written from left to right."""
    if isinstance(node, (Name, Number)):  # a union of types would be made again for each part
        return ()
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Call):
        return (*node.args, *[keyword.value for keyword in node.keywords]) if node.keywords else node.args
    if isinstance(node, Unary):
        return (node.operand,)
    if isinstance(node, (Subscript, Transpose, Attribute)):
        return (node.value,)
    return node.items if isinstance(node, ListOf) else ()


def walk(tree: Value) -> Iterator[Value]:
    """Every part of `tree`, operands before what is computed from them, left to right; without recursion."""
    parts: list[Value] = []
    stack = [tree]
    while stack:  # from right to left, what is computed before its operands
        node = stack.pop()
        parts.append(node)
        stack += children(node)
    return reversed(parts)


def path(
    tree: Value,
    name_of: Callable[[Name], str] = lambda part: part.name,
    index_of: Callable[[IntegerIndex], int] = lambda part: part.value,
) -> tuple[str | int, ...] | None:
    """`tree` as a path of names and numbers, `("states", -1, "h")` for `states[-1].h`; else `None`.

    `name_of` and `index_of` say what the first name and the numbers are.
    """
    parts: list[str | int] = []
    node = tree
    while not isinstance(node, Name):
        match node:
            case Attribute():
                parts.append(node.name)
                node = node.value
            case Subscript(key=(IntegerIndex() as index,)):
                parts.append(index_of(index))
                node = node.value
            case _:
                return None
    return (name_of(node), *reversed(parts))


def key_of(subscript: Subscript) -> tuple[int | slice | tuple[int, ...] | EllipsisType | None, ...]:
    """What is in the brackets of a subscript, as NumPy takes it; a list is a tuple."""
    return tuple(map(_key_part, subscript.key))


def _key_part(part: KeyPart) -> int | slice | tuple[int, ...] | EllipsisType | None:
    match part:
        case IntegerIndex():
            return part.value
        case IndexList():
            return part.values
        case NewAxis():
            return None
        case Rest():
            return ...
        case Slice():
            return slice(part.start, part.stop, part.step)


def literal(constant: Constant) -> object:
    """The plain value of a constant: a number, a `bool`, a `str`, or a list of those."""
    if isinstance(constant, ListOf):
        return [literal(item) for item in constant.items]
    return constant.value


def normalised(name: str) -> str:
    """`name` in the form that names are compared in: NFC, which keeps what NFKC would make equal."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
