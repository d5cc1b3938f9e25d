"""The tour of a minute: the debugger on a small graph, with a card that says what to try next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.panels.graph import GraphPicture
from backprop_tui.panels.tour import CARDS, STEM, card_after, tour
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.sheet import Sheet
from backprop_tui.texts import text
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel

__all__ = ["OfferScreen", "TourScreen", "tour_view"]


def tour_view(language: str, *, ascii: bool) -> View:
    """What the tour begins with."""
    from backprop_engine.debugger import Session
    from backprop_engine.scenario.loader import load_scenario
    from backprop_tui.bundle import bundled

    scenario = load_scenario(bundled()[STEM])
    return View(scenario, Session(scenario.run()), language, ascii)


class TourScreen(DebuggerScreen):
    """The debugger, and the cards. Escape ends the tour where there is nothing else to close."""

    card = 0

    def compose(self) -> ComposeResult:
        """The card at the top."""
        yield Panel(self._card, id="tour", focusable=False)
        yield from super().compose()

    def _card(self, width: int, height: int) -> Drawing:
        return tour(self.card, self.current.language, width, height)

    def watch_view(self) -> None:
        """The card turns once what it asks for is done; what it is about is in view then."""
        before, self.card = self.card, card_after(self.card, self.current.session)
        super().watch_view()
        if self.card != before and CARDS[self.card].about:
            self.call_after_refresh(self._look_at, CARDS[self.card].about)

    def _look_at(self, name: str) -> None:
        graph = self.panel("graph")
        picture, node = graph.drawing, self.current.graph[name]
        area = picture.area_of(node.position) if isinstance(picture, GraphPicture) else None
        if area is not None:
            graph.bring_into_view(area)


class OfferScreen(Sheet):
    """Asks at the first start whether its reader wants the tour."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,t", "accept", show=False, priority=True),
        Binding("escape,q,n", "dismiss", show=False, priority=True),
    ]

    def __init__(self, language: str, accept: Callable[[], None]) -> None:
        super().__init__(text("tour.title", language), language)
        self.accept = accept

    def lines(self, width: int) -> Sequence[Line]:
        """The question, and its answers."""
        return [
            (Span(""),),
            (Span(text("tour.offer", self.language)),),
            (Span(""),),
            (Span("Enter", Role.KEY), Span(f"  {text('tour.yes', self.language)}")),
            (Span("Esc", Role.KEY), Span(f"    {text('tour.no', self.language)}")),
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
