"""The tour: cards that each ask for one key; the next one follows once that is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from backprop_engine.debugger import Session
from backprop_engine.debugger.branches import BASELINE
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width, wrap
from backprop_tui.texts import text

__all__ = ["CARDS", "STEM", "Card", "card_after", "tour"]

STEM: Final = "add_multiply"
"""The bundled scenario that the tour goes through."""


class Card(Struct, frozen=True):
    """A card: its text is ``tour.<name>``, and it is finished once `done` is true of the session."""

    name: str
    done: Callable[[Session], bool]
    about: str = ""
    """The node that it is about, which must be in view."""


def _at(position: int) -> Callable[[Session], bool]:
    return lambda session: session.position >= position


CARDS: Final = (
    Card("first", _at(1)),
    Card("forward", _at(2)),
    Card("seed", _at(3)),
    Card("backward", _at(4)),
    Card("back", lambda session: session.position < 4),
    Card("end", _at(7)),
    Card("change", lambda session: session.branches.current != BASELINE, "x"),
    Card("undo", lambda session: session.branches.current == BASELINE, "x"),
    Card("last", lambda session: False),
)
"""In this order; the scenario has seven steps."""


def card_after(number: int, session: Session) -> int:
    """The card to show after the one shown before: the next one if that is done."""
    return number + 1 if CARDS[number].done(session) else number


def tour(number: int, language: str, width: int, height: int) -> Drawing:
    """A card, wrapped beside its number; how to leave follows it, or stands below if there is room."""
    count = f"{number + 1}/{len(CARDS)}  "
    room = max(10, width - len(count) - 1)
    words = wrap(text(f"tour.{CARDS[number].name}", language), room)
    leave, gap = text("tour.leave", language), "  "
    below = " " * (len(count) + 1)
    lines: list[Line] = [
        (Span(below if row else f" {count}", Role.DIM), Span(piece, Role.HEADING))
        for row, piece in enumerate(words)
    ]
    if cell_width(words[-1]) + len(gap) + cell_width(leave) <= room:
        lines[-1] += (Span(f"{gap}{leave}", Role.DIM),)
    elif len(lines) < height and cell_width(leave) <= room:
        lines.append((Span(f"{below}{leave}", Role.DIM),))
    return Lines.of(lines)
