"""Role-tagged text: what the screen, the transcript and the tests are all made of.

A `Line` is a sequence of spans, each a text and the role it plays. Colours are not known here: what shows a
line maps roles to styles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from backprop_tui.cells.shades import Flow, Shade
from backprop_tui.cells.text import cell_width, clip, wrap

__all__ = [
    "Line",
    "Role",
    "Span",
    "Tint",
    "clip_line",
    "crop_line",
    "line_text",
    "line_width",
    "plain",
    "wrap_line",
    "wrap_lines",
]


class Role(Enum):
    """What a piece of text is.

    A value goes forward, a gradient backward. At a step the upstream gradient, a gradient like any other, is
    multiplied by a local one, which gives the product. An active one is what the step is about, a changed one
    the number that it computed; trouble is a number that is not finite, or a check that failed.
    """

    TEXT = "text"
    DIM = "dim"
    HEADING = "heading"
    NAME = "name"
    OP = "op"
    VALUE = "value"
    GRADIENT = "gradient"
    LOCAL = "local"
    PRODUCT = "product"
    CODE = "code"
    GOOD = "good"
    WARNING = "warning"
    TROUBLE = "trouble"
    ACTIVE_VALUE = "active value"
    ACTIVE_GRADIENT = "active gradient"
    CHANGED_VALUE = "changed value"
    CHANGED_GRADIENT = "changed gradient"
    SELECTED = "selected"
    LIT = "lit"
    KEY = "key"

    __hash__ = object.__hash__  # a key of every lookup of a style; the hash of Enum is slow


Tint: TypeAlias = Role | Shade | Flow
"""What determines the look of a text: its role; in a heatmap the numbers it stands for; or how much flows."""


class Span(NamedTuple):
    """A piece of text and the role it plays."""

    text: str
    role: Tint = Role.TEXT


Line: TypeAlias = tuple[Span, ...]

_INDENT = "    "


def line_width(line: Line) -> int:
    """The width of a line in cells."""
    width = 0
    for text, _ in line:  # called thousands of times for a screen, mostly with ASCII
        width += len(text) if text.isascii() else cell_width(text)
    return width


def line_text(line: Line) -> str:
    """A line without its roles, and without spaces at its end."""
    return "".join(span.text for span in line).rstrip()


def plain(lines: Iterable[Line]) -> str:
    """Lines as text."""
    return "\n".join(map(line_text, lines))


def clip_line(line: Line, width: int) -> Line:
    """A line in at most `width` cells; an ellipsis stands for what is cut."""
    if line_width(line) <= width:
        return line
    kept: list[Span] = []
    room = width
    for span in line:
        size = cell_width(span.text)
        if size < room:
            kept.append(span)
            room -= size
            continue
        kept.append(Span(clip(span.text + " ", room), span.role))
        break
    return tuple(kept)


def crop_line(line: Line, start: int, width: int) -> Line:
    """The cells `start` up to `start + width` of a line; a wide character cut in half becomes a space."""
    kept: list[Span] = []
    at = 0
    end = start + width
    for text, role in line:
        size = cell_width(text)
        if at + size > start and at < end:
            inside = text if at >= start and at + size <= end else _crop(text, start - at, end - at)
            kept.append(Span(inside, role))
        at += size
        if at >= end:
            break
    return tuple(kept)


def _crop(text: str, start: int, end: int) -> str:
    """The cells from `start` up to `end` of `text`, either of which may lie outside it."""
    kept = []
    at = 0
    for character in text:
        size = cell_width(character)
        if at >= start and at + size <= end:
            kept.append(character)
        elif at + size > start and at < end:
            kept.append(" " * (min(at + size, end) - max(at, start)))
        at += size
    return "".join(kept)


def wrap_line(line: Line, width: int) -> list[Line]:
    """A line broken at spaces into lines of at most `width` cells; every part keeps its role.

    The continuation of a line of code is indented.
    """
    if line_width(line) <= width or width <= 0:
        return [line]
    if line[0].role is not Role.CODE or width <= 2 * len(_INDENT):
        return _wrapped(line, width)
    first, *others = _wrapped(line, width - len(_INDENT))
    return [first, *((Span(_INDENT, Role.CODE), *piece) for piece in others)]


def wrap_lines(lines: Iterable[Line], width: int) -> list[Line]:
    """Lines, each broken into lines of at most `width` cells."""
    return [piece for line in lines for piece in wrap_line(line, width)]


def _wrapped(line: Line, width: int) -> list[Line]:
    text = "".join(span.text for span in line)
    roles = [span.role for span in line for _ in span.text]
    lines: list[Line] = []
    at = 0
    for piece in wrap(text, width):
        kept = []
        for character in piece:
            while character != " " and text[at].isspace():  # one space stands for several
                at += 1
            kept.append(roles[at])
            at += 1
        lines.append(_with_roles(piece, kept))
    return lines


def _with_roles(text: str, roles: Sequence[Tint]) -> Line:
    """Characters and their roles, gathered into spans."""
    spans: list[Span] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or roles[at] is not roles[start]:
            spans.append(Span(text[start:at], roles[start]))
            start = at
    return tuple(spans)
