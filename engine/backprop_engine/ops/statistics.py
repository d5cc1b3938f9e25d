"""Spread and product of the entries of an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.notations import Notation, NumpyCall
from backprop_engine.ops.reductions import (
    AXIS,
    EMPTY,
    KEEPDIMS,
    SAMPLES,
    SIZE_ONE,
    AxisArg,
    Weight,
    average,
    axis_text,
    count_of,
    lines_of,
    or_infinity,
    reduced_axes,
    reduced_shape,
    weighted,
    wide_text,
    with_room,
    with_weights,
)
from backprop_engine.ops.rules import Indices, Linear, here, position
from backprop_engine.ops.samples import Kink, Sample, at_zero

define = Family("reductions").define

_DDOF = OpAttribute(
    "ddof",
    int,
    0,
    Words(
        "what is subtracted from the number of entries in the divisor; 1 for the sample variance",
        "나눌 때 원소 수에서 빼는 수, 표본분산이면 1",
    ),
    least=0,
)
_SPREAD = (
    *SAMPLES,
    Sample(((3,),), {"ddof": 1}),
    Sample(((2, 3),), {"axis": 1, "ddof": 1}),
    Sample(((2, 3, 4),), {"axis": (0, -1), "ddof": 2, "keepdims": True}),
)


def _mean_of_line(line: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return average(line, axes, keepdims)


def variance(a: Any, axis: AxisArg, keepdims: bool, ddof: int) -> Any:
    """The mean square of what is left when the mean is taken away; analytic, as NumPy's own is not."""
    a = with_room(a)
    squares = np.sum(np.square(a - average(a, axis, True)), axis=axis, keepdims=keepdims)
    return squares / np.float64(count_of(a.shape, {"axis": axis}) - ddof)


def _var_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape, divisor = shapes[0], np.float64(count_of(shapes[0], attributes) - attributes["ddof"])
    text = f"(2 * (a - {_mean_text(attributes)}) / {divisor:g})"
    weight = Weight(lambda entry, out, mean: 2.0 * (entry - mean) / divisor, _mean_of_line)
    shown = Words("2(entry − mean)/{divisor:g}", "2(원소 − 평균)/{divisor:g}", divisor=divisor)
    return (weighted(shape, attributes, text, weight, shown),)


def _mean_text(attributes: Attributes) -> str:
    axis = attributes["axis"]
    return f"mean(a{axis_text(axis, axis is not None)})"


def _spread_text(shape: Shape, attributes: Attributes) -> str:
    """The formula of a variance; what its sum is divided by is written out where it is not the number."""
    axis, ddof = attributes["axis"], attributes["ddof"]
    along = axis_text(axis, attributes["keepdims"])
    squares = f"(a - mean(a{axis_text(axis, True)})) ** 2"
    if not ddof:
        return f"mean({squares}{along})"
    return f"sum({squares}{along}) / {count_of(shape, attributes) - ddof}"


def _var_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    axis, divisor = attributes["axis"], count_of(shapes[0], attributes) - attributes["ddof"]
    return (
        ("centre", f"mean(a{axis_text(axis, True)})"),
        ("squares", "square(a - centre)"),
        ("total", f"sum(squares{axis_text(axis, attributes['keepdims'])})"),
        ("out", f"total / {divisor}"),
    )


var = define(
    "var",
    operands="a",
    formula="mean((a - mean(a, axis=axis, keepdims=true)) ** 2, axis=axis, keepdims=keepdims)",
    exact=lambda shapes, attributes: _spread_text(shapes[0], attributes),
    notation=Notation("indexed name", "var"),
    numpy=NumpyCall("var"),
    forward=variance,
    shape=reduced_shape,
    rules=_var_rules,
    attributes=(AXIS, KEEPDIMS, _DDOF),
    inside=_var_inside,
    lesson=Words(
        en="The local gradient of a variance is twice each entry's difference from the "
        "mean, divided by the number of entries.",
        ko="분산 노드의 로컬 그래디언트는 각 원소에서 평균을 뺀 차이를 두 배 해 원소 수로 나눈 것입니다.",
    ),
    conventions=Words(
        "It divides by n, as NumPy does; PyTorch's default is ddof=1. If n − ddof is 0, it is NaN.",
        "NumPy처럼 n으로 나눕니다. PyTorch의 기본값은 ddof=1입니다. n − ddof가 0이면 NaN입니다.",
    ),
    samples=(*_SPREAD, SIZE_ONE),
)


def _std_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape, divisor = shapes[0], np.float64(count_of(shapes[0], attributes) - attributes["ddof"])
    if count_of(shape, attributes) == 1 and divisor == 1:
        text = "(0 * a)" if shape else "0"
    else:
        text = f"(a - {_mean_text(attributes)}) / ({divisor:g} * {wide_text('out', shape, attributes)})"
        text = f"({text})"
    weight = Weight(lambda entry, out, mean: (entry - mean) / or_infinity(divisor * out), _mean_of_line)
    shown = Words("(entry − mean)/({divisor:g}·std)", "(원소 − 평균)/({divisor:g}·표준편차)", divisor=divisor)
    return (weighted(shape, attributes, text, weight, shown),)


def _std_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition | None:
    """A single entry has no spread: the square root would be stuck at its kink."""
    if count_of(shapes[0], attributes) == 1:
        return None
    *first, (_, last) = _var_inside(shapes, attributes)
    return (*first, ("variance", last), ("out", "sqrt(variance)"))


std = define(
    "std",
    operands="a",
    formula="sqrt(mean((a - mean(a, axis=axis, keepdims=true)) ** 2, axis=axis, keepdims=keepdims))",
    exact=lambda shapes, attributes: f"sqrt({_spread_text(shapes[0], attributes)})",
    numpy=NumpyCall("std"),
    forward=lambda a, axis, keepdims, ddof: np.sqrt(variance(a, axis, keepdims, ddof)),
    shape=reduced_shape,
    rules=_std_rules,
    attributes=(AXIS, KEEPDIMS, _DDOF),
    analytic=False,
    inside=_std_inside,
    lesson=Words(
        en="The local gradient of a standard deviation is each entry's standardised value, divided "
        "by the number of entries.",
        ko="표준편차 노드의 로컬 그래디언트는 각 원소를 표준화해 원소 수로 나눈 것입니다.",
    ),
    conventions=Words(
        "It divides by n, as NumPy does; PyTorch's default is ddof=1. Where all entries are equal, "
        "the derivative is 0, as for the norm at 0; the decomposition through the square root gives "
        "NaN there.",
        "NumPy처럼 n으로 나눕니다. PyTorch의 기본값은 ddof=1입니다. 모든 원소가 같으면 0에서의 "
        "노름처럼 미분은 0이며, 제곱근을 거치는 분해로는 NaN이 됩니다.",
    ),
    kinks=(
        Kink(
            ([3.0, 3.0],),
            0,
            ([0, 0],),
            Words(
                "0 where all entries are equal; through sqrt it would be NaN",
                "원소가 모두 같으면 0, sqrt를 거치면 NaN",
            ),
        ),
    ),
    samples=(*_SPREAD, SIZE_ONE),
)


def _others(lines: Any) -> Any:
    """For each entry of the last axis, the product of all the others; no division, so zeros do no harm."""
    before, after = np.ones_like(lines), np.ones_like(lines)
    before[..., 1:] = np.cumprod(lines[..., :-1], axis=-1)
    after[..., :-1] = np.flip(np.cumprod(np.flip(lines[..., 1:], -1), axis=-1), -1)
    return before * after


def _prod_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    shape = shapes[0]
    axes = reduced_axes(shape, attributes["axis"])
    last = tuple(range(-len(axes), 0))
    sizes = tuple(shape[axis] for axis in axes)

    def weights(out: Any, a: Any, **_: Any) -> Any:
        moved = np.moveaxis(a, axes, last)
        kept = moved.shape[: len(shape) - len(axes)]
        others = _others(moved.reshape(*kept, count_of(shape, attributes)))
        return np.moveaxis(others.reshape(moved.shape), last, axes)

    def entries(i: Indices, j: Indices, out: Any, a: Any, *, keepdims: bool, **_: Any) -> Any:
        lines, apart = lines_of(i, j, a, axes, keepdims)
        flat = np.reshape(
            lines, (*np.shape(lines)[: np.ndim(lines) - len(axes)], count_of(shape, attributes))
        )
        entry = np.asarray(position([j[axis] for axis in axes], sizes))[..., np.newaxis]
        others = _others(flat)
        wide = np.broadcast_shapes(others.shape[:-1], entry.shape[:-1])
        others, entry = np.broadcast_to(others, (*wide, others.shape[-1])), np.broadcast_to(entry, (*wide, 1))
        picked = np.take_along_axis(others, entry, axis=-1)[..., 0]
        return here(apart, picked)

    text = f"product_of_others(a{axis_text(attributes['axis'])})"
    shown = Words("the product of the others", "나머지 원소의 곱")
    return (with_weights(shape, attributes, text, weights, entries, shown),)


PRODUCT_OF_OTHERS = """\
def product_of_others(a, axis=None):
    out = np.ones(np.shape(a))
    for cell in np.ndindex(np.shape(a)):
        others = np.array(a)
        others[cell] = 1.0
        out[cell] = np.broadcast_to(np.prod(others, axis=axis, keepdims=True), np.shape(a))[cell]
    return out
"""

prod = define(
    "prod",
    sign="∏",
    operands="a",
    formula="prod(a)",
    notation=Notation("big operator", "∏"),
    helpers={"product_of_others": PRODUCT_OF_OTHERS},
    forward=lambda a, axis, keepdims: np.prod(a, axis=axis, keepdims=keepdims),
    shape=reduced_shape,
    rules=_prod_rules,
    attributes=(AXIS, KEEPDIMS),
    lesson=Words(
        en="A product gives each entry the upstream gradient times the product of all the others.",
        ko="곱 노드는 각 원소에, 흘러들어온 그래디언트에 나머지 원소를 모두 곱해 흘려보냅니다.",
    ),
    conventions=Words(
        "The product of no entries is 1. Nothing is divided by an entry, so the gradient is right "
        "even where entries are 0: a single 0 gets the product of the others, which get 0.",
        "원소가 없으면 곱은 1입니다. 원소로 나누지 않으므로 0이 있어도 그래디언트가 맞습니다. "
        "0이 하나이면 그 원소는 나머지의 곱을 받고 나머지는 0을 받습니다.",
    ),
    meets=at_zero,
    kinks=(
        Kink(
            ([2.0, 0.0, 3.0],),
            0,
            ([0, 6, 0],),
            Words("a single 0 gets the product of the others", "0이 하나이면 나머지의 곱을 받음"),
        ),
        Kink(
            ([0.0, 0.0, 3.0],),
            0,
            ([0, 0, 0],),
            Words("with several zeros, no entry gets a gradient", "0이 여럿이면 아무것도 받지 않음"),
        ),
    ),
    samples=(
        *SAMPLES,
        SIZE_ONE,
        EMPTY,
        Sample((np.array([2.0, 0.0, 3.0]),)),
        Sample((np.array([[2.0, 0.0, 0.0], [1.5, 0.0, -2.0]]),), {"axis": 1}),
    ),
)
