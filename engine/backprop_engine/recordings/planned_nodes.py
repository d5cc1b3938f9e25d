"""The nodes and edges of a recorded run of the backward engine, before they are put in a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from backprop_engine.arrays import Shape
from backprop_engine.recordings.events import OperatorCall, ReducedGradient, TensorEntry

__all__ = ["PlannedEdge", "PlannedKind", "PlannedNode"]

PlannedKind: TypeAlias = Literal["leaf", "constant", "computed", "tuple", "part", "total"]
_ARITHMETIC: Final = ("add", "sub", "rsub", "mul", "div")


@dataclass(eq=False, slots=True)
class PlannedEdge:
    """An operand of a node, and the contribution to its gradient, if gradient flows there."""

    source: PlannedNode
    flows: bool = False
    contribution: TensorEntry | None = None
    placed: tuple[slice, ...] = ()
    """The part of the operand that the contribution belongs to; empty for all of it."""


@dataclass(eq=False, slots=True)
class PlannedNode:
    """A node that has no position in a graph yet; `parts` are the outputs of a tuple.

    A `total` is the sum of several roots of one backward pass; no call of it was recorded.
    """

    kind: PlannedKind
    name: str
    """The name of a leaf, or of an operator without its namespace, overload and trailing underscore."""
    shape: Shape
    value: TensorEntry | None = None
    gradient: TensorEntry | None = None
    operands: list[PlannedEdge] = field(default_factory=list)
    parts: list[PlannedNode] = field(default_factory=list)
    call: OperatorCall | None = None
    backward: str = ""
    """The framework's name for the node of the backward graph."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    """The names of the nodes of the backward graph that are folded into this one."""
    outputs: tuple[int, ...] = ()
    """The output numbers of the parts of a tuple."""
    reduced: ReducedGradient | None = None
    """The gradient of a leaf after the reduction between ranks, if there was one."""

    @property
    def module(self) -> str:
        """The path of the module that called the operator."""
        return self.call.module if self.call is not None else ""

    @property
    def number(self) -> float | None:
        """The operand that is a plain number, which may differ between steps; None if there is none."""
        other = self.settings.get("other") if self.name in _ARITHMETIC else None
        return float(other) if isinstance(other, int | float) and not isinstance(other, bool) else None

    @property
    def signature(self) -> tuple[Any, ...]:
        """What is equal for this node in all runs of one graph, apart from its edges."""
        flows = tuple(edge.flows for edge in self.operands)
        settings = repr({**self.settings, "other": 0.0} if self.number is not None else self.settings)
        reduced = self.reduced is not None
        return self.kind, self.name, self.shape, self.module, self.backward, flows, settings, reduced
