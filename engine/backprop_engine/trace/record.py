"""Recording a run: `record(graph, bindings)` gives its `Trace`.

Both passes follow a plan that is made once for a graph, so that the loops look nothing up. Scalars stay NumPy
scalars throughout, which are several times faster than arrays of no dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from backprop_engine.arrays import Shape, Tensor, freeze, settle, shape_text, sum_axes
from backprop_engine.derived import derived
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings, numbers_of
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import msg
from backprop_engine.ops import Elementwise, Linear
from backprop_engine.ops.rules import ONE
from backprop_engine.trace.trace import Edit, Trace, ValueEdit

__all__ = [
    "contribution",
    "contribution_of",
    "edits_by_position",
    "forward_function",
    "listening",
    "product",
    "record",
    "record_forward",
    "reported",
    "run_forward",
]

_Function: TypeAlias = Callable[..., Any]


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
    value_edits, gradient_edits = edits_by_position(graph, edits)
    if graph.numbers() > _MANY:
        _keep_freed_memory()
    with np.errstate(all="ignore"):
        values, operands, outs = run_forward(graph, bindings, value_edits)
        backward = _BackwardPass(graph, outs, operands, gradient_edits)
        backward.run(bindings.seed)
    return Trace(
        graph=graph,
        bindings=bindings,
        edits=edits,
        values=values,
        operand_values=operands,
        outs=outs,
        contributions=backward.contributions,
        arrived=backward.arrived,
        gradients=backward.gradients,
    )


_MANY: Final = 2**17
"""A run that holds more numbers than that, 1 MiB, is worth it."""
_LARGEST_HELD: Final = 2**25 - 2**16


@cache
def _keep_freed_memory() -> None:
    """Let the C library keep what runs free, where it would give it back for the next one to ask for again.

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


def value_dtype(graph: Graph, node: Node) -> np.dtype[Any]:
    """The type of a node's value: whole numbers for class indices, booleans for comparisons."""
    if node.position in graph.index_leaves:
        return np.dtype(np.int64)
    return np.dtype(np.bool_) if node.op is not None and node.op.boolean else graph.dtype


def forward_function(node: Node) -> _Function:
    """The operator of a computed node, with its attributes bound."""
    assert node.op is not None
    return partial(node.op.forward, **node.attributes) if node.attributes else node.op.forward


class _ForwardEntry(NamedTuple):
    """What it takes to compute a node."""

    node: int
    function: _Function
    arity: int
    first: int
    last: int
    operands: tuple[int, ...]
    dtype: np.dtype[Any]


@derived()
def forward_plan(graph: Graph) -> tuple[_ForwardEntry, ...]:
    return tuple(_forward_entry(graph, graph.nodes[position]) for position in graph.order)


def _forward_entry(graph: Graph, node: Node) -> _ForwardEntry:
    assert node.op is not None
    function, dtype = forward_function(node), value_dtype(graph, node)
    first, last = node.operands[0], node.operands[-1]
    return _ForwardEntry(node.position, function, len(node.operands), first, last, node.operands, dtype)


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
    casts = any(entry.dtype != graph.dtype for entry in plan)
    operands = values.copy() if casts else values
    outs = values.copy() if edits else values
    scalar = graph.dtype.type
    for node, function, arity, first, last, every, dtype in reported(plan):
        if arity == 2:
            out = function(operands[first], operands[last])
        elif arity == 1:
            out = function(operands[first])
        else:
            out = function(*[operands[position] for position in every])
        if edits:
            outs[node] = settle(out, dtype)
            out = edits.get(node, out)
        if type(out) is not scalar:
            out = settle(out, dtype)
        values[node] = out
        if casts:
            operands[node] = settle(out, graph.dtype)
    return values, operands, outs


class BackwardEntry(NamedTuple):
    """What it takes to compute a contribution; `function` is None where the local gradient is 1."""

    node: int
    operand: int
    function: _Function | None
    multiplies: bool
    arity: int
    first: int
    last: int
    operands: tuple[int, ...]
    summed: tuple[int, ...]
    shape: Shape
    shared: bool


@derived()
def backward_plan(graph: Graph) -> tuple[BackwardEntry, ...]:
    return tuple(_backward_entry(graph, edge) for edge in graph.edges)


def _backward_entry(graph: Graph, edge: Edge, *, faulty: bool = True) -> BackwardEntry:
    node = graph.nodes[edge.node]
    shape = graph.nodes[edge.operand].shape
    function, multiplies, summed = _backward_function(node, edge, shape)
    first, last = node.operands[0], node.operands[-1]
    entry = BackwardEntry(
        edge.node, edge.operand, function, multiplies, len(node.operands),
        first, last, node.operands, summed, shape, edge.shared,
    )  # fmt: skip
    fault = graph.faults.get((edge.node, edge.argnum)) if faulty else None
    if fault is None:
        return entry
    if fault.contribution is not None:
        entry = entry._replace(function=fault.contribution, multiplies=False, summed=())
    return entry._replace(shared=entry.shared and not fault.overwrites)


def _backward_function(
    node: Node, edge: Edge, operand: Shape
) -> tuple[_Function | None, bool, tuple[int, ...]]:
    """The local gradient to multiply by, or the vector-Jacobian product; whether it is the former; and the
    axes of the result that are left to sum.

    Between scalars every rule is a number: what the rule gives for an upstream gradient of 1.
    """
    rule = edge.rule
    if rule is ONE:
        return None, True, edge.summed
    if isinstance(rule, Elementwise):
        return _with_settings(rule.of, node), True, edge.summed
    if edge.summed and isinstance(rule, Linear) and rule.collected is not None:
        return _with_settings(rule.collected, node), False, ()
    vjp = _with_settings(rule.vjp, node)
    if node.shape == () == operand:
        return partial(vjp, np.float64(1.0)), True, edge.summed
    return vjp, False, edge.summed


def _with_settings(function: _Function, node: Node) -> _Function:
    return partial(function, **node.attributes) if node.attributes else function


def product(graph: Graph, edge: Edge, upstream: Tensor, out: Tensor, operands: Sequence[Tensor]) -> Tensor:
    """Upstream times local gradient at `edge` by its rule, before any broadcast axis is summed."""
    entry = backward_plan(graph)[edge.index]
    if graph.faults:
        entry = _backward_entry(graph, edge, faulty=False)
    if entry.summed != edge.summed and isinstance(edge.rule, Linear):
        found = _with_settings(edge.rule.vjp, graph.nodes[edge.node])(upstream, out, *operands)
        return settle(found, graph.dtype)
    if entry.function is None:
        return upstream
    if entry.multiplies:
        return settle(upstream * entry.function(out, *operands), graph.dtype)
    return settle(entry.function(upstream, out, *operands), graph.dtype)


def contribution(
    graph: Graph, index: int, upstream: Tensor, outs: Sequence[Tensor], operands: Sequence[Tensor]
) -> Tensor:
    """The contribution of the edge at `index`, in its operand's shape, as a whole run computes it."""
    return contribution_of(backward_plan(graph)[index], upstream, outs, operands, graph.dtype)


def contribution_of(
    entry: BackwardEntry,
    upstream: Tensor,
    outs: Sequence[Tensor],
    operands: Sequence[Tensor],
    dtype: np.dtype[Any],
) -> Tensor:
    """The same for an entry of the plan."""
    out: Any = upstream
    if entry.function is not None:
        given = [operands[position] for position in entry.operands]
        if entry.multiplies:
            out = upstream * entry.function(outs[entry.node], *given)
        else:
            out = entry.function(upstream, outs[entry.node], *given)
    if entry.summed:
        out = sum_axes(out, entry.summed, entry.shape)
    return settle(out, dtype)


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
        uses_of = self.graph.schedule.uses_of
        completions = {uses_of[node][-1]: node for node in self.edits if node in uses_of}
        for last in sorted(completions):
            self._stretch(plan[start : last + 1])
            self.gradients[completions[last]] = self.arrived[last] = self.edits[completions[last]]
            start = last + 1
        self._stretch(plan[start:])

    def _stretch(self, plan: Sequence[BackwardEntry]) -> None:
        outs, operands, gradients = self.outs, self.operands, self.gradients
        contributions, arrived = self.contributions, self.arrived
        dtype, scalar = self.graph.dtype, self.graph.dtype.type
        for node, operand, function, multiplies, arity, first, last, every, summed, shape, shared in reported(
            plan
        ):
            upstream = gradients[node]
            if function is None:
                out = upstream
            elif multiplies:
                if arity == 2:
                    out = upstream * function(outs[node], operands[first], operands[last])
                elif arity == 1:
                    out = upstream * function(outs[node], operands[first])
                else:
                    out = upstream * function(outs[node], *[operands[position] for position in every])
            else:
                out = function(upstream, outs[node], *[operands[position] for position in every])
            if summed:
                out = sum_axes(out, summed, shape)
            if type(out) is not scalar:
                out = settle(out, dtype)
            contributions.append(out)
            if shared:
                before = gradients[operand]
                if before is not None:
                    out = before + out
                    if type(out) is not scalar:
                        out = settle(out, dtype)
            gradients[operand] = out
            arrived.append(out)


# Reporting the progress of a recording

Listener: TypeAlias = Callable[[int], None]
"""Takes the position of the node that is computed next; what it raises ends the recording."""


class _Entry(Protocol):
    @property
    def node(self) -> int: ...


E = TypeVar("E", bound=_Entry)

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
        listener(entry.node)
        yield entry
