"""Operators that read entries by an operand of indices: along an axis, by slice, by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Family
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.ops.reductions import positive_axis
from backprop_engine.ops.rules import Indices, Linear, Rules, reads
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import axes, difference, named

define = Family("shape").define


def _outside(indices: Any, there: Message, size: int, *, from_end: bool = True) -> Message | None:
    """What is wrong with indices into `size` places; negative ones may count `from_end`."""
    values = np.asarray(indices)
    if not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
        return msg("an index must be a whole number")
    least = -size if from_end else 0
    if values.size and (values.min() < least or values.max() >= size):
        worst = int(values.min()) if values.min() < least else int(values.max())
        return msg("the index {index} is out of range: {there}, counted from 0", index=worst, there=there)
    return None


def outside_axis(indices: Any, a: Shape, axis: int) -> Message | None:
    """What is wrong with indices along an axis of an operand of shape `a`."""
    there = msg("there are {size} places along axis {axis}", size=a[axis], axis=axis)
    return _outside(indices, there, a[axis])


def _gather_shape(a: Shape, indices: Shape, axis: int) -> Shape:
    axis = positive_axis(a, axis)
    if len(a) != len(indices) or any(
        size != other for at, (size, other) in enumerate(zip(a, indices, strict=True)) if at != axis
    ):
        raise ShapeError(
            msg(
                "{operands}: gather takes tensors with the same number of axes, whose sizes may "
                "differ only along axis {axis}",
                operands=named(a, indices),
                axis=axis,
            ),
            difference(a, indices, but=axis),
        )
    return indices


def _gather_source(i: Indices, a: Any, indices: Any, axis: int) -> Indices:
    axis = axis % a.ndim
    return (*i[:axis], indices[i] % a.shape[axis], *i[axis + 1 :])


def cells_at(indices: Any, axis: int) -> tuple[Any, ...]:
    """The key of the entries that indices along an axis point to."""
    grid = list(np.indices(indices.shape, sparse=True))
    grid[axis] = indices
    return tuple(grid)


def _gather_vjp(g: Any, out: Any, a: Any, indices: Any, axis: int) -> Any:
    result = np.zeros(a.shape, dtype=g.dtype)
    np.add.at(result, cells_at(indices, axis), g)
    return result


def _gather_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    rule = Linear(
        f"scatter_add(zeros(a.shape), indices, g, axis={attributes['axis']})",
        _gather_vjp,
        shown=Words("1 where the entry was gathered from", "가져온 자리에 1"),
        entries=reads(_gather_source),
    )
    return (rule, None)


INDICES = np.array([[0, 2], [1, 1]])

gather = define(
    "gather",
    operands="a indices",
    formula="gather(a, indices)",
    numpy=NumpyCall("take_along_axis"),
    forward=lambda a, indices, axis: np.take_along_axis(a, indices, axis=axis),
    shape=_gather_shape,
    rules=_gather_rules,
    attributes=(
        OpAttribute("axis", int, ..., Words("the axis that the indices point along", "인덱스가 가리키는 축")),
    ),
    constants=("indices",),
    indices=lambda a, indices: (1,),
    refuse=lambda a, indices, axis: outside_axis(indices, a, axis),
    lesson=Words(
        en="Gathering picks entries: an entry picked twice gets the sum of both gradients, and one never "
        "picked gets 0.",
        ko="골라 온 원소에 그래디언트가 돌아가며, 두 번 골라진 원소는 두 그래디언트를 더해 받습니다.",
    ),
    conventions=Words(
        "Like NumPy's `take_along_axis`, it counts negative indices from the end, which "
        "`torch.gather` refuses. The gradients of an entry that is chosen more than once add up.",
        "NumPy의 `take_along_axis`처럼 음수 인덱스는 끝에서부터 셉니다. `torch.gather`는 음수를 받지 "
        "않습니다. 여러 번 선택한 원소의 그래디언트는 더해집니다.",
    ),
    samples=(
        Sample(((3,), np.array([2, 0, 2, 1])), {"axis": 0}),
        Sample(((2, 3), INDICES), {"axis": 1}),
        Sample(((3, 2), INDICES), {"axis": -2}),
        Sample(((2, 3), np.array([[-1, 0], [-3, -1]])), {"axis": 1}),
        Sample(((2, 3, 1), np.array([[[1], [1]], [[0], [2]]])), {"axis": 1}),
        Sample(((2, 3), np.zeros((2, 0), dtype=np.int64)), {"axis": 1}),
    ),
)


def _select_shape(a: Shape, indices: Shape, axis: int) -> Shape:
    axis = positive_axis(a, axis)
    return (*a[:axis], *indices, *a[axis + 1 :])


def _selected(indices: Any, ndim: int, axis: int) -> tuple[Any, ...]:
    """The key of whole slices along an axis."""
    return (*(slice(None),) * (axis % ndim), indices)


def _select_vjp(g: Any, out: Any, a: Any, indices: Any, axis: int) -> Any:
    result = np.zeros(a.shape, dtype=g.dtype)
    np.add.at(result, _selected(indices, a.ndim, axis), g)
    return result


def _select_source(i: Indices, a: Any, indices: Any, axis: int) -> Indices:
    axis %= a.ndim
    after = axis + indices.ndim
    return (*i[:axis], indices[i[axis:after]] % a.shape[axis], *i[after:])


def _select_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    axis = positive_axis(shapes[0], attributes["axis"])
    rule = Linear(
        f"add_selected(g, indices, a.shape, axis={axis})",
        _select_vjp,
        shown=Words("1 where the entry was taken from", "가져온 자리에 1"),
        entries=reads(_select_source),
    )
    return (rule, None)


ADD_SELECTED = """\
def add_selected(g, indices, shape, axis):
    out = np.zeros(shape)
    np.add.at(out, (slice(None),) * (axis % len(shape)) + (indices,), g)
    return out
"""

index_select = define(
    "index_select",
    sign="select",
    operands="a indices",
    formula="index_select(a, indices)",
    numpy=NumpyCall("take"),
    helpers={"add_selected": ADD_SELECTED},
    forward=lambda a, indices, axis: np.take(a, indices, axis=axis),
    shape=_select_shape,
    rules=_select_rules,
    attributes=(
        OpAttribute("axis", int, ..., Words("the axis that the indices point along", "인덱스가 가리키는 축")),
    ),
    constants=("indices",),
    indices=lambda a, indices: (1,),
    refuse=lambda a, indices, axis: outside_axis(indices, a, axis),
    lesson=Words(
        en="Whole slices are picked: a slice picked twice gets the sum of both gradients, and one never "
        "picked gets 0.",
        ko="조각을 통째로 골라 왔습니다. 두 번 선택한 조각은 두 그래디언트를 더해 받고, 선택하지 "
        "않은 조각은 0을 받습니다.",
    ),
    conventions=Words(
        "`x[:, i]` is the same. A negative index counts from the end, which `torch.index_select` "
        "refuses. The indices may have any shape: their axes replace the axis they point along. The "
        "gradients of a slice that is chosen more than once add up.",
        "`x[:, i]`와 같습니다. 음수 인덱스는 끝에서부터 셉니다. `torch.index_select`는 음수를 받지 "
        "않습니다. 인덱스의 형상은 자유이며 그 축들이 고르는 축을 대신합니다. 여러 번 선택한 조각의 "
        "그래디언트는 더해집니다.",
    ),
    samples=(
        Sample(((4,), np.array([3, 1, 1])), {"axis": 0}),
        Sample(((3, 2), np.array([0, 2])), {"axis": 0}),
        Sample(((2, 3), np.array(-1)), {"axis": 1}),
        Sample(((2, 3, 2), INDICES), {"axis": -2}),
        Sample(((4, 3), np.zeros(0, dtype=np.int64)), {"axis": 0}),
    ),
)


def _embedding_shape(weight: Shape, indices: Shape) -> Shape:
    if len(weight) != 2:
        raise ShapeError(
            msg(
                "{0} is {shape}: embedding takes a matrix with a row for each index", shape=shape_text(weight)
            ),
            msg("the indices are the second operand")
            if len(indices) == 2
            else msg("{0} has {axes}", axes=axes(weight)),
        )
    return (*indices, weight[1])


def _embedding_vjp(g: Any, out: Any, weight: Any, indices: Any) -> Any:
    result = np.zeros(weight.shape, dtype=g.dtype)
    np.add.at(result, indices, g)
    return result


ADD_AT_ROWS = """\
def add_at_rows(g, indices, shape):
    out = np.zeros(shape)
    np.add.at(out, indices, g)
    return out
"""

embedding = define(
    "embedding",
    sign="embed",
    operands="weight indices",
    formula="embedding(weight, indices)",
    numpy="take(weight, indices, axis=0)",
    helpers={"add_at_rows": ADD_AT_ROWS},
    forward=lambda weight, indices: weight[indices],
    shape=_embedding_shape,
    rules=(
        Linear(
            "add_at_rows(g, indices, weight.shape)",
            _embedding_vjp,
            shown=Words("1 in the rows looked up", "골라 온 행에 1"),
            entries=reads(lambda i, weight, indices: (indices[i[:-1]], i[-1])),
        ),
        None,
    ),
    constants=("indices",),
    indices=lambda weight, indices: (1,),
    refuse=lambda weight, indices: _outside(
        indices, msg("there are {size} rows", size=weight[0]), weight[0], from_end=False
    ),
    lesson=Words(
        en="An embedding looks up rows: each row gets the sum of the gradients of all its uses.",
        ko="임베딩은 표에서 행을 골라 오는 연산이므로, 각 행은 쓰인 자리들의 그래디언트를 모두 "
        "더해 받습니다.",
    ),
    conventions=Words(
        "`weight[indices]` is the same, except that indices here cannot be negative, as in PyTorch. "
        "The gradients of a row that is used more than once add up; a row never used gets 0. For "
        "PyTorch's padding_idx write `embedding(where(keep, w, detach(w)), indices)`: it keeps a "
        "row's value and stops its gradient where `keep` is 0.",
        "`weight[indices]`와 같지만, PyTorch처럼 인덱스가 음수일 수 없습니다. 여러 번 쓰인 행의 "
        "그래디언트는 더해지고, 쓰이지 않은 행은 0을 받습니다. PyTorch의 padding_idx는 "
        "`embedding(where(keep, w, detach(w)), indices)`로 씁니다. `keep`이 0인 행은 값만 쓰이고 "
        "그래디언트를 받지 않습니다.",
    ),
    samples=(
        Sample(((4, 3), np.array(2))),
        Sample(((4, 3), np.array([1, 3, 1]))),
        Sample(((3, 1), INDICES)),
        Sample(((4, 3), np.zeros(0, dtype=np.int64))),
    ),
)
