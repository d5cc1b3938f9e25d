"""The steps of a run, by arithmetic: nothing is stored for a step, and no position costs more than another.

Positions are 0…n; position k is the state after step k. First every computed node's forward step, then the
seed, then the gradient edges in the order of the backward pass, each followed by an accumulate step where
its operand has more than one use. Where several ranks computed, a step for each parameter whose gradients
they put together follows. Where the run is an iteration of training, an update of each parameter follows, and
a last step clears what was computed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias, overload

from msgspec import Struct

from backprop_engine.ops import Rule

__all__ = [
    "Accumulate",
    "Backward",
    "Clear",
    "Edge",
    "Forward",
    "Reduce",
    "Schedule",
    "Seed",
    "Step",
    "Steps",
    "Update",
]


class Edge(Struct, frozen=True, eq=False, gc=False):
    """One use of an operand that gradient flows back along.

    `node` is the node whose rule runs, `operand` its `argnum`-th operand, both as positions. `summed` are the
    axes of the product that the operand was broadcast along; `shared` says that the operand has more than one
    such use, so that contributions accumulate. Edges are in no cycle, which spares the garbage collector.
    """

    index: int
    node: int
    argnum: int
    operand: int
    rule: Rule
    summed: tuple[int, ...]
    shared: bool

    def __repr__(self) -> str:
        return f"<Edge {self.index}: node {self.node} → operand {self.argnum}, node {self.operand}>"


class Forward(Struct, frozen=True):
    """The value of `node` is computed."""

    index: int
    node: int


class Seed(Struct, frozen=True):
    """The gradient at the output is set."""

    index: int
    node: int


class Backward(Struct, frozen=True):
    """The gradient of `edge.node` is passed on to one of its operands."""

    index: int
    edge: Edge


class Accumulate(Struct, frozen=True):
    """The contribution of `edge` is added to its operand's gradient: the `count`-th of `of`."""

    index: int
    edge: Edge
    count: int
    of: int


class Reduce(Struct, frozen=True):
    """The gradients of the parameter `node` that several ranks computed are combined into one."""

    index: int
    node: int


class Update(Struct, frozen=True):
    """The parameter `node` gets its next value from its gradient."""

    index: int
    node: int


class Clear(Struct, frozen=True):
    """Gradients and computed values are absent again: the next iteration begins."""

    index: int


Step: TypeAlias = Forward | Seed | Backward | Accumulate | Reduce | Update | Clear


@dataclass(frozen=True, eq=False)
class Schedule:
    """Which step leads to which position, and when each gradient arrives.

    `updates` are the parameters that are updated, in order, and None outside of training; `reduced` are those
    whose gradients the ranks combine. A run may be `forward_only`, as the last of a training is; it has no
    edges then.
    """

    order: range
    output: int
    edges: tuple[Edge, ...]
    updates: tuple[int, ...] | None = None
    forward_only: bool = False
    reduced: tuple[int, ...] = ()

    @property
    def seed(self) -> int:
        """The position at which the backward pass begins, with only the output's gradient set.

        One past the end if there is no backward pass.
        """
        return len(self.order) + 1

    @cached_property
    def starts(self) -> list[int]:
        """For each edge, the position after its backward step; at the end, one past the backward pass."""
        return list(accumulate((1 + edge.shared for edge in self.edges), initial=self.seed + 1))

    @property
    def completed(self) -> int:
        """The position at which the backward pass is complete, or the forward pass if there is no other."""
        return len(self.order) if self.forward_only else self.starts[-1] - 1

    @property
    def last(self) -> int:
        """The last position, which is the number of steps."""
        done = self.completed + len(self.reduced)
        return done if self.updates is None else done + len(self.updates) + 1

    @property
    def clear(self) -> int:
        """The position at which everything is cleared; past the end if nothing is."""
        return self.last + (self.updates is None)

    @cached_property
    def update_positions(self) -> dict[int, int]:
        """The position at which each updated parameter is updated."""
        done = self.completed + len(self.reduced)
        return {node: done + turn for turn, node in enumerate(self.updates or (), 1)}

    @cached_property
    def reduce_positions(self) -> dict[int, int]:
        """The position at which the gradients of each parameter are combined, if ranks combine them."""
        return {node: self.completed + turn for turn, node in enumerate(self.reduced, 1)}

    @cached_property
    def uses_of(self) -> dict[int, list[int]]:
        """For each operand, the indices of the edges that contribute to its gradient, in order."""
        uses: dict[int, list[int]] = {}
        for edge in self.edges:
            uses.setdefault(edge.operand, []).append(edge.index)
        return uses

    @cached_property
    def edges_of(self) -> dict[int, range]:
        """For each active computed node, the indices of its edges."""
        ranges: dict[int, range] = {}
        for edge in self.edges:
            first = ranges[edge.node].start if edge.node in ranges else edge.index
            ranges[edge.node] = range(first, edge.index + 1)
        return ranges

    def turn(self, edge: Edge) -> tuple[int, int]:
        """Which contribution to its operand's gradient an edge brings, counted from 1, and of how many."""
        uses = self.uses_of[edge.operand]
        return bisect_left(uses, edge.index) + 1, len(uses)

    def arrival(self, index: int) -> int:
        """The position at which the contribution of the edge at `index` counts in its operand's gradient."""
        return self.starts[index] + self.edges[index].shared

    def latest_arrival(self, operand: int, position: int) -> int | None:
        """The edge that last changed the gradient of `operand` at `position`; None before the first."""
        uses = self.uses_of.get(operand, [])
        count = bisect_right(uses, position, key=self.arrival)
        return uses[count - 1] if count else None

    def step(self, index: int) -> Step:
        """The step that leads to position `index`, 1…n."""
        if not 1 <= index <= self.last:
            raise IndexError(f"there is no step {index}: steps count from 1 to {self.last}")
        if index < self.seed:
            return Forward(index, self.order[index - 1])
        if index == self.seed:
            return Seed(index, self.output)
        if index > self.completed:
            updates = self.updates or ()
            turn = index - self.completed - 1
            if turn < len(self.reduced):
                return Reduce(index, self.reduced[turn])
            turn -= len(self.reduced)
            return Update(index, updates[turn]) if turn < len(updates) else Clear(index)
        edge = self.edges[bisect_right(self.starts, index) - 1]
        if self.starts[edge.index] == index:
            return Backward(index, edge)
        return Accumulate(index, edge, *self.turn(edge))


@dataclass(frozen=True, slots=True, eq=False)
class Steps(Sequence[Step]):
    """All the steps of a run as a sequence; ``steps[k]`` leads from position k to k + 1."""

    schedule: Schedule

    def __len__(self) -> int:
        return self.schedule.last

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        positions = range(1, len(self) + 1)[index]
        if isinstance(positions, int):
            return self.schedule.step(positions)
        return [self.schedule.step(position) for position in positions]
