"""Sums and products that grow along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Family
from backprop_engine.ops.reductions import positive_axis
from backprop_engine.ops.rules import Indices, Linear, here, same
from backprop_engine.ops.samples import Kink, Sample, at_zero

define = Family("reductions").define


def _in_double(a: Any) -> Any:
    """The type to compute in: double precision, since the rounding of every step adds up."""
    return np.float64 if np.asarray(a).dtype in (np.float16, np.float32) else None


def _same_shape(a: Shape, axis: int) -> Shape:
    positive_axis(a, axis)
    return a


def _elsewhere_same(i: Indices, j: Indices, axis: int) -> Any:
    """Whether entries differ at most along `axis`."""
    return same(i[:axis] + i[axis + 1 :], j[:axis] + j[axis + 1 :])


_SAMPLES = (
    Sample(((3,),), {"axis": 0}),
    Sample(((2, 3),), {"axis": 0}),
    Sample(((2, 3, 4),), {"axis": -2}),
    Sample(((1, 3),), {"axis": 0}),
    Sample(((2, 0),), {"axis": -1}),
)


def _running_sum(a: Any, axis: int) -> Any:
    """The sums of all entries up to each."""
    return np.cumsum(a, axis=axis, dtype=_in_double(a))


def _cumsum_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    axis = positive_axis(shapes[0], attributes["axis"])

    def vjp(g: Any, out: Any, a: Any, **_: Any) -> Any:
        return np.flip(_running_sum(np.flip(g, axis), axis), axis)

    def entries(i: Indices, j: Indices, *_: Any, **__: Any) -> Any:
        return here(_elsewhere_same(i, j, axis) & (j[axis] <= i[axis]))

    text = f"flip(cumsum(flip(g, axis={axis}), axis={axis}), axis={axis})"
    shown = Words("1 for this entry and all before it", "자신과 앞의 모든 원소에 1")
    return (Linear(text, vjp, shown=shown, entries=entries),)


cumsum = define(
    "cumsum",
    operands="a",
    formula="cumsum(a)",
    forward=_running_sum,
    shape=_same_shape,
    rules=_cumsum_rules,
    attributes=(
        OpAttribute(
            "axis",
            int,
            ...,
            Words("the axis along which the entries are added up", "원소를 차례로 더해 갈 축"),
        ),
    ),
    lesson=Words(
        en="A cumulative sum: each entry counts in its own sum and in all later ones, so the "
        "gradient is accumulated from the end.",
        ko="누적합에서 각 원소는 자신과 그 뒤의 모든 합에 들어가므로 그래디언트도 뒤에서부터 누적됩니다.",
    ),
    conventions=Words(
        "The axis must be given; the operand is never flattened.",
        "축을 반드시 지정합니다. 한 줄로 펴서 더하지 않습니다.",
    ),
    samples=_SAMPLES,
)


def product_before(a: Any, axis: int) -> Any:
    """The product of all entries before each."""
    lines = np.moveaxis(a, axis, 0)
    found = np.ones_like(lines)
    found[1:] = np.cumprod(lines[:-1], axis=0)
    return np.moveaxis(found, 0, axis)


def carried_back(g: Any, a: Any, axis: int) -> Any:
    """What the product up to each entry is worth: its gradient, and the next entry times what that is worth.

    Nothing is divided, so zeros do no harm.
    """
    upstream, lines = np.moveaxis(g, axis, 0), np.moveaxis(a, axis, 0)
    found = np.array(upstream)
    for step in range(len(found) - 2, -1, -1):
        found[step] += lines[step + 1] * found[step + 1]
    return np.moveaxis(found, 0, axis)


def _cumprod_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    axis = positive_axis(shapes[0], attributes["axis"])

    def vjp(g: Any, out: Any, a: Any, **_: Any) -> Any:
        wide = _in_double(a) or a.dtype
        g, a = g.astype(wide), a.astype(wide)
        return product_before(a, axis) * carried_back(g, a, axis)

    def entries(i: Indices, j: Indices, out: Any, a: Any, **_: Any) -> Any:
        lines = np.moveaxis(a, axis, -1)[i[:axis] + i[axis + 1 :]]
        steps = np.arange(lines.shape[-1])
        factors = (steps <= np.asarray(i[axis])[..., np.newaxis]) & (
            steps != np.asarray(j[axis])[..., np.newaxis]
        )
        others = np.prod(np.where(factors, lines, 1.0), axis=-1)
        return here(_elsewhere_same(i, j, axis) & (j[axis] <= i[axis]), others)

    text = f"product_before(a, axis={axis}) * carried_back(g, a, axis={axis})"
    shown = Words("the product of the other entries up to that one", "그 자리까지 나머지 원소의 곱")
    return (Linear(text, vjp, shown=shown, entries=entries),)


PRODUCT_BEFORE = """\
def product_before(a, axis):
    a = np.moveaxis(a, axis, 0)
    before = np.cumprod(np.concatenate([np.ones_like(a[:1]), a[:-1]]), axis=0)
    return np.moveaxis(before, 0, axis)
"""

CARRIED_BACK = """\
def carried_back(g, a, axis):
    g, a = 1.0 * np.moveaxis(g, axis, 0), np.moveaxis(a, axis, 0)
    for k in reversed(range(len(g) - 1)):
        g[k] += a[k + 1] * g[k + 1]
    return np.moveaxis(g, 0, axis)
"""

cumprod = define(
    "cumprod",
    operands="a",
    formula="cumprod(a)",
    helpers={"product_before": PRODUCT_BEFORE, "carried_back": CARRIED_BACK},
    forward=lambda a, axis: np.cumprod(a, axis=axis, dtype=_in_double(a)),
    shape=_same_shape,
    rules=_cumprod_rules,
    attributes=(
        OpAttribute(
            "axis",
            int,
            ...,
            Words("the axis along which the entries are multiplied", "원소를 차례로 곱해 갈 축"),
        ),
    ),
    lesson=Words(
        en="A cumulative product: each entry is a factor of its own product and of all later ones, "
        "and from each of them it gets the product of the other factors.",
        ko="누적곱에서 각 원소는 자신과 그 뒤의 모든 곱의 인수이므로, 각 곱에서 나머지 인수의 곱만큼을 "
        "받습니다.",
    ),
    conventions=Words(
        "The axis must be given. Nothing is divided by an entry, so the gradient is right even where "
        "entries are 0: the first 0 gets its gradient, and the entries after it get 0.",
        "축을 반드시 지정합니다. 원소로 나누지 않으므로 0이 있어도 그래디언트가 맞습니다. 처음 나오는 0은 "
        "그래디언트를 받고 그 뒤의 원소는 받지 않습니다.",
    ),
    meets=at_zero,
    kinks=(
        Kink(
            ([2.0, 0.0, 3.0],),
            [2, 0, 0],
            ([1, 8, 0],),
            Words("a 0 still gets the product of the others", "0도 나머지의 곱을 받음"),
            {"axis": 0},
            [1, 1, 1],
        ),
        Kink(
            ([0.0, 0.0, 3.0],),
            [0, 0, 0],
            ([1, 0, 0],),
            Words("entries after the first 0 get 0", "처음 나오는 0 뒤의 원소는 0을 받음"),
            {"axis": 0},
            [1, 1, 1],
        ),
    ),
    samples=(
        *_SAMPLES,
        Sample((np.array([2.0, 0.0, 3.0, -1.5]),), {"axis": 0}),
        Sample((np.array([[2.0, 0.0, 0.0], [0.0, 1.5, -2.0]]),), {"axis": -1}),
    ),
)
