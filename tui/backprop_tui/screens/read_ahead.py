"""The next step's page, drawn while the user looks at this one."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from time import monotonic
from typing import Final

from backprop_engine.debugger import Session, StepBy, update
from backprop_tui.cells.drawing import Drawing
from backprop_tui.panels.registry import PANELS
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.slices import PAUSE, SLICE
from backprop_tui.view import View

__all__ = ["ReadAhead"]

_PANELS: Final = ("graph", "step", "nodes")
"""The panels that are drawn in advance: their content depends on the view alone."""
_OF_VIEW: Final = tuple(field.name for field in fields(View) if field.name != "session")
_OF_SESSION: Final = tuple(field.name for field in fields(Session))


class ReadAhead:
    """Draws what a key will ask for, if it goes on in the same direction.

    The page is remembered on the run, as that of any step seen before; other panels are kept until the next
    key. Where that takes so long that another key might have to wait, nothing is drawn in advance.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._position = 0
        self._direction = 1
        self._awaited: asyncio.TimerHandle | None = None
        self._took = 0.0
        """The seconds that it took last."""
        self._expected: View | None = None
        """What was drawn in advance."""
        self._drawings: dict[tuple[str, int, int], Drawing] = {}
        """Its panels, by their names and sizes."""

    def expected(self, view: View) -> View:
        """What was drawn in advance, if that is the same as `view`; else `view` itself."""
        return self._expected if self._expected is not None and _alike(self._expected, view) else view

    def drawing(self, view: View, name: str, width: int, height: int) -> Drawing | None:
        """The panel called `name`, if it was drawn in advance in this size."""
        return self._drawings.get((name, width, height)) if view is self._expected else None

    def follow(self) -> None:
        """Draw what follows, as soon as this step is painted and no key is pressed."""
        self._expected = None  # which would keep a run alive that is not shown any more
        self._drawings.clear()
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
        if not within or self._took > SLICE:
            return
        following = replace(view, session=update(session, StepBy(self._direction)))
        if not self._handle.is_prepared(following):
            return  # it is drawn when its check is there
        began = monotonic()
        self._expected = following
        for name in _PANELS:
            panel = self._handle.panel(name)
            if panel.display and panel.size and not (name == "graph" and self._handle.is_lacking(following)):
                drawing = PANELS[name].draw(following, *panel.size)
                self._drawings[name, *panel.size] = drawing
                panel.expect(drawing)
        self._took = monotonic() - began


def _alike(one: View, other: View) -> bool:
    """Whether two views look the same."""
    mine, theirs = one.session, other.session
    return all(getattr(one, name) == getattr(other, name) for name in _OF_VIEW) and (
        all(getattr(mine, name) == getattr(theirs, name) for name in _OF_SESSION)
    )
