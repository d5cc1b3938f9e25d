"""A graph that is written in Python the way a file writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backprop_engine.errors import BackpropError
from backprop_engine.graph.graph import Graph
from backprop_engine.scenario.loader import load_scenario

__all__ = ["make_graph"]


def make_graph(
    nodes: Mapping[str, Any],
    *,
    inputs: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    constants: Mapping[str, Any] | None = None,
    output: str | None = None,
    seed: Any = None,
    dtype: str = "float64",
    cells: Mapping[str, Any] | None = None,
    operators: Mapping[str, Any] | None = None,
) -> Graph:
    """Build a graph with its numbers from expressions: each argument corresponds to a section of a file.

    `nodes` has an expression for each computed node, in any order. `inputs`, `params` and `constants` have
    numbers, nested lists or arrays, or maps such as ``{"shape": [2, 3], "init": "zeros"}``; constants, such
    as targets and masks, get no gradient. `output` names the node to differentiate; by default, the only node
    that feeds no other. `seed` is the gradient at an output that is not a scalar, in its shape.

    `record(graph)` runs it on the numbers it was written with. Raises `ScenarioError` with every independent
    mistake, its place and what was expected, worded like the mistakes of a file, and `UsageError` for
    arguments that no file could hold.

    >>> from backprop_engine import make_graph, record
    >>> graph = make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4})
    >>> graph
    <Graph: 3 leaves, 2 computed nodes, output f>
    >>> record(graph).gradient("x")
    np.float64(-4.0)

    >>> make_graph({"y": "W @ x"}, inputs={"x": [1, 2, 3]}, params={"W": [[1, 2], [3, 4]]})
    Traceback (most recent call last):
    backprop_engine.errors.ScenarioError: <graph>:4:8: error[shapes]: W is 2×2 and x is 3: ...
    """
    sections = {
        "dtype": None if dtype == "float64" else dtype,
        "inputs": inputs,
        "params": params,
        "constants": constants,
        "operators": operators,
        "cells": cells,
        "nodes": nodes,
        "output": output,
        "seed": seed,
    }
    try:
        scenario = load_scenario({name: section for name, section in sections.items() if section is not None})
    except BackpropError as error:
        raise error.with_traceback(None) from None  # how it was found helps no one
    return replace(scenario.graph, given=(scenario.bindings.leaves, scenario.bindings.seed))
