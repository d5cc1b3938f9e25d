"""A block that is set as a formula, as a tree of MathML elements.

An element is a list: its name, its class, and its text or the elements in it. A derivative, ``d``,
has two texts, what is above and what is below.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Role, Span, Tint

__all__ = ["Element", "css_class", "formula", "row_of"]

Element: TypeAlias = list[Any]

_TOKEN: Final = re.compile(
    r"(?P<number>(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?!\w)|NaN|-?inf(?!\w))"
    r"|(?P<name>∂?[^\W\d](?:[\w#⁻]|\.(?=\w)|\[[\d, :]*\])*)|(?P<sign>\S)(?P<index>[ₐ-ₜᵢ-ᵪⱼ]*)"
)
_WORDS: Final = re.compile(r"\w \w")
"""What is in words, and not in symbols."""


def css_class(tint: Tint) -> str:
    """The class of what plays a role; none for plain text."""
    return tint.value.replace(" ", "-") if isinstance(tint, Role) and tint is not Role.TEXT else ""


def formula(block: Block) -> Element:
    """`block` as MathML."""
    return row_of([block])


def row_of(blocks: Iterable[Block]) -> Element:
    """Blocks in a row as MathML; a single element is itself."""
    found = _with_roots([element for block in blocks for element in _elements(block)])
    return found[0] if len(found) == 1 else ["mrow", "", *found]


def _with_roots(elements: list[Element]) -> list[Element]:
    """Elements of a row, where a sign of a root is over what follows it."""
    found: list[Element] = []
    for element in reversed(elements):
        if element[0] == "mo" and element[-1] == "√" and found:
            element = ["msqrt", "", found.pop(0)]
        found.insert(0, element)
    return found


def _elements(block: Block) -> Iterator[Element]:
    parts = [part for _, _, part in block.parts]
    match block.form:
        case "fraction":
            top, _, bottom = parts
            yield _derivative(top, bottom) or ["mfrac", "", formula(top), formula(bottom)]
        case "root":
            yield ["msqrt", "", formula(parts[-1])]
        case "power":
            base, exponent = parts
            yield ["msup", "", formula(base), formula(exponent)]
        case "fenced":
            left, inside, right = parts
            yield ["mrow", "", _fence(left), *_elements(inside), _fence(right)]
        case "cases":
            brace: Element = ["mo", "", "{"]
            yield ["mrow", "", brace, ["mtable", "cases", *map(_case, _rows(parts[1]))]]
        case _ if parts:
            for part in parts:
                yield from _elements(part)
        case _:
            for line in block.lines:
                yield from (element for span in line for element in _tokens(span))


def _derivative(top: Block, bottom: Block) -> Element | None:
    """``∂f/∂x``, which is everywhere, in short: an element that is none of MathML."""
    first, *others = spans = [span for block in (top, bottom) for line in block.lines for span in line]
    if len(others) != 1 or not all(span.text[:1] == "∂" and span.role is first.role for span in spans):
        return None
    return ["d", css_class(first.role), *(span.text[1:] for span in spans)]


def _fence(block: Block) -> Element:
    """A bracket or a bar, whatever it is drawn with."""
    return ["mo", css_class(block.lines[0][0].role), block.reading]


def _rows(block: Block) -> Iterator[Block]:
    """The rows of a stack that are not blank."""
    return (part for _, _, part in block.parts if part.width)


def _case(block: Block) -> Element:
    """What holds, and its condition."""
    value, _, condition = (part for _, _, part in block.parts)
    return ["mtr", "", ["mtd", "", formula(value)], ["mtd", "", formula(condition)]]


def _tokens(span: Span) -> Iterator[Element]:
    """A piece of text as numbers, names and signs; what is said in words stays whole."""
    text, role = span
    kind = css_class(role)
    if _WORDS.search(text) or (role is Role.DIM and text.strip()):
        yield ["mtext", kind, text.replace(" ", "\u00a0")]
        return
    for found in _TOKEN.finditer(_plain_exponent(text)):
        if found["number"]:
            yield ["mn", kind, found["number"]]
        elif found["name"]:
            yield from (["mi", kind, piece] for piece in re.findall("∂|[^∂]+", found["name"]))
        elif found["index"]:
            letters = unicodedata.normalize("NFKC", found["index"])
            yield ["msub", kind, ["mo", "", found["sign"]], ["mi", "", letters]]
        else:
            yield ["mo", kind, found["sign"]]


def _plain_exponent(text: str) -> str:
    """Small raised letters alone as what they stand for: MathML raises them itself."""
    raised = text and all(unicodedata.decomposition(letter).startswith("<super>") for letter in text)
    return unicodedata.normalize("NFKC", text) if raised else text
