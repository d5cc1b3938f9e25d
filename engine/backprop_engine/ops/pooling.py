"""Pooling: one number for each window."""

from __future__ import annotations

from functools import partial, reduce
from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import OPS, Family, Op
from backprop_engine.ops.rules import Illustration, Indices, Linear, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import would_fit
from backprop_engine.ops.windows import PerAxis, Windows, per_axis, settings_text, windows

__all__ = ["pooling_takes"]

define = Family("convolution").define


def _attributes(axes: int) -> tuple[OpAttribute, ...]:
    kind: Any = int if axes == 1 else PerAxis
    return (
        OpAttribute("kernel_size", kind, ..., Words("the size of a window", "창의 크기"), least=1),
        OpAttribute(
            "stride",
            kind | None,
            None,
            Words(
                "the distance from one window to the next; by default the size of the window",
                "다음 창까지의 거리, 생략하면 창의 크기",
            ),
            least=1,
        ),
        OpAttribute(
            "padding",
            kind,
            0,
            Words(
                "how many entries of padding are added around x, at most half a window",
                "x의 둘레에 두를 패딩의 칸 수, 창의 절반까지",
            ),
            least=0,
        ),
    )


def _dilation(axes: int) -> OpAttribute:
    return OpAttribute(
        "dilation",
        int if axes == 1 else PerAxis,
        1,
        Words("the spacing between the entries of a window", "창의 원소 사이의 간격"),
        least=1,
    )


_CEIL_MODE = OpAttribute(
    "ceil_mode",
    bool,
    False,
    Words(
        "whether a last window that does not fit is still used, with the entries it has",
        "끝에 다 들어가지 않는 창도 있는 원소만으로 계산할지",
    ),
)
_COUNT_INCLUDE_PAD = OpAttribute(
    "count_include_pad",
    bool,
    True,
    Words("whether the zeros of the padding count in the mean", "패딩의 0도 평균에 넣을지"),
)


def _windows(
    axes: int,
    shape: Shape,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    count_include_pad: bool = True,
    **settings: Any,
) -> Windows:
    kernel = per_axis(kernel_size, axes)
    return windows(shape, kernel, kernel if stride is None else stride, **settings)


def _pools(axes: int, x: Shape, **settings: Any) -> bool:
    """Whether a window fits into `x`."""
    if len(x) not in (axes + 1, axes + 2):
        return False
    try:
        found = _windows(axes, x, **settings)
    except ShapeError:
        return False
    return all(2 * p <= k for p, k in zip(found.padding, found.kernel, strict=True))


def pooling_takes(axes: int, x: Shape) -> Message:
    """What `x` would have to be."""
    if axes == 1:
        return msg("{0} is {shape}: pooling takes channels×W, or a batch of them", shape=shape_text(x))
    return msg("{0} is {shape}: pooling takes channels×H×W, or a batch of them", shape=shape_text(x))


def _shape(axes: int, x: Shape, **settings: Any) -> Shape:
    if len(x) not in (axes + 1, axes + 2):
        raise ShapeError(
            pooling_takes(axes, x),
            would_fit("unsqueeze({0}, axis=0)") if _pools(axes, (1, *x), **settings) else "",
        )
    found = _windows(axes, x, **settings)
    if any(2 * p > k for p, k in zip(found.padding, found.kernel, strict=True)):
        raise ShapeError(
            msg(
                "{0} is {shape}, its padding {padding}: at most half of the window ({window}) is allowed",
                shape=shape_text(x),
                padding=shape_text(found.padding),
                window=shape_text(found.kernel),
            )
        )
    return (*x[:-axes], *found.out)


def _work(axes: int, x: Shape, kernel_size: PerAxis, **settings: Any) -> int:
    return prod(_shape(axes, x, kernel_size=kernel_size, **settings)) * prod(per_axis(kernel_size, axes))


POOL_WINDOWS = """\
def pool_windows(x, axes, fill, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    settings = (kernel_size, stride or kernel_size, padding, dilation)
    kernel, stride, padding, dilation = (np.broadcast_to(setting, axes) for setting in settings)
    sizes, reach = np.array(x.shape[-axes:]), dilation * (kernel - 1) + 1
    counts = (sizes + 2 * padding - reach + ceil_mode * (stride - 1)) // stride + 1
    counts = counts - ceil_mode * ((counts - 1) * stride >= sizes + padding)
    after = np.maximum(padding, (counts - 1) * stride + reach - sizes - padding)
    x = np.pad(x, [(0, 0)] * (x.ndim - axes) + list(zip(padding, after)), constant_values=fill)
    ends = (counts - 1) * stride + 1
    keys = [
        (..., *map(slice, cell * dilation, cell * dilation + ends, stride)) for cell in np.ndindex(*kernel)
    ]
    return x, keys, (..., *map(slice, padding, padding + sizes))
"""


# The largest of each window


def _largest(axes: int, x: Any, **settings: Any) -> Any:
    found = _windows(axes, x.shape, **settings)
    padded = found.pad(x, -np.inf)
    return reduce(np.maximum, (found.seen(padded, offset) for offset in found.offsets()))


def _largest_vjp(axes: int, g: Any, out: Any, x: Any, **settings: Any) -> Any:
    found = _windows(axes, x.shape, **settings)
    padded = found.pad(x, -np.inf)
    ties = sum((found.seen(padded, offset) == out).astype(g.dtype) for offset in found.offsets())
    result = np.zeros(padded.shape, dtype=g.dtype)
    for offset in found.offsets():
        found.seen(result, offset)[...] += g * ((found.seen(padded, offset) == out) / ties)
    return found.crop(result)


def _largest_entries(axes: int, i: Indices, j: Indices, out: Any, x: Any, **settings: Any) -> Any:
    found = _windows(axes, x.shape, **settings)
    ties: Any = 0
    for offset in found.offsets():
        entry, inside = found.operand_entry(i[-axes:], offset)
        ties = ties + (inside & (x[(*i[:-axes], *entry)] == out[i]))
    _, sees = found.kernel_entry(i[-axes:], j[-axes:])
    return here(same(i[:-axes], j[:-axes]) & sees, (x[j] == out[i]) / ties)


def _largest_rules(name: str, axes: int, attributes: Attributes) -> tuple[Linear]:
    rule = Linear(
        f"{name}_input(g, x{settings_text(OPS[name], attributes)})",
        partial(_largest_vjp, axes),
        shown=Words("1 at the window's largest entry", "창의 최댓값에 1"),
        picture=Illustration(
            "mask", lambda out, x, **given: _largest_vjp(axes, np.ones_like(out), out, x, **given), sign="→"
        ),
        entries=partial(_largest_entries, axes),
    )
    return (rule,)


MAX_POOL = """\
def max_pool{axes}d(x, kernel_size, **settings):
    x, keys, _ = pool_windows(x, {axes}, -np.inf, kernel_size, **settings)
    return np.max([x[key] for key in keys], axis=0)
"""

MAX_POOL_INPUT = """\
def max_pool{axes}d_input(g, x, kernel_size, **settings):
    x, keys, inner = pool_windows(x, {axes}, -np.inf, kernel_size, **settings)
    seen, out = np.stack([x[key] for key in keys]), np.zeros(x.shape)
    best = 1.0 * (seen == np.max(seen, axis=0))
    for share, key in zip(best / np.sum(best, axis=0), keys):
        out[key] += g * share
    return out[inner]
"""


def _max_pool(axes: int, samples: tuple[Sample, ...]) -> Op:
    name = f"max_pool{axes}d"
    return define(
        name,
        sign="maxpool",
        operands="x",
        formula=f"{name}(x, kernel_size)",
        helpers={
            name: MAX_POOL.format(axes=axes),
            f"{name}_input": MAX_POOL_INPUT.format(axes=axes),
            "pool_windows": POOL_WINDOWS,
        },
        forward=partial(_largest, axes),
        shape=partial(_shape, axes),
        work=partial(_work, axes),
        backward_work=3,  # the ties are counted, compared with again, and multiplied
        rules=lambda shapes, attributes: _largest_rules(name, axes, attributes),
        attributes=(*_attributes(axes), _dilation(axes), _CEIL_MODE),
        analytic=False,
        lesson=Words(
            en="Max pooling is a router: the largest entry of each window gets the window's gradient.",
            ko="최댓값 풀링은 라우터입니다. 각 창에서 가장 큰 원소가 그 창의 그래디언트를 받습니다.",
        ),
        conventions=Words(
            "Tied entries of a window share the gradient equally, where PyTorch gives all of it to "
            "the first. Padding is never the largest. A last window that does not fit is left out, "
            "unless ceil_mode is set and it begins before the padding at the end.",
            "창 안의 최댓값이 여럿이면 그래디언트를 똑같이 나눕니다. PyTorch는 첫째 원소에 모두 "
            "줍니다. 패딩은 최댓값이 되지 않습니다. 끝에 다 들어가지 않는 창은 계산하지 않습니다. "
            "다만 ceil_mode이고 끝의 패딩보다 앞에서 시작하는 창은 씁니다.",
        ),
        samples=samples,
    )


# The mean of each window


def _divisor(found: Windows, count_include_pad: bool) -> Any:
    """How many entries each window counts: never those that `ceil_mode` lets it see beyond the padding."""
    counts: Any = 1.0
    for axis, count in enumerate(found.out):
        starts = np.arange(count) * found.stride[axis] - found.padding[axis]
        ends = starts + found.kernel[axis]
        padding = found.padding[axis] if count_include_pad else 0
        inside = np.minimum(ends, found.sizes[axis] + padding) - np.maximum(starts, -padding)
        counts = np.multiply.outer(counts, inside)
    return counts


def _mean(axes: int, x: Any, *, count_include_pad: bool, **settings: Any) -> Any:
    found = _windows(axes, x.shape, **settings)
    padded = found.pad(x)
    total = sum(found.seen(padded, offset) for offset in found.offsets())
    return total / _divisor(found, count_include_pad)


def _mean_vjp(axes: int, g: Any, out: Any, x: Any, *, count_include_pad: bool, **settings: Any) -> Any:
    found = _windows(axes, x.shape, **settings)
    result = np.zeros(found.padded_shape(x.shape), dtype=g.dtype)
    share = g / _divisor(found, count_include_pad)
    for offset in found.offsets():
        found.seen(result, offset)[...] += share
    return found.crop(result)


def _mean_entries(
    axes: int, i: Indices, j: Indices, out: Any, x: Any, *, count_include_pad: bool, **settings: Any
) -> Any:
    found = _windows(axes, x.shape, **settings)
    _, sees = found.kernel_entry(i[-axes:], j[-axes:])
    divisor = np.asarray(_divisor(found, count_include_pad))[i[-axes:]]
    return here(same(i[:-axes], j[:-axes]) & sees, 1.0 / divisor)


def _mean_rules(name: str, axes: int, attributes: Attributes) -> tuple[Linear]:
    share = Words("an equal share for each entry of the window", "창의 원소마다 똑같은 몫")
    if not attributes["ceil_mode"] and (attributes["count_include_pad"] or attributes["padding"] == 0):
        share = Words(
            "{share} for each entry of the window",
            "창의 원소마다 {share}",
            share=f"1/{prod(per_axis(attributes['kernel_size'], axes))}",
        )
    rule = Linear(
        f"{name}_input(g, x.shape{settings_text(OPS[name], attributes)})",
        partial(_mean_vjp, axes),
        shown=share,
        entries=partial(_mean_entries, axes),
    )
    return (rule,)


POOL_COUNTS = """\
def pool_counts(shape, axes, kernel_size, count_include_pad=True, **settings):
    x, keys, inner = pool_windows(np.zeros(shape[-axes:]), axes, 0.0, kernel_size, **settings)
    x[tuple(slice(s.start + s.stop) for s in inner[1:]) if count_include_pad else inner] = 1.0
    return np.sum([x[key] for key in keys], axis=0)
"""

AVG_POOL = """\
def avg_pool{axes}d(x, kernel_size, count_include_pad=True, **settings):
    counts = pool_counts(x.shape, {axes}, kernel_size, count_include_pad, **settings)
    x, keys, _ = pool_windows(x, {axes}, 0.0, kernel_size, **settings)
    return np.sum([x[key] for key in keys], axis=0) / counts
"""

AVG_POOL_INPUT = """\
def avg_pool{axes}d_input(g, shape, kernel_size, count_include_pad=True, **settings):
    share = g / pool_counts(shape, {axes}, kernel_size, count_include_pad, **settings)
    out, keys, inner = pool_windows(np.zeros(shape), {axes}, 0.0, kernel_size, **settings)
    for key in keys:
        out[key] += share
    return out[inner]
"""


def _avg_pool(axes: int, samples: tuple[Sample, ...]) -> Op:
    name = f"avg_pool{axes}d"
    return define(
        name,
        sign="avgpool",
        operands="x",
        formula=f"{name}(x, kernel_size)",
        helpers={
            name: AVG_POOL.format(axes=axes),
            f"{name}_input": AVG_POOL_INPUT.format(axes=axes),
            "pool_counts": POOL_COUNTS,
            "pool_windows": POOL_WINDOWS,
        },
        forward=partial(_mean, axes),
        shape=partial(_shape, axes),
        work=partial(_work, axes),
        rules=lambda shapes, attributes: _mean_rules(name, axes, attributes),
        attributes=(*_attributes(axes), _CEIL_MODE, _COUNT_INCLUDE_PAD),
        lesson=Words(
            en="Average pooling divides the gradient of a window equally among its entries.",
            ko="평균 풀링은 창의 그래디언트를 그 창의 모든 원소에 고르게 나누어 흘려보냅니다.",
        ),
        conventions=Words(
            "The zeros of the padding count in the mean, as PyTorch does by default, unless "
            "count_include_pad is false. A last window that does not fit is left out; with ceil_mode "
            "it is the mean of the entries it has.",
            "PyTorch의 기본값처럼 패딩의 0도 평균에 넣습니다. count_include_pad가 false이면 뺍니다. 끝에 "
            "다 들어가지 않는 창은 계산하지 않고, ceil_mode이면 있는 원소만 평균합니다.",
        ),
        samples=samples,
    )


_IN_2D = (
    Sample(((1, 4, 4),), {"kernel_size": 2}),
    Sample(((2, 2, 5, 4),), {"kernel_size": 2}),
    Sample(((2, 1, 4, 5),), {"kernel_size": (3, 2), "stride": (1, 2)}),
    Sample(((1, 2, 5, 5),), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Sample(((1, 1, 3),), {"kernel_size": (1, 2), "padding": (0, 1)}),
    Sample(((0, 1, 2, 2),), {"kernel_size": 2}),
    Sample(((1, 5, 6),), {"kernel_size": 2, "stride": (2, 3), "ceil_mode": True}),
    Sample(((2, 1, 4, 5),), {"kernel_size": (3, 2), "stride": 3, "padding": 1, "ceil_mode": True}),
)
_IN_1D = (
    Sample(((1, 4),), {"kernel_size": 2}),
    Sample(((2, 2, 5),), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Sample(((1, 6),), {"kernel_size": 4, "stride": 3, "ceil_mode": True}),
    Sample(((1, 1, 4),), {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}),
    Sample(((0, 1, 2),), {"kernel_size": 2}),
)

max_pool1d = _max_pool(1, (*_IN_1D, Sample(((2, 7),), {"kernel_size": 3, "stride": 2, "dilation": 2})))
max_pool2d = _max_pool(
    2,
    (
        *_IN_2D,
        Sample(((1, 2, 5, 6),), {"kernel_size": 2, "stride": 1, "dilation": (3, 2)}),
        Sample(
            ((1, 6, 5),),
            {"kernel_size": (2, 3), "stride": 2, "padding": 1, "dilation": (3, 1), "ceil_mode": True},
        ),
    ),
)
avg_pool1d = _avg_pool(
    1,
    (
        *_IN_1D,
        Sample(((1, 5),), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ),
)
avg_pool2d = _avg_pool(
    2,
    (
        *_IN_2D,
        Sample(((2, 3, 4),), {"kernel_size": 2, "padding": 1, "count_include_pad": False}),
        Sample(
            ((1, 1, 5, 4),),
            {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
        ),
    ),
)
