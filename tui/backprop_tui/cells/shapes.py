"""A shape as every screen and table writes it."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_engine.arrays import shape_text

__all__ = ["shape_label"]


def shape_label(shape: Sequence[int]) -> str:
    """``(3×4)`` for a matrix, ``(3)`` for a vector, ``()`` for a scalar: it cannot be mistaken for a
    number.
    """
    return f"({shape_text(shape)})" if shape else shape_text(())
