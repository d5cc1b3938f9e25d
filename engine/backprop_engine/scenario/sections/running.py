"""The key `running` of `train`: constants that follow what iterations compute, as batch norm's do."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from backprop_engine.arrays import shape_text
from backprop_engine.errors import code
from backprop_engine.expressions import normalised
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.format import RUNNING
from backprop_engine.scenario.read.mistakes import (
    Mistakes,
    as_mapping,
    as_number,
    as_text,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.read.yaml_nodes import YamlEntry, YamlMapping, YamlNode, YamlScalar
from backprop_engine.trace.training import Running

__all__ = ["RunningPlan", "read_running", "resolved_running"]

TRAIN_RUNNING = code(
    "train-running", msg("A running value is not a constant, or follows a node of another shape.")
)

_EXAMPLE: Final = msg("such as `{text}`", text="running: {mean: {follows: m, momentum: 0.1}}")
_MOMENTUM: Final = 0.1


class RunningPlan(Struct, frozen=True, eq=False):
    """A constant by its name, the path of the node that it follows, and how far it moves towards it."""

    leaf: YamlScalar
    follows: YamlScalar
    momentum: float


def read_running(train: YamlNode | None) -> tuple[RunningPlan, ...]:
    """What `running` in the section `train` says; `ScenarioError` with everything that is wrong with it."""
    node = train.get("running") if isinstance(train, YamlMapping) else None
    if node is None or is_absent(node):
        return ()
    mistakes = Mistakes()
    plans = []
    for entry in as_mapping(node, msg("a map from each constant to what it follows"), _EXAMPLE):
        with mistakes.collected():
            plans.append(_plan(entry))
    mistakes.raise_if_any()
    return tuple(plans)


def _plan(entry: YamlEntry) -> RunningPlan:
    section = as_mapping(entry.value, msg("a map with `follows`"), _EXAMPLE)
    only_keys(section, RUNNING.names, msg("a running value"))
    follows = section.get("follows")
    if follows is None or is_absent(follows):
        raise mistake(TRAIN_RUNNING, section, msg("a running value has no `follows`"), _EXAMPLE)
    momentum, given = _MOMENTUM, section.get("momentum")
    if given is not None and not is_absent(given):
        momentum = as_number(given, msg("a number from 0 to 1"), _EXAMPLE)
        if not 0 <= momentum <= 1:
            raise mistake(TRAIN_RUNNING, given, msg("`momentum` must be a number from 0 to 1"))
    return RunningPlan(entry.key, as_text(follows, msg("the name of a node"), _EXAMPLE), momentum)


def resolved_running(
    plans: tuple[RunningPlan, ...], graph: Graph, batched: frozenset[str]
) -> tuple[Running, ...]:
    """The plans by positions; `ScenarioError` if a constant or a node does not fit."""
    return tuple(_resolved(plan, graph, batched) for plan in plans)


def _resolved(plan: RunningPlan, graph: Graph, batched: frozenset[str]) -> Running:
    name, follows = normalised(plan.leaf.text), normalised(plan.follows.text)
    constants = [leaf.name for leaf in graph.leaves if leaf.kind is Kind.CONSTANT]
    if name not in constants:
        message = msg("`{name}` is not a constant: running values must be constants", name=clean(name))
        hint: Hint = did_you_mean(name, constants)
        raise mistake(TRAIN_RUNNING, plan.leaf, message, hint)
    leaf = graph[name]
    if name in batched or leaf.position in graph.index_leaves:
        message = msg("`{name}` cannot be a running value: it holds examples, or whole numbers", name=name)
        raise mistake(TRAIN_RUNNING, plan.leaf, message)
    if follows not in graph or graph[follows].op is None:
        hint = did_you_mean(follows, [node.name for node in graph.nodes if node.op is not None])
        raise mistake(
            TRAIN_RUNNING, plan.follows, msg("no node is called `{name}`", name=clean(follows)), hint
        )
    node = graph[follows]
    if node.shape != leaf.shape:
        message = msg(
            "`{name}` is {shape}, but what it follows is {found}",
            name=name,
            shape=shape_text(leaf.shape),
            found=shape_text(node.shape),
        )
        raise mistake(TRAIN_RUNNING, plan.follows, message)
    return Running(leaf.position, node.position, plan.momentum)
