"""Pooling: one number for each window."""

from __future__ import annotations

from functools import reduce
from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.convolution import WINDOWS, PerAxis, Windows, per_axis, settings_text, windows
from backprop_engine.ops.definition import Family
from backprop_engine.ops.rules import Indices, Linear, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import would_fit

define = Family("convolution").define

_ATTRIBUTES = (
    OpAttribute("kernel_size", PerAxis, ..., Words("how large a window is", "창의 크기"), least=1),
    OpAttribute(
        "stride",
        PerAxis | None,
        None,
        Words(
            "how far the next window is; the window's own size if left out",
            "다음 창까지의 거리, 생략하면 창의 크기",
        ),
        least=1,
    ),
    OpAttribute(
        "padding",
        PerAxis,
        0,
        Words("how many entries go around x, at most half a window", "x의 둘레에 두를 칸 수, 창의 절반까지"),
        least=0,
    ),
)
_SAMPLES = (
    Sample(((1, 4, 4),), {"kernel_size": 2}),
    Sample(((2, 2, 5, 4),), {"kernel_size": 2}),
    Sample(((2, 1, 4, 5),), {"kernel_size": (3, 2), "stride": (1, 2)}),
    Sample(((1, 2, 5, 5),), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Sample(((1, 1, 3),), {"kernel_size": (1, 2), "padding": (0, 1)}),
    Sample(((0, 1, 2, 2),), {"kernel_size": 2}),
)


def _windows(shape: Shape, kernel_size: PerAxis, stride: PerAxis | None, padding: PerAxis) -> Windows:
    kernel = per_axis(kernel_size, 2)
    return windows(shape, kernel, kernel if stride is None else stride, padding)


def _pools(x: Shape, **settings: Any) -> bool:
    """Whether a window fits into `x`."""
    if len(x) not in (3, 4):
        return False
    try:
        found = _windows(x, **settings)
    except ShapeError:
        return False
    return all(2 * p <= k for p, k in zip(found.padding, found.kernel, strict=True))


def _shape(x: Shape, **settings: Any) -> Shape:
    if len(x) not in (3, 4):
        raise ShapeError(
            msg("{0} is {shape}: pooling takes channels×H×W, or a batch of them", shape=shape_text(x)),
            would_fit("unsqueeze({0}, axis=0)") if _pools((1, *x), **settings) else "",
        )
    found = _windows(x, **settings)
    if any(2 * p > k for p, k in zip(found.padding, found.kernel, strict=True)):
        raise ShapeError(
            msg(
                "{0} is {shape}, its padding {padding}: at most half of the window ({window}) fits",
                shape=shape_text(x),
                padding=shape_text(found.padding),
                window=shape_text(found.kernel),
            )
        )
    return (*x[:-2], *found.out)


def _work(x: Shape, kernel_size: PerAxis, **settings: Any) -> int:
    return prod(_shape(x, kernel_size=kernel_size, **settings)) * prod(per_axis(kernel_size, 2))


def _largest(x: Any, **settings: Any) -> Any:
    found = _windows(x.shape, **settings)
    padded = found.pad(x, -np.inf)
    return reduce(np.maximum, (found.seen(padded, offset) for offset in found.offsets()))


def _largest_vjp(g: Any, out: Any, x: Any, **settings: Any) -> Any:
    found = _windows(x.shape, **settings)
    padded = found.pad(x, -np.inf)
    ties = sum((found.seen(padded, offset) == out).astype(g.dtype) for offset in found.offsets())
    result = np.zeros(padded.shape, dtype=g.dtype)
    for offset in found.offsets():
        found.seen(result, offset)[...] += g * ((found.seen(padded, offset) == out) / ties)
    return found.crop(result)


def _largest_entries(i: Indices, j: Indices, out: Any, x: Any, **settings: Any) -> Any:
    found = _windows(x.shape, **settings)
    ties: Any = 0
    for offset in found.offsets():
        entry, inside = found.operand_entry(i[-2:], offset)
        ties = ties + (inside & (x[(*i[:-2], *entry)] == out[i]))
    _, sees = found.kernel_entry(i[-2:], j[-2:])
    return here(same(i[:-2], j[:-2]) & sees, (x[j] == out[i]) / ties)


def _largest_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    rule = Linear(
        f"max_pool2d_input(g, x{settings_text(max_pool2d, attributes)})",
        _largest_vjp,
        shown=Words("1 at the window's largest", "창의 최댓값에 1"),
        entries=_largest_entries,
    )
    return (rule,)


MAX_POOL2D = """\
def max_pool2d(x, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    x, keys, _ = windows(x, kernel, kernel if stride is None else stride, padding, fill=-np.inf)
    return np.max([x[key] for key in keys.values()], axis=0)
"""

MAX_POOL2D_INPUT = """\
def max_pool2d_input(g, x, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    x, keys, inner = windows(x, kernel, kernel if stride is None else stride, padding, fill=-np.inf)
    seen, out = np.stack([x[key] for key in keys.values()]), np.zeros(x.shape)
    best = 1.0 * (seen == np.max(seen, axis=0))
    for share, key in zip(best / np.sum(best, axis=0), keys.values()):
        out[key] += g * share
    return out[inner]
"""

max_pool2d = define(
    "max_pool2d",
    sign="maxpool",
    operands="x",
    formula="max_pool2d(x, kernel_size)",
    helpers={"max_pool2d": MAX_POOL2D, "max_pool2d_input": MAX_POOL2D_INPUT, "windows": WINDOWS},
    forward=_largest,
    shape=_shape,
    work=_work,
    rules=_largest_rules,
    attributes=_ATTRIBUTES,
    analytic=False,
    lesson=Words(
        en="Max pooling is a router: the largest entry of each window gets that window's gradient.",
        ko="최댓값 풀링은 라우터입니다. 각 창에서 가장 큰 원소가 그 창의 그래디언트를 받습니다.",
    ),
    conventions=Words(
        "Entries of a window that tie share the gradient equally, where PyTorch gives all of it to the "
        "first. Padding is never the largest. A last window that does not fit is left out.",
        "창 안의 최댓값이 여럿이면 그래디언트를 똑같이 나눕니다. PyTorch는 첫째 원소에 모두 "
        "줍니다. 패딩은 최댓값이 되지 않습니다. 끝에서 다 들어가지 않는 창은 뺍니다.",
    ),
    samples=_SAMPLES,
)


def _mean(x: Any, **settings: Any) -> Any:
    found = _windows(x.shape, **settings)
    padded = found.pad(x)
    return sum(found.seen(padded, offset) for offset in found.offsets()) / prod(found.kernel)


def _mean_vjp(g: Any, out: Any, x: Any, **settings: Any) -> Any:
    found = _windows(x.shape, **settings)
    result = np.zeros(found.padded_shape(x.shape), dtype=g.dtype)
    for offset in found.offsets():
        found.seen(result, offset)[...] += g / prod(found.kernel)
    return found.crop(result)


def _mean_entries(i: Indices, j: Indices, out: Any, x: Any, **settings: Any) -> Any:
    found = _windows(x.shape, **settings)
    _, sees = found.kernel_entry(i[-2:], j[-2:])
    return here(same(i[:-2], j[:-2]) & sees, 1.0 / prod(found.kernel))


def _mean_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    share = f"1/{prod(per_axis(attributes['kernel_size'], 2))}"
    rule = Linear(
        f"avg_pool2d_input(g, x.shape{settings_text(avg_pool2d, attributes)})",
        _mean_vjp,
        shown=Words("{share} for each entry of the window", "창의 원소마다 {share}", share=share),
        entries=_mean_entries,
    )
    return (rule,)


AVG_POOL2D = """\
def avg_pool2d(x, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    x, keys, _ = windows(x, kernel, kernel if stride is None else stride, padding)
    return np.mean([x[key] for key in keys.values()], axis=0)
"""

AVG_POOL2D_INPUT = """\
def avg_pool2d_input(g, shape, kernel_size, stride=None, padding=0):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    stride = kernel if stride is None else stride
    out, keys, inner = windows(np.zeros(shape), kernel, stride, padding)
    for key in keys.values():
        out[key] += g / len(keys)
    return out[inner]
"""

avg_pool2d = define(
    "avg_pool2d",
    sign="avgpool",
    operands="x",
    formula="avg_pool2d(x, kernel_size)",
    helpers={"avg_pool2d": AVG_POOL2D, "avg_pool2d_input": AVG_POOL2D_INPUT, "windows": WINDOWS},
    forward=_mean,
    shape=_shape,
    work=_work,
    rules=_mean_rules,
    attributes=_ATTRIBUTES,
    lesson=Words(
        en="Average pooling hands every entry of a window an equal share of that window's gradient.",
        ko="평균 풀링은 창의 그래디언트를 그 창의 모든 원소에 고르게 나누어 흘려보냅니다.",
    ),
    conventions=Words(
        "The zeros of the padding count in the mean, as by PyTorch's default. A last window that "
        "does not fit is left out.",
        "PyTorch의 기본값처럼 패딩의 0도 평균에 넣습니다. 끝에서 다 들어가지 않는 창은 뺍니다.",
    ),
    samples=_SAMPLES,
)
