"""The tour: each card asks for one key; once that is done, the next card follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from backprop_engine.debugger import Session
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width, wrap

__all__ = ["CARDS", "STEM", "card_after", "tour"]

STEM: Final = "add_multiply"
"""The bundled scenario that the tour goes through."""


class Card(Struct, frozen=True):
    """A card: what it asks for; it is finished once `done` is true of the session, or the command `heard`."""

    name: str
    text: Message
    done: Callable[[Session], bool]
    about: str = ""
    """The node that it is about, which must be in view."""
    hears: str = ""
    """The command that finishes it, where the session does not tell."""


def _never(session: Session) -> bool:
    """Only a command finishes the card, or nothing does."""
    return False


def _at(position: int) -> Callable[[Session], bool]:
    return lambda session: session.position >= position


CARDS: Final = (
    Card("first", msg("This graph computes f = (x + y) · z. Press s to compute its first node."), _at(1)),
    Card("forward", msg("q = 3 appears above its wire, in green. Press s again to compute f."), _at(2)),
    Card("seed", msg("The forward pass is done. Press s: the backward pass starts at f."), _at(3)),
    Card(
        "backward",
        msg(
            "The gradient of f with respect to itself is 1, in red below its wire. Press s: the "
            "chain rule passes it on."
        ),
        _at(4),
    ),
    Card(
        "back",
        msg("product = upstream · local, as the equation says. You can always step back: press S."),
        lambda session: session.position < 4,
    ),
    Card("end", msg("You are back where you were. Press End: all gradients are known."), _at(7)),
    Card(
        "change",
        msg("What if x were 3? Type :set x = 3 and press Enter, then Esc."),
        lambda session: session.branches.current != BASELINE,
        "x",
    ),
    Card(
        "undo",
        msg("Δ shows how much each number has changed. Press u to undo the change."),
        lambda session: session.branches.current == BASELINE,
        "x",
    ),
    Card(
        "why",
        msg("Why is the gradient of x -4? Type :why x and press Enter for every path from f to x. Then Esc."),
        _never,
        "x",
        hears="why",
    ),
    Card(
        "nudge",
        msg("Is that right? Type :nudge x: x moves by 0.01, and f by -4 times as much. Then Esc."),
        _never,
        "x",
        hears="nudge",
    ),
    Card(
        "break",
        msg("Breakpoints stop where it matters. Type :break q and press Enter, then Esc."),
        lambda session: bool(session.breakpoints),
        "q",
    ),
    Card(
        "continue",
        msg("Press Home to go to the start, then c: the run continues, and stops where q is computed."),
        lambda session: bool(session.breakpoints) and 0 < session.position < 7,
        "q",
    ),
    Card(
        "plots",
        msg("Press End, then v for the plots: one of them shows how large every gradient is."),
        _never,
        hears="plot",
    ),
    Card(
        "last",
        msg("That is all: Tab and the digits go to other panels, Enter opens a node, ? shows every key."),
        _never,
    ),
)
"""In this order; the scenario has seven steps."""


def card_after(number: int, session: Session, heard: str = "") -> int:
    """The card to show after the one shown before: the next one if that is done, by a command `heard` too."""
    card = CARDS[number]
    done = card.done(session) or (card.hears != "" and card.hears == heard)
    return number + 1 if done else number


def tour(number: int, language: str, width: int, height: int) -> Drawing:
    """A card, wrapped beside its number; how to leave follows it, or is below if there is room."""
    count = f"{number + 1}/{len(CARDS)}  "
    room = max(10, width - len(count) - 1)
    words = wrap(CARDS[number].text.in_language(language), room)
    leave, gap = msg("Esc leaves the tour").in_language(language), "  "
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
