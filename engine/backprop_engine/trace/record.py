"""Recording a run: `record(graph, bindings)` gives its `Trace`.

Both passes follow a plan that is made once for a graph; see `plans.py`. Scalars stay NumPy
scalars throughout, which are several times faster than arrays of no dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import numpy as np

from backprop_engine.arrays import Tensor, freeze, settle, shape_text
from backprop_engine.derived import derived
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings, numbers_of
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.trace.plans import BackwardEntry, backward_plan, forward_plan, value_dtype
from backprop_engine.trace.trace import Edit, Trace, ValueEdit

__all__ = [
    "edits_by_position",
    "listening",
    "record",
    "record_forward",
    "reported",
    "run_both",
    "run_forward",
]


def record(
    graph: Graph, bindings: Bindings | Mapping[str, Any] | None = None, edits: Iterable[Edit] = ()
) -> Trace:
    """Run `graph` forward and backward, with `edits` in force.

    `bindings` are the numbers of its leaves, or values by name for some of them; all other leaves keep the
    numbers with which the graph was written. Arithmetic is IEEE and raises nothing: infinities and NaN are
    values like any other. Raises `UsageError` for a leaf without a value, for an edit of a node that does not
    exist, and for an edit whose shape differs from its node's.

    >>> from backprop_engine import ValueEdit, make_graph, record
    >>> product = make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3})
    >>> record(product), record(product, {"x": 5}), record(product, edits=[ValueEdit("f", 7)])
    (<Trace: f = 6, 4 steps>, <Trace: f = 15, 4 steps>, <Trace: f = 7, 4 steps>)
    """
    if not isinstance(bindings, Bindings):
        bindings = _completed(graph, bindings or {})
    edits = tuple(edits)
    return Trace(graph, bindings, edits, *run_both(graph, bindings, edits))


class Passes(NamedTuple):
    """The results of both passes, as a trace has them."""

    values: Sequence[Tensor]
    operand_values: Sequence[Tensor]
    outs: Sequence[Tensor]
    contributions: Sequence[Tensor]
    arrived: Sequence[Tensor]
    gradients: Sequence[Any]


def run_both(graph: Graph, bindings: Bindings, edits: tuple[Edit, ...]) -> Passes:
    """The results that `record` makes a trace of."""
    value_edits, gradient_edits = edits_by_position(graph, edits)
    if graph.numbers() > _MANY:
        _keep_freed_memory()
    with np.errstate(all="ignore"):
        values, operands, outs = run_forward(graph, bindings, value_edits)
        backward = _BackwardPass(graph, outs, operands, gradient_edits)
        backward.run(bindings.seed)
    return Passes(values, operands, outs, backward.contributions, backward.arrived, backward.gradients)


_MANY: Final = 2**17
"""A run that holds more numbers than that, 1 MiB, is worth it."""
_LARGEST_HELD: Final = 2**25 - 2**16


@cache
def _keep_freed_memory() -> None:
    """Let the C library keep the memory that a run frees, instead of returning it and asking for it again.

    Glibc keeps up to twice the largest block that was ever freed, if that was less than 32 MiB; asking for
    one, which takes none of the machine's memory until it is written to, saves a fifth of a run's time.
    """
    np.empty(_LARGEST_HELD, dtype=np.uint8)


def _completed(graph: Graph, values: Mapping[str, Any]) -> Bindings:
    """The numbers that a graph was written with, and `values` in place of some of them."""
    if graph.given is None:
        return Bindings.of(graph, values)
    given = Bindings(*graph.given)
    if not values:
        return given
    named = {leaf.name: given.leaves[leaf.position] for leaf in graph.leaves}
    return Bindings.of(graph, {**named, **values}, given.seed)


def record_forward(graph: Graph, bindings: Bindings, edits: Iterable[Edit] = ()) -> Trace:
    """As `record`, but the forward pass alone: no node has a gradient."""
    edits = tuple(edits)
    value_edits, _ = edits_by_position(graph, edits)
    with np.errstate(all="ignore"):
        values, operands, outs = run_forward(graph, bindings, value_edits)
    nothing = [None] * len(graph.nodes)
    return Trace(graph, bindings, edits, values, operands, outs, (), (), nothing, graph.forward_schedule)


def edits_by_position(graph: Graph, edits: tuple[Edit, ...]) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
    """The edits of values and of gradients by node, cast to the dtype they replace."""
    values: dict[int, Tensor] = {}
    gradients: dict[int, Tensor] = {}
    for edit in edits:
        node = graph[edit.node]
        if isinstance(edit, ValueEdit):
            values[node.position] = tensor = freeze(
                numbers_of(node.name, edit.value), value_dtype(graph, node)
            )
        else:
            gradients[node.position] = tensor = freeze(numbers_of(node.name, edit.gradient), graph.dtype)
        if tensor.shape != node.shape:
            raise UsageError(
                msg(
                    "{name} has shape {shape}, but the new value has shape {given}",
                    name=node.name,
                    shape=shape_text(node.shape),
                    given=shape_text(tensor.shape),
                )
            )
    return values, gradients


@derived()
def _has_booleans(graph: Graph) -> bool:
    """Whether the values of some nodes are of another type than operators compute with."""
    return any(entry[-1] != graph.dtype for entry in forward_plan(graph))


def run_forward(
    graph: Graph, bindings: Bindings, edits: dict[int, Tensor]
) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
    """Each node's value; its value as an operand, booleans cast to numbers; and what its operator gave, which
    differs where the value is overridden. One list serves for all where nothing differs.
    """
    values: list[Any] = [None] * len(graph.nodes)
    for position, tensor in (*graph.literals.items(), *bindings.leaves.items()):
        values[position] = edits.get(position, tensor)
    plan = forward_plan(graph)
    casts = _has_booleans(graph)
    operands = values.copy() if casts else values
    outs = values.copy() if edits else values
    scalar = graph.dtype.type
    for node, function, first, second, every, dtype in reported(plan):
        if second is not None:
            out = function(operands[first], operands[second])
        elif every is None:
            out = function(operands[first])
        else:
            out = function(*[operands[position] for position in every])
        if type(out) is not scalar:
            out = settle(out, dtype)
        if edits:
            outs[node] = out
            out = edits.get(node, out)
        values[node] = out
        if casts:
            operands[node] = settle(out, graph.dtype)
    return values, operands, outs


class _BackwardPass:
    """The backward pass, in stretches between the edits of gradients."""

    def __init__(
        self, graph: Graph, outs: Sequence[Tensor], operands: Sequence[Tensor], edits: dict[int, Tensor]
    ) -> None:
        self.graph, self.outs, self.operands, self.edits = graph, outs, operands, edits
        self.contributions: list[Tensor] = []
        self.arrived: list[Tensor] = []
        self.gradients: list[Any] = [None] * len(graph.nodes)

    def run(self, seed: Tensor) -> None:
        output = self.graph.output
        self.gradients[output] = self.edits.get(output, seed)
        plan, start = backward_plan(self.graph), 0
        for last, node in self._completions():
            self._stretch(plan[start : last + 1])
            self.gradients[node] = self.arrived[last] = self.edits[node]
            start = last + 1
        self._stretch(plan[start:])

    def _completions(self) -> list[tuple[int, int]]:
        """The edges, in their order, that complete a gradient that is overridden, and whose it is."""
        if not self.edits:
            return []
        uses_of = self.graph.schedule.uses_of
        return sorted((uses_of[node][-1], node) for node in self.edits if node in uses_of)

    def _stretch(self, plan: Sequence[BackwardEntry]) -> None:
        outs, operands, gradients = self.outs, self.operands, self.gradients
        contributions, arrived = self.contributions, self.arrived
        dtype, scalar = self.graph.dtype, self.graph.dtype.type
        for node, operand, factor, function, first, second, added, rule in reported(plan):
            out = upstream = gradients[node]
            if factor is not None:
                out = out * operands[factor]
            elif function is not None:
                if second is None:
                    out = out * function(outs[node], operands[first])
                else:
                    out = out * function(outs[node], operands[first], operands[second])
            elif rule is not None:
                out = rule.contribution(out, outs[node], operands)
            if type(out) is not scalar and out is not upstream:
                out = settle(out, dtype)
            contributions.append(out)
            if added:
                out = gradients[operand] + out
                if type(out) is not scalar:
                    out = settle(out, dtype)
            gradients[operand] = out
            arrived.append(out)


# Reporting the progress of a recording

Listener: TypeAlias = Callable[[int], None]
"""Takes the position of the node that is computed next; what it raises ends the recording."""


E = TypeVar("E", bound=tuple[Any, ...])

_LISTENER: Final[ContextVar[Listener | None]] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` for each node that this thread computes or passes a gradient through.

    >>> from backprop_engine import make_graph, record
    >>> from backprop_engine.trace.record import listening
    >>> graph, computed = make_graph({"q": "x * y", "f": "q + x"}, inputs={"x": 2, "y": 3}), []
    >>> with listening(lambda node: computed.append(graph.nodes[node].name)):
    ...     trace = record(graph)
    >>> computed
    ['q', 'f', 'f', 'f', 'q', 'q']
    """
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def reported(plan: Sequence[E]) -> Iterable[E]:
    """The entries of a plan, each of them reported to the listener of this thread, if it has one."""
    listener = _LISTENER.get()
    return plan if listener is None else _reporting(plan, listener)


def _reporting(plan: Sequence[E], listener: Listener) -> Iterator[E]:
    for entry in plan:
        listener(entry[0])
        yield entry
