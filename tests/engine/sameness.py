"""Everything that a scenario says, as plain values: two scenarios are the same where these are equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.graph import Graph
from backprop_engine.scenario.model import Expectation, Formula, Scenario


def bits(tensor: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    """A tensor to the last bit, but for the sign and the payload of a NaN, which no text says."""
    is_float = tensor.dtype.kind == "f"
    settled = (
        np.where(np.isnan(tensor), tensor.dtype.type(np.nan), tensor) if is_float else np.asarray(tensor)
    )
    return tensor.dtype.name, tensor.shape, settled.tobytes()


def graph_says(graph: Graph) -> dict[str, Any]:
    """A graph, position by position."""
    return {
        "nodes": [
            (
                node.position,
                node.name,
                node.kind,
                node.shape,
                node.op and node.op.name,
                node.operands,
                sorted(map(repr, node.attributes.items())),
            )
            for node in graph.nodes
        ],
        "output": graph.output,
        "dtype": graph.dtype,
        "literals": {position: bits(value) for position, value in graph.literals.items()},
        "index leaves": graph.index_leaves,
        "groups": graph.groups,
        "aliases": dict(graph.aliases),
    }


def scenario_says(scenario: Scenario) -> dict[str, Any]:
    """The whole of a scenario."""
    training = scenario.training
    return {
        **graph_says(scenario.graph),
        "leaves": {position: bits(value) for position, value in scenario.bindings.leaves.items()},
        "seed": bits(scenario.bindings.seed),
        "title": dict(scenario.title.by_language),
        "description": dict(scenario.description.by_language),
        "source": scenario.source,
        "notes": {position: dict(note.by_language) for position, note in scenario.notes.items()},
        "expectations": list(map(_expectation, scenario.expectations)),
        "breakpoints": scenario.breakpoints,
        "watches": scenario.watches,
        "training": training and (training.optimizer.name, dict(training.settings), training.steps),
    }


def assert_same(found: Scenario, wanted: Scenario) -> None:
    """Two scenarios say the same; what differs is shown."""
    one, other = scenario_says(found), scenario_says(wanted)
    assert {key: one[key] for key in one if one[key] != other[key]} == {
        key: other[key] for key in one if one[key] != other[key]
    }


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
