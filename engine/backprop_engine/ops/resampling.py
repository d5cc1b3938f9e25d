"""Interpolation: the last axes at another size, each number a weighted mean of its neighbours.

One axis after the other: two axes make it a mean of four.
"""

from __future__ import annotations

from math import floor
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import OPS, Family
from backprop_engine.ops.rules import Indices, Linear, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import would_fit
from backprop_engine.ops.windows import settings_text

define = Family("convolution").define

_Size: TypeAlias = int | tuple[int, ...] | None
_Scale: TypeAlias = float | tuple[float, ...] | None
_Mode: TypeAlias = Literal["nearest", "linear", "bilinear"]
_BATCH = 2
"""The axes before those that are resampled: samples and channels."""


def _each(value: Any, axes: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * axes


def _count(size: int, wanted: int | None, scale: float | None) -> int:
    """How many entries an axis of `size` has afterwards."""
    if wanted is not None:
        return wanted
    assert scale is not None
    return floor(size * scale)


class _Neighbours(NamedTuple):
    """Which two entries of an axis each new one is a mean of, and the share of the second."""

    first: Any
    second: Any
    share: Any


def _neighbours(
    size: int, wanted: int | None, scale: float | None, mode: _Mode, *, align_corners: bool
) -> _Neighbours:
    """The neighbours along an axis of `size`; where a new entry lies on an old one, the share is 0."""
    count = _count(size, wanted, scale)
    places = np.arange(count)
    at: Any
    if align_corners:
        at = places * (size - 1) / max(count - 1, 1)
    elif mode == "nearest":
        at = places * size // count if scale is None else np.floor(places / scale)
    else:
        at = (places + 0.5) * (size / count if scale is None or count == size else 1.0 / scale) - 0.5
    at = np.clip(at, 0, size - 1)
    first = np.floor(at).astype(np.intp)
    return _Neighbours(first, np.minimum(first + 1, size - 1), at - first)


def _along(
    shape: Shape, size: _Size, scale_factor: _Scale, mode: _Mode, align_corners: bool
) -> list[_Neighbours]:
    axes = len(shape) - _BATCH
    each = zip(shape[_BATCH:], _each(size, axes), _each(scale_factor, axes), strict=True)
    return [_neighbours(*one, mode, align_corners=align_corners) for one in each]


def _interpolated(x: Any, **settings: Any) -> Any:
    for axis, (first, second, share) in enumerate(_along(x.shape, **settings), _BATCH):
        x = np.moveaxis(x, axis, -1)
        x = np.moveaxis(x[..., first] * (1.0 - share) + x[..., second] * share, -1, axis)
    return x


def _vjp(g: Any, out: Any, x: Any, **settings: Any) -> Any:
    for axis, (first, second, share) in enumerate(_along(x.shape, **settings), _BATCH):
        g = np.moveaxis(g, axis, -1)
        made = np.zeros((*g.shape[:-1], x.shape[axis]), dtype=g.dtype)
        for entries, weight in ((first, 1.0 - share), (second, share)):
            key: Any = (..., entries)
            np.add.at(made, key, g * weight)
        g = np.moveaxis(made, -1, axis)
    return g


def _shape(x: Shape, size: _Size, scale_factor: _Scale, mode: _Mode, align_corners: bool) -> Shape:
    axes = len(x) - _BATCH
    fitting = {"nearest": (1, 2), "linear": (1,), "bilinear": (2,)}
    if axes not in fitting[mode]:
        takes = {
            "nearest": msg("nearest takes samples×channels×W or samples×channels×H×W"),
            "linear": msg("linear takes samples×channels×W"),
            "bilinear": msg("bilinear takes samples×channels×H×W"),
        }
        missing = max(fitting[mode]) - axes
        raise ShapeError(
            msg("{0} is {shape}: {problem}", shape=shape_text(x), problem=takes[mode]),
            would_fit("unsqueeze({0}, axis=0)")
            if missing == 1 and 0 not in x and _agree(axes + 1, size, scale_factor, x[1:])
            else "",
        )
    if not _agree(axes, size, scale_factor, x[_BATCH:]):
        given = size if size is not None else scale_factor
        problem = msg("there is nothing to interpolate")
        if isinstance(given, tuple) and len(given) != axes:
            problem = msg(
                "{given} must be one number, or one for each axis after the channels ({axes})",
                given=list(given),
                axes=axes,
            )
        elif 0 not in x[_BATCH:]:
            problem = msg("at this scale, nothing is left")
        raise ShapeError(msg("{0} is {shape}: {problem}", shape=shape_text(x), problem=problem))
    return (*x[:_BATCH], *_counts(axes, size, scale_factor, x[_BATCH:]))


def _counts(axes: int, size: _Size, scale_factor: _Scale, sizes: Shape) -> Shape:
    each = zip(sizes, _each(size, axes), _each(scale_factor, axes), strict=True)
    return tuple(_count(*one) for one in each)


def _agree(axes: int, size: _Size, scale_factor: _Scale, sizes: Shape) -> bool:
    """Whether the settings are for `axes` axes, and there are entries before and after."""
    if any(isinstance(one, tuple) and len(one) != axes for one in (size, scale_factor)) or 0 in sizes:
        return False
    return 0 not in _counts(axes, size, scale_factor, sizes)


def _conflict(size: _Size, scale_factor: _Scale, mode: _Mode, align_corners: bool) -> Hint:
    if (size is None) == (scale_factor is None):
        return msg("give either `size` or `scale_factor`")
    if align_corners and mode == "nearest":
        return msg("`align_corners` applies only to linear and bilinear")
    return ""


def _entries(i: Indices, j: Indices, out: Any, x: Any, **settings: Any) -> Any:
    found: Any = 1.0
    for axis, (first, second, share) in enumerate(_along(x.shape, **settings), _BATCH):
        each = share[i[axis]]
        found = found * (here(first[i[axis]] == j[axis], 1.0 - each) + here(second[i[axis]] == j[axis], each))
    return here(same(i[:_BATCH], j[:_BATCH]), found)


def _rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    return (
        Linear(
            f"interpolate_input(g, x.shape{settings_text(OPS['interpolate'], attributes)})",
            _vjp,
            shown=Words("the interpolation weights, back to each neighbour", "이웃마다 가중치만큼"),
            entries=_entries,
        ),
    )


INTERPOLATION = """\
def interpolation(shape, size=None, scale_factor=None, mode="nearest", align_corners=False):
    sizes, scales = (np.broadcast_to(each, len(shape) - 2) for each in (size, scale_factor))
    weights = []
    for n, count, scale in zip(shape[2:], sizes, scales):
        count = int(n * scale) if count is None else count
        step = n / count if scale is None or count == n else 1 / scale
        at = (np.arange(count) + 0.5) * step - 0.5
        if align_corners:
            at = np.arange(count) * (n - 1) / max(count - 1, 1)
        elif mode == "nearest":
            at = np.arange(count) * n // count if scale is None else np.floor(np.arange(count) / scale)
        at = np.clip(at, 0, n - 1)
        weights.append(np.maximum(0, 1 - np.abs(at[:, np.newaxis] - np.arange(n))))
    return weights
"""

INTERPOLATE = """\
def interpolate(x, **settings):
    *rows, columns = interpolation(x.shape, **settings)
    return rows[0] @ x @ columns.T if rows else x @ columns.T
"""

INTERPOLATE_INPUT = """\
def interpolate_input(g, shape, **settings):
    *rows, columns = interpolation(shape, **settings)
    return rows[0].T @ g @ columns if rows else g @ columns
"""

interpolate = define(
    "interpolate",
    sign="resize",
    operands="x",
    formula="interpolate(x)",
    helpers={
        "interpolate": INTERPOLATE,
        "interpolate_input": INTERPOLATE_INPUT,
        "interpolation": INTERPOLATION,
    },
    forward=_interpolated,
    shape=_shape,
    rules=_rules,
    attributes=(
        OpAttribute(
            "size",
            _Size,
            None,
            Words("the size of the result along each axis", "결과의 크기, 축마다"),
            least=1,
        ),
        OpAttribute(
            "scale_factor",
            _Scale,
            None,
            Words(
                "the factor by which each axis grows, instead of `size`", "축마다 몇 배로 할지, size 대신 줌"
            ),
            above=0,
            most=2**20,
        ),
        OpAttribute(
            "mode",
            _Mode,
            "nearest",
            Words(
                "nearest takes the nearest entry, linear a weighted mean of two (one axis), bilinear "
                "of four (two axes)",
                "nearest는 가장 가까운 원소, linear는 한 축에서 두 원소의 가중평균, bilinear는 두 "
                "축에서 네 원소의 가중평균",
            ),
        ),
        OpAttribute(
            "align_corners",
            bool,
            False,
            Words(
                "whether the centres of the outermost entries are aligned, rather than the edges",
                "가장자리 대신 맨 끝 원소의 위치를 맞출지",
            ),
        ),
    ),
    conflict=_conflict,
    lesson=Words(
        en="Each result is a weighted mean of its neighbours, which get its gradient with the same weights.",
        ko="각 값은 이웃한 값의 가중평균이므로, 그래디언트도 같은 가중치로 이웃에 나뉩니다.",
    ),
    conventions=Words(
        "As in PyTorch, the axes are samples, channels, then one or two more. Without align_corners "
        "the centres of entries lie at 0.5, 1.5, …, and beyond the outermost centres the entry at "
        "the edge is used; nearest rounds positions down. With scale_factor the new size is rounded "
        "down, but positions use the factor as given; linear leaves an axis that keeps its size as "
        "it is.",
        "PyTorch처럼 표본, 채널, 그리고 축 하나나 둘입니다. align_corners가 아니면 원소의 중심은 "
        "0.5, 1.5, …에 있고, 맨 끝 중심의 바깥에서는 가장자리 원소를 씁니다. nearest는 위치를 "
        "내림합니다. scale_factor를 주면 새 크기는 내림하지만 위치는 준 배율 그대로 계산합니다. "
        "linear는 크기가 그대로인 축을 바꾸지 않습니다.",
    ),
    samples=(
        Sample(((1, 1, 3),), {"size": 6}),
        Sample(((2, 1, 5),), {"size": 3}),
        Sample(((1, 2, 3),), {"scale_factor": 1.7, "mode": "linear"}),
        Sample(((1, 1, 3),), {"scale_factor": 1.3, "mode": "linear"}),
        Sample(((1, 1, 4),), {"size": 7, "mode": "linear", "align_corners": True}),
        Sample(((1, 1, 2, 3),), {"scale_factor": 2.0}),
        Sample(((2, 2, 3, 4),), {"size": (5, 3), "mode": "bilinear"}),
        Sample(((1, 2, 2, 3),), {"size": (4, 1), "mode": "bilinear", "align_corners": True}),
        Sample(((1, 1, 3, 4),), {"scale_factor": (1.5, 0.5), "mode": "bilinear"}),
        Sample(((0, 1, 2, 2),), {"size": 3}),
    ),
)
