"""A run as JSON values: what `run --json` prints."""

from __future__ import annotations

from math import isfinite, isnan
from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.decomposition import stepped_into
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ClearFacts,
    ForwardFacts,
    ReduceFacts,
    SeedFacts,
    StartFacts,
    StepFacts,
    UpdateFacts,
    step_facts,
)
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.trace.trace import Frame, Trace

__all__ = ["run_json", "tensor_json"]


def run_json(name: str, trace: Trace, at: int | None = None, *, step_into: bool = False) -> dict[str, Any]:
    """A trace of the run called `name` as one object; with `at`, only what is known at that position of it.

    With `step_into` the steps of a composite node have the steps of its inside under the key ``inside``: its
    forward step those of the inner forward pass, its first backward step all the others.
    """
    graph = trace.graph
    frame = trace.frame(trace.schedule.last if at is None else at)
    known = trace.frame(trace.schedule.completed) if at is None else frame
    output = graph.nodes[graph.output]
    loss = known.value(output)
    return {
        "scenario": name,
        "output": output.name,
        "loss": tensor_json(loss) if loss is not None and output.shape == () else None,
        "dtype": graph.dtype.name,
        "values": _values(known),
        "grads": _gradients(known, whole=at is None),
        "steps": _steps(trace, range(1, frame.position + 1), step_into=step_into),
        "warnings": [
            {"code": warning.code, "message": warning.message, "node": warning.node}
            for warning in trace.warnings
        ],
    }


def tensor_json(tensor: Tensor) -> Any:
    """A number or a nested list; ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` where JSON has no number."""
    plain = tensor.tolist()
    if tensor.dtype.kind != "f" or bool(np.all(np.isfinite(tensor))):
        return plain
    return _without_specials(plain)


def _without_specials(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_without_specials(entry) for entry in plain]
    if isfinite(plain):
        return plain
    return "NaN" if isnan(plain) else "Infinity" if plain > 0 else "-Infinity"


def _named(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.kind is not Kind.LITERAL]


def _values(frame: Frame) -> dict[str, Any]:
    known = ((node.name, frame.value(node)) for node in _named(frame.graph))
    return {name: tensor_json(value) for name, value in known if value is not None}


def _gradients(frame: Frame, *, whole: bool) -> dict[str, Any]:
    """Of inputs, parameters and active computed nodes; zeros at the end for a leaf that is not reached."""
    grads: dict[str, Any] = {}
    forward_only = frame.trace.schedule.forward_only
    for node in _named(frame.graph):
        gradient = frame.gradient(node)
        if gradient is None and whole and node.is_leaf and node.takes_gradient and not forward_only:
            gradient = frame.trace.gradient(node.name)
        if gradient is not None:
            grads[node.name] = tensor_json(gradient)
    return grads


def _steps(trace: Trace, positions: range, *, step_into: bool) -> list[dict[str, Any]]:
    steps = []
    for position in positions:
        facts = step_facts(trace.frame(position))
        data = {"index": trace.first_position + position, "kind": facts.kind, **_step(facts)}
        if facts.instance is not None:
            data["group"] = facts.instance
        if trace.training is not None:
            data["iteration"] = trace.iteration
        if step_into and facts.frame.step and (into := stepped_into(trace, facts.frame.step)) is not None:
            data["inside"] = _steps(*into, step_into=True)
        steps.append(data)
    return steps


def _operand(graph: Graph, position: int) -> Any:
    """An operand's name; a literal's number."""
    node = graph.nodes[position]
    return tensor_json(graph.literals[position]) if node.kind is Kind.LITERAL else node.name


def _step(facts: StepFacts) -> dict[str, Any]:
    match facts:
        case ForwardFacts(node=node, graph=graph):
            assert node.op is not None
            return {
                "node": node.name,
                "op": node.op.name,
                "operands": [_operand(graph, operand) for operand in node.operands],
                "value": tensor_json(facts.outcome),
            }
        case SeedFacts(node=node):
            return {"node": node.name, "gradient": tensor_json(facts.outcome)}
        case BackwardFacts(node=node, operand=operand, edge=edge):
            return {
                "node": node.name,
                "operand": operand.name,
                "argnum": edge.argnum,
                "upstream": tensor_json(facts.upstream.tensor),
                "local": _local(facts.local),
                "product": tensor_json(facts.product.tensor),
                "summed_axes": list(facts.summed_axes),
            }
        case AccumulateFacts(operand=operand, turn=turn):
            return {
                "node": operand.name,
                "count": turn.number,
                "of": turn.of,
                "sum": tensor_json(facts.outcome),
            }
        case ReduceFacts(node=node, reduction=reduction):
            ranks = reduction.contributions
            return {
                "node": node.name,
                "operation": reduction.kind,
                "contributions": {str(rank): tensor_json(tensor) for rank, tensor in ranks.items()},
                "gradient": tensor_json(facts.outcome),
            }
        case UpdateFacts(node=node):
            return {
                "node": node.name,
                "before": tensor_json(facts.before.tensor),
                "gradient": tensor_json(facts.gradient.tensor),
                "after": tensor_json(facts.after.tensor),
                **_update(facts),
            }
        case ClearFacts(trace=trace) if trace.training is not None and trace.training.running:
            leaves = [each.leaf for each in trace.training.running]
            return {
                "running": {trace.graph.nodes[leaf].name: tensor_json(trace.updated[leaf]) for leaf in leaves}
            }
        case ClearFacts() | StartFacts():
            return {}


def _update(facts: UpdateFacts) -> dict[str, Any]:
    """The rate of this update where a schedule gives it, and the gradient after clipping."""
    data: dict[str, Any] = {}
    if facts.training.schedule is not None:
        data["rate"] = facts.settings["lr"]
    if facts.clipped is not None:
        data["norm"] = tensor_json(np.asarray(facts.clipped.norm))
        data["clipped"] = tensor_json(facts.clipped.gradients[facts.node.position])
    return data


def _local(local: LocalFacts) -> dict[str, Any]:
    """The local gradient: its numbers, or the rule and the shapes of a linear map."""
    if not local.is_map:
        return {"form": local.form, "value": None if local.value is None else tensor_json(local.value)}
    upstream, product, factor = local.map_shapes
    shapes = {"upstream": list(upstream), "product": list(product)}
    if factor is not None:
        shapes["factor"] = list(factor)
    return {"form": local.form, "rule": local.expression, "shapes": shapes}
