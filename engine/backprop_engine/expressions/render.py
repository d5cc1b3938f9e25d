"""A tree -> the expression's text, with the fewest brackets that keep its meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from backprop_engine.expressions.parse import PRECEDENCE, parse
from backprop_engine.expressions.tokens import ExprError, derivative_parts
from backprop_engine.expressions.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    IndexList,
    IntegerIndex,
    KeyPart,
    ListOf,
    Name,
    NewAxis,
    Number,
    QuotedText,
    Rest,
    Subscript,
    Transpose,
    Unary,
    Value,
    path,
)

__all__ = ["index_text", "render"]

_LOOSE: Final = 0
_SUM: Final = 2
_SIGN: Final = 4
_POWER: Final = 5
_ATOM: Final = 6

_Names = Mapping[str, str] | Callable[[str], str | None]
_Sign = Callable[[Binary], str]
# What is left to write: finished text, or a part with how tightly its surroundings bind.
_Piece = str | tuple[Value, int]


def render(tree: Value, names: _Names | None = None, sign: _Sign | None = None) -> str:
    """`tree` as text: `parse(render(tree)) == tree`.

    `names` gives other texts for names (`h`) and for paths (`states[2].h`); what it doesn't know, or gives
    `None` for, stays as it is. A text that is more than a name is put in brackets where it needs them.

    `sign` gives other signs for operators; two products with different signs get brackets between them.
    """
    replace = names.get if isinstance(names, Mapping) else names
    written: list[str] = []
    pieces: list[_Piece] = [(tree, _LOOSE)]
    while pieces:
        piece = pieces.pop()
        if isinstance(piece, str):
            written.append(piece)
            continue
        node, around = piece
        text = _replaced(node, replace) if replace else None
        parts: list[_Piece] = _parts(node, sign) if text is None else [text]
        binds = _tightness(node) if text is None else _tightness_of_text(text)
        if binds < around:
            parts = ["(", *parts, ")"]
        pieces.extend(reversed(parts))
    return "".join(written)


def _parts(node: Value, sign: _Sign | None) -> list[_Piece]:
    """What `node` is written as, left to right."""
    match node:
        case Name():
            return [node.name]
        case Number():
            return [repr(node.value)]
        case QuotedText():
            quote = "'" if '"' in node.value else '"'
            return [quote + node.value + quote]
        case Boolean():
            return ["true" if node.value else "false"]
        case ListOf():
            return ["[", *_separated([[(item, _LOOSE)] for item in node.items]), "]"]
        case Unary():
            return [node.op, (node.operand, _SIGN)]
        case Binary(op="**"):
            return [(node.left, _ATOM), " ** ", (node.right, _SIGN)]
        case Binary():
            own = PRECEDENCE[node.op]
            left = own + 1 if sign and _apart(node, node.left, sign) else max(own, _SUM)
            return [(node.left, left), f" {sign(node) if sign else node.op} ", (node.right, own + 1)]
        case Call():
            arguments: list[list[_Piece]] = [[(argument, _LOOSE)] for argument in node.args]
            arguments += [[keyword.name + "=", (keyword.value, _LOOSE)] for keyword in node.keywords]
            return [node.name, "(", *_separated(arguments), ")"]
        case Subscript():
            return [(node.value, _ATOM), "[" + ", ".join(map(index_text, node.key)) + "]"]
        case Transpose():
            return [(node.value, _ATOM), ".T"]
        case Attribute():
            return [(node.value, _ATOM), "." + node.name]


def _apart(node: Binary, left: Value, sign: _Sign) -> bool:
    """Whether a product is to the left of one of another kind, which its sign does not tell by itself."""
    products = isinstance(left, Binary) and {node.op, left.op} == {"*", "@"}
    return products and isinstance(left, Binary) and sign(left) != sign(node)


def _separated(items: list[list[_Piece]]) -> list[_Piece]:
    """`items` with commas between them."""
    pieces: list[_Piece] = []
    for item in items:
        if pieces:
            pieces.append(", ")
        pieces.extend(item)
    return pieces


def index_text(part: KeyPart) -> str:
    """One part of a subscript, as it is written: `2`, `1:`, `::2`, `[0, 2]`, `None`, `...`."""
    match part:
        case IntegerIndex():
            return str(part.value)
        case IndexList():
            return f"[{', '.join(map(str, part.values))}]"
        case NewAxis():
            return "None"
        case Rest():
            return "..."
    start, stop, step = ("" if bound is None else str(bound) for bound in (part.start, part.stop, part.step))
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _tightness(node: Value) -> int:
    """How tightly the outermost operator of `node` holds it together."""
    match node:
        case Binary():
            return PRECEDENCE.get(node.op, _POWER)
        case Unary():
            return _SIGN
        case Number():
            return _SIGN if repr(node.value).startswith("-") else _ATOM
        case _:
            return _ATOM


def _replaced(node: Value, replace: Callable[[str], str | None]) -> str | None:
    """The other text for a name or a path, if there is one."""
    if isinstance(node, Name):
        return replace(node.name)
    if isinstance(node, Attribute) and path(node):
        own = render(node)
        other = replace(own)
        return None if other == own else other
    return None


def _tightness_of_text(text: str) -> int:
    """How tightly a replacement holds together; if it is not an expression, by whether it has operators."""
    if text.isidentifier():
        return _ATOM
    if derivative_parts(text):  # reads as a fraction
        return _LOOSE
    try:
        return _tightness(parse(text))
    except ExprError:
        return _LOOSE if re.search(r"[\s+\-*/@<>=!−×·⊙]", text) else _ATOM
