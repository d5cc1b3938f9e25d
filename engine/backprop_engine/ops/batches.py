"""Batch normalisation: every channel to mean 0 and variance 1, over the batch."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.definition import (
    ONE,
    Attributes,
    Factor,
    Inside,
    Linear,
    Partial,
    Rule,
    Rules,
    Sample,
    define,
)
from backprop_engine.ops.entries import Cells, here
from backprop_engine.ops.fitting import would_fit
from backprop_engine.ops.normalisation import FAMILY
from backprop_engine.ops.standardising import (
    EPS,
    OF_BIAS,
    OF_WEIGHT,
    SHOWN,
    axes_text,
    check_parameters,
    plain_call,
    root_of,
    standard_cells,
    standard_inside,
    standard_text,
    standard_vjp,
)


def _batch_axes(ndim: int) -> tuple[int, ...]:
    return (0, *range(2, ndim))


def _batch_norm_shape(a: Shape, *parameters: Shape, eps: float) -> Shape:
    if len(a) < 2:
        raise ShapeError(
            msg("{0} is {shape}: batch_norm takes a batch of rows, channels on axis 1", shape=shape_text(a)),
            would_fit("unsqueeze({0}, axis=1)") if a and a[0] and {*parameters} <= {(1,)} else "",
        )
    if prod(a[axis] for axis in _batch_axes(len(a))) == 0:
        raise ShapeError(msg("{0} is {shape}: there is nothing to take the mean of", shape=shape_text(a)))
    reason = msg("it needs one number for each of the {channels} channels on axis 1", channels=a[1])
    check_parameters(a, parameters, a[1:2], reason)
    return a


def _by_channel(parameter: Any, ndim: int) -> Any:
    return np.reshape(parameter, (-1, *(1,) * (ndim - 2)))


def _batch_norm(a: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float) -> Any:
    n, _ = root_of(a, _batch_axes(a.ndim), eps, centred=True)
    return n * _by_channel(weight, a.ndim) + _by_channel(bias, a.ndim)


def _batch_norm_vjp(g: Any, out: Any, a: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float) -> Any:
    axes = _batch_axes(a.ndim)
    return standard_vjp(
        g * _by_channel(weight, a.ndim), *root_of(a, axes, eps, centred=True), axes, centred=True
    )


def _batch_norm_entries(
    i: Cells, j: Cells, out: Any, a: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float
) -> Any:
    axes = _batch_axes(a.ndim)
    found = standard_cells(i, j, *root_of(a, axes, eps, centred=True), axes, centred=True)
    return found * np.broadcast_to(_by_channel(weight, a.ndim), a.shape)[i]


def _normalised_batch(out: Any, a: Any, *_: Any, eps: float) -> Any:
    return root_of(a, _batch_axes(a.ndim), eps, centred=True)[0]


def _channel_scale(a: Shape) -> str:
    """How a parameter is written where it meets `a`."""
    return "{}" if len(a) == 2 else f"reshape({{}}, shape={[a[1], *[1] * (len(a) - 2)]})"


def _batch_norm_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    a, eps = shapes[0], attributes["eps"]
    axes = _batch_axes(len(a))
    weighted, call = len(shapes) > 1, plain_call("batch_norm", attributes, eps=1e-5)
    h = f"g * {_channel_scale(a).format('weight')}" if weighted else "g"
    text = standard_text(h, call if weighted else "out", axes_text(axes), eps, centred=True)
    by_a = Linear(text, _batch_norm_vjp, shown=SHOWN, entries=_batch_norm_entries)
    by_weight: Rule = Partial(call, _normalised_batch)
    by_bias: Rule = ONE
    if len(a) > 2:
        by_weight = Linear(
            f"g * {call}",
            lambda g, out, a, *_, eps: g * _normalised_batch(out, a, eps=eps),
            Factor(call, _normalised_batch, sign="⊙"),
            summed=axes,
            entries=lambda i, j, out, a, *_, eps: here(i[1] == j[0], _normalised_batch(out, a, eps=eps)[i]),
        )
        by_bias = Linear(
            "g",
            lambda g, *_, **attributes: g,
            summed=axes,
            shown=Words("1 for each cell of the channel", "채널의 원소마다 1"),
            entries=lambda i, j, out, a, *_, eps: here(i[1] == j[0]),
        )
    return (by_a, by_weight, by_bias)[: len(shapes)]


def _batch_norm_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Inside:
    a = shapes[0]
    axis, scale = axes_text(_batch_axes(len(a))), _channel_scale(a)
    return standard_inside(axis, attributes["eps"], len(shapes), scale, centred=True)


batch_norm = define(
    "batch_norm",
    family=FAMILY,
    lesson=Words(
        en="Each channel is normalised over the batch, so every sample's gradient depends on all the others.",
        ko="채널마다 배치 전체로 정규화하므로, 한 샘플의 그래디언트가 다른 모든 샘플에 의존합니다.",
    ),
    lessons=(None, OF_WEIGHT, OF_BIAS),
    sign="BN",
    operands="a weight bias",
    optional=2,
    formula="(a - mean(a, axis=0)) / sqrt(var(a, axis=0) + eps) * weight + bias",
    forward=_batch_norm,
    shape=_batch_norm_shape,
    rules=_batch_norm_rules,
    attributes=(EPS,),
    conventions=Words(
        "The training form: mean and variance are the batch's own, over every axis but 1, the "
        "variance divided by the number of cells; there are no running averages. A batch of one gives 0.",
        "학습할 때의 형태입니다. 평균과 분산은 1번을 뺀 모든 축에 걸친 이 배치의 것이고, 분산은 "
        "원소 수로 나눕니다. 이동 평균은 없습니다. 하나뿐인 배치는 0이 됩니다.",
    ),
    inside=_batch_norm_inside,
    samples=(
        Sample(((4, 3),)),
        Sample(((1, 3),)),
        Sample(((4, 3), (3,))),
        Sample(((4, 3), (3,), (3,))),
        Sample(((2, 3, 2), (3,), (3,))),
        Sample(((2, 3, 2, 2), (3,), (3,)), {"eps": 0.01}),
        Sample(((2, 0), (0,))),
    ),
)
