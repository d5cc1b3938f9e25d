"""Operators that sort entries, or say where they are in the order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.reductions import KEEPDIMS, positive_axis, reduced_shape
from backprop_engine.ops.rules import Indices, Linear, reads
from backprop_engine.ops.samples import Kink, Sample
from backprop_engine.ops.shape_rules import would_fit

define = Family("reductions").define

_SEARCHED = OpAttribute(
    "axis",
    int | None,
    None,
    Words(
        "the axis to search; by default the operand is flattened",
        "찾을 축, 생략하면 모든 원소를 한 줄로",
    ),
)


def _searched_shape(a: Shape, axis: int | None, keepdims: bool) -> Shape:
    for searched in range(len(a)) if axis is None else (positive_axis(a, axis),):
        if a[searched] == 0:
            raise ShapeError(
                msg("{0} is {shape}: axis {axis} is empty", shape=shape_text(a), axis=searched),
                msg("a tensor without entries has no position to return"),
            )
    return reduced_shape(a, axis, keepdims)


def _tie(a: Any, axis: int | None = None, **_: Any) -> bool:
    """Whether two entries of a line are the same."""
    line = np.ravel(a) if axis is None else a
    ordered = np.sort(line, axis=-1 if axis is None else axis)
    return bool(np.any(np.diff(ordered, axis=-1 if axis is None else axis) == 0))


def _flat(extreme: Words) -> Words:
    return Words(
        en="A small change does not move the {extreme} entry, so no gradient flows through its position.",
        ko="입력이 조금 바뀌어도 {extreme}의 위치는 그대로이므로 위치로는 그래디언트가 흐르지 않습니다.",
        extreme=extreme,
    )


def _first_place(extreme: Words) -> Words:
    return Words(
        "Positions count from 0; of tied entries, the first wins. NaN counts as the {extreme}, as in "
        "NumPy and PyTorch. Without an axis, the position refers to the flattened operand.",
        "위치는 0부터 세고, 값이 같으면 앞의 것을 가리킵니다. NumPy, PyTorch처럼 NaN을 {extreme}으로 "
        "봅니다. 축을 생략하면 한 줄로 폈을 때의 위치입니다.",
        extreme=extreme,
    )


_SEARCHES: tuple[tuple[str, Callable[..., Any], Words], ...] = (
    ("argmax", np.argmax, Words("largest", "최댓값")),
    ("argmin", np.argmin, Words("smallest", "최솟값")),
)

for _name, _search, _extreme in _SEARCHES:
    define(
        _name,
        operands="a",
        formula=f"{_name}(a)",
        notation=Notation("indexed name", _name),
        forward=_search,
        shape=_searched_shape,
        rules=(None,),
        attributes=(_SEARCHED, KEEPDIMS),
        stops=("a",),
        analytic=False,
        counts=True,
        lesson=_flat(_extreme),
        conventions=_first_place(_extreme),
        meets=_tie,
        kinks=(
            Kink(([2.0, 2.0, 2.0],), 0, (None,), Words("of tied entries, the first", "값이 같으면 앞의 것")),
        ),
        samples=(
            Sample(((),)),
            Sample(((3,),)),
            Sample(((2, 3),)),
            Sample(((2, 3),), {"axis": 0}),
            Sample(((2, 3),), {"axis": -1, "keepdims": True}),
            Sample(((2, 3),), {"keepdims": True}),
            Sample(((2, 3, 4),), {"axis": 1}),
            Sample(((0, 3),), {"axis": 1}),
        ),
    )


# In order along an axis

_define = Family("shape").define

_SORTED = OpAttribute("axis", int, -1, Words("the axis to sort along", "정렬할 축"))
_DESCENDING = OpAttribute(
    "descending", bool, False, Words("whether the largest comes first", "큰 것부터 놓을지")
)
_SAMPLES = (
    Sample(((3,),)),
    Sample(((4,),), {"descending": True}),
    Sample(((2, 3),)),
    Sample(((3, 2),), {"axis": 0}),
    Sample(((2, 4),), {"axis": 1, "descending": True}),
    Sample(((2, 3, 2),), {"axis": -2}),
    Sample(((0, 3),)),
    Sample(((2, 0),)),
)


def _order(a: Any, axis: int, descending: bool) -> Any:
    """The positions of the entries of `a` in sorted order, which is stable; NaN counts as the largest."""
    if not descending:
        return np.argsort(np.real(a), axis=axis, kind="stable")
    backwards = np.flip(np.real(a), axis)
    return a.shape[axis] - 1 - np.flip(np.argsort(backwards, axis=axis, kind="stable"), axis)


def _sort_shape(a: Shape, axis: int, descending: bool) -> Shape:
    positive_axis(a, axis)
    return a


def _first(count: int | None, axis: int) -> tuple[slice, ...]:
    """The key of the first `count` entries along an axis; of all where there is no count."""
    return (*(slice(None),) * axis, slice(count))


def _taken_rule(text: str, shape: Shape, axis: int, descending: bool, count: int | None = None) -> Linear:
    """The rule of an operator that gives the first `count` entries in order."""
    axis = positive_axis(shape, axis)
    key = _first(count, axis)

    def vjp(g: Any, out: Any, a: Any, **_: Any) -> Any:
        result = np.zeros(a.shape, dtype=g.dtype)
        np.put_along_axis(result, _order(a, axis, descending)[key], g, axis)
        return result

    def source(i: Indices, a: Any, **_: Any) -> Indices:
        return (*i[:axis], _order(a, axis, descending)[i], *i[axis + 1 :])

    shown = Words("1 where the entry was taken from", "가져온 자리에 1")
    return Linear(text, vjp, shown=shown, entries=reads(source))


def _order_text(axis: int, descending: bool) -> str:
    return f"argsort(a, axis={axis}{', descending=true' if descending else ''})"


def _sort_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    axis = attributes["axis"]
    text = f"gather(g, argsort({_order_text(**attributes)}, axis={axis}), axis={axis})"
    return (_taken_rule(text, shapes[0], **attributes),)


def _sort_form(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    axis = attributes["axis"]
    text = f"sort(a, axis={axis})"
    return f"flip({text}, axis={axis})" if attributes["descending"] else text


_STABLE = Words(
    "Tied entries keep their order. NaN counts as the largest, as in NumPy and PyTorch.",
    "값이 같은 원소끼리는 순서를 지킵니다. NumPy, PyTorch처럼 NaN을 가장 큰 값으로 봅니다.",
)
_TIE = Words("tied entries keep their order", "값이 같으면 순서를 지킴")

ARGSORT = """\
def argsort(a, axis=-1, descending=False):
    if not descending:
        return np.argsort(a, axis=axis, kind="stable")
    last = np.shape(a)[axis] - 1
    return last - np.flip(np.argsort(np.flip(a, axis), axis=axis, kind="stable"), axis)
"""

sort = _define(
    "sort",
    operands="a",
    formula="sort(a)",
    numpy=_sort_form,
    forward=lambda a, axis, descending: np.take_along_axis(a, _order(a, axis, descending), axis),
    shape=_sort_shape,
    rules=_sort_rules,
    attributes=(_SORTED, _DESCENDING),
    lesson=Words(
        en="Sorting only moves entries: each gets its gradient back where it came from.",
        ko="정렬은 원소의 자리만 바꾸므로 각 원소의 그래디언트를 원래 자리로 돌려보냅니다.",
    ),
    conventions=_STABLE,
    meets=_tie,
    kinks=(
        Kink(
            ([2.0, 1.0, 1.0],),
            [1, 1, 2],
            ([3, 1, 2],),
            _TIE,
            seed=[1.0, 2.0, 3.0],
        ),
    ),
    samples=_SAMPLES,
)

argsort = _define(
    "argsort",
    operands="a",
    formula="argsort(a)",
    helpers={"argsort": ARGSORT},
    forward=_order,
    shape=_sort_shape,
    rules=(None,),
    attributes=(_SORTED, _DESCENDING),
    stops=("a",),
    analytic=False,
    counts=True,
    lesson=Words(
        en="A small change does not alter the order of the entries, so no gradient flows through positions.",
        ko="입력이 조금 바뀌어도 순서는 그대로이므로 위치로는 그래디언트가 흐르지 않습니다.",
    ),
    conventions=Words(
        "The original positions, counted from 0, of the sorted entries. Tied entries keep their "
        "order. NaN counts as the largest, as in NumPy and PyTorch.",
        "정렬한 원소들이 원래 있던 위치이며 0부터 셉니다. 값이 같은 원소끼리는 순서를 지킵니다. "
        "NumPy, PyTorch처럼 NaN을 가장 큰 값으로 봅니다.",
    ),
    meets=_tie,
    kinks=(
        Kink(
            ([2.0, 1.0, 1.0],),
            [1, 2, 0],
            (None,),
            Words("tied entries keep their order", "값이 같으면 순서를 지킴"),
        ),
    ),
    samples=_SAMPLES,
)


def _topk_shape(a: Shape, k: int, axis: int, largest: bool) -> Shape:
    axis = positive_axis(a, axis)
    if k > a[axis]:
        raise ShapeError(
            msg(
                "{0} is {shape}: axis {axis} has {size} entries, fewer than the {count} asked for",
                shape=shape_text(a),
                axis=axis,
                size=a[axis],
                count=k,
            ),
            would_fit(f"k={a[axis]}"),
        )
    return (*a[:axis], k, *a[axis + 1 :])


def _topk_key(shape: Shape, attributes: Attributes) -> str:
    """The subscript that takes the first of what is in order."""
    return f"[{':, ' * positive_axis(shape, attributes['axis'])}:{attributes['k']}]"


def _topk_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    axis, descending = attributes["axis"], attributes["largest"]
    places = _order_text(axis, descending) + _topk_key(shapes[0], attributes)
    text = f"scatter_add(zeros(a.shape), {places}, g, axis={axis})"
    return (_taken_rule(text, shapes[0], axis, descending, attributes["k"]),)


def _topk_of(a: Any, k: int, axis: int, largest: bool) -> Any:
    order = _order(a, axis, largest)[_first(k, axis % a.ndim)]
    return np.take_along_axis(a, order, axis)


def _topk_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    way = ", descending=true" if attributes["largest"] else ""
    return (
        ("ordered", f"sort(a, axis={attributes['axis']}{way})"),
        ("out", f"ordered{_topk_key(shapes[0], attributes)}"),
    )


topk = _define(
    "topk",
    operands="a",
    formula="topk(a, k)",
    numpy=lambda shapes, attributes: (
        _sort_form(shapes, {"axis": attributes["axis"], "descending": attributes["largest"]})
        + _topk_key(shapes[0], attributes)
    ),
    forward=_topk_of,
    shape=_topk_shape,
    rules=_topk_rules,
    attributes=(
        OpAttribute("k", int, ..., Words("the number of entries to keep", "남길 원소 수"), least=0),
        OpAttribute("axis", int, -1, Words("the axis to choose along", "고를 축")),
        OpAttribute(
            "largest",
            bool,
            True,
            Words(
                "whether to keep the largest rather than the smallest",
                "큰 것을 남길지, 아니면 작은 것을 남길지",
            ),
        ),
    ),
    inside=_topk_inside,
    lesson=Words(
        en="A router: the entries that it keeps get their gradients, and all others get 0.",
        ko="라우터입니다. 남은 원소는 자기 그래디언트를 받고 나머지는 0을 받습니다.",
    ),
    conventions=Words(
        "The values are sorted, largest first; their positions are the first entries of `argsort(a, "
        "descending=true)`. Of tied entries, the first are kept. NaN counts as the largest.",
        "값을 큰 것부터 놓으며, 그 위치는 `argsort(a, descending=true)`의 앞부분입니다. 값이 같으면 앞의 "
        "것을 남깁니다. NaN을 가장 큰 값으로 봅니다.",
    ),
    meets=_tie,
    kinks=(
        Kink(
            ([1.0, 2.0, 2.0, 2.0],),
            [2, 2],
            ([0, 1, 1, 0],),
            Words("of tied entries, the first are kept", "값이 같으면 앞의 것을 남김"),
            {"k": 2},
        ),
    ),
    samples=(
        Sample(((4,),), {"k": 2}),
        Sample(((4,),), {"k": 1, "largest": False}),
        Sample(((2, 4),), {"k": 3}),
        Sample(((4, 2),), {"k": 2, "axis": 0}),
        Sample(((2, 3, 2),), {"k": 2, "axis": -2, "largest": False}),
        Sample(((3,),), {"k": 0}),
        Sample(((0, 3),), {"k": 2}),
    ),
)
