"""What is seen of a long run until it is computed: how far it is, and how to leave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from backprop_engine.messages.message import msg
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.panels.bars import progress_bar
from backprop_tui.screens.bindings import CommandApp
from backprop_tui.screens.computation import Computation
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel

__all__ = ["ComputingScreen"]

_INTERVAL: Final = 0.1
"""Seconds between two updates of the progress."""


class ComputingScreen(SteadyScreen[None]):
    """The run of a view on its way; once it is computed, the screen that `then` makes takes its place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,g", "leave", show=False, priority=True),
        Binding("q", "app.quit", show=False, priority=True),
    ]

    def __init__(self, view: View, then: Callable[[View], Screen[None]]) -> None:
        super().__init__()
        self._view, self._then = view, then
        self._computation: Computation[Frame] | None = None
        """What is waited for."""

    def compose(self) -> ComposeResult:
        """One panel."""
        yield Panel(self._drawn, id="computing", focusable=False)

    def on_mount(self) -> None:
        """Look how far it is now and then."""
        self.set_interval(_INTERVAL, self.query_one(Panel).redraw)

    def on_screen_resume(self) -> None:
        """Begin, or begin again."""
        if self._computation is None:
            session = self._view.session
            self._computation = Computation(session.run.graph, lambda: session.frame, self._tell)

    def _tell(self) -> None:
        """In the thread that has computed it."""
        self.call_later(self._show)

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        self._give_up()

    def _give_up(self) -> None:
        if self._computation is not None:
            self._computation.give_up()
            self._computation = None

    def action_leave(self) -> None:
        """Compute no further, and choose another scenario."""
        self._give_up()
        if isinstance(self.app, CommandApp):
            self.app.open_gallery()

    def _show(self) -> None:
        """Show what was computed, if anybody still waits for it.

        Where memory did not suffice, the next screen meets that again, as it would without this one.
        """
        if self._computation is not None and self._computation.is_over() and self.is_current:
            self.app.switch_screen(self._then(self._view))

    def _drawn(self, width: int, height: int) -> Drawing:
        """What is computed, how far it is, and the keys, in the middle."""
        view, language = self._view, self._view.language
        name, part = self._computation.progress if self._computation is not None else ("", 0.0)
        said = msg("computing {name} …", name=name or view.scenario.name).in_language(language)
        lines: list[Line] = [
            (Span(view.scenario.title.in_language(language) or view.scenario.name, Role.HEADING),),
            (),
            (*progress_bar(part, min(40, width - 2), ascii=view.ascii), Span(f" {round(100 * part):3} %")),
            (Span(said, Role.DIM),),
            (),
            (
                Span("Esc", Role.KEY),
                Span(f" {msg('gallery').in_language(language)}   ", Role.DIM),
                Span("q", Role.KEY),
                Span(f" {msg('quit').in_language(language)}", Role.DIM),
            ),
        ]
        above = max(0, (height - len(lines)) // 3)
        return Lines.of([*[()] * above, *((Span("  "), *line) for line in lines)])
