"""Operators that write where an operand of indices points."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.by_index import INDICES, cells_at, outside_axis
from backprop_engine.ops.definition import Family
from backprop_engine.ops.reductions import positive_axis
from backprop_engine.ops.rules import ONE, Indices, Linear, Rules, here, same
from backprop_engine.ops.samples import Kink, Sample
from backprop_engine.ops.shape_rules import difference, named

define = Family("shape").define

_WRITTEN = OpAttribute(
    "axis", int, ..., Words("the axis that the indices point along", "인덱스가 가리키는 축")
)


def _scatter_shape(a: Shape, indices: Shape, src: Shape, axis: int) -> Shape:
    axis = positive_axis(a, axis)
    if len(indices) != len(a) or any(
        size > room for at, (size, room) in enumerate(zip(indices, a, strict=True)) if at != axis
    ):
        raise ShapeError(
            msg(
                "{operands}: the indices need the same number of axes, and may be longer only along "
                "axis {axis}",
                operands=named(a, indices),
                axis=axis,
            ),
            difference(a, indices, but=axis),
        )
    if src and (len(src) != len(a) or any(size > given for size, given in zip(indices, src, strict=True))):
        raise ShapeError(
            msg(
                "{operands}: there must be a value to write for each index, or one number for all",
                operands=named(indices, src, first=1),
            ),
            difference(indices, src, (1, 2)),
        )
    return a


def _corner(shape: Shape) -> tuple[slice, ...]:
    """The key of the first entries along each axis, as many as `shape` has."""
    return tuple(map(slice, shape))


def _at_corner(name: str, inner: Shape, outer: Shape, but: int | None = None) -> str:
    """The text of the first entries along the axes on which `outer` is longer."""
    longer = [
        f":{size}" if size != room and at != but else ":"
        for at, (size, room) in enumerate(zip(inner, outer, strict=True))
    ]
    while longer and longer[-1] == ":":
        longer.pop()
    return f"{name}[{', '.join(longer)}]" if longer else name


def _all(conditions: Iterable[Any]) -> Any:
    return reduce(and_, conditions, np.True_)


def _src_rule(shapes: tuple[Shape, ...], axis: int) -> Linear:
    """The rule of what was written: it gets the gradients of where it went."""
    a, indices, src = shapes
    text = f"gather({_at_corner('g', indices, a, axis % len(a))}, indices, axis={axis})"
    if not src:
        text = f"sum({text})"
    elif indices != src:
        text = f"pad({text}, width={[[0, given - size] for size, given in zip(indices, src, strict=True)]})"

    def vjp(g: Any, out: Any, a: Any, indices: Any, src: Any, axis: int) -> Any:
        found = g[cells_at(indices, axis)]
        if not src.ndim:
            return np.sum(found)
        result = np.zeros(src.shape, dtype=g.dtype)
        result[_corner(indices.shape)] = found
        return result

    def entries(i: Indices, j: Indices, out: Any, a: Any, indices: Any, src: Any, axis: int) -> Any:
        if not src.ndim:
            counts = np.zeros(a.shape)
            np.add.at(counts, cells_at(indices, axis), 1.0)
            return counts[i]
        axis %= a.ndim
        written = _all(j[at] < size for at, size in enumerate(indices.shape))
        inside = tuple(np.where(written, entry, 0) for entry in j)
        if not indices.size:
            return here(written & False)
        target = (*j[:axis], indices[inside] % a.shape[axis], *j[axis + 1 :])
        return here(written & same(i, target))

    return Linear(text, vjp, shown=Words("1 where it was added", "놓인 자리에 1"), entries=entries)


def _scatter_add_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    return (ONE, None, _src_rule(shapes, attributes["axis"]))


def _scatter_add(a: Any, indices: Any, src: Any, axis: int) -> Any:
    out = np.array(a, dtype=np.result_type(a, src))
    np.add.at(out, cells_at(indices, axis), src[_corner(indices.shape)] if src.ndim else src)
    return out


SCATTER_ADD = """\
def scatter_add(a, indices, src, axis):
    out = np.array(a)
    cells = list(np.indices(np.shape(indices)))
    cells[axis] = indices
    corner = tuple(slice(size) for size in np.shape(indices))
    np.add.at(out, tuple(cells), src[corner] if np.ndim(src) else src)
    return out
"""

scatter_add = define(
    "scatter_add",
    sign="scatter+",
    operands="a indices src",
    formula="scatter_add(a, indices, src)",
    helpers={"scatter_add": SCATTER_ADD},
    forward=_scatter_add,
    shape=_scatter_shape,
    rules=_scatter_add_rules,
    attributes=(_WRITTEN,),
    constants=("indices",),
    indices=lambda a, indices, src: (1,),
    refuse=lambda a, indices, src, axis: outside_axis(indices, a, axis),
    lesson=Words(
        en="The operand that is added to gets the gradient unchanged; what is added gets the "
        "gradient of the entry it is added to.",
        ko="정해진 자리에 더하는 연산이므로, 원래 있던 것은 그래디언트를 그대로 받고 더해진 것은 "
        "자기가 더해진 자리의 그래디언트를 받습니다.",
    ),
    conventions=Words(
        "Like `torch.scatter_add`, but negative indices count from the end. Entries that go to the "
        "same place add up. Entries of src beyond the indices are not used and get 0, where PyTorch "
        "has no gradient.",
        "`torch.scatter_add`와 같지만 음수 인덱스는 끝에서부터 셉니다. 한 자리에 여럿이 오면 "
        "모두 더합니다. src에서 인덱스의 형상을 벗어난 원소는 쓰이지 않고 0을 받습니다. "
        "PyTorch에는 이때의 그래디언트가 없습니다.",
    ),
    samples=(
        Sample(((3,), np.array([2, 0, 2, 1]), (4,)), {"axis": 0}),
        Sample(((2, 3), INDICES, (2, 2)), {"axis": 1}),
        Sample(((3, 4), INDICES, (2, 3)), {"axis": 1}),
        Sample(((3, 2), np.array([[0, -1], [1, 1]]), ()), {"axis": -2}),
        Sample(((2, 3), np.zeros((2, 0), dtype=np.int64), (2, 1)), {"axis": 1}),
    ),
)


def _scatter(a: Any, indices: Any, src: Any, axis: int) -> Any:
    out = np.array(a, dtype=np.result_type(a, src))
    out[cells_at(indices, axis)] = src[_corner(indices.shape)] if src.ndim else src
    return out


SCATTER = SCATTER_ADD.replace("scatter_add", "scatter").replace(
    "np.add.at(out, tuple(cells), src[corner] if np.ndim(src) else src)",
    "out[tuple(cells)] = src[corner] if np.ndim(src) else src",
)


def _scatter_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    axis = attributes["axis"]

    def vjp(g: Any, out: Any, a: Any, indices: Any, src: Any, axis: int) -> Any:
        return _scatter(g, indices, np.zeros((), g.dtype), axis)

    def entries(i: Indices, j: Indices, out: Any, a: Any, indices: Any, src: Any, axis: int) -> Any:
        kept = np.ones(a.shape)
        kept[cells_at(indices, axis)] = 0.0
        return here(same(i, j), kept[i])

    shown = Words("0 where it was overwritten, else 1", "덮어쓴 자리에 0, 나머지 1")
    rule = Linear(f"scatter(g, indices, 0, axis={axis})", vjp, shown=shown, entries=entries)
    return (rule, None, _src_rule(shapes, axis))


def _refuse_scatter(a: Shape, indices: Any, src: Shape, axis: int) -> Message | None:
    if problem := outside_axis(indices, a, axis):
        return problem
    places = np.sort(np.asarray(indices) % max(a[axis], 1), axis=axis)
    again = np.diff(places, axis=axis) == 0
    if again.any():
        twice = int(np.take(places, range(1, places.shape[axis]), axis=axis)[again][0])
        return msg("the index {index} occurs twice, but only one of the two values can be kept", index=twice)
    return None


scatter = define(
    "scatter",
    operands="a indices src",
    formula="scatter(a, indices, src)",
    helpers={"scatter": SCATTER},
    forward=_scatter,
    shape=_scatter_shape,
    rules=_scatter_rules,
    attributes=(_WRITTEN,),
    constants=("indices",),
    indices=lambda a, indices, src: (1,),
    refuse=_refuse_scatter,
    lesson=Words(
        en="What was written gets the gradient of its place; what was overwritten gets 0.",
        ko="써 넣은 것은 놓인 자리의 그래디언트를 받고, 덮어쓰인 원소는 0을 받습니다.",
    ),
    conventions=Words(
        "Like `torch.scatter`, but negative indices count from the end. Two entries for the same "
        "place are refused: PyTorch does not define which of them stays, and its gradient is right "
        "for neither. `scatter_add` adds them.",
        "`torch.scatter`와 같지만 음수 인덱스는 끝에서부터 셉니다. 한 자리에 둘을 쓰는 것은 받지 "
        "않습니다. PyTorch에서는 어느 것이 남을지 정해져 있지 않고 그래디언트도 맞지 않습니다. "
        "더하려면 `scatter_add`를 씁니다.",
    ),
    samples=(
        Sample(((3,), np.array([2, 0]), (2,)), {"axis": 0}),
        Sample(((2, 3), np.array([[0, 2], [1, 0]]), (2, 2)), {"axis": 1}),
        Sample(((3, 4), np.array([[0, 1, 2]]), (2, 4)), {"axis": 0}),
        Sample(((2, 3), np.array([[-1], [0]]), ()), {"axis": -1}),
        Sample(((2, 3), np.zeros((2, 0), dtype=np.int64), (2, 1)), {"axis": 1}),
    ),
)


ONE_HOT = """\
def one_hot(indices, classes):
    return 1.0 * (np.expand_dims(indices, -1) == np.arange(classes))
"""


def _no_class(indices: Any, classes: int) -> bool:
    """Whether an index names no class."""
    return bool(np.any((np.asarray(indices) < 0) | (np.asarray(indices) >= classes)))


one_hot = define(
    "one_hot",
    operands="indices",
    formula="one_hot(indices, classes)",
    helpers={"one_hot": ONE_HOT},
    forward=lambda indices, classes: np.asarray(indices)[..., np.newaxis] == np.arange(classes),
    shape=lambda indices, classes: (*indices, classes),
    rules=(None,),
    attributes=(
        OpAttribute("classes", int, ..., Words("the number of classes", "범주의 수"), least=1, most=2**31),
    ),
    stops=("indices",),
    analytic=False,
    lesson=Words(
        en="A one-hot row says which class it is. A class is not a quantity, so no gradient flows.",
        ko="원-핫 행은 어느 범주인지를 나타낼 뿐 크고 작은 양이 아니므로 그래디언트가 흐르지 않습니다.",
    ),
    conventions=Words(
        "An index outside the classes gives a row of zeros, as in JAX and TensorFlow; PyTorch refuses it.",
        "범주를 벗어난 인덱스는 JAX, TensorFlow처럼 0으로 채운 행이 됩니다. PyTorch는 받지 않습니다.",
    ),
    meets=_no_class,
    kinks=(
        Kink(
            ([1.0, -1.0],),
            [[0, 1], [0, 0]],
            (None,),
            Words("an index outside the classes gives zeros", "범주를 벗어나면 0으로 채운 행"),
            {"classes": 2},
            [[1.0, 1.0], [1.0, 1.0]],
        ),
    ),
    samples=(
        Sample((np.array(1),), {"classes": 3}),
        Sample((np.array([2, 0, 1, 1]),), {"classes": 3}),
        Sample((INDICES,), {"classes": 4}),
        Sample((np.zeros(0, dtype=np.int64),), {"classes": 2}),
    ),
)
