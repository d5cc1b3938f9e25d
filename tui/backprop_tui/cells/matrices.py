"""What of a tensor is shown as a matrix, and the brackets around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_tui.cells.lines import Line, Role, Span

__all__ = ["MORE", "as_matrix", "bracketed", "slice_text"]

MORE = "…"
"""What stands for columns or rows that are left out."""


def as_matrix(tensor: Tensor, row: bool) -> Any:
    """The matrix that is shown of a tensor, a view of it: of more axes than two the first; a vector stands
    upright unless it is a `row`.
    """
    array: Any = tensor
    while array.ndim > 2:
        if array.shape[0] == 0:
            return np.empty((0, 0))
        array = array[0]
    if array.ndim == 1:
        return array[np.newaxis, :] if row else array[:, np.newaxis]
    return array


def slice_text(index: Sequence[int | str | None]) -> str:
    """A matrix of a larger tensor as NumPy would name it: ``[3, :, :, 0]``."""
    return f"[{', '.join(':' if at is None else str(at) for at in index)}]"


def bracketed(rows: Sequence[Line], role: Role) -> list[Line]:
    """Rows of one width between brackets as high as they are."""
    if len(rows) == 1:
        return [_merged(("[", rows[0], "]"), role)]
    last = len(rows) - 1
    left = ["⎡", *["⎢"] * (last - 1), "⎣"]
    right = ["⎤", *["⎥"] * (last - 1), "⎦"]
    return [_merged((left[i], row, right[i]), role) for i, row in enumerate(rows)]


def _merged(parts: tuple[str, Line, str], role: Role) -> Line:
    """A row between its brackets; one span where all of it plays one role."""
    left, row, right = parts
    if len(row) == 1 and row[0].role is role:
        return (Span(f"{left}{row[0].text}{right}", role),)
    return (Span(left, role), *row, Span(right, role))
