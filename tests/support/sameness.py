"""Everything that a scenario says, as plain values: two scenarios are the same where these are equal.

Numbers in expressions are operands without a name: they count by their values, wherever a graph keeps them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.expressions import render
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.ops import Op
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.expectations import Expectation, Formula
from backprop_engine.scenario.sections.notes import Note
from backprop_engine.trace.training import Training

__all__ = ["assert_same", "bits", "graph_says", "scenario_says"]


def bits(tensor: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    """A tensor to the last bit, but for the sign and the payload of a NaN, which no text says."""
    is_float = tensor.dtype.kind == "f"
    settled = (
        np.where(np.isnan(tensor), tensor.dtype.type(np.nan), tensor) if is_float else np.asarray(tensor)
    )
    return tensor.dtype.name, tensor.shape, settled.tobytes()


def graph_says(graph: Graph) -> dict[str, Any]:
    """A graph, node by node in its order."""
    nodes = graph.nodes
    named = [
        bits(graph.literals[node.position]) if node.kind is Kind.LITERAL else node.name for node in nodes
    ]
    return {
        "leaves": [
            (node.name, node.kind, node.shape, node.position in graph.index_leaves) for node in graph.leaves
        ],
        "computed": [
            (
                nodes[position].name,
                nodes[position].shape,
                nodes[position].op.name,  # type: ignore[union-attr]  # a computed node has an operator
                [named[operand] for operand in nodes[position].operands],
                sorted(map(repr, nodes[position].attributes.items())),
            )
            for position in graph.order
        ],
        "output": named[graph.output],
        "dtype": graph.dtype,
        "groups": [
            (
                group.name,
                group.cell,
                group.parent,
                [nodes[one].name for one in range(group.start, group.stop)],
            )
            for group in graph.groups
        ],
        "aliases": {name: named[position] for name, position in graph.aliases.items()},
    }


def scenario_says(scenario: Scenario) -> dict[str, Any]:
    """The whole of a scenario."""
    training, nodes, batches = scenario.training, scenario.graph.nodes, scenario.bindings.batches
    return {
        **graph_says(scenario.graph),
        "operators": list(map(_operator, scenario.graph.operators.values())),
        "numbers": {
            nodes[position].name: bits(scenario.bindings.given(position))
            for position in scenario.bindings.leaves
        },
        "seed": bits(scenario.bindings.seed),
        "title": dict(scenario.title.by_language),
        "description": dict(scenario.description.by_language),
        "source": scenario.source,
        "path": (dict(scenario.objective.by_language), scenario.requires, scenario.next),
        "asks": list(map(_ask, scenario.asks)),
        "notes": {
            nodes[position].name: [_note(note) for note in notes]
            for position, notes in scenario.notes.items()
        },
        "expectations": list(map(_expectation, scenario.expectations)),
        "breakpoints": scenario.breakpoints,
        "watches": scenario.watches,
        "training": training and _training(training),
        "batches": batches
        and (batches.size, batches.seed, sorted(nodes[leaf].name for leaf in batches.examples)),
    }


def _note(note: Note) -> tuple[Any, ...]:
    return dict(note.text.by_language), note.iteration, note.phase


def _ask(ask: Ask) -> tuple[Any, ...]:
    answer = ask.answer
    meant = (
        render(answer.tree)
        if isinstance(answer, Formula)
        else answer
        if isinstance(answer, int)
        else bits(answer)
    )
    texts = [dict(text.by_language) for text in (ask.question, ask.hint, *ask.choices)]
    return (ask.node, ask.when, meant, texts)


def _training(training: Training) -> tuple[Any, ...]:
    schedule = training.schedule and (training.schedule.kind.name, dict(training.schedule.settings))
    return (
        training.optimizer.name,
        dict(training.settings),
        training.steps,
        training.clipping,
        schedule,
        training.running,
    )


def assert_same(found: Scenario, wanted: Scenario) -> None:
    """Two scenarios say the same; what differs is shown."""
    one, other = scenario_says(found), scenario_says(wanted)
    differing = [key for key in one if one[key] != other[key]]
    assert {key: one[key] for key in differing} == {key: other[key] for key in differing}


def _operator(op: Op) -> tuple[Any, ...]:
    """What a file says of an operator of its own, but for the axes that it declares."""
    lesson = op.lesson and {language: op.lesson.in_language(language) for language in ("en", "ko")}
    return op.name, op.operands, op.formula, dict(op.rules_as_written), op.sign, op.wrong, lesson


def _expectation(block: Expectation) -> tuple[Any, ...]:
    figures = [
        (
            figure.of,
            figure.name,
            figure.expected.tree if isinstance(figure.expected, Formula) else bits(figure.expected),
        )
        for figure in block.figures
    ]
    return block.iteration, block.rtol, block.atol, block.digits, block.wrong, figures
