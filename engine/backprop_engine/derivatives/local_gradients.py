"""The local gradient of an edge in its natural form.

The operator decides the form, never the size. A rule between two scalars is always a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Literal, TypeAlias, assert_never

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor, is_stored, settle
from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.words import Words
from backprop_engine.ops import Elementwise, Jacobian, Linear
from backprop_engine.ops.rules import ONE
from backprop_engine.trace.plans import product
from backprop_engine.trace.trace import Trace

__all__ = [
    "DenseLocal",
    "ElementwiseLocal",
    "LocalGradient",
    "MapLocal",
    "ScalarLocal",
    "has_entries",
    "is_computable",
    "local_gradient",
    "working_axis",
]

_RECORDED = Words("recorded", "기록된 값")
_NOT_STORED = Words(
    "recorded; the operands' entries were not stored", "기록된 값 (입력의 성분은 저장되지 않음)"
)
LARGEST_JACOBIAN = 4096
"""The most entries of a Jacobian that is computed whole."""


class ScalarLocal(Struct, frozen=True, eq=False):
    """A number: product = upstream · value."""

    value: Tensor
    text: str
    form: Literal["scalar"] = "scalar"


class ElementwiseLocal(Struct, frozen=True, eq=False):
    """The diagonal of a diagonal Jacobian, in the output's shape: product = upstream ⊙ value."""

    value: Tensor
    text: str
    form: Literal["elementwise"] = "elementwise"


class DenseLocal(Struct, frozen=True, eq=False):
    """A dense Jacobian of shape batch + (out, in): product = valueᵀ · upstream; None above 4,096 entries."""

    value: Tensor | None
    shape: Shape
    text: str
    rule: str
    form: Literal["jacobian"] = "jacobian"


class MapLocal(Struct, frozen=True, eq=False):
    """A linear map: its rule in NumPy's terms and, where the rule multiplies by a tensor, that factor."""

    rule: str
    shapes: tuple[Shape, Shape, Shape | None]
    """The shapes of the upstream gradient, of the product, and of the factor."""
    factor: Tensor | None
    text: str
    sign: str
    before: bool
    upstream_as: str
    shown: Words | None = None
    picture: Tensor | None = None
    is_known: bool = True
    """Whether the map can be applied here: for a recorded operator, only the product is known."""
    form: Literal["map"] = "map"


LocalGradient: TypeAlias = ScalarLocal | ElementwiseLocal | DenseLocal | MapLocal


def has_entries(local: LocalGradient) -> bool:
    """Whether the product is made of entries of the local gradient.

    It is not where that is a number, or a map without a factor.
    """
    return not isinstance(local, ScalarLocal) and not (isinstance(local, MapLocal) and local.factor is None)


def working_axis(node: Node) -> int:
    """The axis that an operator with a dense Jacobian works along; the others are a batch."""
    axis: int = node.attributes.get("axis", -1)
    return axis % len(node.shape)


@derived(limit=4)  # those of the current step, and around it
def local_gradient(trace: Trace, edge: Edge) -> LocalGradient:
    """The local gradient that the trace multiplied by at `edge`."""
    graph = trace.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    rule, attributes = edge.rule, dict(node.attributes)
    out = trace.outs[edge.node]
    operands = [trace.operand_values[position] for position in node.operands]
    if unknown := _why_unknown(node, (out, *operands)):
        shapes: tuple[Shape, Shape, Shape | None] = (node.shape, operand.shape, None)
        text = f"g * ({rule.text})" if isinstance(rule, Elementwise) else rule.text
        return MapLocal(
            "g" if rule is ONE else text, shapes, None, "", "·", False, "column", unknown, is_known=False
        )
    with np.errstate(all="ignore"):
        if node.shape == () == operand.shape:
            unit = graph.dtype.type(1.0)
            text = rule.text if isinstance(rule, Elementwise) else _without_upstream(rule.text)
            return ScalarLocal(product(graph, edge, unit, out, operands), text)
        match rule:
            case Elementwise():
                partial = np.asarray(rule.of(out, *operands, **attributes), dtype=graph.dtype)
                return ElementwiseLocal(settle(np.broadcast_to(partial, node.shape), graph.dtype), rule.text)
            case Jacobian():
                return _dense(graph, rule, out, operands, attributes)
            case Linear():
                return _map(graph, edge, rule, out, operands, attributes)
            case _:
                assert_never(rule)


def _why_unknown(node: Node, tensors: Sequence[Tensor]) -> Words | None:
    """Why a local gradient cannot be computed here, if that is so; its contribution is known nevertheless."""
    if node.op is not None and node.op.recorded:
        return _RECORDED
    return None if all(map(is_stored, tensors)) else _NOT_STORED


def is_computable(node: Node, tensors: Sequence[Tensor]) -> bool:
    """Whether a node can be computed here: one that was recorded elsewhere need not be one of ours, nor have
    all its `tensors` stored.
    """
    return _why_unknown(node, tensors) is None


def _without_upstream(text: str) -> str:
    """The rule between scalars without its leading ``g *``: what multiplies the upstream gradient."""
    return "1" if text in ("g", "g.T") else text.removeprefix("g * ")


def _dense(
    graph: Graph, rule: Jacobian, out: Tensor, operands: list[Tensor], attributes: dict[str, Any]
) -> DenseLocal:
    if prod(rule.shape) > LARGEST_JACOBIAN:
        return DenseLocal(None, rule.shape, rule.matrix_text, rule.text)
    matrix = settle(rule.matrix(out, *operands, **attributes), graph.dtype)
    return DenseLocal(matrix, rule.shape, rule.matrix_text, rule.text)


def _map(
    graph: Graph, edge: Edge, rule: Linear, out: Tensor, operands: list[Tensor], attributes: dict[str, Any]
) -> MapLocal:
    upstream, operand = graph.nodes[edge.node].shape, graph.nodes[edge.operand].shape
    if rule.factor is None:
        picture = rule.picture
        drawn = settle(picture.of(out, *operands, **attributes), graph.dtype) if picture else None
        shapes: tuple[Shape, Shape, Shape | None] = (upstream, operand, None)
        return MapLocal(rule.text, shapes, None, "", "·", False, "column", rule.shown, drawn)
    factor = settle(rule.factor.of(out, *operands, **attributes), graph.dtype)
    shapes = (upstream, operand, factor.shape)
    return MapLocal(
        rule.text,
        shapes,
        factor,
        rule.factor.text,
        rule.factor.sign,
        rule.factor.before,
        rule.factor.upstream_as,
    )
