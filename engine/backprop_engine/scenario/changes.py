"""What has changed in a scenario that was read again: its nodes, the numbers of its leaves, and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from backprop_engine.expressions import render
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.expectations import Formula

__all__ = ["ScenarioChanges", "changes_between"]

_MOST = 4
"""If there are more names than this, an ellipsis stands for the rest."""


class ScenarioChanges(Struct, frozen=True):
    """The names of nodes that are new, removed or redefined, and of leaves with other numbers.

    A part of an expression counts as the node that it belongs to. `training` and `texts` say whether those
    differ: how it is trained, or what its author says and expects.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    redefined: tuple[str, ...]
    renumbered: tuple[str, ...]
    training: bool
    texts: bool

    def told(self) -> Iterator[Message]:
        """What has changed, in a few words each; nothing if only the layout of the file has."""
        if self.renumbered:
            yield msg("changed values: {names}", names=_listed(self.renumbered))
        if self.redefined:
            yield msg("redefined: {names}", names=_listed(self.redefined))
        if self.added:
            yield msg("new: {names}", names=_listed(self.added))
        if self.removed:
            yield msg("removed: {names}", names=_listed(self.removed))
        if self.training:
            yield msg("training changed")
        if self.texts:
            yield msg("texts or expectations changed")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_MOST]) + ", …" * (len(names) > _MOST)


def changes_between(before: Scenario, after: Scenario) -> ScenarioChanges:
    """What is different in `after`."""
    old, new = _nodes(before.graph), _nodes(after.graph)
    both = [name for name in new if name in old]
    leaves = [name for name in both if new[name].is_leaf and old[name].is_leaf]
    redefined = [
        name for name in both if _definition(before.graph, old[name]) != _definition(after.graph, new[name])
    ]
    renumbered = [name for name in leaves if _numbers(before, old[name]) != _numbers(after, new[name])]
    owners, owners_now = set(map(_owner, old)), set(map(_owner, new))
    parts = [name for name in new if name not in old and _owner(name) in owners]
    return ScenarioChanges(
        added=_owners(name for name in new if _owner(name) not in owners),
        removed=_owners(name for name in old if _owner(name) not in owners_now),
        redefined=_owners([*redefined, *parts]),
        renumbered=_owners(renumbered),
        training=_training(before) != _training(after),
        texts=_texts(before) != _texts(after),
    )


def _nodes(graph: Graph) -> dict[str, Node]:
    return {node.name: node for node in graph.nodes if node.kind is not Kind.LITERAL}


def _owner(name: str) -> str:
    """The node that a part of an expression belongs to, such as `f` of `f#1`."""
    return name.partition("#")[0]


def _owners(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_owner, names)))


def _definition(graph: Graph, node: Node) -> tuple[object, ...]:
    """How a node is computed, and from what."""
    operands = [graph.nodes[operand] for operand in node.operands]
    spelled = tuple(each.text if each.kind is Kind.LITERAL else each.name for each in operands)
    return (node.kind, node.op.name if node.op else "", spelled, repr(sorted(node.attributes.items())))


def _numbers(scenario: Scenario, leaf: Node) -> tuple[object, ...]:
    tensor = scenario.bindings.given(leaf.position)
    return (tensor.shape, tensor.dtype.str, tensor.tobytes())


def _training(scenario: Scenario) -> object:
    training = scenario.training
    if training is None:
        return None
    schedule = training.schedule and (training.schedule.kind.name, repr(training.schedule.settings))
    batches = scenario.bindings.batches
    batched = batches and (batches.size, batches.seed, sorted(batches.examples))
    return (
        training.optimizer.name,
        training.steps,
        repr(training.settings),
        training.clipping,
        schedule,
        batched,
        repr(training.running),
    )


def _texts(scenario: Scenario) -> tuple[object, ...]:
    graph = scenario.graph
    notes = {graph.nodes[position].name: note for position, note in scenario.notes.items()}
    expected = [
        (
            block.iteration,
            block.wrong,
            [(figure.name, figure.of, repr(figure.expected)) for figure in block.figures],
        )
        for block in scenario.expectations
    ]
    told = (scenario.title, scenario.description, scenario.source, notes)
    path = (scenario.objective, scenario.requires, scenario.next, _asks(scenario))
    return (*told, *path, expected, scenario.breakpoints, scenario.watches)


def _asks(scenario: Scenario) -> tuple[object, ...]:
    return tuple(
        (ask.node, ask.question, _answer(ask), ask.choices, ask.hint, ask.when) for ask in scenario.asks
    )


def _answer(ask: Ask) -> str:
    return render(ask.answer.tree) if isinstance(ask.answer, Formula) else repr(ask.answer)
