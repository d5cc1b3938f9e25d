"""The plan of a recorded run as a graph: names, groups of modules, and our operators where they are known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Shape, Tensor, settle
from backprop_engine.errors import Place
from backprop_engine.graph.graph import Graph, Group, Kind, Node
from backprop_engine.graph.paths import module_path
from backprop_engine.messages.plain_text import clean
from backprop_engine.ops.definition import RECORDED, Op
from backprop_engine.recordings.aten import RecordedCall, match
from backprop_engine.recordings.casts import CAST_NAMES, cast_op
from backprop_engine.recordings.operators import (
    part_op,
    recorded_op,
    recorded_rule,
)
from backprop_engine.recordings.planned_nodes import PlannedNode
from backprop_engine.recordings.plans import RunPlan

__all__ = ["RecordedGraph", "graph_of", "numbers_of"]


class RecordedGraph(Struct, frozen=True, eq=False):
    """The graph of a recorded run, and how its nodes relate to those of the plan."""

    graph: Graph
    arguments: tuple[tuple[int | None, ...], ...]
    """For each node by position, the index in the plan of each of its operands, or None for a number; empty
    for leaves.
    """
    numbers: Mapping[int, int] = {}
    """The position of each number that differs between iterations, and the index among the plan's computed
    nodes of the one that takes it.
    """


def _word(text: str) -> str:
    """`text` as an identifier: letters, digits and underscores, not beginning with a digit."""
    word = re.sub(r"\W", "_", clean(text))[:80] or "_"
    return f"_{word}" if word[0].isdecimal() else word


class _Names:
    """Gives each node a name of its own."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def free(self, name: str) -> str:
        """`name`, with a number appended if it is taken."""
        free = name
        while free in self._taken:
            self._taken[name] += 1
            free = f"{name}_{self._taken[name]}"
        self._taken[free] = 1
        return free


def graph_of(plans: Sequence[RunPlan], root: str, dtype: np.dtype[Any]) -> RecordedGraph:
    """The graph that all `plans` share, in `dtype`; `root` is the name of the outermost module."""
    plan = plans[0]
    names = _Names()
    positions: dict[int, int] = {}
    nodes: list[Node] = []
    index_leaves = set[int]()
    for leaf in plan.leaves:
        positions[id(leaf)] = len(nodes)
        if leaf.value is not None and leaf.value.dtype.startswith(("I", "U")):
            index_leaves.add(len(nodes))
        nodes.append(Node(len(nodes), names.free(_leaf_name(leaf)), _kind(leaf), leaf.shape))
    chosen = [_choose(node) for node in plan.computed]
    literals: dict[int, Tensor] = {}
    changing, numbers = dict[int, int](), numbers_of(plans)
    for at, known in enumerate(chosen):
        for number in known.operands:
            if isinstance(number, float) and numbers.get(at, number) is None:
                changing[len(nodes)] = at
                nodes.append(Node(len(nodes), names.free("number"), Kind.CONSTANT, ()))
            elif isinstance(number, float):
                literals[len(nodes)] = settle(number, dtype)
                text = f"{number:g}" if float(f"{number:g}") == number else repr(number)
                nodes.append(Node(len(nodes), "", Kind.LITERAL, (), text=text))
    places = iter(sorted([*literals, *changing]))
    modules = [module_path(clean(node.module)) if node.module != root else "" for node in plan.computed]
    alone = {module for module, nodes_in in Counter(modules).items() if module and nodes_in == 1}
    arguments: list[tuple[int | None, ...]] = [()] * len(nodes)
    for node, known, module in zip(plan.computed, chosen, modules, strict=True):
        at = positions[id(node)] = len(nodes)
        called = _word(f"{node.name}_out" if node.kind == "part" else known.op.name)
        name = module if module in alone else f"{module}.{called}" if module else called
        operands = tuple(
            next(places) if isinstance(one, float) else positions[id(node.operands[one].source)]
            for one in known.operands
        )
        call = node.call
        place = Place(clean(call.file), call.line, 0) if call is not None and call.file else None
        nodes.append(
            Node(
                at, names.free(name), Kind.COMPUTED, node.shape, known.op, operands, known.attributes,
                known.rules, placed=place,
            )
        )  # fmt: skip
        arguments.append(tuple(None if isinstance(one, float) else one for one in known.operands))
    start = len(nodes) - len(plan.computed)
    graph = Graph(
        tuple(nodes),
        positions[id(plan.output)],
        dtype,
        literals,
        frozenset(index_leaves),
        tuple(_groups(modules, start, names)),
        operators={known.op.name: known.op for known in chosen if known.op.family == RECORDED},
    )
    return RecordedGraph(graph, tuple(arguments), changing)


def numbers_of(plans: Sequence[RunPlan]) -> Mapping[int, float | None]:
    """The number that computed nodes take as an operand, by index; None where it differs between plans."""
    found: dict[int, float | None] = {}
    for at, node in enumerate(plans[0].computed):
        if node.number is not None:
            values = {plan.computed[at].number for plan in plans}
            found[at] = node.number if len(values) == 1 else None
    return found


def _kind(leaf: PlannedNode) -> Kind:
    if leaf.kind == "constant":
        return Kind.CONSTANT
    return Kind.INPUT if leaf.name.startswith("input ") else Kind.PARAM


def _leaf_name(leaf: PlannedNode) -> str:
    if leaf.kind == "constant":
        return "data"
    return module_path(leaf.name) or "leaf"


# Operators


class _Chosen(Struct, frozen=True, eq=False):
    """The operator of a node, its operands (an index in the plan, or a number), and its rules."""

    op: Op
    operands: tuple[int | float, ...]
    attributes: dict[str, Any]
    rules: tuple[Any, ...]


def _choose(node: PlannedNode) -> _Chosen:
    """The operator of the table that was called, if there is one; else one that is only recorded."""
    if dtype := _cast_to(node):
        op = cast_op(dtype)
        return _Chosen(op, (0,), {}, op.rules_for((node.shape,), {}) if node.operands[0].flows else (None,))
    shapes: list[Shape] = [edge.source.shape for edge in node.operands]
    found = None
    if node.kind in ("computed", "total"):
        found = match(RecordedCall(node.name, tuple(shapes), node.shape, node.settings))
    if found is not None and {at for at, edge in enumerate(node.operands) if edge.flows} <= {
        one for one, rule in zip(found.operands, found.rules, strict=True) if rule is not None
    }:
        rules = tuple(
            rule if isinstance(one, int) and node.operands[one].flows else None
            for one, rule in zip(found.operands, found.rules, strict=True)
        )
        return _Chosen(found.op, found.operands, dict(found.attributes), rules)
    rule = recorded_rule(_word(node.backward or node.name))
    rules = tuple(rule if edge.flows else None for edge in node.operands)
    op = (
        part_op(node.shape, rules)
        if node.kind == "part"
        else recorded_op(_word(node.name), node.shape, rules)
    )
    return _Chosen(op, tuple(range(len(shapes))), {}, rules)


def _cast_to(node: PlannedNode) -> str:
    """The floating type that a node casts its operand to, from another; empty for other nodes."""
    if node.kind != "computed" or node.name != "_to_copy" or len(node.operands) != 1:
        return ""
    source, value = node.operands[0].source, node.value
    if value is None or source.value is None or source.shape != node.shape:
        return ""
    return value.dtype if value.dtype in CAST_NAMES and source.value.dtype in CAST_NAMES else ""


# Groups


def _groups(modules: Sequence[str], start: int, names: _Names) -> Iterator[Group]:
    """A group for each stretch of nodes that belong to one module, if there is more than one of them."""
    found: list[Group] = []
    open_: list[tuple[str, int]] = []
    for at, module in enumerate([*modules, ""], start):
        while open_ and not _within(module, open_[-1][0]):
            _, index = open_.pop()
            found[index] = structs.replace(found[index], stop=at)
        for path in _outwards(module):
            if not any(path == name for name, _ in open_):
                parent = open_[-1][1] if open_ else None
                open_.append((path, len(found)))
                found.append(Group(path, path, at, at, parent))
    kept = {
        index
        for index, group in enumerate(found)
        if group.stop - group.start > 1 and index not in _doubled(found)
    }
    moved: dict[int, int] = {}
    for index, group in enumerate(found):
        parent = group.parent
        while parent is not None and parent not in kept:
            parent = found[parent].parent
        if index in kept:
            moved[index] = len(moved)
            name = names.free(group.name)
            yield structs.replace(group, name=name, parent=None if parent is None else moved[parent])


def _doubled(groups: Sequence[Group]) -> set[int]:
    """The groups that contain the same nodes as a group inside them."""
    return {
        group.parent
        for group in groups
        if group.parent is not None
        and (groups[group.parent].start, groups[group.parent].stop) == (group.start, group.stop)
    }


def _within(module: str, path: str) -> bool:
    return module == path or module.startswith((f"{path}.", f"{path}["))


def _outwards(module: str) -> Iterator[str]:
    """The paths of the modules that contain a module, outermost first, and its own."""
    for found in re.finditer(r"(?<=.)(?=[.\[])|$", module):
        if found.start():
            yield module[: found.start()]
