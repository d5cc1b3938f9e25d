"""Convolutions as networks use them: cross-correlations, with stride, padding, dilation and groups."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import OPS, Family, Op
from backprop_engine.ops.rules import Illustration, Indices, Linear, Rules, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import joined, named, repair, would_fit
from backprop_engine.ops.windows import PerAxis, Windows, settings_text, windows

__all__ = ["CONV_INPUT", "CONV_WEIGHT", "OF_BIAS", "WINDOWS", "ConvolutionLayer", "by_bias"]

define = Family("convolution").define


def _convolves(axes: int, x: Shape, weight: Shape, bias: Shape | None, groups: int, **settings: Any) -> bool:
    """Whether shapes and settings fit together."""
    if len(x) not in (axes + 1, axes + 2) or len(weight) != axes + 2 or bias not in (None, weight[:1]):
        return False
    if x[-axes - 1] != weight[1] * groups or weight[0] % groups:
        return False
    try:
        windows(x, weight[2:], **settings)
    except ShapeError:
        return False
    return True


def _shape(axes: int, x: Shape, weight: Shape, bias: Shape | None, groups: int, **settings: Any) -> Shape:
    if len(x) not in (axes + 1, axes + 2) or len(weight) != axes + 2:
        window = "×".join("HW"[-axes:])
        raise ShapeError(
            msg(
                "{operands}: conv{axes}d takes channels×{window}, or a batch of them, and a weight of "
                "out×in×{window}",
                operands=named(x, weight),
                axes=axes,
                window=window,
            ),
            repair((x, weight), lambda x, weight: _convolves(axes, x, weight, bias, groups, **settings)),
        )
    channels = x[-axes - 1]
    if channels != weight[1] * groups or weight[0] % groups:
        problem = msg(
            "{0} has {channels} channels, but {1} takes {taken}", channels=channels, taken=weight[1]
        )
        if groups > 1:
            problem = msg(
                "{0} has {channels} channels, but {1} takes {taken} in each of {groups} groups",
                channels=channels,
                taken=weight[1],
                groups=groups,
            )
        if weight[0] % groups:
            problem = msg(
                "{channels} channels of the result cannot be divided into {groups} groups",
                channels=weight[0],
                groups=groups,
            )
        other = channels // weight[1] if weight[1] else 0
        fits = other > 0 and _convolves(axes, x, weight, bias, other, **settings)
        raise ShapeError(
            msg("{operands}: {problem}", operands=named(x, weight), problem=problem),
            joined(
                msg("axis 1 of {1} must be {size}", size=channels // groups)
                if channels % groups == 0
                else "",
                would_fit(f"groups={other}") if fits else "",
            ),
        )
    out = windows(x, weight[2:], **settings).out
    if bias not in (None, weight[:1]):
        raise ShapeError(
            msg(
                "{operands}: the bias must have shape {size}, one entry for each output channel",
                operands=named(weight, bias, first=1),
                size=weight[0],
            ),
            repair((bias,), weight[:1].__eq__, first=2),
        )
    return (*x[: -axes - 1], weight[0], *out)


class ConvolutionLayer:
    """A convolution over given shapes: its windows, its groups, and the products that both passes make."""

    def __init__(self, x: Any, weight: Any, groups: int, **settings: Any) -> None:
        self.windows: Windows = windows(x.shape, weight.shape[2:], **settings)
        self.axes = weight.ndim - 2
        self.batch = x.shape[: -self.axes - 1]
        self.groups, self.ins, self.outs = groups, weight.shape[1], weight.shape[0] // groups
        self.positions = prod(self.windows.out)
        self.x, self.weight = x, weight

    def taps(self, offset: tuple[int, ...]) -> Any:
        """The weights at one entry of the kernel: groups × out × in."""
        return self.weight[(..., *offset)].reshape(self.groups, self.outs, self.ins)

    def seen(self, padded: Any, offset: tuple[int, ...]) -> Any:
        """What they see: batch × groups × in × windows."""
        return self.windows.seen(padded, offset).reshape(*self.batch, self.groups, self.ins, self.positions)

    def by_group(self, g: Any) -> Any:
        """An upstream gradient as batch × groups × out × windows."""
        return g.reshape(*self.batch, self.groups, self.outs, self.positions)

    def forward(self) -> Any:
        """The convolution, without a bias."""
        padded = self.windows.pad(self.x)
        total = sum(self.taps(k) @ self.seen(padded, k) for k in self.windows.offsets())
        return np.reshape(total, (*self.batch, self.weight.shape[0], *self.windows.out))

    def to_x(self, g: Any) -> Any:
        """The upstream gradient, carried back through the weights to the entries that they multiplied."""
        shape = self.windows.padded_shape(self.x.shape)
        padded = np.zeros(shape, dtype=np.result_type(g, self.weight))
        by_group = self.by_group(g)
        for offset in self.windows.offsets():
            seen = self.windows.seen(padded, offset)
            seen += np.reshape(self.taps(offset).mT @ by_group, seen.shape)
        return self.windows.crop(padded)

    def to_weight(self, g: Any) -> Any:
        """The upstream gradient times what each weight saw, summed over the windows."""
        padded, by_group = self.windows.pad(self.x), self.by_group(g)
        result: Any = np.zeros(self.weight.shape, dtype=np.result_type(g, self.x))
        for offset in self.windows.offsets():
            products = by_group @ self.seen(padded, offset).mT
            summed = np.sum(products, axis=tuple(range(len(self.batch))))
            result[(..., *offset)] = summed.reshape(self.weight.shape[:2])
        return result

    def x_entries(self, i: Indices, j: Indices) -> Any:
        """Entries of the Jacobian with respect to the input."""
        axes = self.axes
        offset, sees = self.windows.kernel_entry(i[-axes:], j[-axes:])
        out, channel = i[-axes - 1], j[-axes - 1]
        met = same(i[: -axes - 1], j[: -axes - 1]) & (out // self.outs == channel // self.ins) & sees
        return here(met, self.weight[(out, channel % self.ins, *offset)])

    def weight_entries(self, i: Indices, j: Indices) -> Any:
        """Entries of the Jacobian with respect to the weight."""
        axes = self.axes
        entry, inside = self.windows.operand_entry(i[-axes:], j[2:])
        channel = j[0] // self.outs * self.ins + j[1]
        return here((i[-axes - 1] == j[0]) & inside, self.x[(*i[: -axes - 1], channel, *entry)])


def _forward(x: Any, weight: Any, bias: Any = None, **settings: Any) -> Any:
    out = ConvolutionLayer(x, weight, **settings).forward()
    return out if bias is None else out + bias.reshape(-1, *(1 for _ in weight.shape[2:]))


def _rules(name: str, axes: int, shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    settings = settings_text(OPS[name], attributes)
    to_x = Linear(
        f"{name}_input(x.shape, weight, g{settings})",
        lambda g, out, x, weight, *bias, **given: ConvolutionLayer(x, weight, **given).to_x(g),
        shown=Words("each weight, back to the entries it saw", "각 가중치가 본 자리로"),
        picture=Illustration(
            "flip(weight)", lambda out, x, weight, *_, **__: np.flip(weight, tuple(range(2, axes + 2)))
        ),
        entries=lambda i, j, out, x, weight, *bias, **given: ConvolutionLayer(x, weight, **given).x_entries(
            i, j
        ),
    )
    to_weight = Linear(
        f"{name}_weight(x, weight.shape, g{settings})",
        lambda g, out, x, weight, *bias, **given: ConvolutionLayer(x, weight, **given).to_weight(g),
        shown=Words("what each weight saw", "각 가중치가 본 것"),
        picture=Illustration("x", lambda out, x, *_, **__: x, before=True),
        entries=lambda i, j, out, x, weight, *bias, **given: ConvolutionLayer(
            x, weight, **given
        ).weight_entries(i, j),
    )
    return (to_x, to_weight, by_bias(axes, shapes[0]))[: len(shapes)]


def by_bias(axes: int, x: Shape) -> Linear:
    """The rule of a bias for each channel of an operand of `x`'s number of axes."""
    others = [axis for axis in range(len(x)) if axis != len(x) - axes - 1]
    return Linear(
        f"sum(g, axis={others})",
        lambda g, *_, **__: np.sum(g, axis=tuple(others)),
        shown=Words("1 for each entry of the channel", "채널의 원소마다 1"),
        entries=lambda i, j, *_, **__: here(i[-axes - 1] == j[0]),
    )


OF_BIAS = Words(
    en="A bias is added at every window of its channel, so its gradient is the sum of their gradients.",
    ko="편향은 그 채널의 모든 창에 더해지므로, 그 창들의 그래디언트를 모두 더합니다.",
)
_LESSONS = (
    Words(
        en="An entry of the input is seen by several windows: its gradient adds up what comes back from "
        "each, times the weight that saw it.",
        ko="입력의 한 원소는 여러 창에서 쓰이므로, 각 창의 그래디언트에 그 창에서 곱해진 가중치를 곱해 "
        "모두 더합니다.",
    ),
    Words(
        en="A weight is used at every window: its gradient adds up the gradients of all of them, times what "
        "it saw there.",
        ko="가중치는 모든 창에서 쓰이므로, 각 창의 그래디언트에 그 창에서 곱해진 입력을 곱해 모두 더합니다.",
    ),
    OF_BIAS,
)


WINDOWS = """\
def windows(x, kernel, stride=1, padding=0, dilation=1, fill=0.0):
    axes = len(kernel)
    stride, padding, dilation = (np.broadcast_to(setting, axes) for setting in (stride, padding, dilation))
    x = np.pad(x, [(0, 0)] * (x.ndim - axes) + [(p, p) for p in padding], constant_values=fill)
    counts = (x.shape[-axes:] - dilation * (np.array(kernel) - 1) - 1) // stride + 1
    keys = {
        cell: (..., *map(slice, cell * dilation, cell * dilation + (counts - 1) * stride + 1, stride))
        for cell in np.ndindex(*kernel)
    }
    inner = (..., *map(slice, padding, x.shape[-axes:] - padding))
    return x, keys, inner
"""

CONV = """\
def conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x, keys, _ = windows(x, weight.shape[2:], stride, padding, dilation)
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    channel, axes = 1 - weight.ndim, weight.ndim - 2
    parts = []
    for n in range(groups):
        w = weight[n * outs : (n + 1) * outs]
        seen = lambda key: np.moveaxis(x[key], channel, -1)[..., n * ins : (n + 1) * ins]
        parts.append(sum(seen(key) @ w[(..., *cell)].T for cell, key in keys.items()))
    out = np.moveaxis(np.concatenate(parts, axis=-1), -1, channel)
    return out if bias is None else out + np.reshape(bias, (-1,) + (1,) * axes)
"""

CONV_INPUT = """\
def conv_input(shape, weight, g, stride=1, padding=0, dilation=1, groups=1):
    out, keys, inner = windows(np.zeros(shape), weight.shape[2:], stride, padding, dilation)
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    out, g = (np.moveaxis(array, 1 - weight.ndim, 0) for array in (out, g))
    for n in range(groups):
        w, part = weight[n * outs : (n + 1) * outs], g[n * outs : (n + 1) * outs]
        for cell, key in keys.items():
            out[n * ins : (n + 1) * ins][key] += np.tensordot(w[(..., *cell)].T, part, 1)
    return np.moveaxis(out, 0, 1 - weight.ndim)[inner]
"""

CONV_WEIGHT = """\
def conv_weight(x, shape, g, stride=1, padding=0, dilation=1, groups=1):
    x, keys, _ = windows(x, shape[2:], stride, padding, dilation)
    outs, ins, out = shape[0] // groups, shape[1], np.zeros(shape)
    x, g = (np.moveaxis(array, 1 - len(shape), 0) for array in (x, g))
    for n in range(groups):
        part, seen = g[n * outs : (n + 1) * outs], x[n * ins : (n + 1) * ins]
        for cell, key in keys.items():
            product = part.reshape(outs, -1) @ seen[key].reshape(ins, -1).T
            out[(slice(n * outs, (n + 1) * outs), slice(None), *cell)] = product
    return out
"""


def _convolution(axes: int, kind: Any, samples: tuple[Sample, ...]) -> Op:
    name = f"conv{axes}d"
    return define(
        name,
        sign="conv",
        operands="x weight bias",
        formula=f"{name}(x, weight, bias)",
        helpers={
            name: CONV,
            f"{name}_input": CONV_INPUT,
            f"{name}_weight": CONV_WEIGHT,
            "windows": WINDOWS,
        },
        forward=_forward,
        shape=lambda x, weight, bias=None, **settings: _shape(axes, x, weight, bias, **settings),
        work=lambda x, weight, bias=None, **settings: (
            prod(_shape(axes, x, weight, bias, **settings)) * prod(weight[1:])
        ),
        rules=lambda shapes, attributes: _rules(name, axes, shapes, attributes),
        attributes=(
            OpAttribute(
                "stride",
                kind,
                1,
                Words("the distance from one window to the next", "다음 창까지의 거리"),
                least=1,
            ),
            OpAttribute(
                "padding",
                kind,
                0,
                Words("how many zeros are added around x", "x의 둘레에 두를 0의 수"),
                least=0,
            ),
            OpAttribute(
                "dilation",
                kind,
                1,
                Words("the spacing between the entries of the kernel", "커널 원소 사이의 간격"),
                least=1,
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
        ),
        optional=1,
        lesson=Words(
            en="A convolution uses each weight at every window, so its gradient adds up over all of them.",
            ko="합성곱은 모든 위치에서 같은 가중치를 쓰므로 그 그래디언트는 모든 위치에 걸쳐 더해집니다.",
        ),
        lessons=_LESSONS,
        conventions=Words(
            "A cross-correlation, as in PyTorch: the kernel is not flipped. The weight has the shape "
            "out × in/groups × kernel. A last window that does not fit is left out.",
            "PyTorch처럼 교차상관이라 커널을 뒤집지 않습니다. 가중치는 출력 × 입력/groups × "
            "커널입니다. 끝에 다 들어가지 않는 창은 계산하지 않습니다.",
        ),
        samples=samples,
    )


conv1d = _convolution(
    1,
    int,
    (
        Sample(((1, 3), (1, 1, 2))),
        Sample(((2, 2, 5), (3, 2, 3), (3,))),
        Sample(((2, 6), (2, 2, 2), (2,)), {"stride": 2, "padding": 1}),
        Sample(((1, 4, 7), (2, 2, 2)), {"dilation": 3, "groups": 2, "padding": 2}),
        Sample(((0, 1, 3), (1, 1, 2), (1,))),
    ),
)

conv2d = _convolution(
    2,
    PerAxis,
    (
        Sample(((1, 3, 3), (1, 1, 2, 2))),
        Sample(((1, 1, 1), (1, 1, 1, 1), (1,))),
        Sample(((2, 2, 4, 3), (3, 2, 2, 3), (3,))),
        Sample(((2, 1, 5, 4), (2, 1, 2, 2), (2,)), {"stride": 2, "padding": 1}),
        Sample(((1, 2, 5, 6), (4, 1, 3, 2), (4,)), {"groups": 2, "dilation": (1, 2), "stride": (2, 1)}),
        Sample(((4, 3, 5), (2, 2, 2, 2)), {"groups": 2, "padding": (0, 2), "stride": (1, 3)}),
        Sample(((0, 1, 3, 3), (1, 1, 2, 2), (1,))),
    ),
)
