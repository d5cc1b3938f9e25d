"""The page of the step that comes next, worked out while its reader looks at this one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic

from backprop_engine.debugger import StepBy, update
from backprop_tui.panels.registry import PANELS
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.slices import PAUSE, SLICE

__all__ = ["ReadAhead"]


class ReadAhead:
    """Draws what a key will ask for, if it goes on in the same direction.

    The page is remembered on the run, as that of any step seen before. Where pages take so long that another
    key might have to wait for one, nothing is drawn in advance.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._position = 0
        self._direction = 1
        self._awaited: asyncio.TimerHandle | None = None
        self._took = 0.0
        """The seconds that the page took that was drawn last."""

    def follow(self) -> None:
        """Draw the page after this one, as soon as this one is painted and nobody presses a key."""
        position = self._handle.current.session.position
        if position != self._position:
            self._direction = 1 if position > self._position else -1
            self._position = position
        self._took /= 2  # so that it is tried again some keys later
        if not self._handle.application.has_class("-still"):
            self._handle.call_after_refresh(self._rest)

    def _rest(self) -> None:
        """Wait a little for another key."""
        if self._awaited is not None:
            self._awaited.cancel()
        loop = asyncio.get_running_loop()
        self._awaited = loop.call_later(PAUSE, self._handle.call_later, self._draw)

    def _draw(self) -> None:
        view, session = self._handle.current, self._handle.current.session
        if not self._handle.is_attached or session.pending is not None or session.levels:
            return
        if view.awaits_check:  # its page comes first
            return
        within = 0 < session.here + self._direction <= session.schedule.last  # of this iteration
        panel = self._handle.panel("step")
        if not within or not panel.display or not panel.size or self._took > SLICE:
            return
        following = replace(view, session=update(session, StepBy(self._direction)))
        if not self._handle.is_prepared(following):
            return  # it is drawn when its check is there
        began = monotonic()
        PANELS["step"].draw(following, panel.size.width, panel.size.height)
        self._took = monotonic() - began
