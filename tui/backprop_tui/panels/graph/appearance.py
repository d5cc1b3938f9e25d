"""How nodes and wires look at one position of the run: what is known, what is active, what is selected.

What is ahead is dashed or hollow, and what the step is about is heavy.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from msgspec import Struct

from backprop_engine.graph.graph import Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward, Forward, Seed, Step
from backprop_engine.trace.trace import Frame, between
from backprop_tui.cells.lines import Role
from backprop_tui.render.differences import is_unchanged
from backprop_tui.scene.boxes import short_gradient, short_value
from backprop_tui.scene.scene import Scene
from backprop_tui.view import View

__all__ = [
    "Appearance",
    "NodeStatus",
    "backward",
    "brackets",
    "dot",
    "in_plain_ascii",
    "leaf_mark",
    "lines",
    "wires_along",
]


class NodeStatus(Enum):
    """How far the run is with a node, or with the wires that leave it."""

    AHEAD = "ahead"
    KNOWN = "known"
    ACTIVE = "active"


_LEAVES: Final = {Kind.INPUT: "○", Kind.PARAM: "◇", Kind.CONSTANT: "□"}
_LINES: Final = {
    NodeStatus.AHEAD: str.maketrans("─│═║╟▶", "╌┆╌┆├▷"),
    NodeStatus.KNOWN: {},
    NodeStatus.ACTIVE: str.maketrans("─│╭╮╰╯├┤┬┴┼═║╔╗╚╝╟", "━┃┏┓┗┛┣┫┳┻╋━┃┏┓┗┛┣"),
}
_ASCII = str.maketrans(
    "─│╭╮╰╯├┤┬┴┼━┃┏┓┗┛┣┫┳┻╋╌┆═║╔╗╚╝╟▶◀▷○◇□●◆◉■◈", "-|+++++++++=#+++++++++.:-|@@@@+><>o*#*%@#$"
)
_BRACKETS: Final = {NodeStatus.AHEAD: "┆┆", NodeStatus.KNOWN: "┤├", NodeStatus.ACTIVE: "┫┣"}
_BRACKETS_ASCII: Final = {NodeStatus.AHEAD: "::", NodeStatus.KNOWN: "[]", NodeStatus.ACTIVE: "##"}
_BACK = str.maketrans("▶", "◀")


def lines(drawn: str, status: NodeStatus) -> str:
    """Lines as they look in a state."""
    return drawn.translate(_LINES[status])


def backward(drawn: str) -> str:
    """Arrows of a step that runs backward."""
    return drawn.translate(_BACK)


def leaf_mark(kind: Kind) -> str:
    """The sign of an input, a parameter or a constant."""
    return _LEAVES[kind]


def brackets(status: NodeStatus, *, group: bool, ascii: bool) -> str:
    """What stands on both sides of an operator's sign where its box has one row."""
    if group and status is NodeStatus.KNOWN:
        return "{}" if ascii else "╣╠"
    return (_BRACKETS_ASCII if ascii else _BRACKETS)[status]


def dot(status: NodeStatus, *, gradient: bool, group: bool) -> str:
    """A node in one cell: hollow while it is ahead, full with a value, a diamond with a gradient."""
    if status is NodeStatus.ACTIVE:
        return "◉"
    if status is NodeStatus.AHEAD:
        return "□" if group else "○"
    return ("◈" if group else "◆") if gradient else ("■" if group else "●")


def in_plain_ascii(drawn: str) -> str:
    """Lines and marks in ASCII."""
    return drawn.translate(_ASCII)


class Appearance(Struct, frozen=True, eq=False):
    """A position of the run, and what its reader has chosen and changed."""

    frame: Frame
    selection: int | None
    before: Frame | None
    """The same position without the changes that are in force, if any are."""
    found: frozenset[int]
    """The nodes that the last search was about."""
    ascii: bool

    @classmethod
    def of(cls, view: View) -> Appearance:
        """Where the reader stands."""
        session = view.session
        before = session.compared.frame(session.here) if session.compared else None
        return cls(view.frame, session.selection, before, frozenset(view.lit), view.ascii)

    def same_position(self, other: Appearance) -> bool:
        """Whether another moment is at the same position of the same run."""
        return self.frame.trace is other.frame.trace and self.frame.position == other.frame.position

    def changed_rows(self, other: Appearance) -> list[Step] | None:
        """The steps that another moment may look different for; None where anything may."""
        if (self.selection, self.found, self.ascii) != (other.selection, other.found, other.ascii):
            return None
        runs = [one.before.trace if one.before is not None else None for one in (self, other)]
        return between(self.frame, other.frame) if runs[0] is runs[1] else None

    @property
    def forward(self) -> bool:
        """Whether the step computes something."""
        return isinstance(self.frame.step, Forward)

    @property
    def active_role(self) -> Role:
        """What the step's own node and wires look like."""
        return Role.ACTIVE_VALUE if self.forward else Role.ACTIVE_GRADIENT

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that the step is about, first the one whose rule it runs."""
        if self.frame.edge is not None:
            edge, nodes = self.frame.edge, self.frame.graph.nodes
            return nodes[edge.node], nodes[edge.operand]
        return () if self.frame.node is None else (self.frame.node,)

    @property
    def operand_node(self) -> Node | None:
        """The operand that the step brings gradient to."""
        return self.frame.graph.nodes[self.frame.edge.operand] if self.frame.edge is not None else None

    def drawn(self, marks: str) -> str:
        """Lines and marks as this screen can show them."""
        return in_plain_ascii(marks) if self.ascii else marks

    def status(self, node: Node, *, active: bool) -> NodeStatus:
        """How far the run is with a node; whether the step is about it is for the scene to say."""
        if active:
            return NodeStatus.ACTIVE
        return NodeStatus.AHEAD if self.frame.value(node) is None else NodeStatus.KNOWN

    def gets_gradient(self, node: Node) -> bool:
        """Whether a gradient will ever arrive at a node."""
        graph = self.frame.graph
        return graph.active[node.position] and graph.differentiable[node.position]

    def shows_gradient(self, node: Node) -> bool:
        """Whether a gradient has arrived at a node, as far as gradients are shown at it."""
        return self.gets_gradient(node) and self.frame.gradient(node) is not None

    def gradient_passed(self, end: tuple[int, int, int]) -> bool:
        """Whether gradient was handed on along a wire, given as (operand, node, argnum)."""
        schedule = self.frame.trace.schedule
        if not schedule.seed < self.frame.position < schedule.clear:
            return False
        own = schedule.edges_of.get(end[1], ())
        return any(
            self.frame.position >= schedule.starts[index]
            for index in own
            if schedule.edges[index].argnum == end[2]
        )

    def _receives(self, node: Node, *, active: bool) -> bool:
        """Whether the step brings a gradient to a node."""
        return self.operand_node is node or (isinstance(self.frame.step, Seed) and active)

    def wire_role(self, status: NodeStatus) -> Role:
        """What a wire looks like."""
        return {NodeStatus.ACTIVE: self.active_role, NodeStatus.AHEAD: Role.DIM, NodeStatus.KNOWN: Role.TEXT}[
            status
        ]

    def name_role(self, node: Node, status: NodeStatus) -> Role:
        """What a node's name looks like."""
        if self.selection == node.position:
            return Role.SELECTED
        if node.position in self.found:
            return Role.LIT
        return Role.DIM if status is NodeStatus.AHEAD or self.is_unchanged(node) else Role.NAME

    def dot_role(self, node: Node, status: NodeStatus, *, gradient: bool) -> Role:
        """What a node in one cell looks like."""
        if self.selection == node.position:
            return Role.SELECTED
        if node.position in self.found:
            return Role.LIT
        if status is NodeStatus.ACTIVE:
            return self.active_role
        if status is NodeStatus.AHEAD or self.is_unchanged(node):
            return Role.DIM
        return Role.GRADIENT if gradient else Role.VALUE

    def value(self, node: Node, *, active: bool, brief: bool = False) -> tuple[str, Role]:
        """A node's value, as far as it is known, and what it looks like."""
        value = self.frame.value(node)
        text = short_value(value, self.before.value(node) if self.before else None, brief=brief)
        if value is None or self.is_unchanged(node):
            return text, Role.DIM
        return text, Role.ACTIVE_VALUE if active else Role.VALUE

    def gradient(self, node: Node, *, active: bool, brief: bool = False) -> tuple[str, Role]:
        """A node's gradient, as far as it has arrived, and what it looks like."""
        gradient = self.frame.gradient(node)
        before = self.before.gradient(node) if self.before else None
        text = short_gradient(gradient, self.frame.arrived(node), before, brief=brief)
        if gradient is None or self.is_unchanged(node):
            return text, Role.DIM
        return text, Role.ACTIVE_GRADIENT if self._receives(node, active=active) else Role.GRADIENT

    def is_unchanged(self, node: Node) -> bool:
        """Whether the changes in force leave a node as it was: it stands back then."""
        return self.before is not None and is_unchanged(self.frame.trace, self.before.trace, node)

    def active_wires(self, scene: Scene) -> Iterator[int]:
        """The wires that the step runs along."""
        return wires_along(self.frame.step, scene)


def wires_along(step: Step | None, scene: Scene) -> Iterator[int]:
    """The wires that a step runs along."""
    match step:
        case Forward(node=position):
            yield from scene.wires_into.get(position, ())
        case Backward(edge=edge) | Accumulate(edge=edge):
            wanted = (edge.operand, edge.node, edge.argnum)
            yield from (wire for wire in scene.wires_into.get(edge.node, ()) if scene.ends[wire] == wanted)
        case _:
            pass
