"""The derivatives that an expression can ask for, declared as operators are.

None of them is computed as such: each is written out as nodes of the table's operators (`derivative_nodes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError, code
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops import Op

__all__ = ["DERIVATIVE", "DERIVATIVES", "GRAD", "JVP", "VJP", "DerivativeError", "is_derivative"]

DERIVATIVE = code(
    "derivative",
    msg("A `grad`, `vjp` or `jvp` cannot be computed, or its pass is too long."),
)


class DerivativeError(ShapeError):
    """A derivative that is refused."""


_FAMILY: Final = "derivatives"


def _never_computed(*_: Any, **__: Any) -> Any:
    raise AssertionError("a derivative is written out as nodes")


def _shape(*shapes: Shape, **_: Any) -> Shape:
    return shapes[0]


def _declared(name: str, operands: str, lesson: Words) -> Op:
    names = tuple(operands.split())
    return Op(
        name=name,
        family=_FAMILY,
        sign=name,
        operands=names,
        formula=f"{name}({', '.join(names)})",
        forward=_never_computed,
        shape=_shape,
        rules=(),
        lesson=lesson,
        samples=(),
    )


GRAD: Final = _declared(
    "grad",
    "f x",
    Words(
        "The gradient of a scalar: its backward pass, written out as nodes.",
        "스칼라의 그래디언트로, 그 역전파를 노드로 펼쳐 쓴 것입니다.",
    ),
)
VJP: Final = _declared(
    "vjp",
    "f x v",
    Words(
        "A vector-Jacobian product: the backward pass from f with v as its upstream gradient, "
        "written out as nodes.",
        "벡터-야코비안 곱으로, f에 v가 흘러들어오는 역전파를 노드로 펼쳐 쓴 것입니다.",
    ),
)
JVP: Final = _declared(
    "jvp",
    "f x v",
    Words(
        "A Jacobian-vector product: the tangent of f as x moves along v, carried forward node by node.",
        "야코비안-벡터 곱으로, x가 v 방향으로 움직일 때의 f의 탄젠트를 순방향으로 한 노드씩 구한 것입니다.",
    ),
)

DERIVATIVES: Final[Mapping[str, Op]] = {op.name: op for op in (GRAD, VJP, JVP)}
"""By the name that calls them."""


def is_derivative(op: Op) -> bool:
    """Whether an operator stands for a derivative."""
    return op.family == _FAMILY
