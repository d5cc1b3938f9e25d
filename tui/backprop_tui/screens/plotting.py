"""Plots: which of them is shown, what a click on one leads to, and the iterations that are missing in it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from backprop_engine.debugger import Iterate, Select
from backprop_engine.trace.run import Run
from backprop_tui.screens.playing import PlayingScreen
from backprop_tui.screens.slices import FILLING, PAUSE, extended
from backprop_tui.widgets.panel import Panel

__all__ = ["PlottingScreen"]


class PlottingScreen(PlayingScreen):
    """A screen with a panel called `plots`. While that is seen, what it lacks is computed bit by bit."""

    _filling = False

    def show(self, name: str) -> None:
        """Bring a panel to the front and give it the focus."""
        raise NotImplementedError

    @property
    def plots_are_seen(self) -> bool:
        """Whether the panel is not behind another."""
        return any(panel.display for panel in self.query("#plots"))

    def action_command_plot(self) -> None:
        """Bring the plots to the front; once they are there, the next of them."""
        self._turn(1)

    def action_command_plot_back(self) -> None:
        """Bring the plots to the front; once they are there, the one before."""
        self._turn(-1)

    def _turn(self, by: int) -> None:
        from backprop_tui.panels.plots.panel import kind_after

        self.action_plot(kind_after(self.current, by) if self.plots_are_seen else self.current.plot)

    def action_plot(self, kind: str) -> None:
        """Show a plot by the name of its kind."""
        if kind != self.current.plot:
            self.view = replace(self.current, plot=kind)
        self.show("plots")

    def click_plot(self, panel: Panel, x: int, y: int) -> None:
        """Choose the node that was clicked, or go to the iteration."""
        from backprop_tui.panels.plots.panel import iteration_at, node_at

        view, size = self.current, panel.size
        node = node_at(view, size.width, size.height, x, y)
        iteration = iteration_at(view, size.width, size.height, x, y)
        if node is not None:
            self.do(Select(node.position))
        elif iteration is not None:
            self.do(Iterate(iteration - view.session.iteration))

    # What is missing

    def fill(self) -> None:
        """Begin to compute what the plots lack, if they are seen and nobody is at it."""
        if not self._filling and self._lacking() is not None:
            self._filling = True
            self.run_worker(self._fill(), group=FILLING)

    def _lacking(self) -> Run | None:
        """A training of which iterations are missing in the plots that are seen."""
        session = self.current.session
        for run in (session.run, session.baseline):
            if run.training and run.series.count < run.iterations:
                return run if self.is_attached and self.plots_are_seen else None
        return None

    async def _fill(self) -> None:
        rest = PAUSE
        try:
            while (run := self._lacking()) is not None:
                await asyncio.sleep(rest)
                if self.current.session.pending is None:  # what one waits for comes first
                    rest = max(PAUSE, extended(run))
                    for panel in self.query("#plots").results(Panel):
                        panel.redraw()
        finally:
            self._filling = False
