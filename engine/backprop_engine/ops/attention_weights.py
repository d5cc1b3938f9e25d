"""What attention computes: the weights, the gradients that come through them, and entries of Jacobians."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from backprop_engine.ops.heads import entry, merge, split
from backprop_engine.ops.normalisation import softmax_of
from backprop_engine.ops.rules import Entries, Indices, broadcast_to_operand, here, same
from backprop_engine.ops.shared_work import remembered

__all__ = [
    "ENTRIES",
    "attention_weights",
    "by_key",
    "by_query",
    "by_value",
    "scores_gradient",
    "seen_by_value",
]


@remembered
def attention_weights(
    q: Any,
    k: Any,
    mask: Any = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    additive: bool = False,
    heads: int = 1,
) -> Any:
    """How much each query takes of each value; each row sums to 1, or is 0 where the query sees nothing."""
    q, k = split(q, heads), split(k, heads)
    scores = _scaled(q @ k.mT, q, scale)
    if mask is not None and additive:
        scores = scores + mask
    elif mask is not None:
        scores = np.where(mask == 1, scores, np.where(mask == 0, -np.inf, np.nan))
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:]) == 1, scores, -np.inf)
    return softmax_of(scores) if mask is None else _softmax_of_seen(scores)


def _softmax_of_seen(scores: Any) -> Any:
    """Softmax along the last axis; a row that is -inf throughout gives zeros."""
    largest = np.max(scores.real, axis=-1, keepdims=True)
    e = np.exp(scores - np.where(largest == -np.inf, 0.0, largest))
    total = np.sum(e, axis=-1, keepdims=True)
    return e / np.where(total == 0, 1.0, total)


@remembered
def scores_gradient(g: Any, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    """The gradient with respect to what softmax is taken of."""
    g, out, v_ = (split(each, settings["heads"]) for each in (g, out, v))
    found = g @ v_.mT
    found -= np.sum(g * out, axis=-1, keepdims=True)
    return attention_weights(q, k, *mask, **settings) * found


def _scaled(scores: Any, q: Any, scale: float | None) -> Any:
    """Scores, or their gradient, divided by √d or multiplied by the scale."""
    return scores / math.sqrt(q.shape[-1]) if scale is None else scores * scale


def by_query(g: Any, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    """The gradient of the queries: that of the scores meets the keys."""
    found, heads = scores_gradient(g, out, q, k, v, *mask, **settings), settings["heads"]
    return merge(_scaled(found, split(q, heads), settings["scale"]) @ split(k, heads), heads)


def by_key(g: Any, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    """The gradient of the keys: that of the scores, transposed, meets the queries."""
    found, heads = scores_gradient(g, out, q, k, v, *mask, **settings), settings["heads"]
    q = split(q, heads)
    return merge(_scaled(found, q, settings["scale"]).mT @ q, heads)


def by_value(g: Any, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    """The gradient of the values: the upstream gradient, as each was looked at."""
    heads = settings["heads"]
    return merge(seen_by_value(out, q, k, v, *mask, **settings) @ split(g, heads), heads)


def seen_by_value(out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    """The weights with a row for each value."""
    return attention_weights(q, k, *mask, **settings).mT


def _in_batch(a: Any, out: Any) -> Any:
    """An operand or the weights, broadcast to the batch axes of the output."""
    return np.broadcast_to(a, (*out.shape[:-2], *a.shape[-2:]))


def _pull(i: Indices, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    """What an entry of the output gains where a score rises: along a further axis, one for each key."""
    *batch, row, column = i
    p = _in_batch(attention_weights(q, k, *mask, **settings), out)[(*batch, row)]
    return p * (_in_batch(v, out).mT[(*batch, column)] - out[i][..., np.newaxis])


def _entries_by_query(i: Indices, j: Indices, out: Any, q: Any, k: Any, *rest: Any, **settings: Any) -> Any:
    keys = _in_batch(k, out).mT[(*i[:-2], j[-1])]
    found = np.sum(_pull(i, out, q, k, *rest, **settings) * keys, axis=-1)
    met = same((*broadcast_to_operand(i[:-2], q.shape[:-2]), i[-2]), j[:-1])
    return here(met, _scaled(found, q, settings["scale"]))


def _at_key(pull: Any, key: Any) -> Any:
    """The entry for one key of what `_pull` gives."""
    shape = np.broadcast_shapes(pull.shape[:-1], np.shape(key))
    wide = np.broadcast_to(pull, (*shape, pull.shape[-1]))
    return np.take_along_axis(wide, np.broadcast_to(key, shape)[..., np.newaxis], -1)[..., 0]


def _entries_by_key(i: Indices, j: Indices, out: Any, q: Any, k: Any, *rest: Any, **settings: Any) -> Any:
    pull = _at_key(_pull(i, out, q, k, *rest, **settings), j[-2])
    found = pull * _in_batch(q, out)[(*i[:-1], j[-1])]
    met = same(broadcast_to_operand(i[:-2], k.shape[:-2]), j[:-2])
    return here(met, _scaled(found, q, settings["scale"]))


def _entries_by_value(
    i: Indices, j: Indices, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any
) -> Any:
    p = _in_batch(attention_weights(q, k, *mask, **settings), out)[(*i[:-1], j[-2])]
    return here(same((*broadcast_to_operand(i[:-2], v.shape[:-2]), i[-1]), (*j[:-2], j[-1])), p)


def _entries_by_mask(
    i: Indices, j: Indices, out: Any, q: Any, k: Any, v: Any, mask: Any, **settings: Any
) -> Any:
    pull = _pull(i, out, q, k, v, mask, **settings)
    if mask.ndim == 0 or mask.shape[-1] == 1:  # one number is added to a whole row, which changes nothing
        return here(False, np.sum(pull, axis=-1))
    met = same(broadcast_to_operand(i[:-1], mask.shape[:-1]), j[:-1])
    return here(met, _at_key(pull, j[-1]))


def _by_head(entries: Entries, argnum: int) -> Entries:
    """Entries of a Jacobian by an operand, looked up where they are in its heads."""

    def found(i: Indices, j: Indices, out: Any, *operands: Any, heads: int, **settings: Any) -> Any:
        at, to = entry(i, out.shape[-1] // heads, heads), j
        if argnum < 3:
            to = entry(j, operands[argnum].shape[-1] // heads, heads)
        parted = (*(split(each, heads) for each in operands[:3]), *operands[3:])
        return entries(at, to, split(out, heads), *parted, heads=1, **settings)

    return found


ENTRIES: Final[tuple[Entries, ...]] = tuple(
    _by_head(entries, argnum)
    for argnum, entries in enumerate(
        (_entries_by_query, _entries_by_key, _entries_by_value, _entries_by_mask)
    )
)
"""Entries of the Jacobian by each operand."""
