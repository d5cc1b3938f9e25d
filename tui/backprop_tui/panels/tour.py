"""The tour: cards that each ask for one key, and turn by themselves once what they ask for is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from backprop_engine.debugger import Session
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.explain.lines import Line, Role, Span
from backprop_engine.text import cell_width, wrap
from backprop_tui.drawing import Drawing, Lines
from backprop_tui.texts import text

__all__ = ["CARDS", "STEM", "Card", "card_after", "tour"]

STEM: Final = "add_multiply"
"""The bundled scenario that the tour goes through."""


class Card(Struct, frozen=True):
    """A card: its text is ``tour.<name>``, and it is done once `done` holds of the session."""

    name: str
    done: Callable[[Session], bool]


def _at(position: int) -> Callable[[Session], bool]:
    return lambda session: session.position >= position


CARDS: Final = (
    Card("first", _at(1)),
    Card("forward", _at(2)),
    Card("seed", _at(3)),
    Card("backward", _at(4)),
    Card("back", lambda session: session.position < 4),
    Card("end", _at(7)),
    Card("change", lambda session: session.branches.current != BASELINE),
    Card("undo", lambda session: session.branches.current == BASELINE),
    Card("last", lambda session: False),
)
"""In this order; the scenario has seven steps."""


def card_after(number: int, session: Session) -> int:
    """The card to show, from the one shown before: the next one where that is done."""
    return number + 1 if CARDS[number].done(session) else number


def tour(number: int, language: str, width: int) -> Drawing:
    """A card, wrapped beside its number; how to leave stands behind it where there is room."""
    count = f"{number + 1}/{len(CARDS)}  "
    room = max(10, width - len(count) - 1)
    words = wrap(text(f"tour.{CARDS[number].name}", language), room)
    leave = f"  {text('tour.leave', language)}"
    lines: list[Line] = []
    for row, piece in enumerate(words):
        before = count if row == 0 else " " * len(count)
        last = row == len(words) - 1 and cell_width(piece) + cell_width(leave) <= room
        behind = (Span(leave, Role.DIM),) if last else ()
        lines.append((Span(f" {before}", Role.DIM), Span(piece, Role.HEADING), *behind))
    return Lines.of(lines)
