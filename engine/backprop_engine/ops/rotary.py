"""Rotary position embedding: each pair of numbers is turned by an angle that grows with its position."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute, setting_text
from backprop_engine.ops.definition import OPS, Decomposition, Family
from backprop_engine.ops.rules import Indices, Linear, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import would_fit
from backprop_engine.ops.windows import settings_text

define = Family("attention").define


def _shape(x: Shape, base: float, interleaved: bool, offset: int) -> Shape:
    if len(x) < 2:
        raise ShapeError(
            msg(
                "{0} is {shape}: it takes a matrix with a row for each position, or batches of them",
                shape=shape_text(x),
            ),
            would_fit("unsqueeze({0}, axis=0)") if x and x[0] % 2 == 0 else "",
        )
    if x[-1] % 2:
        raise ShapeError(
            msg(
                "{0} is {shape}: its last axis ({size}) cannot be divided into pairs",
                shape=shape_text(x),
                size=x[-1],
            ),
            would_fit("{0}.T") if len(x) == 2 and x[0] % 2 == 0 else "",
        )
    return x


class _Turn(NamedTuple):
    """Cosine and sine for each position and pair."""

    cos: Any
    sin: Any


def _turn(shape: Shape, base: float, offset: int) -> _Turn:
    rates = base ** (-2.0 * np.arange(shape[-1] // 2) / shape[-1])
    angles = np.multiply.outer(offset + np.arange(shape[-2]), rates)
    return _Turn(np.cos(angles), np.sin(angles))


def _pairs(x: Any, *, interleaved: bool) -> tuple[Any, Any]:
    if interleaved:
        return x[..., ::2], x[..., 1::2]
    half = x.shape[-1] // 2
    return x[..., :half], x[..., half:]


def _joined(first: Any, second: Any, *, interleaved: bool) -> Any:
    if not interleaved:
        return np.concatenate([first, second], axis=-1)
    return np.reshape(np.stack([first, second], axis=-1), (*first.shape[:-1], 2 * first.shape[-1]))


def _turned(x: Any, base: float, interleaved: bool, offset: int) -> Any:
    cos, sin = _turn(x.shape, base, offset)
    first, second = _pairs(x, interleaved=interleaved)
    return _joined(first * cos - second * sin, first * sin + second * cos, interleaved=interleaved)


def _turned_back(g: Any, out: Any, x: Any, base: float, interleaved: bool, offset: int) -> Any:
    cos, sin = _turn(x.shape, base, offset)
    first, second = _pairs(g, interleaved=interleaved)
    return _joined(first * cos + second * sin, second * cos - first * sin, interleaved=interleaved)


def _entries(i: Indices, j: Indices, out: Any, x: Any, base: float, interleaved: bool, offset: int) -> Any:
    turn, half = _turn(x.shape, base, offset), x.shape[-1] // 2
    (pair, second), (other, from_second) = (
        (entry // 2, entry % 2 == 1) if interleaved else (entry % half, entry >= half)
        for entry in (i[-1], j[-1])
    )
    cos, sin = (each[i[-2], pair] for each in turn)
    return here(
        same(i[:-1], j[:-1]) & (pair == other),
        np.where(second == from_second, cos, np.where(second, sin, -sin)),
    )


def _rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear]:
    return (
        Linear(
            f"rotary_embedding_input(g{settings_text(OPS['rotary_embedding'], attributes)})",
            _turned_back,
            shown=Words("each pair, rotated back by its angle", "쌍마다 같은 각도로 되돌림"),
            entries=_entries,
        ),
    )


def _inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    x, offset = shapes[0], attributes["offset"]
    rate = -2.0 * math.log(attributes["base"]) / x[-1] if x[-1] else 0.0
    before = ":, " * (len(x) - 1)
    first, second = "split(x, parts=2, index=0, axis=-1)", "split(x, parts=2, index=1, axis=-1)"
    joined: Decomposition = (("out", "concat(u, v, axis=-1)"),)
    if attributes["interleaved"]:
        first, second = f"x[{before}::2]", f"x[{before}1::2]"
        joined = (("w", "stack(u, v, axis=-1)"), ("out", f"reshape(w, shape={list(x)})"))
    return (
        ("a", first),
        ("b", second),
        # ones summed up along an axis number the positions and the pairs, so that no constant is needed
        ("o", "detach(a * 0 + 1)"),
        ("p", f"cumsum(o, axis=-2) + {setting_text(offset - 1)}"),
        ("k", "cumsum(o, axis=-1) - 1"),
        ("t", f"p * exp(k * {setting_text(rate)})"),
        ("c", "cos(t)"),
        ("s", "sin(t)"),
        ("u", "a * c - b * s"),
        ("v", "a * s + b * c"),
        *joined,
    )


ROTARY_EMBEDDING = """\
def rotary_embedding(x, base=10000.0, interleaved=False, offset=0, turn=1):
    rates = base ** (-2 * np.arange(x.shape[-1] // 2) / x.shape[-1])
    angles = turn * np.outer(offset + np.arange(x.shape[-2]), rates)
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = (x[..., ::2], x[..., 1::2]) if interleaved else np.split(x, 2, axis=-1)
    turned = first * cos - second * sin, first * sin + second * cos
    return np.stack(turned, axis=-1).reshape(x.shape) if interleaved else np.concatenate(turned, axis=-1)
"""

ROTARY_EMBEDDING_INPUT = """\
def rotary_embedding_input(g, **settings):
    return rotary_embedding(g, turn=-1, **settings)
"""

rotary_embedding = define(
    "rotary_embedding",
    sign="RoPE",
    operands="x",
    formula="rotary_embedding(x)",
    helpers={
        "rotary_embedding": ROTARY_EMBEDDING,
        "rotary_embedding_input": ROTARY_EMBEDDING_INPUT,
    },
    forward=_turned,
    shape=_shape,
    rules=_rules,
    attributes=(
        OpAttribute(
            "base",
            float,
            10000.0,
            Words(
                "the base of the angles: pair k is rotated by position · base^(−2k/d)",
                "각도의 밑, 쌍 k는 위치 · base^(−2k/d)만큼 돎",
            ),
            above=0,
        ),
        OpAttribute(
            "interleaved",
            bool,
            False,
            Words(
                "whether pairs are formed by neighbours rather than by one entry from each half",
                "앞뒤 절반에서 하나씩 고르는 대신 이웃한 원소끼리 쌍으로 묶을지",
            ),
        ),
        OpAttribute("offset", int, 0, Words("the first position", "첫 위치")),
    ),
    inside=_inside,
    lesson=Words(
        en="A rotation preserves lengths: the gradient of each pair is rotated back by the angle of "
        "its position.",
        ko="회전은 길이를 바꾸지 않습니다. 쌍마다 그래디언트를 그 위치의 각도만큼 되돌립니다.",
    ),
    conventions=Words(
        "Positions run along the second-to-last axis. By default entry k of the last axis is paired "
        "with entry k + d/2, as in Hugging Face's Llama (rotate_half) and ONNX; interleaved pairs "
        "entries 2k and 2k + 1, as in the paper and Meta's Llama.",
        "위치는 끝에서 둘째 축에 놓입니다. 기본은 마지막 축의 k번 원소와 k + d/2번 원소가 쌍이며, "
        "Hugging Face의 Llama(rotate_half)와 ONNX가 이렇습니다. interleaved이면 논문과 Meta의 Llama처럼 "
        "2k번과 2k + 1번이 쌍입니다.",
    ),
    samples=(
        Sample(((3, 4),)),
        Sample(((2, 6),), {"interleaved": True, "base": 100.0}),
        Sample(((2, 2, 3, 2),), {"offset": 2}),
        Sample(((1, 2, 4),), {"interleaved": True, "offset": 1, "base": 10.0}),
        Sample(((1, 2),)),
        Sample(((0, 3, 4),)),
    ),
)
