"""The adjoints of convolutions and pools that rules call, spelled in convolutions and slices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Final, NamedTuple

from backprop_engine.arrays import Shape
from backprop_engine.evaluation.sketches import Sketch
from backprop_engine.evaluation.word_calls import UnknownWordError, WordCall, apart, placed

__all__ = ["WINDOW_WORDS"]

_MOST_OFFSETS: Final = 64
"""How many entries a pool's kernel may have; a few nodes are written for each."""


def _per_axis(value: Any, axes: int) -> Shape:
    return (value,) * axes if isinstance(value, int) else tuple(value)


class _Sliding(NamedTuple):
    """How windows slide over the last axes of an operand of `shape`."""

    shape: Shape
    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    groups: int

    @classmethod
    def of(cls, word: WordCall, shape: Shape, kernel: Shape, stride: Any = 1) -> _Sliding:
        axes = len(kernel)
        return cls(
            shape,
            kernel,
            _per_axis(word.setting("stride", stride), axes),
            _per_axis(word.setting("padding", 0), axes),
            _per_axis(word.setting("dilation", 1), axes),
            word.setting("groups", 1),
        )


def _convolution(axes: int, sketch: Sketch, x: int, weight: int, **settings: Any) -> int:
    """A convolution, whose settings for a single axis are numbers."""
    if axes == 1:
        settings = {name: one if isinstance(one, int) else one[0] for name, one in settings.items()}
    return sketch.apply(f"conv{axes}d", x, weight, **settings)


def _batched(sketch: Sketch, x: int, axes: int) -> int:
    shape = sketch.shape(x)
    return sketch.apply("reshape", x, shape=(1, *shape)) if len(shape) == axes + 1 else x


def _turned_round(sketch: Sketch, g: int, weight: int, sliding: _Sliding) -> int:
    """The gradient of a convolution's operand: the upstream gradient, with zeros in it for the stride, is
    convolved with the kernel flipped, its channels in and out changed.
    """
    shape, kernel, stride, padding, dilation, groups = sliding
    axes = len(kernel)
    batched = (1, *shape) if len(shape) == axes + 1 else shape
    g = _batched(sketch, g, axes)
    before, width = [], list[tuple[int, int]]()
    for axis, (k, s, p, d, size) in enumerate(
        zip(kernel, stride, padding, dilation, batched[2:], strict=True)
    ):
        g = apart(sketch, g, axis + 2, s)
        first = d * (k - 1) - p
        last = size + d * (k - 1) - sketch.shape(g)[axis + 2] - first
        before.append(slice(max(-first, 0), sketch.shape(g)[axis + 2] - max(-last, 0)))
        width.append((max(first, 0), max(last, 0)))
    if any(one != slice(0, size) for one, size in zip(before, sketch.shape(g)[2:], strict=True)):
        g = sketch.apply("index", g, key=(slice(None), slice(None), *before))
    if any(one != (0, 0) for one in width):
        g = sketch.apply("pad", g, width=((0, 0), (0, 0), *width))
    outs, ins = sketch.shape(weight)[:2]
    split = sketch.apply("reshape", weight, shape=(groups, outs // groups, ins, *kernel))
    turned = sketch.apply("permute", split, axes=(0, 2, 1, *range(3, 3 + axes)))
    turned = sketch.apply("reshape", turned, shape=(groups * ins, outs // groups, *kernel))
    flipped = tuple(range(2, 2 + axes))
    turned = sketch.apply("flip", turned, axis=flipped if axes > 1 else flipped[0])
    found = _convolution(axes, sketch, g, turned, dilation=dilation, groups=groups)
    return sketch.apply("reshape", found, shape=shape)


def _conv_input(word: WordCall) -> int:
    word.takes(3, "stride", "padding", "dilation", "groups")
    weight = word.operand(0)
    kernel = word.sketch.shape(weight)[2:]
    return _turned_round(word.sketch, word.operand(1), weight, _Sliding.of(word, word.shape(0), kernel))


def _conv_weight(word: WordCall) -> int:
    """The gradient of a kernel: the operand convolved with the upstream gradient, samples as channels."""
    word.takes(3, "stride", "padding", "dilation", "groups")
    sketch, shape = word.sketch, word.shape(1)
    axes = len(shape) - 2
    x, g = _batched(sketch, word.operand(0), axes), _batched(sketch, word.operand(1), axes)
    sliding = _Sliding.of(word, sketch.shape(x), shape[2:])
    count, groups, rest = sketch.shape(x)[0], sliding.groups, tuple(range(3, 3 + axes))
    x = sketch.apply("reshape", x, shape=(count, groups, shape[1], *sliding.shape[2:]))
    x = sketch.apply("permute", x, axes=(2, 1, 0, *rest))
    x = sketch.apply("reshape", x, shape=(shape[1], groups * count, *sliding.shape[2:]))
    swap = (1, 0, *range(2, 2 + axes))
    found = _convolution(
        axes, sketch, x, sketch.apply("permute", g, axes=swap),
        stride=sliding.dilation, padding=sliding.padding, dilation=sliding.stride, groups=groups,
    )  # fmt: skip
    if sketch.shape(found)[2:] != shape[2:]:
        key = (slice(None), slice(None), *(slice(0, size) for size in shape[2:]))
        found = sketch.apply("index", found, key=key)
    return sketch.apply("permute", found, axes=swap)


def _avg_pool_input(word: WordCall) -> int:
    """Every window hands each of its entries the same share: a transposed convolution with equal weights."""
    word.takes(2, "kernel_size", "stride", "padding")
    sketch, g, shape = word.sketch, word.operand(0), word.shape(1)
    axes = _axes_of(word)
    kernel = _per_axis(word.setting("kernel_size"), axes)
    planes = math.prod(shape[:-axes])
    g = sketch.apply("reshape", g, shape=(planes, 1, *sketch.shape(g)[-axes:]))
    weight = sketch.spread(sketch.number(1 / math.prod(kernel)), (1, 1, *kernel))
    sliding = _Sliding.of(word, (planes, 1, *shape[-axes:]), kernel, word.setting("stride") or kernel)
    return sketch.apply("reshape", _turned_round(sketch, g, weight, sliding), shape=shape)


def _axes_of(word: WordCall) -> int:
    """How many axes windows slide along, as the word says: ``max_pool2d_input``."""
    return 1 if "1d" in word.call.name else 2


def _max_pool_input(word: WordCall) -> int:
    """Each window hands its gradient to its largest entries, told from a stack of what each offset sees."""
    word.takes(2, "kernel_size", "stride", "padding", "dilation", "ceil_mode")
    sketch, g, x = word.sketch, word.operand(0), word.operand(1)
    axes = _axes_of(word)
    kernel, out = _per_axis(word.setting("kernel_size"), axes), sketch.shape(g)[-axes:]
    if math.prod(kernel) > _MOST_OFFSETS:
        raise UnknownWordError
    sliding = _Sliding.of(word, sketch.shape(x), kernel, word.setting("stride") or kernel)
    sizes, rank = sliding.shape[-axes:], len(sliding.shape)
    # The last window may reach beyond the padding on that side.
    reach = (
        (n - 1) * s + (k - 1) * d + 1
        for n, s, k, d in zip(out, sliding.stride, kernel, sliding.dilation, strict=True)
    )
    width = [(p, max(p, end - size - p)) for p, end, size in zip(sliding.padding, reach, sizes, strict=True)]
    whole = (slice(None),) * (rank - axes)
    is_padded = any(one != (0, 0) for one in width)
    padded = x
    if is_padded:
        padded = sketch.apply("pad", x, width=(*((0, 0),) * (rank - axes), *width), value=sketch.least)
    keys = [
        (
            *whole,
            *(
                slice(k * d, k * d + (n - 1) * s + 1, s)
                for k, d, n, s in zip(at, sliding.dilation, out, sliding.stride, strict=True)
            ),
        )
        for at in product(*map(range, kernel))
    ]
    seen = sketch.apply("stack", *(sketch.apply("index", padded, key=key) for key in keys))
    best = sketch.apply("equal", seen, sketch.apply("max", seen, axis=0, keepdims=True))
    shares = sketch.apply("div", best, sketch.apply("sum", best, axis=0, keepdims=True))
    parts = [
        placed(
            sketch,
            sketch.apply("mul", g, sketch.apply("index", shares, key=(number,))),
            sketch.shape(padded),
            key,
        )
        for number, key in enumerate(keys)
    ]
    found = sketch.total(parts)
    inner = (slice(p, p + size) for (p, _), size in zip(width, sizes, strict=True))
    return sketch.apply("index", found, key=(*whole, *inner)) if is_padded else found


WINDOW_WORDS: Final[Mapping[str, Callable[[WordCall], int]]] = {
    "conv1d_input": _conv_input,
    "conv2d_input": _conv_input,
    "conv1d_weight": _conv_weight,
    "conv2d_weight": _conv_weight,
    "avg_pool1d_input": _avg_pool_input,
    "avg_pool2d_input": _avg_pool_input,
    "max_pool1d_input": _max_pool_input,
    "max_pool2d_input": _max_pool_input,
}
"""By name."""
