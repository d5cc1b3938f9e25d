"""Transposed convolutions: what a convolution's backward pass does to its input, as a forward pass.

Each entry of `x` puts a copy of its kernel, times itself, where a window of a convolution would have seen it;
the copies add up. Its own backward pass to `x` is therefore an ordinary convolution. In what follows "the
convolution" is the one whose windows lie over the *result*.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute, setting_text
from backprop_engine.ops.convolution import (
    CONV_INPUT,
    CONV_WEIGHT,
    OF_BIAS,
    WINDOWS,
    ConvolutionLayer,
    by_bias,
)
from backprop_engine.ops.definition import Family, Op
from backprop_engine.ops.rules import Indices, Linear, Rules, here
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import joined, named, repair
from backprop_engine.ops.windows import PerAxis, per_axis

define = Family("convolution").define


def _sizes(
    axes: int,
    x: Shape,
    weight: Shape,
    stride: PerAxis,
    padding: PerAxis,
    output_padding: PerAxis,
    dilation: PerAxis,
) -> Shape:
    """The sizes of the result along the axes that the kernel slides along."""
    settings = (per_axis(each, axes) for each in (stride, padding, output_padding, dilation))
    each = zip(x[-axes:], weight[2:], *settings, strict=True)
    return tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 + more for n, k, s, p, more, d in each)


def _fits(axes: int, x: Shape, weight: Shape, bias: Shape | None, groups: int, **settings: Any) -> bool:
    """Whether shapes and settings fit together."""
    if len(x) not in (axes + 1, axes + 2) or len(weight) != axes + 2 or 0 in (*x[-axes:], *weight[2:]):
        return False
    if x[-axes - 1] != weight[0] or weight[0] % groups or bias not in (None, (weight[1] * groups,)):
        return False
    return min(_sizes(axes, x, weight, **settings)) > 0


def _shape(axes: int, x: Shape, weight: Shape, bias: Shape | None, groups: int, **settings: Any) -> Shape:
    if _fits(axes, x, weight, bias, groups, **settings):
        return (*x[: -axes - 1], weight[1] * groups, *_sizes(axes, x, weight, **settings))
    window = "×".join("HW"[-axes:])
    hint: Hint = ""
    if len(x) not in (axes + 1, axes + 2) or len(weight) != axes + 2:
        raise ShapeError(
            msg(
                "{operands}: conv_transpose{axes}d takes channels×{window}, or a batch of them, and a weight "
                "of in×out×{window}",
                operands=named(x, weight),
                axes=axes,
                window=window,
            ),
            repair((x, weight), lambda x, weight: _fits(axes, x, weight, bias, groups, **settings)),
        )
    channels = x[-axes - 1]
    if channels != weight[0]:
        problem = msg(
            "{0} has {channels} channels, but {1} takes {taken}", channels=channels, taken=weight[0]
        )
        hint = joined(msg("axis 0 of {1} must be {size}", size=channels))
    elif channels % groups:
        problem = msg(
            "{channels} channels cannot be divided into {groups} groups", channels=channels, groups=groups
        )
    elif 0 in (*x[-axes:], *weight[2:]):
        problem = msg("the axes that the kernel slides along are empty")
    elif bias not in (None, (weight[1] * groups,)):
        size = weight[1] * groups
        raise ShapeError(
            msg(
                "{operands}: the bias must have shape {size}, one entry for each output channel",
                operands=named(weight, bias, first=1),
                size=size,
            ),
            repair((bias,), (size,).__eq__, first=2),
        )
    else:
        sizes = _sizes(axes, x, weight, **settings)
        problem = msg("the padding cuts off the whole result ({sizes})", sizes=shape_text(sizes))
        hint = msg("use less padding, or more output_padding")
    raise ShapeError(msg("{operands}: {problem}", operands=named(x, weight), problem=problem), hint)


def _work(
    axes: int, x: Shape, weight: Shape, stride: PerAxis, output_padding: PerAxis, **settings: Any
) -> int:
    """Each entry times its kernel, and as many zeros as there are further windows over the result."""
    more, steps = (per_axis(each, axes) for each in (output_padding, stride))
    sizes = (n + extra // step for n, extra, step in zip(x[-axes:], more, steps, strict=True))
    return prod(x[:-axes]) * prod(sizes) * prod(weight[1:])


def _conflict(axes: int, stride: PerAxis, dilation: PerAxis, output_padding: PerAxis, **_: Any) -> Hint:
    settings = (per_axis(each, axes) for each in (output_padding, stride, dilation))
    if all(more < max(s, d) for more, s, d in zip(*settings, strict=True)):
        return ""
    return msg("output_padding must be less than stride or dilation")


class _Transposed:
    """A transposed convolution over given operands, as the convolution over its result.

    An `output_padding` beyond the stride gives the convolution windows at the end to which no entry of `x`
    belongs: they are put in as zeros.
    """

    def __init__(
        self, x: Any, weight: Any, bias: Any = None, *, groups: int, output_padding: PerAxis, **settings: Any
    ) -> None:
        self.axes = weight.ndim - 2
        self.x, self.weight, self.groups, self.settings = x, weight, groups, settings
        sizes = _sizes(self.axes, x.shape, weight.shape, output_padding=output_padding, **settings)
        self.out = (*x.shape[: -self.axes - 1], weight.shape[1] * groups, *sizes)
        more, stride = (per_axis(each, self.axes) for each in (output_padding, settings["stride"]))
        self.missing = tuple(extra // step for extra, step in zip(more, stride, strict=True))

    def _layer(self, of: Any) -> ConvolutionLayer:
        return ConvolutionLayer(of, self.weight, self.groups, **self.settings)

    def _every_window(self) -> Any:
        if not any(self.missing):
            return self.x
        return np.pad(self.x, [(0, 0)] * (self.x.ndim - self.axes) + [(0, more) for more in self.missing])

    def forward(self) -> Any:
        over = np.broadcast_to(self.x.dtype.type(0), self.out)
        return self._layer(over).to_x(self._every_window())

    def to_x(self, g: Any) -> Any:
        inner = (slice(size) for size in self.x.shape[-self.axes :])
        return self._layer(g).forward()[(..., *inner)]

    def to_weight(self, g: Any) -> Any:
        return self._layer(g).to_weight(self._every_window())

    def x_entries(self, i: Indices, j: Indices) -> Any:
        return self._layer(np.broadcast_to(0.0, self.out)).x_entries(j, i)

    def weight_entries(self, i: Indices, j: Indices) -> Any:
        axes, outs, ins = self.axes, self.weight.shape[1], self.weight.shape[0] // self.groups
        stride, padding, dilation = (
            per_axis(self.settings[name], axes) for name in ("stride", "padding", "dilation")
        )
        met = (i[-axes - 1] % outs == j[1]) & (i[-axes - 1] // outs == j[0] // ins)
        entry = []
        for axis, size in enumerate(self.x.shape[-axes:]):
            distance = i[axis - axes] + padding[axis] - j[2 + axis] * dilation[axis]
            window = distance // stride[axis]
            met = met & (distance % stride[axis] == 0) & (window >= 0) & (window < size)
            entry.append(np.clip(window, 0, size - 1))
        return here(met, self.x[(*i[: -axes - 1], j[0], *entry)])


def _forward(x: Any, weight: Any, bias: Any = None, **settings: Any) -> Any:
    out = _Transposed(x, weight, **settings).forward()
    return out if bias is None else out + bias.reshape(-1, *(1 for _ in weight.shape[2:]))


def _rules(axes: int, shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    x, of_convolution = shapes[0], {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    settings = "".join(
        f", {name}={setting_text(attributes[name])}"
        for name, default in of_convolution.items()
        if attributes[name] != default
    )
    more, stride = (per_axis(attributes[name], axes) for name in ("output_padding", "stride"))
    missing = [extra // step for extra, step in zip(more, stride, strict=True)]
    every, inner = "x", ""
    if any(missing):
        width = [[0, 0] for _ in x[:-axes]] + [[0, count] for count in missing]
        every = f"pad(x, width={width})"
        inner = f"[{', '.join([*(':' for _ in x[:-axes]), *(f':{size}' for size in x[-axes:])])}]"
    to_x = Linear(
        f"conv{axes}d(g, weight{settings}){inner}",
        lambda g, out, x, weight, *bias, **given: _Transposed(x, weight, **given).to_x(g),
        shown=Words("a convolution with the same weights", "같은 가중치로 하는 합성곱"),
        entries=lambda i, j, out, x, weight, *bias, **given: _Transposed(x, weight, **given).x_entries(i, j),
    )
    to_weight = Linear(
        f"conv{axes}d_weight(g, weight.shape, {every}{settings})",
        lambda g, out, x, weight, *bias, **given: _Transposed(x, weight, **given).to_weight(g),
        shown=Words("what each weight multiplied", "각 가중치와 곱해진 것"),
        entries=lambda i, j, out, x, weight, *bias, **given: _Transposed(x, weight, **given).weight_entries(
            i, j
        ),
    )
    return (to_x, to_weight, by_bias(axes, x))[: len(shapes)]


CONV_TRANSPOSE = """\
def conv_transpose(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    axes = weight.ndim - 2
    stride, dilation, more = (np.broadcast_to(each, axes) for each in (stride, dilation, output_padding))
    reach = dilation * (np.array(weight.shape[2:]) - 1) + 1
    sizes = (np.array(x.shape[-axes:]) - 1) * stride - 2 * np.array(padding) + reach + more
    x = np.pad(x, [(0, 0)] * (x.ndim - axes) + [(0, count) for count in more // stride])
    shape = (*x.shape[: -axes - 1], weight.shape[1] * groups, *sizes)
    out = conv_input(shape, weight, x, stride, padding, dilation, groups)
    return out if bias is None else out + np.reshape(bias, (-1,) + (1,) * axes)
"""

_LESSONS = (
    Words(
        en="An entry is spread over a whole kernel, so its gradient is an ordinary convolution of "
        "the upstream gradient with that kernel.",
        ko="한 원소가 커널 전체로 퍼졌으므로, 그 그래디언트는 흘러들어온 그래디언트와 같은 커널의 "
        "보통 합성곱입니다.",
    ),
    Words(
        en="A weight multiplies every entry of its channel: its gradient adds up those entries, each "
        "times the gradient where its product was added.",
        ko="가중치는 채널의 모든 원소와 곱해졌으므로, 각 원소에 그 곱이 놓인 자리의 그래디언트를 "
        "곱해 모두 더합니다.",
    ),
    OF_BIAS,
)


def _transposed_convolution(axes: int, samples: tuple[Sample, ...]) -> Op:
    name, kind = f"conv_transpose{axes}d", int if axes == 1 else PerAxis
    return define(
        name,
        sign="convᵀ",
        operands="x weight bias",
        formula=f"{name}(x, weight, bias)",
        helpers={
            name: CONV_TRANSPOSE,
            f"conv{axes}d_input": CONV_INPUT,
            f"conv{axes}d_weight": CONV_WEIGHT,
            "windows": WINDOWS,
        },
        forward=_forward,
        shape=lambda x, weight, bias=None, **settings: _shape(axes, x, weight, bias, **settings),
        work=lambda x, weight, bias=None, **settings: _work(axes, x, weight, **settings),
        rules=lambda shapes, attributes: _rules(axes, shapes, attributes),
        attributes=(
            OpAttribute(
                "stride",
                kind,
                1,
                Words("the distance between the copies of the kernel", "커널 사본 사이의 거리"),
                least=1,
            ),
            OpAttribute(
                "padding",
                kind,
                0,
                Words("how many entries are cut off around the result", "결과의 둘레에서 잘라 낼 칸 수"),
                least=0,
            ),
            OpAttribute(
                "output_padding",
                kind,
                0,
                Words("how many entries are added at the end of the result", "결과의 끝에 더할 칸 수"),
                least=0,
            ),
            OpAttribute(
                "groups",
                int,
                1,
                Words(
                    "the number of independent groups that the channels are split into",
                    "채널을 서로 독립인 몇 묶음으로 나눌지",
                ),
                least=1,
            ),
            OpAttribute(
                "dilation",
                kind,
                1,
                Words("the spacing between the entries of the kernel", "커널 원소 사이의 간격"),
                least=1,
            ),
        ),
        optional=1,
        conflict=lambda **settings: _conflict(axes, **settings),
        lesson=Words(
            en="A transposed convolution is the backward pass of a convolution; its own backward "
            "pass is a convolution.",
            ko="전치 합성곱은 합성곱의 역전파이므로, 그 자신의 역전파는 합성곱입니다.",
        ),
        lessons=_LESSONS,
        conventions=Words(
            "As in PyTorch, the weight has the shape in × out/groups × kernel, and padding is cut "
            "off. output_padding only makes the result longer: with a stride, several lengths give "
            "the same number of windows.",
            "PyTorch처럼 가중치는 입력 × 출력/groups × 커널이고, 패딩은 잘라 냅니다. "
            "output_padding은 결과를 길게 할 뿐입니다. 보폭이 있으면 창의 수가 같은 길이가 "
            "여럿이기 때문입니다.",
        ),
        samples=samples,
    )


conv_transpose1d = _transposed_convolution(
    1,
    (
        Sample(((1, 3), (1, 1, 2))),
        Sample(((2, 2, 3), (2, 3, 3), (3,)), {"stride": 2, "padding": 1, "output_padding": 1}),
        Sample(((4, 2), (4, 1, 2), (2,)), {"groups": 2, "dilation": 3, "output_padding": 2}),
        Sample(((0, 1, 2), (1, 1, 2), (1,))),
    ),
)

conv_transpose2d = _transposed_convolution(
    2,
    (
        Sample(((1, 2, 2), (1, 1, 2, 2))),
        Sample(((1, 1, 1), (1, 1, 1, 1), (1,))),
        Sample(((2, 2, 2, 3), (2, 3, 2, 3), (3,)), {"stride": 2, "padding": (0, 1)}),
        Sample(
            ((1, 2, 3, 2), (2, 1, 3, 2), (1,)), {"stride": (2, 3), "padding": 1, "output_padding": (1, 2)}
        ),
        Sample(((4, 2, 2), (4, 2, 2, 2)), {"groups": 2, "dilation": (1, 2)}),
        Sample(((0, 1, 2, 2), (1, 1, 2, 2), (1,))),
    ),
)
