"""What each operator computes, as an expression that NumPy can carry out: what its definition states, or what
follows from its formula. A form is an expression over the operands' names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from backprop_engine.evaluation.complete_texts import call_text, with_settings
from backprop_engine.expressions import Expr, parse, render
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.ops import Op
from backprop_engine.ops.attributes import setting_text
from backprop_engine.ops.definition import Shapes

__all__ = ["call_text", "form_text", "forward_text", "parsed", "with_settings"]


@lru_cache(maxsize=1024)
def parsed(text: str) -> Expr:
    """The tree of an operator's text."""
    return parse(text)


def forward_text(graph: Graph, node: Node) -> str:
    """What a computed node is, over the operands' names of its operator."""
    assert node.op is not None
    return form_text(node.op, [graph.nodes[operand].shape for operand in node.operands], node.attributes)


def form_text(op: Op, shapes: Sequence[tuple[int, ...]], attributes: Mapping[str, Any]) -> str:
    """What an operator computes for operands of these shapes and these settings."""
    shapes = tuple(shapes)
    if isinstance(op.numpy, str):
        return op.numpy.format(**{name: setting_text(value) for name, value in attributes.items()})
    if callable(op.numpy):
        return op.numpy(shapes, attributes)
    if op.written:
        return op.written
    if op.name in op.helpers or (op.exact is None and (op.numpy is not None or op.is_called)):
        return call_text(op, len(shapes), attributes)
    return _formula_text(op, shapes, attributes)


def _formula_text(op: Op, shapes: Shapes, attributes: Mapping[str, Any]) -> str:
    """The formula with its settings; without the operands that were left out."""
    tree = parsed(op.formula_for(shapes, attributes))
    return render(with_settings(op, op.names(len(shapes)), attributes, tree))
