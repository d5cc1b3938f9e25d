"""How an operator is written outside of the table: in mathematics and in NumPy. Hints, which draw nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = ["Notation", "NotationKind", "NumpyCall"]

NotationKind: TypeAlias = Literal[
    "name", "radical", "bars", "power", "exponential", "cases", "product", "big operator", "indexed name"
]
"""What a call looks like on a blackboard.

- ``name``: `sign` in place of the operator's name, before its operands in brackets
- ``radical``: a root sign over the operand
- ``bars``: the operand between two bars, the characters of `sign`; of a single one, twice that
- ``power``: the first operand, raised to the second
- ``exponential``: the number `sign`, raised to the operand
- ``cases``: a condition and two operands, one under the other beside a brace
- ``product``: `sign` between two operands
- ``big operator``: `sign` with the axes that it runs along, before what holds together by itself
- ``indexed name``: `sign` with the axes that it runs along, before its operand in brackets
"""


class Notation(Struct, frozen=True):
    """What a call of an operator looks like in a formula, where it is more than a name and brackets."""

    kind: NotationKind
    sign: str = ""


class NumpyCall(Struct, frozen=True):
    """How a call of an operator is spelled in NumPy: by the name of the `function` there.

    The setting `first` is given before the operands and `positional` after them, without their names; others
    may be `renamed`. The operands are in a tuple of their own if `packed`.
    """

    function: str
    first: str = ""
    positional: str = ""
    renamed: Mapping[str, str] = {}
    packed: bool = False
