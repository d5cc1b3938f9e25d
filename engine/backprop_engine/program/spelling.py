"""Expressions of the operators' table as NumPy writes them: ``sum(g, axis=[0, 2])`` is
``np.sum(g, axis=(0, 2))``.

A rule's text and NumPy differ little: what NumPy calls otherwise, what it takes by position, and how Python
writes a list of axes. Functions that NumPy has not are helpers, and keep their names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from backprop_engine.expressions import (
    Attribute,
    Boolean,
    Call,
    Expr,
    Keyword,
    ListOf,
    Name,
    Number,
    SourceSpan,
    Text,
    Transpose,
    Value,
    parse,
    render,
)
from backprop_engine.program.helpers import HELPERS
from backprop_engine.program.trees import folded, rebuilt

__all__ = ["numpy_code", "numpy_tree"]

_OTHERWISE: Final = {
    "permute": "np.transpose",
    "unsqueeze": "np.expand_dims",
    "concat": "np.concatenate",
    "gather": "np.take_along_axis",
    "conv1d": "conv",
    "conv2d": "conv",
    **{f"conv{axes}d_{operand}": f"conv_{operand}" for axes in (1, 2) for operand in ("input", "weight")},
}
"""What NumPy, or a helper, calls differently."""

_BY_POSITION: Final = {
    "reshape": "shape",
    "broadcast_to": "shape",
    "ones": "shape",
    "permute": "axes",
    "pad": "width",
    "tile": "reps",
}
"""A setting that has another name there, or none."""

_CONSTANTS: Final = ("pi", "inf")


def numpy_code(text: str, names: Mapping[str, str], scalars: Collection[str] = ()) -> str:
    """`text` in NumPy's spelling, with `names` for its names; `scalars` are those that have no axes."""
    numbers = {name: found for name, other in names.items() if (found := _number(other)) is not None}
    return render(numpy_tree(folded(parse(text), numbers), scalars), names)


def _number(text: str) -> Number | None:
    """The number that a name stands for, if it is a literal's."""
    if text.isidentifier():
        return None
    tree = parse(text)
    return tree if isinstance(tree, Number) else None


def numpy_tree(tree: Expr, scalars: Collection[str] = ()) -> Expr:
    """`tree` as NumPy would be called."""
    return rebuilt(tree, lambda part: _numpy(part, scalars))


def _numpy(part: Expr, scalars: Collection[str]) -> Expr:
    match part:
        case Name() if part.name in _CONSTANTS:
            return Name(f"np.{part.name}", part.span)
        case Transpose(value=Name() as name) if name.name in scalars:
            return name
        case Attribute(name="shape", value=Name() as name) if name.name in scalars:
            return Name("()", part.span)
        case Call():
            return _call(part)
        case _:
            return part


def _call(call: Call) -> Expr:
    """A call with its operands spelled already: its name, the order of its settings, and their form."""
    args = list(call.args)
    keywords = {keyword.name: keyword for keyword in call.keywords}
    if "subscripts" in keywords:
        args.insert(0, _python(keywords.pop("subscripts").value))
    if call.name in ("concat", "stack"):
        args = [_tuple(args) if len(args) > 1 else _tuple([*args, Name("", call.span)])]
    if (setting := _BY_POSITION.get(call.name)) in keywords:
        args.append(_python(keywords.pop(setting).value))
    given = tuple(Keyword(one.name, _python(one.value), one.name_span) for one in keywords.values())
    return Call(_function(call.name), tuple(args), given, call.name_span, call.span)


def _tuple(items: list[Expr]) -> Expr:
    """Items in round brackets; one item is as good without."""
    return items[0] if len(items) == 1 else Call("", tuple(items), (), SourceSpan(0, 0), SourceSpan(0, 0))


def _function(name: str) -> str:
    if name in _OTHERWISE:
        return _OTHERWISE[name]
    return name if name in HELPERS else f"np.{name}"


def _python(value: Value) -> Expr:
    """What stands behind a keyword, as Python writes it."""
    match value:
        case Boolean():
            return Name(str(value.value), value.span)
        case ListOf():
            return _tuple([_python(item) for item in value.items])
        case Text():
            return Name(f'"{value.value}"', value.span)
        case _:
            return value
