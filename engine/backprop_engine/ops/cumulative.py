"""Running sums along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import Attribute, Attributes, Linear, Sample, define
from backprop_engine.ops.entries import Cells, here, same
from backprop_engine.ops.reductions import FAMILY, positive_axis


def _cumsum_shape(a: Shape, axis: int) -> Shape:
    positive_axis(a, axis)
    return a


def _cumsum_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    axis = positive_axis(shapes[0], attributes["axis"])

    def vjp(g: Any, out: Any, a: Any, **_: Any) -> Any:
        return np.flip(np.cumsum(np.flip(g, axis), axis), axis)

    def entries(i: Cells, j: Cells, *_: Any, **__: Any) -> Any:
        rest = same(i[:axis] + i[axis + 1 :], j[:axis] + j[axis + 1 :])
        return here(rest & (j[axis] <= i[axis]))

    text = f"flip(cumsum(flip(g, axis={axis}), axis={axis}), axis={axis})"
    shown = Words("1 for this and all before", "자신과 앞의 원소에 1")
    return (Linear(text, vjp, shown=shown, entries=entries),)


cumsum = define(
    "cumsum",
    family=FAMILY,
    lesson=Words(
        en="A cumulative sum: each cell counts in its own sum and in all after it, so the gradient is summed "
        "from the end.",
        ko="누적합에서 각 원소는 자신과 그 뒤의 모든 합에 들어가므로 그래디언트도 뒤에서부터 누적됩니다.",
    ),
    sign="cumsum",
    operands="a",
    formula="cumsum(a)",
    forward=lambda a, axis: np.cumsum(a, axis=axis),
    shape=_cumsum_shape,
    rules=_cumsum_rules,
    attributes=(
        Attribute(
            "axis", int, ..., Words("the axis along which the cells are added up", "원소를 차례로 더해 갈 축")
        ),
    ),
    conventions=Words(
        "The axis must be given: nothing is flattened.",
        "축을 반드시 지정합니다. 한 줄로 펴서 더하지 않습니다.",
    ),
    samples=(
        Sample(((3,),), {"axis": 0}),
        Sample(((2, 3),), {"axis": 0}),
        Sample(((2, 3, 4),), {"axis": -2}),
        Sample(((1, 3),), {"axis": 0}),
        Sample(((2, 0),), {"axis": -1}),
    ),
)
