"""PyTorch's opinion on order, places, masks, diagonals and writing by indices; see `opinion`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

Definition: TypeAlias = Callable[..., Any]


def _first_of_sorted(a: Any, k: int, axis: int, largest: bool) -> Any:
    return torch.topk(a, k, dim=axis, largest=largest).values


def _writing(function: Definition) -> Definition:
    """PyTorch has no gradient of a `src` longer than the indices, and takes a number in another form."""

    def written(a: Any, indices: Any, src: Any, axis: int) -> Any:
        corner = src[tuple(map(slice, indices.shape))] if src.ndim else src.expand(indices.shape)
        return function(a, axis, indices % a.shape[axis], corner)

    return written


DEFINITIONS: dict[str, Definition] = {
    "argmax": lambda a, axis, keepdims: torch.argmax(a, dim=axis, keepdim=keepdims),
    "argmin": lambda a, axis, keepdims: torch.argmin(a, dim=axis, keepdim=keepdims),
    "sort": lambda a, axis, descending: torch.sort(a, dim=axis, descending=descending, stable=True).values,
    "argsort": lambda a, axis, descending: torch.argsort(a, dim=axis, descending=descending, stable=True),
    "topk": _first_of_sorted,
    "roll": lambda a, shift, axis: torch.roll(a, shifts=shift, dims=axis),
    "repeat_interleave": lambda a, repeats, axis: torch.repeat_interleave(a, repeats, dim=axis),
    "tril": torch.tril,
    "triu": torch.triu,
    "diag": torch.diag,
    "index_select": lambda a, indices, axis: a[(slice(None),) * (axis % a.ndim) + (indices,)],
    "scatter": _writing(torch.scatter),
    "scatter_add": _writing(torch.scatter_add),
    "one_hot": lambda indices, classes: F.one_hot(indices.long(), classes),
    "masked_fill": lambda a, mask, value: torch.masked_fill(a, mask != 0, value),
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_not": torch.logical_not,
}
