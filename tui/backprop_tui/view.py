"""What every panel is a function of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from backprop_engine.debugger import Session
from backprop_engine.explain.facts import StepFacts, step_facts
from backprop_engine.graph.graph import Graph
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.trace import Frame
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.files.bundled import ScenarioEntry, following, named_next
from backprop_tui.files.opening import Opening
from backprop_tui.scene.boxes import Density
from backprop_tui.scene.placing import Room
from backprop_tui.scene.scene import Scene

__all__ = ["Computing", "View"]


class Computing(NamedTuple):
    """What is computed while its reader waits: a node, and the part of the iteration that is done, 0…1."""

    name: str
    part: float


@dataclass(frozen=True, eq=False)
class View:
    """A scenario, where its reader is in it, and how they like to read.

    `density` is how they want the graph; without a choice it is what fits into the `room` of its panel.
    `opening` says how its file was opened, for those who may want to load it again. `found` are the nodes
    that the last search found. `whole_scenes` are those that are laid out of all of a large graph. `awaited`
    is where the numeric check of the step is on its way.
    """

    scenario: Scenario
    session: Session
    language: str = "en"
    ascii: bool = False
    opening: Opening | None = None
    density: Density | None = None
    room: Room | None = None
    minimap: bool = True
    found: tuple[int, ...] = ()
    whole_scenes: tuple[Scene, ...] = ()
    awaited: Frame | None = None
    plot: str = ""
    """The plot that is shown; the first of the run where its reader has chosen none."""
    commands: tuple[CommandRow, ...] = COMMANDS
    """The table of commands, with the keys that its reader chose."""
    computing: Computing | None = None
    """What the last command waits for, if it takes long."""

    def key(self, command: str) -> str:
        """The keys of the command of this name, or how it is typed where it has none."""
        return next(row.called for row in self.commands if row.name == command)

    @property
    def title(self) -> str:
        """The scenario's title on one line, or its name where it has none."""
        title = self.scenario.title.in_language(self.language) or self.scenario.name
        return " ".join(title.split())

    @property
    def next_scenario(self) -> ScenarioEntry | None:
        """The scenario to read after this one, if any."""
        if self.opening is not None:
            return self.opening.next
        return named_next(self.scenario.path) or following(self.scenario.path)

    @property
    def frame(self) -> Frame:
        """What is known where the reader is."""
        return self.session.frame

    @property
    def frame_before_changes(self) -> Frame | None:
        """The same position of the run without the changes that are in force, if there are any."""
        compared = self.session.compared
        return None if compared is None else compared.frame(self.session.here)

    @cached_property
    def facts(self) -> StepFacts:
        """What to say about the step that led here, with the author's note."""
        notes = {} if self.session.levels else self.scenario.notes  # positions inside are of another graph
        changed = self.session.compared is not None or self.scenario.original is not None
        return step_facts(self.frame, notes, changed=changed, awaited=self.awaits_check)

    @property
    def awaits_check(self) -> bool:
        """Whether the numeric check of this step is on its way."""
        at, awaited = self.frame, self.awaited
        return awaited is not None and awaited.trace is at.trace and awaited.position == at.position

    @property
    def graph(self) -> Graph:
        """The graph of the run."""
        return self.session.trace.graph

    @property
    def folded(self) -> tuple[str, ...]:
        """The names of the groups that are folded; inside a composite none are."""
        return () if self.session.levels else self.session.folded

    @property
    def found_here(self) -> tuple[int, ...]:
        """The nodes that the last search found, if they are in the graph in view."""
        return () if self.session.levels else self.found  # the inside of a composite is not searched

    @property
    def note(self) -> str:
        """What the scenario's author says where the reader is; empty where they say nothing."""
        note = self.facts.note
        return note.in_language(self.language) if note else ""
