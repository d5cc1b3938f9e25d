"""A run as plain data: what `run --json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.decomposition import stepped_into
from backprop_engine.derivatives.local_gradients import DenseLocal, MapLocal, local_gradient
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Seed, Step, Update
from backprop_engine.trace.trace import Frame, Trace

__all__ = ["run_data", "tensor_data"]


def run_data(name: str, trace: Trace, at: int | None = None, *, step_into: bool = False) -> dict[str, Any]:
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
        "loss": tensor_data(loss) if loss is not None and output.shape == () else None,
        "dtype": graph.dtype.name,
        "values": _values(known),
        "grads": _gradients(known, whole=at is None),
        "steps": _steps(trace, range(1, frame.position + 1), step_into=step_into),
        "warnings": [
            {"code": warning.code, "message": warning.message, "node": warning.node}
            for warning in trace.warnings
        ],
    }


def tensor_data(tensor: Tensor) -> Any:
    """A number or a nested list; ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` where JSON has no number."""
    plain = tensor.tolist()
    if tensor.dtype.kind != "f" or bool(np.all(np.isfinite(tensor))):
        return plain
    return _without_specials(plain)


def _without_specials(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_without_specials(one) for one in plain]
    if isfinite(plain):
        return plain
    return "NaN" if isnan(plain) else "Infinity" if plain > 0 else "-Infinity"


def _named(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.kind is not Kind.LITERAL]


def _values(frame: Frame) -> dict[str, Any]:
    known = ((node.name, frame.value(node)) for node in _named(frame.graph))
    return {name: tensor_data(value) for name, value in known if value is not None}


def _gradients(frame: Frame, *, whole: bool) -> dict[str, Any]:
    """Of inputs, parameters and active computed nodes; zeros at the end for a leaf that is not reached."""
    grads: dict[str, Any] = {}
    forward_only = frame.trace.schedule.forward_only
    for node in _named(frame.graph):
        gradient = frame.gradient(node)
        if gradient is None and whole and node.is_leaf and node.takes_gradient and not forward_only:
            gradient = frame.trace.gradient(node.name)
        if gradient is not None:
            grads[node.name] = tensor_data(gradient)
    return grads


def _steps(trace: Trace, positions: range, *, step_into: bool) -> list[dict[str, Any]]:
    steps = []
    for step in map(trace.schedule.step, positions):
        data = {**_step(trace, step), **_where(trace, step)}
        data["index"] += trace.first_position
        if step_into and (into := stepped_into(trace, step)) is not None:
            data["inside"] = _steps(*into, step_into=True)
        steps.append(data)
    return steps


def _where(trace: Trace, step: Step) -> dict[str, Any]:
    """The instance and the iteration that a step belongs to."""
    found: dict[str, Any] = {}
    match step:
        case Forward(node=position) | Seed(node=position):
            group = trace.graph.group_of(position)
        case Backward(edge=edge) | Accumulate(edge=edge):
            group = trace.graph.group_of(edge.node)
        case _:
            group = None
    if group is not None:
        found["group"] = group.name
    if trace.training is not None:
        found["iteration"] = trace.iteration
    return found


def _operand(graph: Graph, position: int) -> Any:
    """An operand's name; a literal's number."""
    node = graph.nodes[position]
    return tensor_data(graph.literals[position]) if node.kind is Kind.LITERAL else node.name


def _step(trace: Trace, step: Step) -> dict[str, Any]:
    graph = trace.graph
    match step:
        case Forward(index=index, node=position):
            node = graph.nodes[position]
            assert node.op is not None
            return {
                "index": index,
                "kind": "forward",
                "node": node.name,
                "op": node.op.name,
                "operands": [_operand(graph, operand) for operand in node.operands],
                "value": tensor_data(trace.values[position]),
            }
        case Seed(index=index, node=position):
            gradient = trace.gradients[position]
            assert gradient is not None
            return {
                "index": index,
                "kind": "seed",
                "node": graph.nodes[position].name,
                "gradient": tensor_data(gradient),
            }
        case Backward():
            return _backward(trace, step)
        case Accumulate(index=index, edge=edge, count=count, of=of):
            return {
                "index": index,
                "kind": "accumulate",
                "node": graph.nodes[edge.operand].name,
                "count": count,
                "of": of,
                "sum": tensor_data(trace.arrived[edge.index]),
            }
        case Update(index=index, node=position):
            gradient = trace.gradients[position]
            assert gradient is not None
            return {
                "index": index,
                "kind": "update",
                "node": graph.nodes[position].name,
                "before": tensor_data(trace.values[position]),
                "gradient": tensor_data(gradient),
                "after": tensor_data(trace.updated[position]),
            }
        case Clear(index=index):
            return {"index": index, "kind": "clear"}


def _backward(trace: Trace, step: Backward) -> dict[str, Any]:
    graph, edge = trace.graph, step.edge
    upstream = trace.gradients[edge.node]
    assert upstream is not None
    return {
        "index": step.index,
        "kind": "backward",
        "node": graph.nodes[edge.node].name,
        "operand": graph.nodes[edge.operand].name,
        "argnum": edge.argnum,
        "upstream": tensor_data(upstream),
        "local": _local(trace, step),
        "product": tensor_data(trace.contributions[edge.index]),
        "summed_axes": list(edge.summed),
    }


def _local(trace: Trace, step: Backward) -> Mapping[str, Any]:
    local = local_gradient(trace, step.edge)
    match local:
        case MapLocal():
            upstream, product, factor = local.shapes
            shapes = {"upstream": list(upstream), "product": list(product)}
            return {
                "form": local.form,
                "rule": local.rule,
                "shapes": shapes if factor is None else shapes | {"factor": list(factor)},
            }
        case DenseLocal():
            return {"form": local.form, "value": None if local.value is None else tensor_data(local.value)}
        case _:
            return {"form": local.form, "value": tensor_data(local.value)}
