"""Conditions over the numbers of a step, and the positions of a trace where one holds.

A condition is an expression of the scenario language over `value` (of the step's node), `upstream`, `local`
and `product` (of a backward step), and `grad` (the completed gradient of the node that the step sets it for).
Names of leaves and nodes, and `grad(NAME)`, mean what the whole run gives. At a place, a condition may be
about those alone: then it holds at all steps of an iteration or at none. A condition holds where it is true
in any entry. Where all numbers are scalars, all steps are tried at once, as vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor
from backprop_engine.debugger.typed_expressions import named, typed, with_hint
from backprop_engine.errors import UsageError
from backprop_engine.evaluation.calls import (
    CallError,
    bind,
    find_op,
    in_operators,
    is_operand,
    named_arguments,
    operands_first,
)
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate, is_gradient, with_gradients
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Subscript,
    Transpose,
    Unary,
    normalised,
    render,
)
from backprop_engine.expressions.tree import walk
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.ops import OPS, Elementwise, Op
from backprop_engine.trace.plans import product
from backprop_engine.trace.trace import Trace

__all__ = ["SUBJECTS", "Condition", "holding", "parse_condition"]

SUBJECTS: Final = ("value", "upstream", "local", "product", "grad")
_OF_EDGES: Final = ("upstream", "local", "product")


class Condition(Struct, frozen=True, eq=False):
    """A condition as it was typed, and the subjects that it is about."""

    text: str
    tree: Expr
    subjects: tuple[str, ...]


def parse_condition(text: str, graph: Graph, *, placed: bool = False) -> Condition:
    """The condition that `text` spells; raises `UsageError` if it is not one, or names something unknown.

    One that is `placed`, at a node for example, need say nothing about the step.
    """
    tree = in_operators(with_gradients(typed(text), graph.loss_name), graph.operators)
    parts = operands_first(tree)
    for part in parts:
        if isinstance(part, Call):
            _check_call(part, graph)
    of_gradients = {id(part.args[0]) for part in parts if isinstance(part, Call) and is_gradient(part)}
    written = [part for part in parts if isinstance(part, Name | Attribute)]
    bare = dict.fromkeys(_name(part) for part in written if id(part) not in of_gradients)
    for name in dict.fromkeys(map(_name, written)):
        if (name not in SUBJECTS or name not in bare) and name not in graph:
            raise UsageError(
                msg("{name} is not a node", name=clean(name)),
                msg("a condition can use {subjects}, and nodes by name", subjects=", ".join(SUBJECTS)),
            )
    subjects = tuple(name for name in SUBJECTS if name in bare)
    if not (subjects or placed):
        raise UsageError(
            msg(
                "{text} is not a property of a step: use {subjects}",
                text=clean(text),
                subjects=", ".join(SUBJECTS),
            )
        )
    return Condition(text, tree, subjects)


def _name(part: Expr) -> str:
    return named(normalised(render(part)))


def _check_call(call: Call, graph: Graph) -> None:
    """Refuse a call that has a value at no step."""
    if not is_gradient(call):
        operands = [keyword.value for keyword in call.keywords if is_operand(call, keyword)]
        try:
            op = find_op(call.name, call.name_span, (), graph.operators)
            given = [(operand, operand.span) for operand in call.args]
            bind(op, call.name_span, given, named_arguments(call, operands))
        except CallError as error:
            raise UsageError(with_hint(error.message, error.hint)) from None
        return
    argument = call.args[0] if len(call.args) == 1 and not call.keywords else None
    if not isinstance(argument, Name | Attribute):
        raise UsageError(msg("`grad` takes the name of one node: write `grad(x)`"))
    name = _name(argument)
    if name in graph:  # else the caller says so
        node = graph[name]
        if not (graph.active[node.position] or (node.is_leaf and node.takes_gradient)):
            raise UsageError(msg("{name} has no gradient", name=clean(name)))


def holding(condition: Condition, trace: Trace) -> NDArray[np.int64]:
    """The positions of `trace` at whose step the condition holds, in order: all or none, where it says
    nothing about the step.
    """
    return np.sort(_Finder(condition, trace).positions())


_Columns: TypeAlias = dict[str, Sequence[Any]]
"""For each subject, its numbers at all the steps; None where a step has none that is a tensor."""


class _Finder:
    def __init__(self, condition: Condition, trace: Trace) -> None:
        self.condition, self.trace, self.graph = condition, trace, trace.graph

    def positions(self) -> NDArray[np.int64]:
        """Where it holds, in any order."""
        subjects = self.condition.subjects
        if not subjects:
            everywhere = range(self.trace.schedule.last + 1)
            return np.asarray(everywhere if self.one_by_one([0], {}).size else (), dtype=np.int64)
        if any(subject in _OF_EDGES for subject in subjects):
            return self.tried(*self.at_edges())
        return self.tried(*(self.at_values() if subjects == ("value",) else self.at_gradients()))

    # Which steps there are

    def at_edges(self) -> tuple[list[int], _Columns]:
        """Backward steps; `grad` counts where the step sets it, `value` is of the node whose rule runs."""
        schedule, subjects = self.trace.schedule, self.condition.subjects
        edges: Sequence[Edge] = schedule.edges
        positions = schedule.starts[: len(edges)]
        if "grad" in subjects:
            edges = [edge for edge in edges if not edge.shared]
            positions = [positions[edge.index] for edge in edges]
        columns: _Columns = {subject: self.of_edges(subject, edges) for subject in subjects}
        return positions, columns

    def of_edges(self, subject: str, edges: Sequence[Edge]) -> Sequence[Any]:
        """A subject's numbers at backward steps."""
        trace = self.trace
        match subject:
            case "value":
                return [trace.values[edge.node] for edge in edges]
            case "upstream":
                return [trace.gradients[edge.node] for edge in edges]
            case "product" if len(edges) == len(trace.contributions):
                return trace.contributions
            case "product":
                return [trace.contributions[edge.index] for edge in edges]
            case "grad":
                return [trace.arrived[edge.index] for edge in edges]
            case _:
                with np.errstate(all="ignore"):
                    return [_local(trace, edge) for edge in edges]

    def at_values(self) -> tuple[list[int], _Columns]:
        """Forward steps, and updates with the new value."""
        trace, schedule = self.trace, self.trace.schedule
        first, updates = schedule.order.start - 1, schedule.update_positions
        positions = [*(node - first for node in schedule.order), *updates.values()]
        values = [trace.values[node] for node in schedule.order]
        return positions, {"value": values + [trace.updated[node] for node in updates]}

    def at_gradients(self) -> tuple[list[int], _Columns]:
        """Steps that complete a gradient; `value` is that of the node whose gradient it is."""
        trace, schedule = self.trace, self.trace.schedule
        if schedule.forward_only:
            return [], {"grad": [], "value": []}
        nodes = [schedule.output, *schedule.uses_of]
        positions = [schedule.seed, *(schedule.arrival(uses[-1]) for uses in schedule.uses_of.values())]
        columns: _Columns = {"grad": [trace.gradients[node] for node in nodes]}
        if "value" in self.condition.subjects:
            columns["value"] = [trace.values[node] for node in nodes]
        return positions, columns

    # Trying

    def tried(self, positions: Sequence[int], columns: _Columns) -> NDArray[np.int64]:
        """Steps at which all numbers are scalars are tried at once, the others one by one."""
        flags = [[number is not None and not number.ndim for number in column] for column in columns.values()]
        if all(map(all, flags)):
            return self.at_once(positions, columns)
        flat = [all(row) for row in zip(*flags, strict=True)]
        scalars: _Columns = {subject: list(compress(column, flat)) for subject, column in columns.items()}
        others = [index for index, is_flat in enumerate(flat) if not is_flat]
        found = self.one_by_one(
            [positions[index] for index in others],
            {subject: [column[index] for index in others] for subject, column in columns.items()},
        )
        return np.concatenate((self.at_once(list(compress(positions, flat)), scalars), found))

    def at_once(self, positions: Sequence[int], columns: _Columns) -> NDArray[np.int64]:
        """Try the condition at steps between scalars, all in one go where its operators allow that."""
        dtype = self.graph.dtype
        arrays = {subject: np.asarray(column, dtype=dtype)[:, None] for subject, column in columns.items()}
        try:
            result = _as_vectors(
                self.condition.tree, lambda name: self.column(name, arrays), self.number, dtype
            )
        except _NotAsVectorsError:
            return self.one_by_one(positions, columns)
        holds = np.broadcast_to(np.asarray(result) != 0, (len(positions), 1))[:, 0]
        found: NDArray[np.int64] = np.asarray(positions, dtype=np.int64)[holds]
        return found

    def column(self, name: str, columns: dict[str, Any]) -> Any:
        """A subject's numbers at all steps, or a node's one number."""
        return columns[name] if name in columns else _only(self.of_node(name))

    def number(self, name: str) -> Any:
        """A gradient of one number."""
        try:
            return _only(self.gradient(name))
        except LookupError:
            raise _NotAsVectorsError from None

    def one_by_one(self, positions: Sequence[int], columns: _Columns) -> NDArray[np.int64]:
        """Try the condition one step at a time."""
        found = []
        for position, *row in zip(positions, *columns.values(), strict=True):
            if any(number is None for number in row):
                continue
            numbers = dict(zip(columns, row, strict=True))
            try:
                result = evaluate(
                    self.condition.tree,
                    lambda name: numbers[name] if name in numbers else self.of_node(name),  # noqa: B023
                    self.gradient,
                    self.graph.dtype,
                    self.graph.operators,
                )
            except EvaluationError:
                continue  # the shapes of this step do not fit the condition: it is about others
            if result is not None and bool(np.any(result)):
                found.append(position)
        return np.asarray(found, dtype=np.int64)

    def of_node(self, name: str) -> Tensor:
        """A node's value in the whole run."""
        name = named(name)
        if name not in self.graph:
            raise LookupError(msg("`{name}` is not defined", name=name))
        return self.trace.value(name)

    def gradient(self, name: str) -> Tensor:
        """A node's completed gradient."""
        name = named(name)
        try:
            return self.trace.gradient(name)
        except UsageError as error:
            raise LookupError(error.text) from None


def _local(trace: Trace, edge: Edge) -> Any:
    """The local gradient of an edge; None if it is not a tensor."""
    graph = trace.graph
    node = graph.nodes[edge.node]
    if node.shape == () == graph.nodes[edge.operand].shape:  # as `local_gradient` has it, and quicker
        operands = [trace.operand_values[position] for position in node.operands]
        return product(graph, edge, graph.dtype.type(1.0), trace.outs[edge.node], operands)
    local = LocalFacts(trace, edge)
    return local.factor.tensor if local.is_map else local.value


class _NotAsVectorsError(Exception):
    """The condition has an operator that cannot be applied to all steps at once."""


_MOST_PARTS: Final = 200
"""The most parts of a condition that is tried at all steps at once: they are gone through by recursion."""


def _only(tensor: Tensor) -> Tensor:
    """The number of a tensor with a single entry; any other does not go with columns."""
    if tensor.shape != ():
        raise _NotAsVectorsError
    return tensor


def _as_vectors(
    tree: Expr,
    value_of: Callable[[str], Any],
    gradient_of: Callable[[str], Any],
    dtype: np.dtype[Any],
) -> Any:
    """The value of `tree` where each subject is a column with a row for each step."""
    parts = list(walk(tree))
    if len(parts) > _MOST_PARTS:
        raise _NotAsVectorsError
    for part in parts:
        if isinstance(part, Subscript | Transpose) or (isinstance(part, Binary) and part.op == "@"):
            raise _NotAsVectorsError
        if isinstance(part, Call) and not is_gradient(part) and not _as_vector(part):
            raise _NotAsVectorsError
    return _Vectors(value_of, gradient_of, dtype).value(tree)


def _as_vector(call: Call) -> bool:
    """Whether the operator works on each step by itself when all of them are in one column."""
    op = OPS.get(call.name)
    if op is None or call.keywords or len(call.args) != len(op.operands):
        return False
    if op.boolean or op.reduces:
        return True
    return not callable(op.rules) and all(rule is None or isinstance(rule, Elementwise) for rule in op.rules)


class _Vectors(Struct, frozen=True, eq=False):
    """Evaluates a tree over columns, each part in the graph's dtype, as `evaluate` does for one step.

    Reductions of a scalar go along its single entry.
    """

    value_of: Callable[[str], Any]
    gradient_of: Callable[[str], Any]
    dtype: np.dtype[Any]

    def value(self, tree: Expr) -> Any:
        match tree:
            case Number():
                return self.dtype.type(tree.value)
            case Unary():
                return self.applied(OPS["neg"], (tree.operand,))
            case Binary():
                return self.applied(OPS.by_symbol(tree.op), (tree.left, tree.right))
            case Call() if is_gradient(tree):
                return self.gradient_of(_name(tree.args[0]))
            case Call():
                return self.applied(OPS[tree.name], tree.args)
            case _:
                return self.value_of(_name(tree))

    def applied(self, op: Op, parts: Sequence[Expr]) -> Any:
        operands = [np.asarray(self.value(part), dtype=self.dtype) for part in parts]
        attributes = {attribute.name: attribute.default for attribute in op.attributes}
        if op.reduces:
            attributes |= {"axis": -1, "keepdims": True}
            operands = [operand if operand.ndim else operand.reshape(1, 1) for operand in operands]
        with np.errstate(all="ignore"):
            out = op.forward(*operands, **attributes)
        return np.asarray(out, dtype=np.bool_ if op.boolean else self.dtype)
