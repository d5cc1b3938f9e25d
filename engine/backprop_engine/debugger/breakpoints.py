"""Breakpoints: what they wait for, and the positions of a trace at which they stop.

A breakpoint stops at the position after a step of its node, or one that sets its gradient. Where a breakpoint
is hit depends on the trace alone, never on the way there, so that running back stops where running forward
does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.debugger.conditions import Condition, holding, parse_condition
from backprop_engine.debugger.navigation import interval
from backprop_engine.derived import derived
from backprop_engine.errors import UsageError
from backprop_engine.expressions import normalised
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.paths import absolute, module_path
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import OPS
from backprop_engine.trace.trace import Trace

__all__ = ["PHASES", "Breakpoint", "Target", "hits", "parse_breakpoint", "positions_of_node"]

PHASES: Final = ("forward", "backward", "reduce", "update")


class Target(Struct, frozen=True):
    """What a breakpoint is on: a `kind` (`node`, `op`, `group`, `phase`, `trouble`, `any`) and which one.

    `bound` goes with anomalies that take one.
    """

    kind: str
    name: str = ""
    bound: float = 0.0


class Breakpoint(Struct, frozen=True, eq=False):
    """A breakpoint as it was typed; users refer to it by its `number`.

    The first `ignore` hits of each iteration do not count. One with `once` is removed after its first stop.
    """

    text: str
    target: Target
    condition: Condition | None = None
    number: int = 0
    enabled: bool = True
    once: bool = False
    ignore: int = 0


def parse_breakpoint(text: str, graph: Graph) -> Breakpoint:
    """The breakpoint that `text` spells, such as `q`, `op relu`, `group states[2]`, `phase backward`,
    `first nan`, `below 1e-6`, `if norm(product) < 1e-6`, or one of them followed by `if` and a condition.

    Raises `UsageError` if it means nothing.
    """
    words = " ".join(text.split())
    what, if_, condition = f" {words} ".partition(" if ")
    target = _target(what.strip(), graph) if what.strip() or not if_ else Target("any")
    if if_ and not condition.strip():
        raise UsageError(msg("{words}: a condition follows `if`", words=clean(words)))
    found = parse_condition(condition.strip(), graph, placed=target.kind != "any") if if_ else None
    return Breakpoint(words, target, found)


def _target(words: str, graph: Graph) -> Target:
    if not words:
        raise UsageError(
            msg("a breakpoint is a node, `op NAME`, `group NAME`, `phase NAME`, a kind of trouble, or `if …`")
        )
    first, _, rest = words.partition(" ")
    if words.lower() in _IN_SHORT and words not in graph:
        return Target("trouble", _IN_SHORT[words.lower()])
    if rest:
        if words.lower() in ANOMALIES:
            return Target("trouble", words.lower())
        if first in ANOMALIES and ANOMALIES[first].bound:
            return Target("trouble", first, _bound(first, rest))
        named = {"op": _op, "group": _group, "phase": _phase, "node": _node, "module": _module}.get(first)
        if named is not None:
            return named(rest, graph)
        compares = any(sign in words for sign in "<>=")
        hint = (
            msg("for a condition write `if {words}`", words=shortened(clean(words), 60)) if compares else None
        )
        hint = hint or did_you_mean(words, ANOMALIES) or _there_are(ANOMALIES)
        raise UsageError(
            msg("{words} is not a place for a breakpoint", words=shortened(clean(words), 60)), hint
        )
    if words.lower() in ANOMALIES and words not in graph:
        if ANOMALIES[words.lower()].bound:
            raise UsageError(msg("`{words}` needs a bound, such as `{words} 1e-6`", words=words))
        return Target("trouble", words.lower())
    return _node(words, graph)


_IN_SHORT: Final[Mapping[str, str]] = {
    "nan": "first nan",
    "inf": "first infinity",
    "infinity": "first infinity",
    "first inf": "first infinity",
}
"""Short names of troubles; a node of that name comes first."""


def _bound(name: str, text: str) -> float:
    try:
        bound = float(text)
    except ValueError:
        bound = math.nan
    if not 0 <= bound < math.inf:
        raise UsageError(
            msg("{text} is not a bound: write `{name} 1e-6`", text=shortened(clean(text), 40), name=name)
        )
    return bound


def _node(name: str, graph: Graph) -> Target:
    if name in graph:
        return Target("node", graph[name].name)
    names = [node.name for node in graph.nodes if node.name]
    hint = did_you_mean(name, (*names, *graph.aliases))
    if name in graph.operators or name in OPS:
        hint = hint or msg("for the operator write `op {name}`", name=name)
    raise UsageError(msg("there is no node {name}", name=shortened(clean(name), 40)), hint)


def _op(name: str, graph: Graph) -> Target:
    name = normalised(name)
    if name in graph.operators or name in OPS:
        return Target("op", name)
    raise UsageError(
        msg("there is no operator {name}", name=shortened(clean(name), 40)),
        did_you_mean(name, (*graph.operators, *OPS)),
    )


def _group(name: str, graph: Graph) -> Target:
    names = [group.name for group in graph.groups]
    known = absolute(name, graph.lengths)  # `states[-1]` is the last of them
    if known in names:
        return Target("group", known)
    hint = did_you_mean(name, names) or (_there_are(names[:8]) if names else msg("the graph has no groups"))
    raise UsageError(msg("there is no group {name}", name=shortened(clean(name), 40)), hint)


def _module(path: str, graph: Graph) -> Target:
    """A module by its path as PyTorch writes it, ``blocks.1``: its group, or its only node."""
    name = module_path(path)
    return Target("node", graph[name].name) if name in graph else _group(name, graph)


def _there_are(names: Iterable[str]) -> Message:
    return msg("available: {names}", names=", ".join(names))


def _phase(name: str, graph: Graph) -> Target:
    if name in PHASES:
        return Target("phase", name)
    raise UsageError(msg("there is no phase {name}", name=shortened(clean(name), 40)), _there_are(PHASES))


# Where it is hit


def hits(breakpoint_: Breakpoint, trace: Trace, before: Trace | None = None) -> NDArray[np.int64]:
    """The positions of `trace` at which `breakpoint_` stops, in order; found once for each trace.

    `before` is the trace of the previous iteration. A disabled breakpoint stops nowhere.
    """
    if not breakpoint_.enabled:
        return np.zeros(0, dtype=np.int64)
    condition = breakpoint_.condition
    found = _positions(trace, breakpoint_.target, condition.text if condition else "", before)
    return found[breakpoint_.ignore :]


@derived(limit=64)
def _positions(trace: Trace, target: Target, condition: str, before: Trace | None) -> NDArray[np.int64]:
    """The positions of a target at which the condition, if any, holds; read-only."""
    held = holding(parse_condition(condition, trace.graph, placed=True), trace) if condition else None
    if target.kind == "any":
        assert held is not None  # a bare `if` has a condition
        places = held
    else:
        places = np.unique(np.fromiter(_of_target(target, trace, before), dtype=np.int64))
        places = places if held is None else np.intersect1d(places, held)
    places.flags.writeable = False
    return places


def _of_target(target: Target, trace: Trace, before: Trace | None) -> Iterable[int]:
    if target.kind == "trouble":
        return ANOMALIES[target.name].find(trace, before, target.bound)
    return _FINDERS[target.kind](target.name, trace)


def positions_of_node(name: str, trace: Trace) -> Iterator[int]:
    """The positions after a step of the node, or one that sets its gradient."""
    return _of_nodes([trace.graph.position(name)], trace)


def _of_nodes(nodes: Iterable[int], trace: Trace) -> Iterator[int]:
    schedule = trace.schedule
    for node in nodes:
        if node in schedule.order:
            yield node - schedule.order.start + 1
        if node == schedule.output and not schedule.forward_only:
            yield schedule.seed
        for edge in schedule.edges_of.get(node, ()):
            yield schedule.starts[edge]
        for edge in schedule.uses_of.get(node, ()):
            yield schedule.arrival(edge)
        if node in schedule.reduce_positions:
            yield schedule.reduce_positions[node]
        if node in schedule.update_positions:
            yield schedule.update_positions[node]


def _of_op(name: str, trace: Trace) -> Iterator[int]:
    nodes = trace.graph.nodes
    return _of_nodes(
        (node for node in trace.schedule.order if getattr(nodes[node].op, "name", "") == name), trace
    )


def _of_group(name: str, trace: Trace) -> Iterator[int]:
    """Where the run enters the group, on its way forward and on its way back."""
    group = next(group for group in trace.graph.groups if group.name == name)
    for backward in (False, True):
        positions = (
            interval(trace.schedule, group, backward=backward)
            if not (backward and trace.schedule.forward_only)
            else ()
        )
        if positions:
            yield positions[0]


def _of_phase(name: str, trace: Trace) -> Iterator[int]:
    schedule = trace.schedule
    reduced = schedule.completed + 1
    update = reduced + len(schedule.reduced)
    begins = {"forward": 1, "backward": schedule.seed, "reduce": reduced, "update": update}[name]
    if begins <= schedule.last and (name != "reduce" or schedule.reduced):
        yield begins


_FINDERS: Final[dict[str, Callable[[str, Trace], Iterator[int]]]] = {
    "node": positions_of_node,
    "op": _of_op,
    "group": _of_group,
    "phase": _of_phase,
}
