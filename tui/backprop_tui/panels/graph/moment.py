"""What a picture shows of one position of the run: what is known, what is active, what is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from backprop_engine.explain.lines import Role
from backprop_engine.frame import Frame
from backprop_engine.graph import Node
from backprop_engine.steps import Accumulate, Backward, Forward, Seed
from backprop_engine.trace import Trace
from backprop_tui.panels.changes import untouched
from backprop_tui.panels.graph.scene import Scene
from backprop_tui.view import View

__all__ = ["Moment", "State"]


class State(Enum):
    """How far the run is with a node."""

    AHEAD = "ahead"
    KNOWN = "known"
    ACTIVE = "active"


class Moment(Struct, frozen=True, eq=False):
    """A position of the run, and what its reader has chosen and changed."""

    frame: Frame
    selection: int | None
    before: Trace | None
    """The run without the changes that are in force, if any are."""
    ascii: bool

    @classmethod
    def of(cls, view: View) -> Moment:
        """Where the reader stands."""
        return cls(view.frame, view.session.selection, view.session.compared, view.ascii)

    @property
    def forward(self) -> bool:
        """Whether the step computes something."""
        return isinstance(self.frame.step, Forward)

    @property
    def hot(self) -> Role:
        """What the step's own node and wires look like."""
        return Role.ACTIVE_VALUE if self.forward else Role.ACTIVE_GRADIENT

    @property
    def partner(self) -> Node | None:
        """The operand that the step brings gradient to."""
        return self.frame.graph.nodes[self.frame.edge.operand] if self.frame.edge is not None else None

    def state(self, node: Node, *, active: bool) -> State:
        """How far the run is with a node; whether the step is about it is for the scene to say."""
        if active:
            return State.ACTIVE
        return State.AHEAD if self.frame.value(node) is None else State.KNOWN

    def gets_gradient(self, node: Node) -> bool:
        """Whether a gradient will ever arrive at a node."""
        graph = self.frame.graph
        return graph.active[node.position] and graph.differentiable[node.position]

    def receives(self, node: Node, *, active: bool) -> bool:
        """Whether the step brings a gradient to a node."""
        return self.partner is node or (isinstance(self.frame.step, Seed) and active)

    def untouched(self, node: Node) -> bool:
        """Whether the changes in force leave a node as it was: it stands back then."""
        return untouched(self.frame.trace, self.before, node)

    def lit_wires(self, scene: Scene) -> Iterator[int]:
        """The wires that the step runs along."""
        match self.frame.step:
            case Forward(node=position):
                yield from scene.wires_into.get(position, ())
            case Backward(edge=edge) | Accumulate(edge=edge):
                wanted = (edge.operand, edge.node, edge.argnum)
                yield from (
                    wire for wire in scene.wires_into.get(edge.node, ()) if scene.ends[wire] == wanted
                )
            case _:
                pass
