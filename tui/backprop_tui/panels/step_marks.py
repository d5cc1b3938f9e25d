"""What a step touched, as tables mark it: the operator that ran, and the node whose number came.

The step before is marked too, in hollow signs that are back, so that the eye can follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from backprop_engine.arrays import same
from backprop_engine.graph.steps import Accumulate, Backward, Forward, Reduce, Seed, Step, Update
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.drawing import Area
from backprop_tui.cells.lines import Role, Span, Tint

__all__ = ["StepMarks", "area_of_rows", "changed_spans", "step_marks"]

_SIGNS: Final[Mapping[tuple[str, bool], str]] = {
    ("operator", True): "▶",
    ("receiver", True): "◀",
    ("operator", False): "▷",
    ("receiver", False): "◁",
}
"""By the part of a node, and whether it has it in this step or had it in the one before."""
_ASCII: Final = str.maketrans("▶◀▷◁", "><)(")
_CHANGED: Final[Mapping[Tint, Tint]] = {Role.VALUE: Role.CHANGED_VALUE, Role.GRADIENT: Role.CHANGED_GRADIENT}


class _Touched(NamedTuple):
    """The nodes that a step touched, by position, and which number of the receiver it changed, if any."""

    operator: int | None = None
    receiver: int | None = None
    changed: Literal["value", "gradient", ""] = ""

    def part(self, node: int) -> str:
        """What a node is in the step; empty where it has no part in it."""
        return "operator" if node == self.operator else "receiver" if node == self.receiver else ""


class StepMarks(Struct, frozen=True):
    """What the step that led to a frame touched, and what the one before did."""

    now: _Touched
    before: _Touched

    @property
    def focus(self) -> tuple[int, ...]:
        """The nodes that are to be in view, the receiver first."""
        return tuple(node for node in (self.now.receiver, self.now.operator) if node is not None)

    @property
    def nodes(self) -> Set[int]:
        """All nodes that have a mark."""
        found = (self.now.operator, self.now.receiver, self.before.operator, self.before.receiver)
        return {node for node in found if node is not None}

    def sign(self, nodes: Set[int], *, ascii: bool) -> Span:
        """The mark of a row that shows these nodes, and a space; blank where none has one."""
        for touched, role in ((self.now, Role.KEY), (self.before, Role.DIM)):
            parts = {touched.part(node) for node in nodes & self.nodes} - {""}
            if parts:
                part = "operator" if "operator" in parts else "receiver"
                sign = _SIGNS[part, touched is self.now]
                return Span(f"{sign.translate(_ASCII) if ascii else sign} ", role)
        return Span("  ")

    def is_changed(self, node: int, what: Literal["value", "gradient"]) -> bool:
        """Whether the step changed this number of a node."""
        return node == self.now.receiver and self.now.changed == what


def step_marks(frame: Frame) -> StepMarks:
    """The marks of the step that led to `frame`, and of the step before in the same run."""
    now, before = _touched(frame.step), _Touched()
    if frame.position > 1:
        before = _touched(frame.trace.schedule.step(frame.position - 1))
    return StepMarks(now if _is_another_number(frame, now) else now._replace(changed=""), before)


def _is_another_number(frame: Frame, touched: _Touched) -> bool:
    """Whether the number that came is not what stood there: adding zeros to a sum changes nothing."""
    if (
        touched.receiver is None
        or not touched.changed
        or not isinstance(frame.step, Accumulate | Reduce | Update)
    ):
        return True  # nothing stood there
    node, earlier = frame.graph.nodes[touched.receiver], frame.trace.frame(frame.position - 1)
    number = Frame.value if touched.changed == "value" else Frame.gradient
    return not same(number(frame, node), number(earlier, node))


def _touched(step: Step | None) -> _Touched:
    match step:
        case Forward(node=node) | Update(node=node):
            return _Touched(node, node, "value")
        case Seed(node=node) | Reduce(node=node):
            return _Touched(node, node, "gradient")
        case Backward(edge=edge):  # a contribution to a sum counts at the next step
            return _Touched(edge.node, edge.operand, "" if edge.shared else "gradient")
        case Accumulate(edge=edge):
            return _Touched(edge.node, edge.operand, "gradient")
        case _:
            return _Touched()


def area_of_rows(rows: Sequence[int], height: int) -> Area | None:
    """What should be in view of rows that are wanted: all of them, or the first where they are far apart."""
    if not rows:
        return None
    top, bottom = min(rows), max(rows)
    return Area(0, top, 1, bottom - top + 1) if bottom - top < height - 1 else Area(0, rows[0], 1, 1)


def changed_spans(shown: str, role: Tint) -> tuple[Span, ...]:
    """A number that the step changed: in reverse, without the spaces around it."""
    number = shown.strip()
    before, _, after = shown.partition(number) if number else (shown, "", "")
    return Span(before), Span(number, _CHANGED.get(role, role)), Span(after)
