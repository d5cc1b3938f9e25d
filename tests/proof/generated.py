"""Scenario files for each operator, generated from its samples; the figures are HIPS autograd's.

One has the samples as they are. Another has them with every axis of one size, where a transposed operand or a
sum over another axis gives wrong numbers instead of an error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import structs

import outside
from backprop_engine.errors import ShapeError
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source

__all__ = ["scenario_files"]


def scenario_files(op: Op) -> dict[str, str]:
    """The texts of the operator's scenarios by the stems of their files, the square one first."""
    square = [fitting for sample in op.samples if (fitting := _square(op, sample)) is not None]
    files = {f"{op.name}_square": square} if square else {}
    files[op.name] = [sample for sample in op.samples if _has_entries(op, sample)]
    return {stem: _scenario_text(op, samples) for stem, samples in files.items()}


def _square(op: Op, sample: Sample) -> Sample | None:
    """The sample with every axis that is not 1 of the size 3; None where that does not fit the operator, or
    where the sample brings tensors of its own.
    """
    if not all(isinstance(operand, tuple) for operand in sample.operands):
        return None
    shapes = tuple(tuple(3 if size > 1 else size for size in np.shape(one)) for one in sample.draw())
    given = structs.replace(sample, operands=shapes)
    try:
        fits = _has_entries(op, given)
    except ShapeError:
        return None
    return given if fits and max(map(np.ndim, given.draw())) > 1 else None


def _has_entries(op: Op, sample: Sample) -> bool:
    shapes = tuple(map(np.shape, sample.draw()))
    return 0 not in sum(shapes, op.shape(*shapes, **_attributes(op, sample)))


def _scenario_text(op: Op, samples: Sequence[Sample]) -> str:
    """Every sample as a node of its own; the output is a weighted sum of all their entries."""
    random = np.random.default_rng(len(op.name))
    inputs: dict[str, str] = {}
    constants: dict[str, str] = {}
    nodes: dict[str, str] = {}
    for number, sample in enumerate(samples, 1):
        drawn = sample.draw(number)
        out = op.shape(*map(np.shape, drawn), **_attributes(op, sample))
        indices = op.indices(*map(np.shape, drawn)) if op.indices else ()
        rules = op.rules_for(tuple(np.shape(one) for one in drawn), _attributes(op, sample))
        some = any(rule is not None for rule in rules)
        names = []
        for argnum, (name, tensor) in enumerate(zip(op.names(len(drawn)), drawn, strict=True)):
            fixed = name in op.constants or argnum in indices or tensor.dtype.kind in "bi"
            fixed |= some and rules[argnum] is None  # running statistics: other engines differentiate them
            names.append(f"{name}_{number}")
            (constants if fixed else inputs)[names[-1]] = _numbers(tensor)
        nodes[f"out_{number}"] = _node(op, sample, names)
        constants[f"u_{number}"] = _numbers(random.uniform(0.5, 1.5, out))
        product = f"out_{number} * u_{number}"
        nodes[f"sum_{number}"] = f"sum({product})" if out else product
    nodes["L"] = " + ".join(name for name in nodes if name.startswith("sum_"))
    text = _section("inputs", inputs) + _section("constants", constants) + _section("nodes", nodes)
    text += "output: L\n"
    return text + _expectations(load_source(Source.from_bytes(f"{op.name}.yaml", text.encode())))


def _attributes(op: Op, sample: Sample) -> dict[str, Any]:
    return {one.name: one.default for one in op.attributes} | dict(sample.attributes)


def _numbers(tensor: Any) -> str:
    array = np.asarray(tensor)
    return json.dumps((array.astype(int) if array.dtype.kind == "b" else array).tolist())


def _node(op: Op, sample: Sample, names: list[str]) -> str:
    if op is OPS["index"]:
        return f'"{names[0]}[{", ".join(map(_key, sample.attributes["key"]))}]"'
    given = "".join(f", {name}: {json.dumps(value)}" for name, value in sample.attributes.items())
    return f"{{op: {op.name}, inputs: [{', '.join(names)}]{given}}}"


def _key(part: Any) -> str:
    if part is Ellipsis:
        return "..."
    if isinstance(part, tuple):
        return json.dumps(part)
    if not isinstance(part, slice):
        return str(part)
    ends = ["" if end is None else str(end) for end in (part.start, part.stop)]
    return ":".join(ends if part.step is None else [*ends, str(part.step)])


def _section(name: str, entries: dict[str, str]) -> str:
    return f"{name}:\n" + "".join(f"  {key}: {value}\n" for key, value in entries.items()) if entries else ""


def _expectations(scenario: Scenario) -> str:
    graph = scenario.graph
    values, gradients = outside.gradients(graph, scenario.bindings)
    wanted = {graph.nodes[position].name: _numbers(values[position]) for position in graph.order}
    leaves = {leaf.name: _numbers(gradients[leaf.position]) for leaf in graph.leaves if leaf.takes_gradient}
    lines = "".join(f"    {name}: {value}\n" for name, value in wanted.items() if "#" not in name)
    return f"expect:\n  values:\n{lines}  grads:\n" + "".join(f"    {k}: {v}\n" for k, v in leaves.items())
