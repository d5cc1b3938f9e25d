"""What is seen of a long run until it is computed: how far it is, and how to leave it.

It is computed in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from backprop_engine.messages.message import msg
from backprop_engine.scenario.work import pass_work, takes_long
from backprop_engine.trace.record import listening
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.panels.bars import progress_bar
from backprop_tui.screens.bindings import CommandApp
from backprop_tui.screens.slices import in_background
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel

__all__ = ["ComputingScreen"]

_INTERVAL: Final = 0.1
"""Seconds between two looks at how far it is."""


class _Left(Exception):  # noqa: N818 - nothing is wrong
    """The reader has left."""


class ComputingScreen(SteadyScreen[None]):
    """The run of a view on its way; once it is computed, the screen that `then` makes takes its place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,g", "leave", show=False, priority=True),
        Binding("q", "app.quit", show=False, priority=True),
    ]

    def __init__(self, view: View, then: Callable[[View], Screen[None]]) -> None:
        super().__init__()
        self._view, self._then = view, then
        self._done, self._begun, self._whole = 0, 0, max(1, takes_long(view.session.run.graph))
        self._node = ""
        self._given_up: Event | None = None
        """Set once nobody waits any more for what is being computed."""

    def compose(self) -> ComposeResult:
        """One panel."""
        yield Panel(self._drawn, id="computing", focusable=False)

    def on_mount(self) -> None:
        """Look how far it is now and then."""
        self.set_interval(_INTERVAL, self.query_one(Panel).redraw)

    def on_screen_resume(self) -> None:
        """Begin, or begin again."""
        if self._given_up is None:
            self._done = self._begun = 0
            self._given_up = Event()
            in_background(self._compute, self._given_up)

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        self._give_up()

    def _give_up(self) -> None:
        if self._given_up is not None:
            self._given_up.set()
            self._given_up = None

    def action_leave(self) -> None:
        """Compute no further, and choose another scenario."""
        self._give_up()
        if isinstance(self.app, CommandApp):
            self.app.open_gallery()

    def _compute(self, given_up: Event) -> None:
        """In a thread of its own."""
        session = self._view.session
        each = pass_work(session.run.graph)

        def heard(node: int) -> None:
            if given_up.is_set():
                raise _Left
            self._done, self._begun = self._done + self._begun, each[node]
            self._node = session.run.graph.nodes[node].name

        try:
            with listening(heard):
                session.frame  # noqa: B018 - records the trace
        except _Left:
            return
        except MemoryError:  # the next screen meets it again, as it would without this one
            pass
        if not given_up.is_set():
            with suppress(RuntimeError):  # the app has ended meanwhile
                self.call_later(self._show, given_up)

    def _show(self, given_up: Event) -> None:
        """Show what was computed, if anybody still waits for it."""
        if given_up is self._given_up and self.is_current:
            self.app.switch_screen(self._then(self._view))

    def _drawn(self, width: int, height: int) -> Drawing:
        """What is computed, how far it is, and the keys, in the middle."""
        view, language = self._view, self._view.language
        said = msg("computing {name} …", name=self._node or view.scenario.name).in_language(language)
        part = min(1.0, self._done / self._whole)
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
