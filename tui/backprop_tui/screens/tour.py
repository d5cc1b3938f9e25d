"""The tour: a guide through a small graph in the debugger, card by card, and the screen that offers it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from backprop_engine.debugger import Session
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.panels.tour import CARDS, STEM, card_after, tour
from backprop_tui.screens.sheet import Sheet
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel

__all__ = ["OfferScreen", "TourGuide", "tour_view"]


def tour_view(language: str, *, ascii: bool) -> View:
    """What the tour begins with."""
    from backprop_engine.scenario.loader import load_scenario
    from backprop_tui.files.bundled import bundled

    scenario = load_scenario(bundled()[STEM])
    return View(scenario, Session(scenario.run()), language, ascii)


class TourGuide:
    """The card of the tour, which turns once its task is done."""

    def __init__(self) -> None:
        self.card = 0
        self._heard = ""

    @property
    def about(self) -> str:
        """The node that the card is about; empty where it is about none."""
        return CARDS[self.card].about

    def turn(self, session: Session) -> bool:
        """Turn the card if its task is done; returns whether it was."""
        before, self.card = self.card, card_after(self.card, session, self._heard)
        self._heard = ""
        return self.card != before

    def hear(self, command: str) -> None:
        """Take notice of a command, which may be the card's task."""
        self._heard = command

    def card_drawn(self, language: str, width: int, height: int) -> Drawing:
        """The card as it is now."""
        return tour(self.card, language, width, height)

    def left(self, say: Callable[[str], None], language: str) -> None:
        """Nothing is kept of a tour."""


class OfferScreen(Sheet):
    """Asks at the first start whether the user wants the tour."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,t", "accept", show=False, priority=True),
        Binding("escape,q,n", "dismiss", show=False, priority=True),
    ]

    def __init__(self, language: str, accept: Callable[[], None]) -> None:
        super().__init__(msg("tour").in_language(language), language)
        self.accept = accept

    def lines(self, width: int) -> Sequence[Line]:
        """The question, and its answers."""
        return [
            (Span(""),),
            (
                Span(
                    msg(
                        "Is this your first time here? A tour takes two minutes: "
                        "forward, backward, what if, and why."
                    ).in_language(self.language)
                ),
            ),
            (Span(""),),
            (Span("Enter", Role.KEY), Span(f"  {msg('take the tour').in_language(self.language)}")),
            (
                Span("Esc", Role.KEY),
                Span(f"    {msg('not now: `t` in the gallery, or `:tour`').in_language(self.language)}"),
            ),
        ]

    def action_accept(self) -> None:
        """Take the tour."""
        self.dismiss()
        self.app.call_later(self.accept)

    def on_panel_clicked(self, message: Panel.Clicked) -> None:
        """An answer can be clicked as well."""
        rows = self._wrapped(message.panel.size.width - 2).height
        if message.y == rows - 2:
            self.action_accept()
        elif message.y == rows - 1:
            self.dismiss()
