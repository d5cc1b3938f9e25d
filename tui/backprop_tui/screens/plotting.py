"""Plots: which of them is shown, what a click on one leads to, and the iterations that are missing in it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from backprop_engine.debugger import Iterate, Select
from backprop_tui.panels.plots import iteration_at, kind_after, node_at_row
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
        self.action_plot(kind_after(self.current, by) if self.plots_are_seen else self.current.plot)

    def action_plot(self, kind: str) -> None:
        """Show a plot by the name of its kind."""
        if kind != self.current.plot:
            self.view = replace(self.current, plot=kind)
        self.show("plots")
        self.fill()

    def click_plot(self, panel: Panel, x: int, y: int) -> None:
        """Go to the iteration that was clicked, or choose the node."""
        view = self.current
        node = node_at_row(view, y)
        iteration = iteration_at(view, panel.size.width, panel.size.height, x)
        if node is not None:
            self.do(Select(node.position))
        elif iteration is not None:
            self.do(Iterate(iteration - view.session.iteration))

    # What is missing

    def fill(self) -> None:
        """Begin to compute what the plots lack, if they are seen and nobody is at it."""
        if not self._filling and self._lacks():
            self._filling = True
            self.run_worker(self._fill(), group=FILLING)

    def _lacks(self) -> bool:
        series = self.current.session.run.series
        return self.is_attached and self.plots_are_seen and 1 < series.iterations > series.count

    async def _fill(self) -> None:
        try:
            while self._lacks():
                await asyncio.sleep(PAUSE)
                if self.current.session.pending is None:  # what one waits for comes first
                    extended(self.current.session.run)
                    for panel in self.query("#plots").results(Panel):
                        panel.redraw()
        finally:
            self._filling = False
