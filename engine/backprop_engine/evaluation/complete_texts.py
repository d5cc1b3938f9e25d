"""The texts of an operator at operands of given shapes: complete, and in the language of scenarios.

The text of a rule says nothing of shapes, nor of what the trace adds up. Here shapes and settings are
numbers, and an operand that was broadcast gets the sum over its broadcast axes: what is here can be
pasted into a scenario, an expectation or the prompt, over ``g`` (the upstream gradient), ``out`` and the
operands' names, and means there what it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backprop_engine.arrays import Shape, broadcast_axes
from backprop_engine.evaluation.evaluate import infer_shape
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Expr,
    Keyword,
    ListOf,
    Name,
    Number,
    QuotedText,
    SourceSpan,
    parse,
    render,
)
from backprop_engine.expressions.rewriting import folded, rebuilt
from backprop_engine.ops import Elementwise, Jacobian, Linear, Op, Rule
from backprop_engine.ops.attributes import index_key, key_text, setting_text

__all__ = [
    "call_text",
    "formula_text",
    "gradient_text",
    "local_text",
    "with_key",
    "with_settings",
    "with_shapes",
]

_NOWHERE: Final = SourceSpan(0, 0)
_LEFT_OUT: Final = ("None", "false")
"""Settings that say nothing: an axis that is none, and axes that do not stay."""


def gradient_text(op: Op, argnum: int, shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> str:
    """What flows to an operand, in its shape; empty where nothing does."""
    shapes = tuple(shapes)
    rule = op.rules_for(shapes, attributes)[argnum]
    if rule is None:
        return ""
    out = op.shape_for(shapes, attributes)
    tree = _complete(op, rule.text, shapes, attributes)
    if isinstance(rule, Elementwise):
        tree = _times("g", tree)
        summed = broadcast_axes(out, shapes[argnum])
    else:
        summed = rule.summed if isinstance(rule, Linear) else ()
    if summed:
        names = dict(zip(op.names(len(shapes)), shapes, strict=True)) | {"g": out, "out": out}
        wide = infer_shape(tree, names.__getitem__, names.__getitem__)
        assert wide is not None
        tree = _summed(tree, summed, len(wide), shapes[argnum])
    return render(tree)


def formula_text(op: Op, shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> str:
    """What an operator computes: its formula, or the call that it is where it is not made of others."""
    shapes = tuple(shapes)
    if (key := index_key(attributes)) is not None:
        return f"a[{key_text(key)}]"
    if op.written:
        return op.written
    if op.is_called and op.exact is None:
        return call_text(op, len(shapes), attributes)
    tree = parse(op.formula_for(shapes, attributes))
    return render(with_settings(op, op.names(len(shapes)), attributes, tree))


def local_text(op: Op, rule: Rule, shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> str:
    """The local gradient, as it is beside the upstream gradient; empty if that is not a tensor.

    Of an elementwise operator it is the diagonal of the Jacobian, of others the Jacobian, or what multiplies.
    """
    match rule:
        case Elementwise(text=text) | Jacobian(matrix_text=text):
            pass
        case Linear(factor=factor):
            text = factor.text if factor is not None else ""
    return render(_complete(op, text, tuple(shapes), attributes)) if text else ""


def _complete(op: Op, text: str, shapes: tuple[Shape, ...], attributes: Mapping[str, Any]) -> Expr:
    """A text with the shapes and the settings that it names."""
    tree = parse(text)
    if (key := index_key(attributes)) is not None:
        tree = with_key(tree, key_text(key))
    known = dict(zip(op.names(len(shapes)), shapes, strict=True))
    return with_shapes(tree, known)


def with_key(tree: Expr, key: str) -> Expr:
    """`tree` with what is in the brackets of an index, in quotes: ``put(g, a.shape, key="0, 1:")``."""

    def change(part: Expr) -> Expr:
        match part:
            case Call(args=(*before, Name(name="key"))):
                quoted = Keyword("key", QuotedText(key, _NOWHERE), _NOWHERE)
                return Call(part.name, tuple(before), (quoted, *part.keywords), part.name_span, part.span)
        return part

    return rebuilt(tree, change)


def with_shapes(tree: Expr, shapes: Mapping[str, Shape]) -> Expr:
    """`tree` with a shape in numbers where it asks for that of an operand, as no formula can."""

    def change(part: Expr) -> Expr:
        if not isinstance(part, Call):
            return part
        for at, given in enumerate(part.args):
            match given:
                case Attribute(value=Name(name=name), name="shape") if name in shapes:
                    sizes = Keyword("shape", _sizes(shapes[name]), _NOWHERE)
                    args = part.args[:at] + part.args[at + 1 :]
                    return Call(part.name, args, (sizes, *part.keywords), part.name_span, part.span)
        return part

    return rebuilt(tree, change)


def _sizes(shape: Shape) -> ListOf:
    return ListOf(tuple(Number(size, _NOWHERE) for size in shape), _NOWHERE)


def _times(upstream: str, factor: Expr) -> Expr:
    """The upstream gradient times a local one, which is left out where it is 1."""
    g = Name(upstream, _NOWHERE)
    match factor:
        case Number(value=1):
            return g
        case Number(value=-1):
            return parse(f"-{upstream}")
    return Binary("*", g, factor, _NOWHERE, _NOWHERE)


def _summed(tree: Expr, axes: Sequence[int], rank: int, narrow: Shape) -> Expr:
    """The sum of `tree`, of `rank` axes, over those that an operand of shape `narrow` was broadcast along."""
    along = Number(axes[0], _NOWHERE) if len(axes) == 1 else _sizes(tuple(axes))
    if rank == len(narrow):
        return _call("sum", tree, axis=along, keepdims=Boolean(True, _NOWHERE))
    tree = _call("sum", tree) if len(axes) == rank else _call("sum", tree, axis=along)
    kept = rank - len(axes) == len(narrow)
    return tree if kept else _call("reshape", tree, shape=_sizes(narrow))


def _call(name: str, tree: Expr, **settings: ListOf | Number | Boolean) -> Expr:
    keywords = tuple(Keyword(key, value, _NOWHERE) for key, value in settings.items())
    return Call(name, (tree,), keywords, _NOWHERE, _NOWHERE)


# Settings


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
    return _set(folded(_without(tree, absent), values))


def _set(tree: Expr) -> Expr:
    """`tree` without settings that are as they are by default: ``axis=None``, ``keepdims=false``."""

    def change(part: Expr) -> Expr:
        if not isinstance(part, Call):
            return part
        given = tuple(
            each
            for each in part.keywords
            if not (isinstance(each.value, Name) and each.value.name in _LEFT_OUT)
        )
        return Call(part.name, part.args, given, part.name_span, part.span)

    return rebuilt(tree, change)


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
