"""Plots: which one is shown, what a click on it does, and the iterations that it lacks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from backprop_engine.debugger import Iterate, Select
from backprop_engine.messages.message import msg
from backprop_engine.scenario.work import takes_long
from backprop_engine.trace.run import Run
from backprop_tui.screens.computation import Computation
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.slices import FILLING, PAUSE, extended

__all__ = ["PlotFiller"]

_ALONE = msg(
    "This run has only this plot; a training, or a run of several time steps, has more.",
)


class PlotFiller:
    """Turns the pages of the panel of plots. While it is visible, what it lacks is computed bit by bit."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._filling = False

    @property
    def _seen(self) -> bool:
        """Whether the panel is in front."""
        return not self._handle.panel("plots").has_class("-behind")  # styles follow it only later

    def turn(self, by: int) -> None:
        """Bring the plots to the front; if they are there already, show the next or the previous one."""
        from backprop_tui.panels.plots.panel import kind_after, kinds

        view = self._handle.current
        if self._seen and len(kinds(view)) == 1:
            self._handle.say(_ALONE.in_language(view.language), seconds=4)
        self._show(kind_after(view, by) if self._seen else view.plot)

    def show(self, kind: str = "") -> None:
        """Show a plot by the name of its kind, or the next one."""
        if kind:
            self._show(kind)
        else:
            self.turn(1)

    def _show(self, kind: str) -> None:
        view = self._handle.current
        if kind != view.plot:
            self._handle.show_view(replace(view, plot=kind))
        self._handle.show_panel("plots")

    def click(self, x: int, y: int) -> None:
        """Choose the node that was clicked, or go to the iteration."""
        from backprop_tui.panels.plots.panel import iteration_at, node_at

        view, size = self._handle.current, self._handle.panel("plots").size
        node = node_at(view, size.width, size.height, x, y)
        iteration = iteration_at(view, size.width, size.height, x, y)
        if node is not None:
            self._handle.do(Select(node.position))
        elif iteration is not None:
            self._handle.do(Iterate(iteration - view.session.iteration))

    # What is missing

    def fill(self) -> None:
        """Begin to compute what the plots lack, if they are visible and this has not begun yet."""
        if not self._filling and self._lacking() is not None:
            self._filling = True
            self._handle.run_worker(self._fill(), group=FILLING)

    def _lacking(self) -> Run | None:
        """A run with iterations that the visible plots lack."""
        session = self._handle.current.session
        for run in (session.run, session.baseline):
            if run.has_iterations and run.history.count < run.iterations:
                return run if self._handle.is_attached and self._seen else None
        return None

    async def _fill(self) -> None:
        rest = PAUSE
        try:
            while (run := self._lacking()) is not None:
                await asyncio.sleep(rest)
                if not self._is_waited_for():
                    rest = max(PAUSE, await self._extended(run))
                    self._handle.panel("plots").redraw()
        finally:
            self._filling = False

    def _is_waited_for(self) -> bool:
        """Whether the user is waiting for something else, which comes first."""
        view = self._handle.current
        return view.session.pending is not None or view.computing is not None

    async def _extended(self, run: Run) -> float:
        """Compute a little of what is missing in a run; returns the seconds that it took."""
        if not takes_long(run.graph):
            return extended(run)
        computation = Computation(run.graph, partial(extended, run))
        while not computation.is_over():
            await asyncio.sleep(PAUSE)
            if self._is_waited_for() or self._lacking() is not run:
                computation.give_up()
                return PAUSE
        return computation.result()
