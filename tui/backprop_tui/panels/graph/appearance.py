"""How nodes and wires look at one position of the run: what is known, what is active, what is selected.

What is ahead is dashed or hollow, and what the step is about is heavy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from backprop_engine.arrays import is_finite
from backprop_engine.debugger.marks import breakpoint_nodes
from backprop_engine.debugger.troubles import troubles
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward, Forward, Seed, Step
from backprop_engine.trace.trace import Frame, between
from backprop_tui.cells.lines import Role
from backprop_tui.cells.text import in_ascii
from backprop_tui.render.differences import is_unchanged
from backprop_tui.scene.boxes import short_gradient, short_value
from backprop_tui.scene.scene import Scene
from backprop_tui.view import View

__all__ = [
    "Appearance",
    "NodeStatus",
    "brackets",
    "dot_mark",
    "leaf_mark",
    "reversed_arrows",
    "styled_lines",
    "wires_along",
]


class NodeStatus(Enum):
    """How far the run has come with a node, or with the wires that leave it."""

    AHEAD = "ahead"
    KNOWN = "known"
    ACTIVE = "active"


_LEAVES: Final = {Kind.INPUT: "○", Kind.PARAM: "◇", Kind.CONSTANT: "□"}
_LINES: Final = {
    NodeStatus.AHEAD: str.maketrans("─│═║╟▶", "╌┆╌┆├▷"),
    NodeStatus.KNOWN: {},
    NodeStatus.ACTIVE: str.maketrans("─│╭╮╰╯├┤┬┴┼═║╔╗╚╝╟", "━┃┏┓┗┛┣┫┳┻╋━┃┏┓┗┛┣"),
}
_BRACKETS: Final = {NodeStatus.AHEAD: "┆┆", NodeStatus.KNOWN: "┤├", NodeStatus.ACTIVE: "┫┣"}
_BRACKETS_ASCII: Final = {NodeStatus.AHEAD: "::", NodeStatus.KNOWN: "[]", NodeStatus.ACTIVE: "##"}
_BACK = str.maketrans("▶", "◀")


def styled_lines(drawn: str, status: NodeStatus) -> str:
    """Lines in the style of a status."""
    return drawn.translate(_LINES[status])


def reversed_arrows(drawn: str) -> str:
    """Marks with their arrows reversed."""
    return drawn.translate(_BACK)


def leaf_mark(kind: Kind) -> str:
    """The sign of an input, a parameter or a constant."""
    return _LEAVES[kind]


def brackets(status: NodeStatus, *, group: bool, ascii: bool) -> str:
    """The two characters around the sign of an operator whose border is one row high."""
    if group and status is NodeStatus.KNOWN:
        return "{}" if ascii else "╣╠"
    return (_BRACKETS_ASCII if ascii else _BRACKETS)[status]


def dot_mark(status: NodeStatus, *, gradient: bool, group: bool) -> str:
    """A node in one cell: hollow while it is ahead, filled with a value, a diamond with a gradient."""
    if status is NodeStatus.ACTIVE:
        return "◉"
    if status is NodeStatus.AHEAD:
        return "□" if group else "○"
    return ("◈" if group else "◆") if gradient else ("■" if group else "●")


class Appearance(Struct, frozen=True, eq=False):
    """A position of the run, with what the user has selected, found and changed."""

    frame: Frame
    selection: int | None
    before: Frame | None
    """The same position without the changes that are in force, if there are any."""
    found: frozenset[int]
    """The nodes that the last search found."""
    ascii: bool
    breakpoints: Mapping[int, bool] = {}
    """The nodes that breakpoints are on, by position, and whether those stop the run."""

    @classmethod
    def of(cls, view: View) -> Appearance:
        """The appearance at the user's position."""
        found = frozenset(view.found_here)
        return cls(
            view.frame,
            view.session.selection,
            view.frame_before_changes,
            found,
            view.ascii,
            breakpoint_nodes(view.session),
        )

    def same_position(self, other: Appearance) -> bool:
        """Whether another appearance is of the same position of the same run."""
        return self.frame.trace is other.frame.trace and self.frame.position == other.frame.position

    def is_just_after(self, other: Appearance) -> bool:
        """Whether another appearance is of the position before, in the same run."""
        return self.frame.trace is other.frame.trace and self.frame.position == other.frame.position + 1

    def steps_between(self, other: Appearance) -> list[Step] | None:
        """The steps whose nodes and wires may look different in another appearance; None if anything may."""
        if self._chosen != other._chosen:
            return None
        before, other_before = (
            None if frame is None else frame.trace for frame in (self.before, other.before)
        )
        return between(self.frame, other.frame) if before is other_before else None

    @property
    def _chosen(self) -> tuple[object, ...]:
        """What the user has chosen about the appearance."""
        return self.selection, self.found, self.ascii, self.breakpoints

    @property
    def forward(self) -> bool:
        """Whether the step computes something."""
        return isinstance(self.frame.step, Forward)

    @property
    def active_role(self) -> Role:
        """The role of the node and the wires of the step."""
        return Role.ACTIVE_VALUE if self.forward else Role.ACTIVE_GRADIENT

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the step; the one whose rule it applies comes first."""
        if self.frame.edge is not None:
            edge, nodes = self.frame.edge, self.frame.graph.nodes
            return nodes[edge.node], nodes[edge.operand]
        return () if self.frame.node is None else (self.frame.node,)

    @property
    def operand_node(self) -> Node | None:
        """The operand that the step brings a gradient to."""
        return self.frame.graph.nodes[self.frame.edge.operand] if self.frame.edge is not None else None

    def drawn(self, marks: str) -> str:
        """Lines and marks in the characters that the screen can show."""
        return in_ascii(marks) if self.ascii else marks

    def breakpoint_mark(self, node: Node) -> str:
        """The sign of a breakpoint on a node, another one if it is off; empty where there is none."""
        stops = self.breakpoints.get(node.position)
        return "" if stops is None else self.drawn("●" if stops else "○")

    def status(self, node: Node, *, active: bool) -> NodeStatus:
        """How far the run has come with a node, given whether it is the `active` one of the step."""
        if active:
            return NodeStatus.ACTIVE
        return NodeStatus.AHEAD if self.frame.value(node) is None else NodeStatus.KNOWN

    def gets_gradient(self, node: Node) -> bool:
        """Whether a gradient ever arrives at a node."""
        return self.frame.graph.gets_gradient(node.position)

    def shows_gradient(self, node: Node) -> bool:
        """Whether a gradient has arrived at a node, or a part of it."""
        return self.gets_gradient(node) and self.frame.gradient(node) is not None

    def _receives(self, node: Node, *, active: bool) -> bool:
        """Whether the step brings a gradient to a node."""
        return self.operand_node is node or (isinstance(self.frame.step, Seed) and active)

    def wire_role(self, status: NodeStatus) -> Role:
        """The role of a wire that no gradient has crossed: done or ahead, it is back."""
        if status is NodeStatus.ACTIVE:
            return self.active_role
        return Role.DIM

    def name_role(self, node: Node, status: NodeStatus) -> Role:
        """The role of the name of a node."""
        if self.selection == node.position:
            return Role.SELECTED
        if node.position in self.found:
            return Role.LIT
        return Role.DIM if status is NodeStatus.AHEAD or self.is_unchanged(node) else Role.NAME

    def dot_role(self, node: Node, status: NodeStatus, *, gradient: bool) -> Role:
        """The role of a node in one cell."""
        if self.selection == node.position:
            return Role.SELECTED
        if node.position in self.found:
            return Role.LIT
        if status is NodeStatus.ACTIVE:
            return self.active_role
        if status is NodeStatus.AHEAD or self.is_unchanged(node):
            return Role.DIM
        shown = self.frame.gradient(node) if gradient else self.frame.value(node)
        if troubles(self.frame.trace) and shown is not None and not is_finite(shown):
            return Role.TROUBLE
        return Role.GRADIENT if gradient else Role.VALUE

    def value(self, node: Node, *, active: bool, brief: bool = False) -> tuple[str, Role]:
        """The value of a node, as far as it is known, and its role."""
        value = self.frame.value(node)
        text = short_value(value, self.before.value(node) if self.before else None, brief=brief)
        if value is None or self.is_unchanged(node):
            return text, Role.DIM
        return text, Role.ACTIVE_VALUE if active else Role.VALUE

    def gradient(self, node: Node, *, active: bool, brief: bool = False) -> tuple[str, Role]:
        """The gradient of a node, as far as it has arrived, and its role."""
        gradient = self.frame.gradient(node)
        before = self.before.gradient(node) if self.before else None
        text = short_gradient(gradient, self.frame.arrived(node), before, brief=brief)
        if gradient is None or self.is_unchanged(node):
            return text, Role.DIM
        return text, Role.ACTIVE_GRADIENT if self._receives(node, active=active) else Role.GRADIENT

    def is_unchanged(self, node: Node) -> bool:
        """Whether the changes in force leave a node as it was, so that it is dimmed."""
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
