"""The position in the viewer of a node's tensors: which tensor, which slice, which entry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, is_finite, is_stored
from backprop_engine.derivatives.jacobian import EntryIndex, Origins, edge_origins, origins_cost
from backprop_engine.derivatives.local_gradients import is_computable
from backprop_engine.explain.entries import Reading, readings
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Edge
from backprop_tui.cells.lines import Role
from backprop_tui.panels.tensor.grid import TOP_LEFT, Axes, Scroll, last_axes
from backprop_tui.view import View

__all__ = ["Subject", "TensorState", "opened_at"]

_MOST_TERMS = 1024
"""The most terms of a sum of which the entries are lit."""
MOST_ENTRIES = 2**22
"""The most entries that are searched for the terms."""


class Subject(Struct, frozen=True):
    """One of a node's tensors: its value, its gradient as far as it has arrived, or the product that came
    along an edge; `edge` is the only one of the gradient, or the product's own.
    """

    kind: Literal["value", "gradient", "product"]
    edge: int | None = None


@dataclass(frozen=True, eq=False)
class TensorState:
    """What the viewer of a node's tensors is a function of.

    `at` is the entry of the cursor, in all axes; `axes` are those that the matrix in view has, and `slides`
    says which of the others the keys for slices go along. `heat` and `counts` are None where it is left to
    the viewer whether there is a heatmap, and a histogram beside it.
    """

    view: View
    node: Node
    subject: int = 0
    at: EntryIndex = ()
    axes: Axes = (None, None)
    slides: int = 0
    scroll: Scroll = TOP_LEFT
    follow: bool = True
    heat: bool | None = None
    counts: bool | None = None
    signs: bool = False
    from_afar: bool = True
    """Whether a heatmap that is too large is seen as a whole; after a move it is seen entry by entry."""

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """The tensors of the node at this position; a product comes with the step that makes it."""
        schedule, graph = self.view.session.trace.schedule, self.view.graph
        here, position = self.view.session.here, self.node.position
        found = [Subject("value")]
        if not graph.gets_gradient(position):
            return tuple(found)
        uses = schedule.uses_of.get(position, [])
        known = [use for use in uses if schedule.starts[use] <= here < schedule.clear]
        found.append(Subject("gradient", known[0] if len(uses) == 1 and known else None))
        if len(uses) > 1:
            found += [Subject("product", use) for use in known]
        return tuple(found)

    @property
    def chosen(self) -> Subject:
        """The tensor in view."""
        return self.subjects[self.subject]

    @cached_property
    def tensor(self) -> Tensor | None:
        """Its numbers, if they are known."""
        return self.tensor_of(self.chosen)

    def tensor_of(self, subject: Subject) -> Tensor | None:
        """The numbers of any of the node's tensors."""
        match subject.kind:
            case "value":
                return self.view.frame.value(self.node)
            case "gradient":
                return self.view.frame.gradient(self.node)
            case _:
                assert subject.edge is not None
                return self.view.session.trace.contributions[subject.edge]

    @property
    def role(self) -> Role:
        """The role of its numbers."""
        return Role.VALUE if self.chosen.kind == "value" else Role.GRADIENT

    @property
    def edge(self) -> Edge | None:
        """The edge that the tensor came along, if it is one product."""
        use = self.chosen.edge
        return None if use is None else self.view.session.trace.schedule.edges[use]

    @property
    def shape(self) -> Shape:
        """The node's shape, which all its tensors have."""
        return self.node.shape

    @property
    def empty(self) -> bool:
        """Whether the tensor has no entries."""
        return 0 in self.shape

    @property
    def local(self) -> LocalFacts | None:
        """The local gradient of its edge, if it is a product."""
        return None if self.edge is None else LocalFacts(self.view.session.trace, self.edge)

    @property
    def large(self) -> bool:
        """Whether too many entries would have to be read to find out how an entry of the product is made."""
        edge = self.edge
        return edge is not None and origins_cost(self.view.session.trace, edge, self.at) > MOST_ENTRIES

    @cached_property
    def origins(self) -> Origins | None:
        """How the entry of the cursor is made, where the tensor is a product."""
        local = self.local
        if self.edge is None or local is None or self.empty or self.tensor is None or self.large:
            return None
        if not local.is_known:
            return None
        diagonal = local.diagonal
        return edge_origins(self.view.session.trace, self.edge, self.at, _MOST_TERMS, diagonal=diagonal)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """What the entry of the cursor reads, where the tensor is a computed value."""
        if self.chosen.kind != "value" or self.empty or self.tensor is None:
            return ()
        trace = self.view.session.trace
        operands = [trace.operand_values[operand] for operand in self.node.operands]
        if not is_computable(self.node, (self.tensor, *operands)):
            return ()
        return readings(trace, self.node, self.at)

    @property
    def others(self) -> tuple[int, ...]:
        """The axes that the matrix in view does not have."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in self.axes)

    @property
    def sliding(self) -> int | None:
        """The axis that the keys for slices go along."""
        return self.others[self.slides % len(self.others)] if self.others else None

    # Moving

    def move_cursor(self, down: int = 0, across: int = 0) -> TensorState:
        """The cursor some rows and columns further; it stops at the ends."""
        at = self.at
        for axis, by in zip(self.axes, (down, across), strict=True):
            if axis is not None:
                at = self._along(at, axis, by)
        return replace(self, at=at, follow=True, from_afar=False)

    def _along(self, at: EntryIndex, axis: int, by: int) -> EntryIndex:
        if self.empty:
            return at
        place = max(0, min(at[axis] + by, self.shape[axis] - 1))
        return (*at[:axis], place, *at[axis + 1 :])

    def cursor_at(self, row: int, column: int) -> TensorState:
        """The cursor in a row and a column of the matrix in view."""
        at = list(self.at)
        for axis, index in zip(self.axes, (row, column), strict=True):
            if axis is not None:
                at[axis] = index
        return replace(self, at=tuple(at), follow=True, from_afar=False)

    def scroll_by(self, down: int = 0, across: int = 0) -> TensorState:
        """Another part of the matrix in view; the cursor stays where it is."""
        top, left = self.scroll
        scroll = Scroll(max(0, top + down), max(0, left + across))
        return replace(self, scroll=scroll, follow=False, from_afar=False)

    def move_slice(self, by: int) -> TensorState:
        """Another slice along the axis that is chosen for that."""
        return self if self.sliding is None else replace(self, at=self._along(self.at, self.sliding, by))

    def next_slider(self) -> TensorState:
        """Another axis to go along."""
        return replace(self, slides=(self.slides + 1) % max(1, len(self.others)))

    def next_axes(self) -> TensorState:
        """The next pair of axes for the matrix in view, in both orders; a vector lies down or is up."""
        count = len(self.shape)
        if count < 2:
            return replace(self, axes=self.axes[::-1], scroll=TOP_LEFT, follow=True)
        pairs: list[Axes] = [
            (down, across) for down in range(count) for across in range(count) if down != across
        ]
        following = pairs[(pairs.index(self.axes) + 1) % len(pairs)]
        return replace(self, axes=following, slides=0, scroll=TOP_LEFT, follow=True)

    def choose(self, subject: int) -> TensorState:
        """Another tensor of the node."""
        return replace(self, subject=subject % len(self.subjects))


def opened_at(view: View, node: Node, edge: Edge | None = None, *, signs: bool = False) -> TensorState:
    """The viewer as it opens: on the product of `edge`, where one is given, else on the value.

    It opens on the first entry that is not finite, also where that is in another of the node's tensors.
    """
    axes = last_axes(node.shape)
    state = TensorState(view, node, at=(0,) * len(node.shape), axes=axes, signs=signs)
    bad = [_first_not_finite(state.tensor_of(subject)) for subject in state.subjects]
    if edge is not None:
        chosen = next((i for i, subject in enumerate(state.subjects) if subject.edge == edge.index), 0)
    else:
        chosen = next((i for i, at in enumerate(bad) if at is not None), 0)
    return replace(state.choose(chosen), at=bad[chosen] or state.at)


def _first_not_finite(tensor: Tensor | None) -> EntryIndex | None:
    """The first entry that is NaN or infinite, if there is one."""
    if tensor is None or is_finite(tensor) or not is_stored(tensor):
        return None
    return tuple(np.argwhere(~np.isfinite(tensor))[0].tolist())
