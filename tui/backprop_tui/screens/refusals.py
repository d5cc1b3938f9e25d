"""No key is silent: where a command has changed nothing, its row of the table says why."""

from __future__ import annotations

from collections.abc import Callable

from backprop_engine.messages.message import msg
from backprop_tui.commands.row import CommandRow
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.queries import Query
from backprop_tui.screens.handle import Handle

__all__ = ["Refusals"]


class Refusals:
    """Compares what is seen before and after a command."""

    def __init__(self, handle: Handle, answer: Callable[[str], None]) -> None:
        self._handle, self._answer = handle, answer

    def watch(self, row: CommandRow, carry_out: Callable[[], None]) -> None:
        """Carry out the command of a row, and say why where that changed nothing."""
        before = self._seen()
        carry_out()
        if self._seen() == before:  # some commands scroll, and do so once the screen is painted
            self._handle.call_after_refresh(self._say_why, row, before)

    def _say_why(self, row: CommandRow, before: object) -> None:
        if not self._handle.is_attached or self._seen() != before:
            return
        view = self._handle.current
        why = row.idle
        if view.session.levels and row.runs is not None and not isinstance(row.runs, Query):
            name = view.session.levels[-1].name
            why = msg("this is where the inside of {name} ends: o leads out", name=name)
        self._answer(why.in_language(view.language))

    def _seen(self) -> object:
        """All that commands change, as values to compare."""
        handle, view = self._handle, self._handle.current
        session, app = view.session, self._handle.application
        panels = [handle.panel(slot.name) for slot in PANEL_SLOTS]
        return (
            (session.position, tuple(level.position for level in session.levels), session.selection),
            (session.branches.current, session.folded, session.breakpoints, session.watches),
            (session.pending is None, session.branches.here.name),
            (view.language, view.density, view.minimap, view.plot, view.found),
            tuple((panel.display, panel.size, panel.scroll_offset) for panel in panels),
            (handle.focused_widget, tuple(app.screen_stack), handle.notices),
        )
