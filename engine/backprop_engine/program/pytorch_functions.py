"""Which operator a function of PyTorch is: the calls of `pytorch_calls`, read backwards.

A call that is one function of operands and settings says where each of them is, so it can be read both
ways. What is a few functions, or a helper, only says how PyTorch is called.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from msgspec import Struct

from backprop_engine.ops import OPS
from backprop_engine.program.pytorch_calls import CALLS

__all__ = ["Parameter", "Spelling", "functions"]

_SYMBOLS: Final = {
    "equal": "eq",
    "not_equal": "ne",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
}
"""What PyTorch calls a comparison that expressions write with a symbol."""


class Parameter(Struct, frozen=True):
    """An operand or a setting of an operator; `many` are all operands, in one list."""

    name: str
    many: bool = False


class Spelling(Struct, frozen=True):
    """An operator, and what is at each place of the function of PyTorch that computes it."""

    op: str
    places: tuple[Parameter, ...]
    named: Mapping[str, Parameter]


@cache
def functions() -> Mapping[str, Spelling]:
    """The operators by the function that computes each: ``conv2d``, ``linalg_vector_norm``, ``add``.

    >>> spelling = functions()["leaky_relu"]
    >>> spelling.op, [parameter.name for parameter in spelling.places]
    ('leaky_relu', ['a', 'negative_slope'])
    """
    found: dict[str, Spelling] = {}
    for name, op in OPS.items():
        if name not in CALLS and name != "index":
            operands = tuple(map(Parameter, op.operands))
            found[_SYMBOLS.get(name, name)] = Spelling(name, operands, {})
    for name, text in CALLS.items():
        called = _read(text)
        if called is not None:
            function, spelling = called
            found.setdefault(function, Spelling(name, *spelling))
    return found


_Places = tuple[tuple[Parameter, ...], Mapping[str, Parameter]]


def _read(text: str) -> tuple[str, _Places] | None:
    """The function that a call consists of, and its parameters; None where it is more than one."""
    call = ast.parse(text.replace("{", "").replace("}", ""), mode="eval").body
    if not isinstance(call, ast.Call):
        return None
    function, receiver = _function(call.func)
    places = [_parameter(argument) for argument in (*receiver, *call.args)]
    named = {keyword.arg: _parameter(keyword.value) for keyword in call.keywords if keyword.arg is not None}
    if not function or None in places or None in named.values():
        return None
    return function, (tuple(filter(None, places)), {key: one for key, one in named.items() if one})


def _function(called: ast.expr) -> tuple[str, Sequence[ast.expr]]:
    """The function's name without its module, and the tensor whose method it is, if it is one."""
    match called:
        case ast.Attribute(value=ast.Name(id="torch" | "F"), attr=name):
            return name, ()
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="torch"), attr=module), attr=name):
            return f"{module}_{name}", ()
        case ast.Attribute(value=ast.Name() as tensor, attr=name):
            return name, (tensor,)
        case ast.Name(id="squeeze" | "unsqueeze" as name):  # helpers that take what PyTorch's own do
            return name, ()
    return "", ()


def _parameter(argument: ast.expr) -> Parameter | None:
    """The operand or the setting that an argument is; None where it is made of more."""
    match argument:
        case ast.Name(id=name):
            return Parameter(name)
        case ast.List(elts=[ast.Name(id="operands")]):
            return Parameter("operands", many=True)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.NotEq()]):  # a mask may be of numbers
            return Parameter(name)
        case ast.BinOp(left=ast.Name(id=name), op=ast.Mod()):  # indices may count from the end
            return Parameter(name)
        case ast.Call(func=ast.Name(id="float"), args=[ast.Name(id=name)]):
            return Parameter(name)
        case ast.Call(func=ast.Name(id="axes"), args=[_, ast.Name(id=name)]):
            return Parameter(name)
    return None
