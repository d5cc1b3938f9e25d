"""Softmax and its logarithm along an axis, and dropout."""

from __future__ import annotations

from math import inf, nan
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.rules import Elementwise, Indices, Jacobian, here, same
from backprop_engine.ops.samples import Kink, Sample, beyond
from backprop_engine.ops.shape_rules import broadcast, broadcasts, no_axis, no_broadcast

define = Family("normalisation").define
AXIS = OpAttribute(
    "axis", int, -1, Words("the axis along which the numbers sum to 1", "수의 합이 1이 되는 축")
)
SAMPLES = (
    Sample(((3,),)),
    Sample(((1,),)),
    Sample(((2, 3),)),
    Sample(((2, 3),), {"axis": 0}),
    Sample(((2, 3, 4),), {"axis": -2}),
    Sample(((0, 3),)),
)


def axis_shape(shape: Shape, axis: int) -> Shape:
    """The shape rule of operators that keep the shape and work along one axis."""
    if not -len(shape) <= axis < len(shape):
        raise no_axis(shape, axis)
    if shape[axis] == 0:
        raise ShapeError(msg("{0} is {shape}: axis {axis} is empty", shape=shape_text(shape), axis=axis))
    return shape


_SHORT_ROW: Final = 16
_MANY_ROWS: Final = 32


def largest(a: Any, axis: int = -1) -> Any:
    """The largest entries along `axis`, which is kept as an axis of size 1.

    NumPy reduces a last axis row by row, which is slow for many short rows: there it gets columns.
    """
    size = a.shape[axis]
    if axis != -1 or size > _SHORT_ROW or a.size < _MANY_ROWS * size:
        return np.maximum.reduce(a, axis=axis, keepdims=True)
    columns = a.reshape(-1, size).T.copy()
    return np.maximum.reduce(columns, axis=0).reshape(*a.shape[:-1], 1)


def shifted(a: Any, axis: int) -> Any:
    """`a` less its largest along `axis`, so that no exponential overflows; analytic, as the shift is real."""
    return a - largest(a.real, axis)


def softmax_of(a: Any, axis: int = -1) -> Any:
    """Softmax along `axis`."""
    e = shifted(a, axis)
    np.exp(e, out=e)
    e /= np.sum(e, axis=axis, keepdims=True)
    return e


def log_softmax_of(a: Any, axis: int = -1) -> Any:
    """The logarithm of softmax along `axis`, without taking the logarithm of a probability."""
    z = shifted(a, axis)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def exponentials(axis: int) -> Decomposition:
    """How softmax begins inside: shifted by the largest, exponentials, and their sum."""
    along = f"axis={axis}, keepdims=true"
    return (
        ("m", f"detach(max(a, {along}))"),
        ("z", "a - m"),
        ("e", "exp(z)"),
        ("s", f"sum(e, {along})"),
    )


def _in_one_line(i: Indices, j: Indices, axis: int) -> Any:
    """Whether the entries differ at most along `axis`."""
    others = [each for each in range(len(i)) if each != axis % len(i)]
    return same([i[each] for each in others], [j[each] for each in others])


def _along(shape: Shape, axis: int) -> Shape:
    """The shape of the Jacobians along `axis`: batch + (out, in)."""
    size = shape[axis]
    return (*shape[:axis], *shape[axis:][1:], size, size)


def _softmax_vjp(g: Any, out: Any, a: Any, axis: int) -> Any:
    return out * (g - np.sum(g * out, axis=axis, keepdims=True))


def _softmax_matrix(out: Any, a: Any, axis: int) -> Any:
    p = np.moveaxis(out, axis, -1)
    return p[..., :, np.newaxis] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., np.newaxis, :])


def _softmax_entries(i: Indices, j: Indices, out: Any, a: Any, axis: int) -> Any:
    return here(_in_one_line(i, j, axis), out[i] * (here(i[axis] == j[axis]) - out[j]))


def _softmax_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Jacobian]:
    axis = attributes["axis"]
    text = f"out * (g - sum(g * out, axis={axis}, keepdims=true))"
    matrix = "diag(out) - outer(out, out)"
    return (Jacobian(text, _softmax_vjp, _softmax_matrix, matrix, _along(shapes[0], axis), _softmax_entries),)


SOFTMAX = """\
def softmax(a, axis=-1):
    e = np.exp(a - np.max(a, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
"""

softmax = define(
    "softmax",
    operands="a",
    formula="exp(a) / sum(exp(a), axis=axis, keepdims=true)",
    helpers={"softmax": SOFTMAX},
    forward=softmax_of,
    shape=axis_shape,
    rules=_softmax_rules,
    attributes=(AXIS,),
    inside=lambda shapes, attributes: (*exponentials(attributes["axis"]), ("out", "e / s")),
    lesson=Words(
        en="Every output of softmax depends on every input of its row: raising one input raises its "
        "own output and lowers all the others.",
        ko="소프트맥스의 출력은 같은 행의 모든 입력에 의존합니다. 입력 하나를 키우면 그 출력은 "
        "커지고 나머지 출력은 모두 작아집니다.",
    ),
    conventions=Words(
        "The largest operand is subtracted first, so that no exponential overflows. A fully masked "
        "row, all −inf, gives NaN, and so does its gradient, as in PyTorch.",
        "가장 큰 입력을 먼저 빼므로 지수함수가 오버플로하지 않습니다. 모두 가려져 −inf뿐인 행은 "
        "PyTorch처럼 값도 그래디언트도 NaN입니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink(
            ([1e4, 0.0],),
            [1, 0],
            ([0, 0],),
            Words("shifted by the largest: no overflow", "가장 큰 수만큼 옮겨 오버플로 없음"),
            seed=[1, 0],
        ),
        Kink(
            ([-1e4, 0.0],),
            [0, 1],
            ([0, 0],),
            Words("shifted by the largest: no 0 / 0", "가장 큰 수만큼 옮겨 0 / 0이 없음"),
            seed=[1, 0],
        ),
        Kink(
            ([inf, 0.0],),
            [nan, nan],
            ([nan, nan],),
            Words("inf − inf is NaN", "inf − inf는 NaN"),
            seed=[1, 0],
        ),
        Kink(
            ([-inf, -inf],),
            [nan, nan],
            ([nan, nan],),
            Words("a fully masked row is NaN, as in PyTorch", "모두 가려진 행은 PyTorch처럼 NaN"),
            seed=[1, 0],
        ),
    ),
    samples=SAMPLES,
)


def _log_softmax_vjp(g: Any, out: Any, a: Any, axis: int) -> Any:
    return g - np.exp(out) * np.sum(g, axis=axis, keepdims=True)


def _log_softmax_matrix(out: Any, a: Any, axis: int) -> Any:
    p = np.exp(np.moveaxis(out, axis, -1))
    return np.eye(p.shape[-1], dtype=p.dtype) - p[..., np.newaxis, :]


def _log_softmax_entries(i: Indices, j: Indices, out: Any, a: Any, axis: int) -> Any:
    return here(_in_one_line(i, j, axis), here(i[axis] == j[axis]) - np.exp(out[j]))


def _log_softmax_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Jacobian]:
    axis = attributes["axis"]
    return (
        Jacobian(
            f"g - exp(out) * sum(g, axis={axis}, keepdims=true)",
            _log_softmax_vjp,
            _log_softmax_matrix,
            f"eye({shapes[0][axis]}) - outer(ones({shapes[0][axis]}), exp(out))",
            _along(shapes[0], axis),
            _log_softmax_entries,
        ),
    )


LOG_SOFTMAX = """\
def log_softmax(a, axis=-1):
    a = a - np.max(a, axis=axis, keepdims=True)
    return a - np.log(np.sum(np.exp(a), axis=axis, keepdims=True))
"""

log_softmax = define(
    "log_softmax",
    sign="log-sm",
    operands="a",
    formula="a - log(sum(exp(a), axis=axis, keepdims=true))",
    helpers={"log_softmax": LOG_SOFTMAX},
    forward=log_softmax_of,
    shape=axis_shape,
    rules=_log_softmax_rules,
    attributes=(AXIS,),
    inside=lambda shapes, attributes: (*exponentials(attributes["axis"]), ("out", "z - log(s)")),
    lesson=Words(
        en="Each log-probability rises at the rate 1 with its own logit, and falls with every logit at the "
        "rate of that logit's probability.",
        ko="로그 확률은 자기 로짓이 커지면 그만큼 커지고, 모든 로짓에 대해 그 로짓의 확률만큼의 비율로 "
        "작아집니다.",
    ),
    conventions=Words(
        "The largest operand is subtracted first, and the logarithm of a probability is never taken, "
        "so the result is accurate however small the probability. A row that is all −inf gives NaN, "
        "and so does its gradient, as in PyTorch.",
        "가장 큰 입력을 먼저 빼고 확률의 로그를 구하지 않으므로 확률이 아무리 작아도 정확합니다. −inf뿐인 "
        "행은 PyTorch처럼 값도 그래디언트도 NaN입니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink(
            ([1e4, 0.0],),
            [0, -1e4],
            ([-1, 1],),
            Words("log(softmax(a)) would be −inf", "log(softmax(a))라면 −inf"),
            seed=[0, 1],
        ),
        Kink(
            ([-inf, -inf],),
            [nan, nan],
            ([nan, nan],),
            Words("a fully masked row is NaN, as in PyTorch", "모두 가려진 행은 PyTorch처럼 NaN"),
            seed=[1, 0],
        ),
    ),
    samples=SAMPLES,
)


def _dropout_shape(a: Shape, mask: Shape, p: float) -> Shape:
    if not broadcasts(a, mask):
        raise no_broadcast((a, mask), fixed=(1,))
    return broadcast(a, mask)


def _refuse_mask(a: Shape, mask: Any, p: float) -> Message | None:
    if np.all(np.isin(mask, (0, 1))):
        return None
    return msg("a mask holds 0 where an entry is dropped and 1 elsewhere")


dropout = define(
    "dropout",
    sign="drop",
    operands="a mask",
    formula="a * mask / (1 - p)",
    forward=lambda a, mask, p: a * mask / (1.0 - p),
    shape=_dropout_shape,
    rules=lambda shapes, attributes: (
        Elementwise(f"mask / (1 - {attributes['p']})", lambda out, a, mask, p: mask / (1.0 - p)),
        None,
    ),
    attributes=(
        OpAttribute(
            "p",
            float,
            0.5,
            Words(
                "the fraction that is dropped; what is kept is scaled by 1/(1 − p)",
                "버릴 몫, 남은 것은 1/(1 − p)배가 됨",
            ),
            least=0,
            below=1,
        ),
    ),
    constants=("mask",),
    refuse=_refuse_mask,
    inside=lambda shapes, attributes: (("k", f"mask / (1 - {attributes['p']})"), ("out", "a * k")),
    lesson=Words(
        en="In one run dropout is a fixed mask: it scales or drops the gradient of an entry as it "
        "did the entry itself.",
        ko="드롭아웃은 고정된 마스크입니다. 꺼진 원소의 그래디언트는 0, 나머지는 값과 같은 배수가 됩니다.",
    ),
    conventions=Words(
        "The mask is an operand, so that a run can be repeated; the entries that are kept are scaled "
        "up, so that the mean stays the same.",
        "실행을 되풀이할 수 있도록 마스크를 직접 줍니다. 평균이 그대로이도록 남은 원소를 키웁니다.",
    ),
    samples=(
        Sample(((), np.array(1.0))),
        Sample(((3,), np.array([1.0, 0.0, 1.0]))),
        Sample(((2, 3), np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])), {"p": 0.25}),
        Sample(((2, 3), np.array([1.0, 0.0, 1.0]))),
        Sample(((1, 3), np.array([[1.0], [0.0]]))),
        Sample(((0, 3), np.zeros((0, 3)))),
    ),
)
