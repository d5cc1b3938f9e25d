"""Windows that slide over the last axes of a tensor: what convolutions and pooling share.

The kernel is walked cell by cell; one cell of it sees, over all windows at once, a strided slice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.ops.definition import Attributes, Op
from backprop_engine.ops.entries import Cells

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

    @property
    def out(self) -> Shape:
        """How many windows there are."""
        each = zip(self.sizes, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in each)

    def offsets(self) -> Iterable[tuple[int, ...]]:
        """The cells of the kernel."""
        return np.ndindex(self.kernel)

    def pad(self, x: Any, value: float = 0.0) -> Any:
        """`x` with its padding."""
        if not any(self.padding):
            return x
        width = [(0, 0)] * (x.ndim - len(self.sizes)) + [(p, p) for p in self.padding]
        return np.pad(x, width, constant_values=value)

    def padded_shape(self, shape: Shape) -> Shape:
        """The shape of an operand of `shape` with its padding."""
        sizes = (size + 2 * p for size, p in zip(self.sizes, self.padding, strict=True))
        return (*shape[: -len(self.sizes)], *sizes)

    def crop(self, padded: Any) -> Any:
        """What `pad` has surrounded."""
        inner = (slice(p, p + size) for p, size in zip(self.padding, self.sizes, strict=True))
        return padded[(..., *inner)]

    def seen(self, padded: Any, offset: tuple[int, ...]) -> Any:
        """What one cell of the kernel sees, a cell for each window: a view."""
        each = zip(offset, self.out, self.stride, self.dilation, strict=True)
        return padded[(..., *(slice(k * d, k * d + (o - 1) * s + 1, s) for k, o, s, d in each))]

    def kernel_cell(self, i: Cells, j: Cells) -> tuple[Cells, Any]:
        """The kernel's cell through which window `i` sees the operand's cell `j`, and whether it does."""
        cells, sees = [], np.True_
        for axis, (one, other) in enumerate(zip(i, j, strict=True)):
            distance = other + self.padding[axis] - one * self.stride[axis]
            cell = distance // self.dilation[axis]
            sees = sees & (distance % self.dilation[axis] == 0) & (cell >= 0) & (cell < self.kernel[axis])
            cells.append(np.clip(cell, 0, self.kernel[axis] - 1))
        return tuple(cells), sees

    def operand_cell(self, i: Cells, offset: Cells) -> tuple[Cells, Any]:
        """The operand's cell that window `i` sees at `offset` in the kernel, and whether it is no padding."""
        cells, inside = [], np.True_
        for axis, (one, k) in enumerate(zip(i, offset, strict=True)):
            cell = one * self.stride[axis] + k * self.dilation[axis] - self.padding[axis]
            inside = inside & (cell >= 0) & (cell < self.sizes[axis])
            cells.append(np.clip(cell, 0, max(self.sizes[axis] - 1, 0)))
        return tuple(cells), inside


def windows(
    shape: Shape,
    kernel: Shape,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
) -> Windows:
    """The windows over the last axes of `shape`; refuses a kernel and settings that leave none."""
    axes = len(kernel)
    found = Windows(
        shape[-axes:], kernel, per_axis(stride, axes), per_axis(padding, axes), per_axis(dilation, axes)
    )
    if min(kernel) < 1:
        raise ShapeError(
            msg(
                "{0} is {shape}: a kernel of {kernel} has no cells",
                shape=shape_text(shape),
                kernel=shape_text(kernel),
            )
        )
    if min(found.out) < 1:
        reach = tuple(d * (k - 1) + 1 for d, k in zip(found.dilation, kernel, strict=True))
        padded = found.padded_shape(shape)[-axes:]
        raise ShapeError(
            msg(
                "{0} is {shape}: its last axes with padding ({padded}) are smaller than the kernel's reach "
                "({reach})",
                shape=shape_text(shape),
                padded=shape_text(padded),
                reach=shape_text(reach),
            ),
            msg("a smaller kernel, or more padding"),
        )
    return found


def settings_text(op: Op, attributes: Attributes) -> str:
    """The attributes that are not at their defaults, as they stand in a call."""
    parts = []
    for one in op.attributes:
        value = attributes[one.name]
        if value != one.default:
            parts.append(f", {one.name}={list(value) if isinstance(value, tuple) else value}")
    return "".join(parts)
