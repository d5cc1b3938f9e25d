"""An operator's texts as trees at one node: settings and literal numbers put in, absent operands left out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from backprop_engine.explain.symbols import sized
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Call,
    Expr,
    ExprError,
    Name,
    Number,
    SourceSpan,
    Subscript,
    Transpose,
    Unary,
    parse,
    walk,
)
from backprop_engine.expressions.rewriting import folded, rebuilt
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.ops import OPS
from backprop_engine.ops.attributes import index_key, key_text, setting_text
from backprop_engine.program.forms import call_text, with_settings

__all__ = ["node_trees", "rule_tree", "shows_entries"]

_NOWHERE: Final = SourceSpan(0, 0)
_MOST_OPERANDS: Final = 6
_FIRST_OPERANDS: Final = 3
"""How many operands are shown of more than `_MOST_OPERANDS`, where any number may be given."""


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Expr:
    return parse(text)


def node_tree(graph: Graph, node: Node) -> Expr:
    """A computed node as it is written: ``a + b``, or the operator called by its name."""
    op = node.op
    assert op is not None
    if (key := index_key(node.attributes)) is not None:
        return parse(f"a[{key_text(key)}]")
    tree = _parsed(op.written or call_text(op, len(node.operands), node.attributes))
    if op.variadic and isinstance(tree, Call) and len(tree.args) > _MOST_OPERANDS:
        args = (*tree.args[:_FIRST_OPERANDS], Name("…", _NOWHERE))
        tree = Call(tree.name, args, tree.keywords, tree.name_span, tree.span)
    return _in_place(graph, node, tree)


def node_trees(graph: Graph, node: Node) -> tuple[Expr, ...]:
    """A computed node as it is written, and as its formula says in full where that is more."""
    called = node_tree(graph, node)
    full = _formula(graph, node)
    if (
        full is None
        or full == called
        or (isinstance(full, Call) and full.name == getattr(called, "name", ""))
    ):
        return (called,)
    return (called, full)


def _formula(graph: Graph, node: Node) -> Expr | None:
    op = node.op
    assert op is not None
    if index_key(node.attributes) is not None:
        return None
    if op.exact is not None:
        shapes = tuple(graph.nodes[operand].shape for operand in node.operands)
        return _in_place(graph, node, _parsed(op.exact(shapes, node.attributes)))
    try:
        tree = _parsed(op.formula)
    except ExprError:
        return None
    return _in_place(graph, node, _along(graph, node, tree))


def _along(graph: Graph, node: Node, tree: Expr) -> Expr:
    """The formula of an operator that works along some axes, with its axes where it sums."""
    axis = node.attributes.get("axis")
    if axis is None or len(graph.nodes[node.operands[0]].shape) < 2:
        return tree

    def change(part: Expr) -> Expr:
        if not isinstance(part, Call) or part.keywords:
            return part
        called = OPS.called(part.name)
        return _with_axis(part, axis) if called is not None and called.reduces else part

    return rebuilt(tree, change)


def _with_axis(call: Call, axis: Any) -> Call:
    example = _parsed(f"f(x, axis={setting_text(axis)})")
    assert isinstance(example, Call)
    return Call(call.name, call.args, example.keywords, call.name_span, call.span)


def rule_tree(graph: Graph, node: Node, text: str) -> Expr:
    """The text of a rule at `node`, with the shapes, the key and the numbers of literal operands in it."""
    return _in_place(graph, node, sized(graph, node, _parsed(text)))


def _in_place(graph: Graph, node: Node, tree: Expr) -> Expr:
    """`tree` with settings and literal numbers put in, and without the operands that were left out."""
    op = node.op
    assert op is not None
    names = op.names(len(node.operands))
    literals = {
        name: parse(graph.nodes[operand].text)
        for name, operand in zip(names, node.operands, strict=True)
        if graph.nodes[operand].kind is Kind.LITERAL
    }
    return folded(with_settings(op, names, node.attributes, tree), literals)


def shows_entries(tree: Expr, axes: Mapping[str, int]) -> bool:
    """Whether tensors can be in `tree` in place of their names.

    They can be added, multiplied, divided by a number, and be the operands of a function that is written with
    brackets; they are not exponents, and there are no fractions of them.
    """
    match tree:
        case Name() | Number():
            return True
        case Unary():
            return shows_entries(tree.operand, axes)
        case Transpose() | Subscript() | Attribute(name="mT"):
            return isinstance(tree.value, Name)
        case Binary(op="**"):
            return isinstance(tree.right, Number) and shows_entries(tree.left, axes)
        case Binary(op="+" | "-" | "*" | "@"):
            return shows_entries(tree.left, axes) and shows_entries(tree.right, axes)
        case Binary(op="/"):
            return shows_entries(tree.left, axes) and _is_scalar(tree.right, axes)
        case Call():
            whole = not _is_stacked(tree) and all(shows_entries(arg, axes) for arg in tree.args)
            return whole or _is_scalar(tree, axes)
        case _:
            return _is_scalar(tree, axes)


def _is_stacked(call: Call) -> bool:
    """Whether its operands are exponents, or are one under the other."""
    op = OPS.called(call.name)
    return op is not None and op.notation is not None and op.notation.kind in ("exponential", "cases")


def _is_scalar(tree: Expr, axes: Mapping[str, int]) -> bool:
    """Whether no tensor with axes is in `tree`."""
    return all(axes.get(name, 0) == 0 for name in _names(tree))


def _names(tree: Expr) -> list[str]:
    return [part.name for part in walk(tree) if isinstance(part, Name)]
