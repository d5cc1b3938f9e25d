"""Other numbers for a leaf: `--set x=3`, and `Scenario.with_leaf`."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import shape_text
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.expressions import normalised
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import joined, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.leaves.numbers import read_numbers
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source

__all__ = ["parse_setting", "with_leaf"]


def parse_setting(text: str) -> tuple[str, Any]:
    """`x=3` or `W=[[1, 2], [3, 4]]` as a name and its numbers; raises `UsageError` for anything else."""
    name, equals, value = text.partition("=")
    name = normalised(name.strip())
    shown = shortened(clean(text), 60)
    if not equals or not name.isidentifier():
        raise UsageError(msg("{setting}: write a name, `=` and a number or list, such as x=3", setting=shown))
    if not value.strip():
        raise UsageError(
            msg(
                "{setting}: a number or list is missing after the `=`, such as {name}=3",
                setting=shown,
                name=name,
            )
        )
    try:
        numbers = read_numbers(
            read(Source.from_bytes(name, value.encode("utf-8", "surrogatepass"))), f"`{name}`"
        )
    except ScenarioError as error:
        found = error.diagnostics[0]
        problem = joined(msg("; "), (text for text in (found.message, found.hint) if text))
        raise UsageError(msg("{setting}: {problem}", setting=shown, problem=problem)) from None
    array = numbers.array()
    return name, array if array.ndim else float(array)


def with_leaf(graph: Graph, bindings: Bindings, name: str, value: Any) -> Bindings:
    """`bindings` with another value for the leaf called `name`; `UsageError` if it does not fit."""
    name = normalised(name)
    leaves = [leaf.name for leaf in graph.leaves]
    if name not in leaves:
        if name in graph:
            raise UsageError(msg("{name} is computed: only leaves can be set", name=clean(name)))
        hint = did_you_mean(name, leaves) or msg("the leaves are {names}", names=", ".join(leaves[:8]))
        raise UsageError(msg("there is no leaf {name}; {hint}", name=shortened(clean(name), 40), hint=hint))
    leaf = graph[name]
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(
            msg("the value for {name} is neither a number nor a regular list", name=name)
        ) from None
    shape = bindings.given(leaf.position).shape
    if array.shape != shape:
        raise UsageError(
            msg(
                "{name} is {shape}, but the value is {found}",
                name=name,
                shape=shape_text(shape),
                found=shape_text(array.shape) if array.shape else msg("a scalar"),
            )
        )
    if np.any(np.isfinite(array) & (np.abs(array) > float(np.finfo(graph.dtype).max))):
        raise UsageError(msg("{dtype} cannot hold the value for {name}", dtype=graph.dtype.name, name=name))
    return bindings.with_leaf(graph, name, array)
