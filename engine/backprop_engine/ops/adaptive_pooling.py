"""Adaptive pooling: as many windows as are asked for, spread evenly over whatever there is.

Of n entries and m windows, window i sees the entries from ⌊i·n/m⌋ to before ⌈(i+1)·n/m⌉: neighbours overlap
by one entry where m does not divide n.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import OPS, Family, Op
from backprop_engine.ops.pooling import pooling_takes
from backprop_engine.ops.rules import Indices, Linear, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import would_fit
from backprop_engine.ops.windows import PerAxis, per_axis, settings_text

define = Family("convolution").define


class _Along(NamedTuple):
    """The windows along one axis: where each begins, and before which entry it ends."""

    starts: Any
    ends: Any

    @property
    def seen(self) -> tuple[Any, Any]:
        """The entries that each window sees, windows × entries, and which of them there are: windows with
        fewer entries than the largest see their last one again.
        """
        places = self.starts[:, np.newaxis] + np.arange(np.max(self.ends - self.starts))
        last = self.ends[:, np.newaxis] - 1
        return np.minimum(places, last), places <= last


def _along(size: int, count: int) -> _Along:
    numbers = np.arange(count)
    return _Along(numbers * size // count, -(-(numbers + 1) * size // count))


class _Cells:
    """The windows over the last axes of a tensor: `of` gives what each sees, as further axes at the end."""

    def __init__(self, axes: int, shape: Shape, output_size: PerAxis) -> None:
        self.axes = axes
        self.counts = per_axis(output_size, axes)
        self.along = [_along(n, count) for n, count in zip(shape[-axes:], self.counts, strict=True)]
        places: list[Any] = []
        self.valid: Any = np.True_
        for axis, along in enumerate(self.along):
            seen, valid = along.seen
            apart = [1] * (2 * axes)
            apart[axis], apart[axes + axis] = seen.shape
            places.append(np.reshape(seen, apart))
            self.valid = self.valid & np.reshape(valid, apart)
        self._key: Any = (..., *places)

    def of(self, x: Any, beyond: float) -> Any:
        return np.where(self.valid, x[self._key], beyond)

    def spread(self, per_window: Any) -> Any:
        """A number for each window, beside each entry that it sees."""
        return np.reshape(per_window, (*np.shape(per_window), *[1] * self.axes))

    def sum(self, seen: Any) -> Any:
        return np.sum(seen, axis=tuple(range(-self.axes, 0)))

    def back(self, shares: Any, shape: Shape) -> Any:
        """What each entry gets of the `shares` of its windows."""
        result = np.zeros(shape, dtype=shares.dtype)
        np.add.at(result, self._key, np.where(self.valid, shares, 0.0))
        return result

    def sees(self, i: Indices, j: Indices) -> Any:
        """Whether window `i` sees entry `j`."""
        met: Any = np.True_
        for along, window, entry in zip(self.along, i, j, strict=True):
            met = met & (along.starts[window] <= entry) & (entry < along.ends[window])
        return met


def _shape(axes: int, x: Shape, output_size: PerAxis) -> Shape:
    if len(x) not in (axes + 1, axes + 2):
        raise ShapeError(
            pooling_takes(axes, x),
            would_fit("unsqueeze({0}, axis=0)") if len(x) == axes and 0 not in x else "",
        )
    if 0 in x[-axes:]:
        raise ShapeError(msg("{0} is {shape}: there is nothing to pool", shape=shape_text(x)))
    return (*x[:-axes], *per_axis(output_size, axes))


ADAPTIVE_WINDOWS = """\
def adaptive_windows(shape, axes, output_size):
    counts = np.broadcast_to(output_size, axes)
    along = [
        [slice(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]
        for n, count in zip(shape[-axes:], counts)
    ]
    return {cell: (..., *(along[axis][i] for axis, i in enumerate(cell))) for cell in np.ndindex(*counts)}
"""

ADAPTIVE_POOL = """\
def adaptive_{kind}_pool{axes}d(x, output_size):
    counts, last = np.broadcast_to(output_size, {axes}), tuple(range(-{axes}, 0))
    out = np.empty((*x.shape[:-{axes}], *counts))
    for cell, key in adaptive_windows(x.shape, {axes}, output_size).items():
        out[(..., *cell)] = np.{function}(x[key], axis=last)
    return out
"""

_LAST_ONES = {1: "np.newaxis", 2: "np.newaxis, np.newaxis"}
"""What makes room for the axes that a window was reduced along."""


def _adaptive_pool(
    axes: int,
    *,
    kind: str,
    numpy_function: str,
    backward: str,
    forward: Any,
    rule: Any,
    analytic: bool,
    lesson: Words,
    conventions: Words,
) -> Op:
    name = f"adaptive_{kind}_pool{axes}d"

    def rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
        return (rule(f"{name}_input", settings_text(OPS[name], attributes)),)

    return define(
        name,
        sign=f"{kind}pool",
        operands="x",
        formula=f"{name}(x, output_size)",
        helpers={
            name: ADAPTIVE_POOL.format(kind=kind, axes=axes, function=numpy_function),
            f"{name}_input": backward.format(axes=axes, ones=_LAST_ONES[axes]),
            "adaptive_windows": ADAPTIVE_WINDOWS,
        },
        forward=partial(forward, axes),
        shape=partial(_shape, axes),
        rules=rules,
        attributes=(
            OpAttribute(
                "output_size",
                int if axes == 1 else PerAxis,
                ...,
                Words("how many windows there are along each axis", "축마다 창의 수"),
                least=1,
            ),
        ),
        analytic=analytic,
        lesson=lesson,
        conventions=conventions,
        samples=_SAMPLES[axes],
    )


_SAMPLES = {
    1: (
        Sample(((1, 4),), {"output_size": 2}),
        Sample(((2, 2, 5),), {"output_size": 3}),
        Sample(((1, 2),), {"output_size": 3}),
        Sample(((2, 7),), {"output_size": 1}),
        Sample(((0, 1, 3),), {"output_size": 2}),
    ),
    2: (
        Sample(((1, 4, 4),), {"output_size": 2}),
        Sample(((2, 2, 5, 4),), {"output_size": (3, 1)}),
        Sample(((2, 3, 7),), {"output_size": (2, 3)}),
        Sample(((1, 1, 2, 3),), {"output_size": 4}),
        Sample(((0, 1, 2, 2),), {"output_size": 1}),
    ),
}


# The mean


def _mean(axes: int, x: Any, output_size: PerAxis) -> Any:
    cells = _Cells(axes, x.shape, output_size)
    return cells.sum(cells.of(x, 0.0)) / cells.sum(cells.valid)


def _mean_vjp(axes: int, g: Any, out: Any, x: Any, output_size: PerAxis) -> Any:
    cells = _Cells(axes, x.shape, output_size)
    return cells.back(cells.spread(g / cells.sum(cells.valid)), x.shape)


def _mean_entries(axes: int, i: Indices, j: Indices, out: Any, x: Any, output_size: PerAxis) -> Any:
    cells = _Cells(axes, x.shape, output_size)
    met = same(i[:-axes], j[:-axes]) & cells.sees(i[-axes:], j[-axes:])
    return here(met, 1.0 / cells.sum(cells.valid)[i[-axes:]])


ADAPTIVE_AVG_POOL_INPUT = """\
def adaptive_avg_pool{axes}d_input(g, shape, output_size):
    out = np.zeros(shape)
    for cell, key in adaptive_windows(shape, {axes}, output_size).items():
        window = out[key]
        window += g[(..., *cell, {ones})] / np.prod(window.shape[-{axes}:])
    return out
"""


def _avg(axes: int) -> Op:
    def rule(function: str, settings: str) -> Linear:
        return Linear(
            f"{function}(g, x.shape{settings})",
            partial(_mean_vjp, axes),
            shown=Words("an equal share for each entry of the window", "창의 원소마다 똑같은 몫"),
            entries=partial(_mean_entries, axes),
        )

    return _adaptive_pool(
        axes,
        kind="avg",
        numpy_function="mean",
        backward=ADAPTIVE_AVG_POOL_INPUT,
        forward=_mean,
        rule=rule,
        analytic=True,
        lesson=Words(
            en="However large the input, each window divides its gradient equally among its entries.",
            ko="입력이 얼마나 크든 창마다 그 그래디언트를 자기 원소에 고르게 나누어 줍니다.",
        ),
        conventions=Words(
            "Windows are placed as in PyTorch: where the sizes do not divide evenly, windows may "
            "differ in size by one entry, and neighbours may share an entry. With one window it is "
            "the mean of each channel (global average pooling).",
            "창은 PyTorch처럼 놓입니다. 나누어떨어지지 않으면 창의 크기가 하나만큼 다를 수 있고 "
            "이웃한 창이 원소 하나를 함께 볼 수 있습니다. 창이 하나이면 채널마다의 평균(전역 "
            "평균 풀링)입니다.",
        ),
    )


# The largest


def _largest(axes: int, x: Any, output_size: PerAxis) -> Any:
    return np.max(_Cells(axes, x.shape, output_size).of(x, -np.inf), axis=tuple(range(-axes, 0)))


def _largest_vjp(axes: int, g: Any, out: Any, x: Any, output_size: PerAxis) -> Any:
    cells = _Cells(axes, x.shape, output_size)
    best = cells.valid & (cells.of(x, -np.inf) == cells.spread(out))
    return cells.back(cells.spread(g) * (best / cells.spread(cells.sum(best))), x.shape)


def _largest_entries(axes: int, i: Indices, j: Indices, out: Any, x: Any, output_size: PerAxis) -> Any:
    cells = _Cells(axes, x.shape, output_size)
    best = cells.valid & (cells.of(x, -np.inf) == cells.spread(out))
    met = same(i[:-axes], j[:-axes]) & cells.sees(i[-axes:], j[-axes:])
    return here(met, (x[j] == out[i]) / cells.sum(best)[i])


ADAPTIVE_MAX_POOL_INPUT = """\
def adaptive_max_pool{axes}d_input(g, x, output_size):
    out, last = np.zeros(x.shape), tuple(range(-{axes}, 0))
    for cell, key in adaptive_windows(x.shape, {axes}, output_size).items():
        best = 1.0 * (x[key] == np.max(x[key], axis=last, keepdims=True))
        out[key] += g[(..., *cell, {ones})] * best / np.sum(best, axis=last, keepdims=True)
    return out
"""


def _max(axes: int) -> Op:
    def rule(function: str, settings: str) -> Linear:
        return Linear(
            f"{function}(g, x{settings})",
            partial(_largest_vjp, axes),
            shown=Words("1 at the window's largest entry", "창의 최댓값에 1"),
            entries=partial(_largest_entries, axes),
        )

    return _adaptive_pool(
        axes,
        kind="max",
        numpy_function="max",
        backward=ADAPTIVE_MAX_POOL_INPUT,
        forward=_largest,
        rule=rule,
        analytic=False,
        lesson=Words(
            en="However large the input, the largest entry of each window gets that window's gradient.",
            ko="입력이 얼마나 크든 각 창에서 가장 큰 원소가 그 창의 그래디언트를 받습니다.",
        ),
        conventions=Words(
            "Tied entries of a window share the gradient equally, where PyTorch gives all of it to "
            "one of them. Windows are placed as in PyTorch: where the sizes do not divide evenly, "
            "neighbours may share an entry.",
            "창 안의 최댓값이 여럿이면 그래디언트를 똑같이 나눕니다. PyTorch는 그중 하나에 모두 "
            "줍니다. 창은 PyTorch처럼 놓이며, 나누어떨어지지 않으면 이웃한 창이 원소 하나를 함께 "
            "볼 수 있습니다.",
        ),
    )


adaptive_avg_pool1d, adaptive_avg_pool2d = map(_avg, (1, 2))
adaptive_max_pool1d, adaptive_max_pool2d = map(_max, (1, 2))
