"""Operators that roll, repeat, or keep entries by where they are, and those of diagonals."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Family
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.ops.reductions import AxisArg, positive_axis, reduced_axes
from backprop_engine.ops.rules import Indices, Linear, here, position, reads, same
from backprop_engine.ops.samples import Sample

define = Family("shape").define
Shifts = int | tuple[int, ...]


def _roll_conflict(shift: Shifts, axis: AxisArg) -> Hint:
    shifts = len(shift) if isinstance(shift, tuple) else 1
    axes = len(axis) if isinstance(axis, tuple) else 1
    if shifts != axes or (axis is None and isinstance(shift, tuple)):
        return msg("`shift` needs one number for each axis in `axis`")
    return ""


def _roll_shape(a: Shape, shift: Shifts, axis: AxisArg) -> Shape:
    reduced_axes(a, axis)
    return a


def _shifts(shape: Shape, shift: Shifts, axis: AxisArg) -> dict[int, int]:
    """How far the entries go along each axis."""
    shifts = shift if isinstance(shift, tuple) else (shift,)
    return dict(zip(reduced_axes(shape, axis), shifts, strict=True))


def _unravelled(places: Any, shape: Shape) -> Indices:
    """The entries of a tensor of `shape` that lie at `places` when it is flattened."""
    found: list[Any] = []
    for size in reversed(shape):
        found.append(places % max(size, 1))
        places = places // max(size, 1)
    return tuple(reversed(found))


def _rolled_from(i: Indices, a: Any, shift: Shifts, axis: AxisArg) -> Indices:
    """The entries that those at `i` came from."""
    if axis is None:
        assert isinstance(shift, int)
        return _unravelled((position(i, a.shape) - shift) % max(prod(a.shape), 1), a.shape)
    by_axis = _shifts(a.shape, shift, axis)
    return tuple(
        (entry - by_axis.get(at, 0)) % max(size, 1)
        for at, (entry, size) in enumerate(zip(i, a.shape, strict=True))
    )


def _back(shift: Shifts) -> Shifts:
    return tuple(-one for one in shift) if isinstance(shift, tuple) else -shift


def _roll_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shift, axis = _back(attributes["shift"]), attributes["axis"]
    shown = list(shift) if isinstance(shift, tuple) else shift
    where = "" if axis is None else f", axis={list(axis) if isinstance(axis, tuple) else axis}"
    rule = Linear(
        f"roll(g, shift={shown}{where})" if shapes[0] else "g",
        lambda g, out, a, **_: np.roll(g, shift, axis),
        shown=Words("rolled back", "거꾸로 옮김"),
        entries=reads(_rolled_from),
    )
    return (rule,)


roll = define(
    "roll",
    operands="a",
    formula="roll(a, shift)",
    numpy=NumpyCall("roll", positional="shift"),
    forward=np.roll,
    shape=_roll_shape,
    rules=_roll_rules,
    attributes=(
        OpAttribute(
            "shift",
            int | tuple[int, ...],
            ...,
            Words("how far the entries are shifted, one number for each axis", "옮길 칸 수, 축마다 하나"),
            least=-(2**31),
            most=2**31,
        ),
        OpAttribute(
            "axis",
            int | tuple[int, ...] | None,
            None,
            Words(
                "the axis or axes; by default the operand is flattened",
                "축 하나 또는 여럿, 생략하면 모든 원소를 한 줄로",
            ),
        ),
    ),
    conflict=_roll_conflict,
    lesson=Words(
        en="A roll shifts the entries and wraps those that leave at the end around to the start, so "
        "the gradient is rolled back.",
        ko="원소를 옆으로 옮기고 끝을 넘은 것은 처음으로 보내는 연산이므로, 그래디언트는 반대 "
        "방향으로 옮겨 돌려보냅니다.",
    ),
    samples=(
        Sample(((),), {"shift": 1}),
        Sample(((3,),), {"shift": 1}),
        Sample(((2, 3),), {"shift": -2}),
        Sample(((2, 3),), {"shift": 4, "axis": -1}),
        Sample(((2, 3, 2),), {"shift": (1, -1), "axis": (1, 0)}),
        Sample(((0, 2),), {"shift": 1, "axis": 0}),
    ),
)


def _repeated_shape(a: Shape, repeats: int, axis: int | None) -> Shape:
    if axis is None:
        return (prod(a) * repeats,)
    axis = positive_axis(a, axis)
    return (*a[:axis], a[axis] * repeats, *a[axis + 1 :])


def _repeated_from(i: Indices, a: Any, repeats: int, axis: int | None) -> Indices:
    """The entries that those at `i` are copies of."""
    if axis is None:
        return _unravelled(i[0] // repeats, a.shape)
    along = axis % a.ndim
    return (*i[:along], i[along] // repeats, *i[along + 1 :])


def _repeat_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape, repeats, axis = shapes[0], attributes["repeats"], attributes["axis"]
    first = len(shape) - 1 if axis is None else positive_axis(shape, axis)
    apart = (*shape[: first + 1], repeats, *shape[first + 1 :])
    rule = Linear(
        f"sum(reshape(g, shape={list(apart)}), axis={first + 1})",
        lambda g, out, a, **_: np.sum(np.reshape(g, apart), axis=first + 1),
        shown=Words("1 at each copy", "사본마다 1"),
        entries=reads(_repeated_from),
    )
    return (rule,)


repeat_interleave = define(
    "repeat_interleave",
    sign="repeat",
    operands="a",
    formula="repeat_interleave(a, repeats)",
    numpy=NumpyCall("repeat", positional="repeats"),
    forward=np.repeat,
    shape=_repeated_shape,
    rules=_repeat_rules,
    attributes=(
        OpAttribute(
            "repeats",
            int,
            ...,
            Words("how many times each entry is repeated", "원소마다 되풀이할 횟수"),
            least=0,
            most=2**31,
        ),
        OpAttribute(
            "axis",
            int | None,
            None,
            Words(
                "the axis; by default the operand is flattened",
                "축, 생략하면 모든 원소를 한 줄로",
            ),
        ),
    ),
    lesson=Words(
        en="A repeated entry gets the sum of the gradients of its copies.",
        ko="반복된 원소는 모든 사본의 그래디언트를 더해 받습니다.",
    ),
    conventions=Words(
        "The copies of an entry are adjacent, as in NumPy's `repeat`; `tile` repeats the whole tensor.",
        "NumPy의 `repeat`처럼 한 원소의 사본이 나란히 놓입니다. `tile`은 전체를 되풀이합니다.",
    ),
    samples=(
        Sample(((),), {"repeats": 3}),
        Sample(((3,),), {"repeats": 2}),
        Sample(((2, 3),), {"repeats": 2}),
        Sample(((2, 3),), {"repeats": 2, "axis": -1}),
        Sample(((2, 3, 2),), {"repeats": 3, "axis": 1}),
        Sample(((2, 3),), {"repeats": 0, "axis": 0}),
        Sample(((0, 2),), {"repeats": 2, "axis": 1}),
    ),
)


# Triangles and diagonals

_DIAGONAL = OpAttribute(
    "diagonal",
    int,
    0,
    Words(
        "which diagonal: 0 the main one, above it positive, below it negative",
        "어느 대각선인지: 주대각선은 0, 그 위는 양수, 아래는 음수",
    ),
    least=-(2**31),
    most=2**31,
)


def _triangle_shape(name: str) -> Any:
    def shape(a: Shape, diagonal: int) -> Shape:
        if len(a) < 2:
            raise ShapeError(
                msg("{0} is {shape}: {op} takes a matrix, or a stack of them", shape=shape_text(a), op=name),
                msg("unsqueeze({0}, axis=0) would fit") if a else "",
            )
        return a

    return shape


def _triangle_samples() -> tuple[Sample, ...]:
    return (
        Sample(((3, 3),)),
        Sample(((2, 3),)),
        Sample(((3, 2),), {"diagonal": -1}),
        Sample(((2, 3, 4),), {"diagonal": 1}),
        Sample(((2, 2),), {"diagonal": 5}),
        Sample(((0, 3),)),
    )


def _below(i: Indices, diagonal: int) -> Any:
    """Whether entries are on the diagonal, or below it."""
    return i[-1] - i[-2] <= diagonal


tril = define(
    "tril",
    operands="a",
    formula="tril(a)",
    numpy=NumpyCall("tril", renamed={"diagonal": "k"}),
    forward=lambda a, diagonal: np.tril(a, k=diagonal),
    shape=_triangle_shape("tril"),
    rules=lambda shapes, attributes: (
        Linear(
            f"tril(g, diagonal={attributes['diagonal']})",
            lambda g, out, a, diagonal: np.tril(g, diagonal),
            shown=Words("1 in the lower triangle", "아래 삼각형에 1"),
            entries=lambda i, j, out, a, diagonal: here(same(i, j) & _below(i, diagonal)),
        ),
    ),
    attributes=(_DIAGONAL,),
    lesson=Words(
        en="The lower triangle was kept: its entries get the gradient, and those above it get 0.",
        ko="아래 삼각형만 남겼으므로 그 원소들은 그래디언트를 받고 위쪽 원소들은 0을 받습니다.",
    ),
    conventions=Words(
        "The last two axes are the matrix. Entries that are cut off become 0, even infinite ones.",
        "마지막 두 축이 행렬입니다. 잘린 자리는 원소가 무한대여도 0입니다.",
    ),
    samples=_triangle_samples(),
)

triu = define(
    "triu",
    operands="a",
    formula="triu(a)",
    numpy=NumpyCall("triu", renamed={"diagonal": "k"}),
    forward=lambda a, diagonal: np.triu(a, k=diagonal),
    shape=_triangle_shape("triu"),
    rules=lambda shapes, attributes: (
        Linear(
            f"triu(g, diagonal={attributes['diagonal']})",
            lambda g, out, a, diagonal: np.triu(g, diagonal),
            shown=Words("1 in the upper triangle", "위 삼각형에 1"),
            entries=lambda i, j, out, a, diagonal: here(same(i, j) & np.logical_not(_below(i, diagonal - 1))),
        ),
    ),
    attributes=(_DIAGONAL,),
    lesson=Words(
        en="The upper triangle was kept: its entries get the gradient, and those below it get 0.",
        ko="위 삼각형만 남겼으므로 그 원소들은 그래디언트를 받고 아래쪽 원소들은 0을 받습니다.",
    ),
    conventions=Words(
        "The last two axes are the matrix. Entries that are cut off become 0, even infinite ones.",
        "마지막 두 축이 행렬입니다. 잘린 자리는 원소가 무한대여도 0입니다.",
    ),
    samples=_triangle_samples(),
)


def _diag_shape(a: Shape, diagonal: int) -> Shape:
    if len(a) == 1:
        return (a[0] + abs(diagonal),) * 2
    if len(a) != 2:
        raise ShapeError(
            msg("{0} is {shape}: diag takes a vector or a matrix", shape=shape_text(a)), _of_no_diagonal(a)
        )
    rows, columns = a
    return (max(0, min(rows + min(diagonal, 0), columns - max(diagonal, 0))),)


def _of_no_diagonal(a: Shape) -> Message:
    if a:
        return msg("one matrix of a stack: {0}[0]")
    return msg("unsqueeze({0}, axis=0) would fit")


def _on_diagonal(g: Any, shape: Shape, diagonal: int) -> Any:
    """Zeros of `shape` with `g` on a diagonal."""
    result = np.zeros(shape, dtype=g.dtype)
    rows = np.arange(len(g)) + max(-diagonal, 0)
    result[rows, rows + diagonal] = g
    return result


ON_DIAGONAL = """\
def on_diagonal(g, shape, diagonal=0):
    if len(shape) == 1:
        return np.diag(g, diagonal)
    out = np.zeros(shape)
    rows = np.arange(len(g)) + max(-diagonal, 0)
    out[rows, rows + diagonal] = g
    return out
"""


def _diag_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    diagonal: int = attributes["diagonal"]
    above, below = max(diagonal, 0), max(-diagonal, 0)
    if len(shapes[0]) == 1:
        rule = Linear(
            f"diag(g, diagonal={diagonal})",
            lambda g, out, a, diagonal: np.diagonal(g, diagonal),
            shown=Words("1 on the diagonal", "대각선에 1"),
            entries=lambda i, j, out, a, diagonal: here((i[0] - below == j[0]) & (i[1] - above == j[0])),
        )
    else:
        rule = Linear(
            f"on_diagonal(g, a.shape, diagonal={diagonal})",
            lambda g, out, a, diagonal: _on_diagonal(g, a.shape, diagonal),
            shown=Words("1 on the diagonal, else 0", "대각선에 1, 나머지 0"),
            entries=reads(lambda i, a, diagonal: (i[0] + below, i[0] + above)),
        )
    return (rule,)


diag = define(
    "diag",
    operands="a",
    formula="diag(a)",
    numpy=NumpyCall("diag", renamed={"diagonal": "k"}),
    helpers={"on_diagonal": ON_DIAGONAL},
    forward=lambda a, diagonal: np.diag(a, k=diagonal),
    shape=_diag_shape,
    rules=_diag_rules,
    attributes=(_DIAGONAL,),
    lesson=Words(
        en="Only the diagonal carries gradient: each of its entries gets the gradient of the entry "
        "it became.",
        ko="대각선만 이어져 있습니다. 대각선의 각 원소는 짝이 되는 원소의 그래디언트를 받습니다.",
    ),
    conventions=Words(
        "A vector becomes the diagonal of a square matrix; a matrix is reduced to its diagonal.",
        "벡터는 정사각행렬의 대각선이 되고, 행렬에서는 대각선만 남습니다.",
    ),
    samples=(
        Sample(((3,),)),
        Sample(((2,),), {"diagonal": 1}),
        Sample(((2,),), {"diagonal": -2}),
        Sample(((3, 3),)),
        Sample(((2, 4),), {"diagonal": 1}),
        Sample(((4, 2),), {"diagonal": -1}),
        Sample(((2, 2),), {"diagonal": 3}),
        Sample(((0,),)),
    ),
)
