"""Operators that move cells and compute nothing."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.ops.definition import Attribute, Attributes, Linear, Sample, define
from backprop_engine.text import Words

FAMILY = "shape"
Key: TypeAlias = tuple[int | slice, ...]

transpose = define(
    "transpose",
    family=FAMILY,
    lesson=Words(
        en="A transpose moves cells, so the gradient is transposed back.",
        ko="전치는 원소의 자리만 바꾸므로 그래디언트도 다시 전치해 돌려보냅니다.",
    ),
    sign="ᵀ",
    operands="a",
    formula="a.T",
    written="a.T",
    forward=lambda a: a.T,
    shape=lambda a: a[::-1],
    rules=(Linear("g.T", lambda g, out, a: g.T, shown=Words("transposed back", "다시 전치")),),
    conventions="All axes are reversed, so a vector stays as it is.",
    samples=(Sample(((),)), Sample(((3,),)), Sample(((2, 3),)), Sample(((2, 3, 4),))),
)


def _index_shape(a: Shape, key: Key) -> Shape:
    if len(key) > len(a):
        raise ShapeError(f"{{0}} is {shape_text(a)} and cannot take {len(key)} indices")
    for axis, one in enumerate(key):
        if isinstance(one, int) and not -a[axis] <= one < a[axis]:
            raise ShapeError(
                f"{{0}} is {shape_text(a)}: the index {one} is outside axis {axis}, which has {a[axis]}"
            )
    sizes = (len(range(*one.indices(a[axis]))) for axis, one in enumerate(key) if isinstance(one, slice))
    return (*sizes, *a[len(key) :])


def key_text(key: Key) -> str:
    """An index as it is written: ``0, 1:``."""
    return ", ".join(map(_one_key_text, key))


def _one_key_text(key: int | slice) -> str:
    if isinstance(key, int):
        return str(key)
    start, stop, step = ("" if part is None else str(part) for part in (key.start, key.stop, key.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def put(g: Any, shape: Shape, key: Key) -> Any:
    """Zeros of `shape` with `g` at `key`."""
    result = np.zeros(shape, dtype=g.dtype)
    result[key] = g
    return result


def _index_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    where = key_text(attributes["key"])
    shown = Words(f"1 at [{where}], else 0", f"[{where}]에 1, 나머지 0")
    return (Linear("put(g, a.shape, key)", lambda g, out, a, key: put(g, a.shape, key), shown=shown),)


index = define(
    "index",
    family=FAMILY,
    lesson=Words(
        en="Indexing chose some cells: they get the gradient, all others get 0.",
        ko="인덱싱으로 고른 원소만 그래디언트를 받고 나머지는 0을 받습니다.",
    ),
    sign="[ ]",
    operands="a",
    formula="a[key]",
    written="a[key]",
    forward=lambda a, key: a[key],
    shape=_index_shape,
    rules=_index_rules,
    attributes=(Attribute("key", tuple, ..., "what stands in the brackets: indices and slices"),),
    conventions="The cells not chosen get the gradient 0.",
    samples=(
        Sample(((3,),), {"key": (0,)}),
        Sample(((3,),), {"key": (-1,)}),
        Sample(((2, 3),), {"key": (1,)}),
        Sample(((2, 3),), {"key": (slice(None), slice(1, None))}),
        Sample(((4, 3),), {"key": (slice(None, None, -2), 1)}),
        Sample(((4,),), {"key": (slice(2, 2),)}),
    ),
)
