"""Heads of attention: each takes its stretch of the last axis, and all of them look at once.

`split` brings positions × numbers into heads × positions × numbers of a head, and `merge` brings them back.
One head leaves everything as it is.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.ops.rules import Indices

__all__ = ["HELPERS", "entry", "merge", "merged_shape", "merged_text", "split", "split_shape", "split_text"]

HELPERS: Final = {
    "split_heads": """\
def split_heads(a, heads):
    return a.reshape(*a.shape[:-1], heads, a.shape[-1] // heads).swapaxes(-3, -2)
""",
    "merge_heads": """\
def merge_heads(a):
    a = a.swapaxes(-3, -2)
    return a.reshape(*a.shape[:-2], a.shape[-2] * a.shape[-1])
""",
}
"""The same in a NumPy program."""


def split(a: Any, heads: int) -> Any:
    """A tensor with an axis of heads before the positions."""
    if heads == 1:
        return a
    return np.swapaxes(np.reshape(a, (*a.shape[:-1], heads, a.shape[-1] // heads)), -3, -2)


def merge(a: Any, heads: int) -> Any:
    """A tensor whose heads are side by side on the last axis again."""
    if heads == 1:
        return a
    turned = np.swapaxes(a, -3, -2)
    return np.reshape(turned, (*turned.shape[:-2], turned.shape[-2] * turned.shape[-1]))


def split_shape(shape: Shape, heads: int) -> Shape:
    """The shape of what `split` gives."""
    return shape if heads == 1 else (*shape[:-2], heads, shape[-2], shape[-1] // heads)


def merged_shape(shape: Shape, heads: int) -> Shape:
    """The shape of what `merge` gives."""
    return shape if heads == 1 else (*shape[:-3], shape[-2], heads * shape[-1])


def entry(i: Indices, width: int, heads: int) -> Indices:
    """Where the entries `i` are after `split`; a head has so many numbers at each position."""
    return i if heads == 1 else (*i[:-2], i[-1] // width, i[-2], i[-1] % width)


def split_text(text: str, shape: Shape, heads: int) -> str:
    """`split` as an expression, of a text for a tensor of `shape`."""
    if heads == 1:
        return text
    parted = [*shape[:-1], heads, shape[-1] // heads]
    return f"permute(reshape({text}, shape={parted}), axes={_turned(len(parted))})"


def merged_text(text: str, shape: Shape, heads: int) -> str:
    """`merge` as an expression, of a text for a tensor of `shape`."""
    if heads == 1:
        return text
    whole = list(merged_shape(shape, heads))
    return f"reshape(permute({text}, axes={_turned(len(shape))}), shape={whole})"


def _turned(axes: int) -> list[int]:
    """The axes in order, but for the positions and the heads."""
    return [*range(axes - 3), axes - 2, axes - 3, axes - 1]
