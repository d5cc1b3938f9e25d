"""The windows that slide over the last axes of a tensor, which convolutions and pooling share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.ops.attributes import Attributes, setting_text
from backprop_engine.ops.definition import Op
from backprop_engine.ops.rules import Indices

__all__ = ["PerAxis", "Windows", "per_axis", "settings_text", "windows"]

PerAxis: TypeAlias = int | tuple[int, int]
"""A setting for both axes, or one for each."""


def per_axis(value: int | Sequence[int], axes: int) -> Shape:
    """A setting for each axis."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


@dataclass(frozen=True, slots=True)
class Windows:
    """Where the windows lie; every field has a number for each axis that they slide along."""

    sizes: Shape
    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    ceil: bool = False
    """Whether a last window that does not fit is there all the same, if it begins before the padding at the
    end."""

    @property
    def reach(self) -> Shape:
        """From the first to the last entry that a window sees."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True))

    @property
    def out(self) -> Shape:
        """How many windows there are."""
        each = zip(self.sizes, self.reach, self.stride, self.padding, strict=True)
        return tuple(self._count(n, r, s, p) for n, r, s, p in each)

    def _count(self, size: int, reach: int, stride: int, padding: int) -> int:
        room = size + 2 * padding - reach
        if not self.ceil or room % stride == 0:
            return room // stride + 1
        more = room // stride + 2
        return more if (more - 1) * stride < size + padding else more - 1

    @property
    def after(self) -> Shape:
        """The padding at the end of each axis, with what the last window sees beyond it."""
        each = zip(self.sizes, self.reach, self.stride, self.padding, self.out, strict=True)
        return tuple(max(p, (o - 1) * s + r - n - p) for n, r, s, p, o in each)

    def offsets(self) -> Iterable[tuple[int, ...]]:
        """The entries of the kernel."""
        return np.ndindex(self.kernel)

    def pad(self, x: Any, value: float = 0.0) -> Any:
        """`x` with its padding."""
        if not any(self.after):
            return x
        width = [(0, 0)] * (x.ndim - len(self.sizes)) + list(zip(self.padding, self.after, strict=True))
        return np.pad(x, width, constant_values=value)

    def padded_shape(self, shape: Shape) -> Shape:
        """The shape of an operand of `shape` with its padding."""
        sizes = (
            before + n + after for before, n, after in zip(self.padding, self.sizes, self.after, strict=True)
        )
        return (*shape[: -len(self.sizes)], *sizes)

    def crop(self, padded: Any) -> Any:
        """What `pad` has surrounded."""
        inner = (slice(p, p + size) for p, size in zip(self.padding, self.sizes, strict=True))
        return padded[(..., *inner)]

    def seen(self, padded: Any, offset: tuple[int, ...]) -> Any:
        """What one entry of the kernel sees, an entry for each window: a view."""
        each = zip(offset, self.out, self.stride, self.dilation, strict=True)
        return padded[(..., *(slice(k * d, k * d + (o - 1) * s + 1, s) for k, o, s, d in each))]

    def kernel_entry(self, i: Indices, j: Indices) -> tuple[Indices, Any]:
        """The kernel's entry through which window `i` sees the operand's entry `j`, and whether it does."""
        entries, sees = [], np.True_
        for axis, (window, other) in enumerate(zip(i, j, strict=True)):
            distance = other + self.padding[axis] - window * self.stride[axis]
            entry = distance // self.dilation[axis]
            sees = sees & (distance % self.dilation[axis] == 0) & (entry >= 0) & (entry < self.kernel[axis])
            entries.append(np.clip(entry, 0, self.kernel[axis] - 1))
        return tuple(entries), sees

    def operand_entry(self, i: Indices, offset: Indices) -> tuple[Indices, Any]:
        """The operand's entry that window `i` sees at `offset` in the kernel; whether it is not padding."""
        entries, inside = [], np.True_
        for axis, (window, k) in enumerate(zip(i, offset, strict=True)):
            entry = window * self.stride[axis] + k * self.dilation[axis] - self.padding[axis]
            inside = inside & (entry >= 0) & (entry < self.sizes[axis])
            entries.append(np.clip(entry, 0, max(self.sizes[axis] - 1, 0)))
        return tuple(entries), inside


def windows(
    shape: Shape,
    kernel: Shape,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> Windows:
    """The windows over the last axes of `shape`; refuses a kernel and settings that leave none."""
    axes = len(kernel)
    stride, padding, dilation = (per_axis(setting, axes) for setting in (stride, padding, dilation))
    found = Windows(shape[-axes:], kernel, stride, padding, dilation, ceil_mode)
    if min(kernel) < 1:
        raise ShapeError(
            msg(
                "{0} is {shape}: a kernel of {kernel} has no entries",
                shape=shape_text(shape),
                kernel=shape_text(kernel),
            )
        )
    if min(found.out) < 1:
        padded = tuple(n + 2 * p for n, p in zip(found.sizes, found.padding, strict=True))
        raise ShapeError(
            msg(
                "{0} is {shape}: its last axes with padding ({padded}) are smaller than the kernel's reach "
                "({reach})",
                shape=shape_text(shape),
                padded=shape_text(padded),
                reach=shape_text(found.reach),
            ),
            msg("use a smaller kernel or more padding"),
        )
    return found


def settings_text(op: Op, attributes: Attributes) -> str:
    """The attributes that are not at their defaults, as they are in a call."""
    parts = []
    for attribute in op.attributes:
        value = attributes[attribute.name]
        if value != attribute.default:
            parts.append(f", {attribute.name}={setting_text(value)}")
    return "".join(parts)
