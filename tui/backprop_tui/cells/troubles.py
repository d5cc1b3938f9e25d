"""Numbers that are not finite, wherever they are: they are trouble, not values and gradients."""

from __future__ import annotations

import re
from typing import Final

from backprop_tui.cells.lines import Line, Role, Span, Tint

__all__ = ["with_troubles"]

_NUMBERS: Final[frozenset[Tint]] = frozenset(
    (
        Role.VALUE,
        Role.GRADIENT,
        Role.LOCAL,
        Role.PRODUCT,
        Role.ACTIVE_VALUE,
        Role.ACTIVE_GRADIENT,
        Role.CHANGED_VALUE,
        Role.CHANGED_GRADIENT,
    )
)
_NOT_FINITE: Final = re.compile(r"(?:(?<![\w.])|(?<=Δ))(-?inf|NaN)(?!\w)")


def with_troubles(line: Line) -> Line:
    """A line in which each number that is not finite is in the role of trouble."""
    text = "".join([text for text, _ in line])  # every new row comes here
    if "inf" not in text and "NaN" not in text:
        return line
    return tuple(piece for span in line for piece in (_parts(span) if span.role in _NUMBERS else (span,)))


def _parts(span: Span) -> list[Span]:
    pieces = _NOT_FINITE.split(span.text)
    roles = (span.role, Role.TROUBLE)
    return [Span(piece, roles[index % 2]) for index, piece in enumerate(pieces) if piece]
