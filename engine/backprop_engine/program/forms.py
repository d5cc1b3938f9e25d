"""What each operator computes, as an expression that NumPy can carry out: what its definition states, or what
follows from its formula. A form is an expression over the operands' names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from backprop_engine.expressions import Binary, Call, Expr, Name, Number, SourceSpan, parse, render
from backprop_engine.expressions.rewriting import folded, rebuilt
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.ops import Op
from backprop_engine.ops.attributes import setting_text
from backprop_engine.ops.definition import Shapes

__all__ = ["call_text", "form_text", "forward_text", "parsed", "with_settings"]

_NOWHERE: Final = SourceSpan(0, 0)


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
    if op.exact is None and (op.numpy is not None or op.name in op.helpers or op.is_called):
        return call_text(op, len(shapes), attributes)
    return _formula_text(op, shapes, attributes)


def _formula_text(op: Op, shapes: Shapes, attributes: Mapping[str, Any]) -> str:
    """The formula with its settings; without the operands that were left out."""
    tree = parsed(op.formula_for(shapes, attributes))
    return render(with_settings(op, op.names(len(shapes)), attributes, tree))


def call_text(op: Op, count: int, attributes: Mapping[str, Any]) -> str:
    """The operator called with `count` operands, and the settings that are not as they are by default."""
    given = [
        f"{setting.name}={setting_text(attributes[setting.name])}"
        for setting in op.attributes
        if attributes[setting.name] != setting.default
    ]
    return f"{op.name}({', '.join([*op.names(count), *given])})"


def with_settings(op: Op, names: Sequence[str], attributes: Mapping[str, Any], tree: Expr) -> Expr:
    """`tree` with settings put in, and without the operands that are not among `names`."""
    values = {
        setting.name: _setting(attributes[setting.name])
        for setting in op.attributes
        if setting.name not in names and setting.name != "key"
    }
    absent = set(op.operands) - set(names) if not op.variadic else set()
    return folded(_without(tree, absent), values)


def _setting(value: Any) -> Expr:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(value, _NOWHERE)
    return Name(setting_text(value), _NOWHERE)


def _without(tree: Expr, absent: set[str]) -> Expr:
    """`tree` without sums and products with an operand that is absent."""

    def missing(part: Expr) -> bool:
        return isinstance(part, Name) and part.name in absent

    def change(part: Expr) -> Expr:
        if isinstance(part, Binary) and missing(part.right):
            return part.left
        if isinstance(part, Call):
            args = tuple(arg for arg in part.args if not missing(arg))
            return Call(part.name, args, part.keywords, part.name_span, part.span)
        return part

    return rebuilt(tree, change) if absent else tree
