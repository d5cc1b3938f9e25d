"""No key is silent: if a command has changed nothing, its row of the table says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line
from backprop_tui.commands.row import CommandRow
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.queries import Query
from backprop_tui.screens.handle import Handle
from backprop_tui.view import View

__all__ = ["Refusals", "seen_in", "why_idle"]


class _Painted(Protocol):
    """A screen that reports when it is painted."""

    @property
    def is_attached(self) -> bool: ...

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any) -> bool: ...


class Refusals:
    """Compares what is `seen` on a screen before and after a command; `refuse` says why that is the same."""

    def __init__(
        self, screen: _Painted, seen: Callable[[], object], refuse: Callable[[CommandRow], None]
    ) -> None:
        self._screen, self._seen, self._refuse = screen, seen, refuse

    def watch(self, row: CommandRow, carry_out: Callable[[], None]) -> None:
        """Carry out the command of a row, and say why if that changed nothing."""
        before = self._seen()
        carry_out()
        if self._seen() == before:  # some commands scroll, and do so once the screen is painted
            self._screen.call_after_refresh(self._refuse_if_same, row, before)

    def _refuse_if_same(self, row: CommandRow, before: object) -> None:
        if self._screen.is_attached and self._seen() == before:
            self._refuse(row)


def why_idle(view: View, row: CommandRow) -> str:
    """Why the command of a row changes nothing in the debugger."""
    why = row.idle
    if view.session.levels and row.runs is not None and not isinstance(row.runs, Query):
        name = view.session.levels[-1].name
        why = msg("the inner steps of {name} end here: o steps out", name=name)
    return why.in_language(view.language)


def seen_in(handle: Handle) -> object:
    """All that commands change in the debugger, as values to compare."""
    view = handle.current
    session, app = view.session, handle.application
    panels = [handle.panel(slot.name) for slot in PANEL_SLOTS]
    return (
        (session.position, tuple(level.position for level in session.levels), session.selection),
        (
            id(session.baseline),
            session.branches.current,
            session.folded,
            session.breakpoints,
            session.watches,
        ),
        (session.pending is None, session.branches.here.name),
        (view.language, view.density, view.minimap, view.plot, view.found),
        tuple((panel.display, panel.size, panel.scroll_offset) for panel in panels),
        (handle.focused_widget, tuple(app.screen_stack), handle.notices),
        _card(handle),
    )


def _card(handle: Handle) -> tuple[Line, ...]:
    """The text of the guide, if there is one."""
    if handle.guide is None:
        return ()
    card = handle.guide.card_drawn(handle.current.language, _CARD_WIDTH, _CARD_HEIGHT)
    return tuple(card.row(y, 0, _CARD_WIDTH) for y in range(card.height))


_CARD_WIDTH, _CARD_HEIGHT = 200, 2
