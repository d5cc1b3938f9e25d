"""What is written at a node: its operator's sign, its name, its value and its gradient in short."""

from __future__ import annotations

from backprop_engine.arrays import Tensor
from backprop_engine.explain.numbers import GRAPH_DIGITS, progress, summary
from backprop_engine.explain.symbols import mathematical
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_tui.cells.text import clip_middle
from backprop_tui.panels.changes import change

__all__ = ["short_gradient", "short_name", "short_value", "sign"]

_LIMIT = 22
_ROOM = 21
"""The cells of a short vector."""


def short_name(name: str) -> str:
    """A name in as many cells as a picture has for one."""
    return clip_middle(name, _LIMIT)


def short_value(value: Tensor | None, before: Tensor | None = None, *, brief: bool = False) -> str:
    """A value, and by how much it differs from what it was `before`; where it is `brief`, without a shape."""
    return _short(value, shape=not brief, brief=brief) + change(value, before)


def short_gradient(
    gradient: Tensor | None, part: tuple[int, int], before: Tensor | None = None, *, brief: bool = False
) -> str:
    """A gradient, of which a part of all contributions has arrived; its shape is that of the value."""
    return _short(gradient, shape=False, brief=brief) + progress(*part) + change(gradient, before)


def _short(tensor: Tensor | None, *, shape: bool, brief: bool) -> str:
    """A number, a short vector, or a norm; where it is `brief`, a norm for every vector."""
    return summary(tensor, 0 if brief else _ROOM, GRAPH_DIGITS, shape=shape)


def sign(graph: Graph, node: Node) -> str:
    """The operator's sign, with literal operands where they stand: ``×2``, ``1÷``, ``x²``."""
    assert node.op is not None
    nodes = [graph.nodes[operand] for operand in node.operands]
    if len(nodes) == 2 and nodes[1].kind is Kind.LITERAL:
        literal = nodes[1].text
        return mathematical(f"x ** {literal}") if node.op.name == "pow" else f"{node.op.sign}{literal}"
    if len(nodes) == 2 and nodes[0].kind is Kind.LITERAL:
        return f"{nodes[0].text}{node.op.sign}"
    return node.op.sign
