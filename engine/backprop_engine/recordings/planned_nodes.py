"""The nodes that a recorded run of the backward engine will have in a graph, and their edges."""

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
    """An operand of a node: which node it is, and what was handed to it, if gradient flowed there."""

    source: PlannedNode
    flows: bool = False
    contribution: TensorEntry | None = None
    placed: tuple[slice, ...] = ()
    """Which part of the operand it was handed to, where that is not all of it."""


@dataclass(eq=False, slots=True)
class PlannedNode:
    """A node of the graph to be, before it has a position; `parts` are the outputs of a tuple.

    A `total` is a sum of roots, which the engine starts from at once; nothing was recorded of it.
    """

    kind: PlannedKind
    name: str
    """The operator's name without namespace, overload and underscore; of a leaf, its own."""
    shape: Shape
    value: TensorEntry | None = None
    gradient: TensorEntry | None = None
    operands: list[PlannedEdge] = field(default_factory=list)
    parts: list[PlannedNode] = field(default_factory=list)
    call: OperatorCall | None = None
    backward: str = ""
    """What the framework calls the node of its backward graph."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    """The nodes of the backward graph that it stands for."""
    outputs: tuple[int, ...] = ()
    """Which outputs the parts of a tuple are."""
    reduced: ReducedGradient | None = None
    """Of a leaf, its gradient after ranks put theirs together, where they did."""

    @property
    def module(self) -> str:
        """The path of the module that called the operator."""
        return self.call.module if self.call is not None else ""

    @property
    def number(self) -> float | None:
        """The number that is an operand, which a program may change from step to step; None where there is
        none.
        """
        other = self.settings.get("other") if self.name in _ARITHMETIC else None
        return float(other) if isinstance(other, int | float) and not isinstance(other, bool) else None

    @property
    def signature(self) -> tuple[Any, ...]:
        """What two runs of one graph have in common here, besides how nodes are connected."""
        flows = tuple(edge.flows for edge in self.operands)
        settings = repr({**self.settings, "other": 0.0} if self.number is not None else self.settings)
        reduced = self.reduced is not None
        return self.kind, self.name, self.shape, self.module, self.backward, flows, settings, reduced
