"""Normalising channels, which lie on axis 1: batch, instance and group normalisation.

All of them take the numbers of a channel, or of some channels, to mean 0 and variance 1, and then scale and
shift each channel. They differ in what is normalised together: a *layout* says into which shape the operand
is brought for that, and along which axes of it the mean is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.rules import ONE, Elementwise, Factor, Indices, Linear, Rule, Rules, here, position
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import would_fit
from backprop_engine.ops.standardising import (
    EPS,
    OF_BIAS,
    OF_WEIGHT,
    SHOWN,
    STANDARDISED,
    axes_text,
    check_parameters,
    plain_call,
    root_of,
    scaled_formula,
    standard_entries,
    standard_formula,
    standard_inside,
    standard_text,
    standard_vjp,
    with_parameters,
)

define = Family("normalisation").define


class _Layout(NamedTuple):
    """The shape in which numbers are normalised, and the axes of it that belong together."""

    shape: Shape
    axes: tuple[int, ...]

    def entry(self, i: Indices, shape: Shape) -> Indices:
        """Where entries of an operand of `shape` lie in the layout."""
        return i if self.shape == shape else tuple(np.unravel_index(position(i, shape), self.shape))

    def text(self, of: str, shape: Shape) -> str:
        """An expression in this layout."""
        return of if self.shape == shape else f"reshape({of}, shape={list(self.shape)})"


def _by_channel(parameter: Any, ndim: int) -> Any:
    """A number for each channel, where it meets an operand of `ndim` axes."""
    return np.reshape(parameter, (-1, *(1,) * (ndim - 2)))


def _channel_text(a: Shape) -> str:
    """The text of `_by_channel`, with a place for the parameter."""
    return "{}" if len(a) == 2 else f"reshape({{}}, shape={[a[1], *[1] * (len(a) - 2)]})"


def _scaled(n: Any, weight: Any = 1.0, bias: Any = 0.0) -> Any:
    return n * _by_channel(weight, n.ndim) + _by_channel(bias, n.ndim)


def _by_weight(a: Shape, text: str, factor: Callable[..., Any]) -> Rule:
    """The rule of the weight: what it multiplied is `text`, which ``factor(out, a, *more)`` gives."""
    if len(a) == 2:
        return Elementwise(text, factor)
    return Linear(
        f"g * {text}",
        lambda g, out, a, *more, **settings: g * factor(out, a, *more, **settings),
        Factor(text, factor, sign="⊙"),
        summed=(0, *range(2, len(a))),
        entries=lambda i, j, out, a, *more, **settings: here(
            i[1] == j[0], np.broadcast_to(factor(out, a, *more, **settings), a.shape)[i]
        ),
    )


def _by_bias(a: Shape) -> Rule:
    if len(a) == 2:
        return ONE
    return Linear(
        "g",
        lambda g, *_, **settings: g,
        summed=(0, *range(2, len(a))),
        shown=Words("1 for each entry of the channel", "채널의 원소마다 1"),
        entries=lambda i, j, *_, **settings: here(i[1] == j[0]),
    )


def _check_channels(a: Shape, parameters: tuple[Shape, ...]) -> None:
    reason = msg("it needs a number for each of the {channels} channels on axis 1", channels=a[1])
    check_parameters(a, parameters, a[1:2], reason)


class _Normalisation(NamedTuple):
    forward: Callable[..., Any]
    rules: Callable[[tuple[Shape, ...], Attributes], Rules]
    inside: Callable[[tuple[Shape, ...], Attributes], Decomposition]
    exact: Callable[[tuple[Shape, ...], Attributes], str]


def _normalisation(name: str, layout_of: Callable[..., _Layout], **defaults: Any) -> _Normalisation:
    """Forward, rules and inside of an operator that normalises in the layout of a shape and its settings."""

    def normalised(a: Any, eps: float, settings: Attributes) -> tuple[Any, Any, _Layout]:
        """What is normalised, and the root it was divided by, in their layout."""
        layout = layout_of(a.shape, **settings)
        return (*root_of(np.reshape(a, layout.shape), layout.axes, eps, centred=True), layout)

    def plain(out: Any, a: Any, *_: Any, eps: float, **settings: Any) -> Any:
        return np.reshape(normalised(a, eps, settings)[0], a.shape)

    def forward(a: Any, *parameters: Any, **settings: Any) -> Any:
        return _scaled(plain(None, a, **settings), *parameters)

    def vjp(g: Any, out: Any, a: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float, **more: Any) -> Any:
        n, r, layout = normalised(a, eps, more)
        h = np.reshape(g * _by_channel(weight, a.ndim), layout.shape)
        return np.reshape(standard_vjp(h, n, r, layout.axes, centred=True), a.shape)

    def entries(
        i: Indices, j: Indices, out: Any, a: Any, weight: Any = 1.0, *_: Any, eps: float, **more: Any
    ) -> Any:
        n, r, layout = normalised(a, eps, more)
        at, to = layout.entry(i, a.shape), layout.entry(j, a.shape)
        found = standard_entries(at, to, n, r, layout.axes, centred=True)
        return found * np.broadcast_to(_by_channel(weight, a.ndim), a.shape)[i]

    def rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
        a, weighted = shapes[0], len(shapes) > 1
        settings = {key: value for key, value in attributes.items() if key != "eps"}
        layout = layout_of(a, **settings)
        call = plain_call(name, attributes, **defaults, eps=1e-5)
        h = f"g * {_channel_text(a).format('weight')}" if weighted else "g"
        texts = (layout.text(each, a) for each in (h, call if weighted else "out", "a"))
        h, n, operand = texts
        text = standard_text(h, n, axes_text(layout.axes), attributes["eps"], centred=True, a=operand)
        text = text if layout.shape == a else f"reshape({text}, a.shape)"
        by_a = Linear(text, vjp, shown=SHOWN, entries=entries)
        return (by_a, _by_weight(a, call, plain), _by_bias(a))[: len(shapes)]

    def inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
        a = shapes[0]
        settings = {key: value for key, value in attributes.items() if key != "eps"}
        layout = layout_of(a, **settings)
        turned = layout.shape != a
        steps = standard_inside(
            axes_text(layout.axes), attributes["eps"], centred=True, a="x" if turned else "a"
        )
        if turned:
            divided = ("y", steps[-1][1])
            steps = (("x", layout.text("a", a)), *steps[:-1], divided, ("n", f"reshape(y, shape={list(a)})"))
        return with_parameters(steps, len(shapes), _channel_text(a))

    def exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
        a = shapes[0]
        layout = layout_of(a, **{key: value for key, value in attributes.items() if key != "eps"})
        turned, eps = layout.shape != a, attributes["eps"]
        operand = layout.text("a", a) if turned else "a"
        n = standard_formula(axes_text(layout.axes), eps, 1, centred=True, a=operand)
        n = f"reshape({n}, shape={list(a)})" if turned else n
        return scaled_formula(n, len(shapes), _channel_text(a))

    return _Normalisation(forward, rules, inside, exact)


# Batch normalisation: every channel over the batch


def _over_batch(shape: Shape) -> _Layout:
    return _Layout(shape, (0, *range(2, len(shape))))


def _batch_norm_shape(a: Shape, *parameters: Shape, eps: float) -> Shape:
    if len(a) < 2:
        raise ShapeError(
            msg(
                "{0} is {shape}: batch_norm takes a batch of rows, with channels on axis 1",
                shape=shape_text(a),
            ),
            would_fit("unsqueeze({0}, axis=1)") if a and a[0] and {*parameters} <= {(1,)} else "",
        )
    if prod(a[axis] for axis in _over_batch(a).axes) == 0:
        raise ShapeError(msg("{0} is {shape}: there are no entries to average", shape=shape_text(a)))
    _check_channels(a, parameters)
    return a


_BATCH = _normalisation("batch_norm", _over_batch)

BATCH_NORM = """\
def batch_norm(a, weight=1.0, bias=0.0, eps=1e-05):
    weight, bias = (np.reshape(parameter, (-1,) + (1,) * (a.ndim - 2)) for parameter in (weight, bias))
    return standardised(a, (0, *range(2, a.ndim)), eps) * weight + bias
"""

batch_norm = define(
    "batch_norm",
    sign="BN",
    operands="a weight bias",
    formula="(a - mean(a, axis=0)) / sqrt(var(a, axis=0) + eps) * weight + bias",
    exact=_BATCH.exact,
    helpers={"batch_norm": BATCH_NORM, "standardised": STANDARDISED},
    forward=_BATCH.forward,
    shape=_batch_norm_shape,
    rules=_BATCH.rules,
    attributes=(EPS,),
    optional=2,
    inside=_BATCH.inside,
    lesson=Words(
        en="Each channel is normalised over the batch, so every sample's gradient depends on all the others.",
        ko="채널마다 배치 전체로 정규화하므로, 한 표본의 그래디언트가 다른 모든 표본에 의존합니다.",
    ),
    lessons=(None, OF_WEIGHT, OF_BIAS),
    conventions=Words(
        "The training form: mean and variance are those of the batch, over every axis but axis 1, "
        "and the variance divides by the number of entries. The form with running averages is "
        "`batch_norm_inference`. A batch of one sample is normalised to 0.",
        "학습할 때의 형태입니다. 평균과 분산은 1번 축을 뺀 모든 축에 걸쳐 이 배치에서 구하고, "
        "분산은 원소 수로 나눕니다. 이동 평균을 쓰는 것은 batch_norm_inference입니다. 표본이 "
        "하나뿐이면 정규화한 값이 0이 됩니다.",
    ),
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


# The same in evaluation: with the averages of training, every entry on its own


def _inference_shape(a: Shape, *parameters: Shape, eps: float) -> Shape:
    if len(a) < 2:
        raise ShapeError(
            msg(
                "{0} is {shape}: batch_norm takes a batch of rows, with channels on axis 1",
                shape=shape_text(a),
            ),
            would_fit("unsqueeze({0}, axis=1)") if a and {*parameters} <= {(1,)} else "",
        )
    _check_channels(a, parameters)
    return a


def _by_running(out: Any, a: Any, running_mean: Any, running_var: Any, *_: Any, eps: float) -> Any:
    root = np.sqrt(_by_channel(running_var, a.ndim) + eps)
    return (a - _by_channel(running_mean, a.ndim)) / root


def _inference_slope(
    out: Any, a: Any, running_mean: Any, running_var: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float
) -> Any:
    return _by_channel(weight / np.sqrt(running_var + eps), a.ndim)


def _inference_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    a, eps = shapes[0], attributes["eps"]
    scale, weighted = _channel_text(a), len(shapes) > 3
    slope = scale.format(f"{'weight' if weighted else '1'} / sqrt(running_var + {eps})")
    mean, var = scale.format("running_mean"), scale.format("running_var")
    n = f"(a - {mean}) / sqrt({var} + {eps})"
    by_a = Elementwise(slope, _inference_slope)
    return (by_a, None, None, _by_weight(a, n, _by_running), _by_bias(a))[: len(shapes)]


def _inference_exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    scale = _channel_text(shapes[0])
    mean, var = scale.format("running_mean"), scale.format("running_var")
    return scaled_formula(f"(a - {mean}) / sqrt({var} + {attributes['eps']})", len(shapes) - 2, scale)


def _inference_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    scale = _channel_text(shapes[0])
    steps: Decomposition = (
        ("d", f"a - {scale.format('running_mean')}"),
        ("r", f"sqrt({scale.format('running_var')} + {attributes['eps']})"),
        ("n", "d / r"),
    )
    return with_parameters(steps, len(shapes) - 2, scale)


BATCH_NORM_INFERENCE = """\
def batch_norm_inference(a, running_mean, running_var, weight=1.0, bias=0.0, eps=1e-05):
    parameters = (running_mean, running_var, weight, bias)
    mean, var, weight, bias = (np.reshape(each, (-1,) + (1,) * (a.ndim - 2)) for each in parameters)
    return (a - mean) / np.sqrt(var + eps) * weight + bias
"""

batch_norm_inference = define(
    "batch_norm_inference",
    sign="BN eval",
    operands="a running_mean running_var weight bias",
    formula="(a - running_mean) / sqrt(running_var + eps) * weight + bias",
    exact=_inference_exact,
    helpers={"batch_norm_inference": BATCH_NORM_INFERENCE},
    forward=lambda a, running_mean, running_var, *parameters, eps: _scaled(
        _by_running(None, a, running_mean, running_var, eps=eps), *parameters
    ),
    shape=_inference_shape,
    rules=_inference_rules,
    attributes=(EPS,),
    optional=2,
    stops=("running_mean", "running_var"),
    inside=_inference_inside,
    lesson=Words(
        en="In evaluation, batch normalisation scales each channel by a fixed number: samples do "
        "not affect one another.",
        ko="평가할 때의 배치 정규화는 채널마다 정해진 배수이므로 표본끼리 서로 영향을 주지 않습니다.",
    ),
    lessons=(None, None, None, OF_WEIGHT, OF_BIAS),
    conventions=Words(
        "PyTorch's batch_norm with training=False. The running mean and variance are operands that "
        "get no gradient; a negative variance gives NaN.",
        "PyTorch에서 training=False인 batch_norm입니다. 이동 평균과 이동 분산은 주어지며 그래디언트를 받지 "
        "않습니다. 분산이 음수이면 NaN입니다.",
    ),
    samples=(
        Sample(((2, 3), (3,), np.array([0.5, 1.0, 2.0]))),
        Sample(((1, 2), (2,), np.array([0.5, 2.0]), (2,))),
        Sample(((4, 3), (3,), np.array([0.5, 1.0, 2.0]), (3,), (3,))),
        Sample(((2, 2, 3), (2,), np.array([0.25, 4.0]), (2,), (2,))),
        Sample(((2, 2, 2, 2), (2,), np.array([0.0, 1.0]), (2,), (2,)), {"eps": 0.01}),
        Sample(((0, 2), (2,), np.array([0.5, 2.0]), (2,), (2,))),
    ),
)


# Instance normalisation: every channel of every sample on its own


def _over_positions(shape: Shape) -> _Layout:
    return _Layout(shape, tuple(range(2, len(shape))))


def _instance_norm_shape(a: Shape, *parameters: Shape, eps: float) -> Shape:
    if len(a) < 3:
        raise ShapeError(
            msg(
                "{0} is {shape}: instance_norm takes a batch, with channels on axis 1 and positions after it",
                shape=shape_text(a),
            ),
            would_fit("unsqueeze({0}, axis=0)") if len(a) == 2 and a[1] and {*parameters} <= {a[:1]} else "",
        )
    if prod(a[2:]) == 0:
        raise ShapeError(msg("{0} is {shape}: there are no entries to average", shape=shape_text(a)))
    _check_channels(a, parameters)
    return a


_INSTANCE = _normalisation("instance_norm", _over_positions)

INSTANCE_NORM = """\
def instance_norm(a, weight=1.0, bias=0.0, eps=1e-05):
    weight, bias = (np.reshape(parameter, (-1,) + (1,) * (a.ndim - 2)) for parameter in (weight, bias))
    return standardised(a, tuple(range(2, a.ndim)), eps) * weight + bias
"""

instance_norm = define(
    "instance_norm",
    sign="IN",
    operands="a weight bias",
    formula="(a - mean(a)) / sqrt(var(a) + eps) * weight + bias",
    exact=_INSTANCE.exact,
    helpers={"instance_norm": INSTANCE_NORM, "standardised": STANDARDISED},
    forward=_INSTANCE.forward,
    shape=_instance_norm_shape,
    rules=_INSTANCE.rules,
    attributes=(EPS,),
    optional=2,
    inside=_INSTANCE.inside,
    lesson=Words(
        en="Each channel of each sample is normalised by itself, so no gradient crosses between samples.",
        ko="표본의 채널마다 따로 정규화하므로 표본 사이로는 그래디언트가 흐르지 않습니다.",
    ),
    lessons=(None, OF_WEIGHT, OF_BIAS),
    conventions=Words(
        "Mean and variance are taken over the axes after the channels, and the variance divides by "
        "the number of entries. A channel with a single position is normalised to 0, where PyTorch "
        "refuses it.",
        "평균과 분산은 채널 뒤의 모든 축에 걸쳐 구하고, 분산은 원소 수로 나눕니다. 위치가 "
        "하나뿐인 채널은 정규화하면 0이 되며, PyTorch는 이를 받지 않습니다.",
    ),
    samples=(
        Sample(((2, 3, 4),)),
        Sample(((1, 1, 1),), {"eps": 0.5}),
        Sample(((1, 2, 3), (2,))),
        Sample(((2, 2, 3), (2,), (2,))),
        Sample(((2, 2, 2, 3), (2,), (2,)), {"eps": 0.01}),
        Sample(((0, 2, 3), (2,))),
    ),
)


# Group normalisation: some channels of a sample together


def _over_groups(shape: Shape, num_groups: int) -> _Layout:
    return _Layout((shape[0], num_groups, prod(shape[1:]) // num_groups), (2,))


def _group_norm_shape(a: Shape, *parameters: Shape, num_groups: int, eps: float) -> Shape:
    if len(a) < 2:
        raise ShapeError(
            msg("{0} is {shape}: group_norm takes a batch, with channels on axis 1", shape=shape_text(a)),
            would_fit("unsqueeze({0}, axis=0)")
            if a and a[0] and a[0] % num_groups == 0 and {*parameters} <= {a}
            else "",
        )
    if prod(a[1:]) == 0:
        raise ShapeError(msg("{0} is {shape}: there are no entries to average", shape=shape_text(a)))
    if a[1] % num_groups:
        fewer = max(n for n in range(1, num_groups) if a[1] % n == 0)
        raise ShapeError(
            msg(
                "{0} is {shape}: its {channels} channels on axis 1 cannot be divided into {groups} groups",
                shape=shape_text(a),
                channels=a[1],
                groups=num_groups,
            ),
            would_fit(f"num_groups={fewer}") if {*parameters} <= {a[1:2]} else "",
        )
    _check_channels(a, parameters)
    return a


_GROUP = _normalisation("group_norm", _over_groups, num_groups=None)

GROUP_NORM = """\
def group_norm(a, weight=1.0, bias=0.0, num_groups=1, eps=1e-05):
    weight, bias = (np.reshape(parameter, (-1,) + (1,) * (a.ndim - 2)) for parameter in (weight, bias))
    groups = standardised(a.reshape(a.shape[0], num_groups, -1), (2,), eps) if a.size else a
    return groups.reshape(a.shape) * weight + bias
"""

group_norm = define(
    "group_norm",
    sign="GN",
    operands="a weight bias",
    formula="(a - mean(a)) / sqrt(var(a) + eps) * weight + bias",
    exact=_GROUP.exact,
    helpers={"group_norm": GROUP_NORM, "standardised": STANDARDISED},
    forward=_GROUP.forward,
    shape=_group_norm_shape,
    rules=_GROUP.rules,
    attributes=(
        OpAttribute(
            "num_groups",
            int,
            ...,
            Words(
                "the number of groups that the channels are split into; each is normalised on its own",
                "채널을 몇 묶음으로 나누어 묶음마다 정규화할지",
            ),
            least=1,
        ),
        EPS,
    ),
    optional=2,
    inside=_GROUP.inside,
    lesson=Words(
        en="Within each sample a group of channels is normalised together, so a gradient spreads "
        "over its group.",
        ko="표본마다 한 묶음의 채널을 함께 정규화하므로 그래디언트가 그 묶음 안에서 퍼집니다.",
    ),
    lessons=(None, OF_WEIGHT, OF_BIAS),
    conventions=Words(
        "One group is layer normalisation over channels and positions; as many groups as channels is "
        "instance normalisation. The variance divides by the number of entries.",
        "묶음이 하나이면 채널과 위치 전체의 계층 정규화와 같고, 채널 수만큼이면 인스턴스 정규화와 같습니다. "
        "분산은 원소 수로 나눕니다.",
    ),
    samples=(
        Sample(((2, 6),), {"num_groups": 2}),
        Sample(((1, 3),), {"num_groups": 1}),
        Sample(((2, 4, 3), (4,)), {"num_groups": 2}),
        Sample(((2, 4, 3), (4,), (4,)), {"num_groups": 4}),
        Sample(((2, 6, 2, 2), (6,), (6,)), {"num_groups": 3, "eps": 0.01}),
        Sample(((0, 2, 3), (2,)), {"num_groups": 1}),
    ),
)
