"""What every panel is a function of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from backprop_engine.debugger import Session
from backprop_engine.graph.graph import Graph
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.trace import Frame
from backprop_tui.opening import Opening

if TYPE_CHECKING:
    from backprop_tui.panels.graph.scene import Scene

__all__ = ["DENSITIES", "Density", "View"]

Density: TypeAlias = Literal["full", "compact", "dots"]
"""How much of each node a picture of the graph shows: numbers around a box, one line, or one cell."""
DENSITIES: Final[tuple[Density, ...]] = ("full", "compact", "dots")
"""From near to far."""


@dataclass(frozen=True, eq=False)
class View:
    """A scenario, where its reader stands in it, and how they like to read.

    `opening` is how its file was opened, for those who may want to load it again. `found` are the nodes that
    the last search was about. `whole` are pictures of all of a large
    graph, as far as they are laid out.
    """

    scenario: Scenario
    session: Session
    language: str = "en"
    ascii: bool = False
    opening: Opening | None = None
    density: Density = "full"
    minimap: bool = True
    found: tuple[int, ...] = ()
    whole: tuple[Scene, ...] = ()
    plot: str = ""
    """Which plot is shown; the first that there is where its reader has chosen none."""

    @property
    def frame(self) -> Frame:
        """What is known where the reader stands."""
        return self.session.frame

    @property
    def graph(self) -> Graph:
        """The graph of the run."""
        return self.session.trace.graph

    @property
    def lit(self) -> tuple[int, ...]:
        """The nodes of the graph one looks at that the last search was about."""
        return () if self.session.levels else self.found  # what one has stepped into was not searched

    @property
    def note(self) -> str:
        """What the scenario's author says where the reader stands; empty where they say nothing."""
        if self.session.levels:  # positions inside are of another graph
            return ""
        node = self.frame.node
        note = self.scenario.notes.get(node.position) if node else None
        return note.in_language(self.language) if note else ""
