"""Attention: queries look at keys and take a weighted mean of the values."""

from __future__ import annotations

import math
from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import MATRIX_SPEED, Decomposition, Family
from backprop_engine.ops.normalisation import SOFTMAX, exponentials, softmax_of
from backprop_engine.ops.rules import Factor, Indices, Linear, Rules, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import axis_differs, difference, joined, named, operand, repair

define = Family("attention").define


def _attention_shape(q: Shape, k: Shape, v: Shape, causal: bool) -> Shape:
    if _attend(q, k, v) and 0 not in (q[-1], k[-2]):
        return (*q[:-1], v[-1])
    hint = repair((q, k, v), _attend) if 0 not in (*q, *k, *v) else ""
    if not len(q) == len(k) == len(v) >= 2:
        message = msg("attention takes matrices, a row for each position, or equal batches")
    elif not q[:-2] == k[:-2] == v[:-2]:
        message = msg("the batch axes must be equal")
        other, argnum = (k, 1) if q[:-2] != k[:-2] else (v, 2)
        hint = difference(q[:-2], other[:-2], (0, argnum))
    elif q[-1] != k[-1]:
        message = msg("a query has {q} numbers and a key {k}; they must be as many", q=q[-1], k=k[-1])
        hint = joined(axis_differs(-1, (operand(0), q[-1]), (operand(1), k[-1])), hint)
    elif k[-2] != v[-2]:
        message = msg("there are {k} keys and {v} values; they must be as many", k=k[-2], v=v[-2])
        hint = joined(axis_differs(-2, (operand(1), k[-2]), (operand(2), v[-2])), hint)
    else:
        message = msg("attention needs at least one key, and a number in it")
    raise ShapeError(msg("{operands}: {problem}", operands=named(q, k, v), problem=message), hint)


def _attend(q: Shape, k: Shape, v: Shape) -> bool:
    """Whether there are as many values as keys, and as many numbers in a key as in a query."""
    return len(q) == len(k) == len(v) >= 2 and (q[:-2], q[-1]) == (k[:-2], k[-1]) and k[:-1] == v[:-1]


def attention_weights(q: Any, k: Any, causal: bool) -> Any:
    """How much each query takes of each value; each row sums to 1."""
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:]) == 1, scores, -np.inf)
    return softmax_of(scores)


def _scores_gradient(g: Any, out: Any, q: Any, k: Any, v: Any, causal: bool) -> Any:
    """The gradient with respect to q kᵀ: back through the softmax, and the division by √d."""
    p = attention_weights(q, k, causal)
    return p * (g @ v.mT - np.sum(g * out, axis=-1, keepdims=True)) / math.sqrt(q.shape[-1])


def _by_value(g: Any, out: Any, q: Any, k: Any, v: Any, causal: bool) -> Any:
    return attention_weights(q, k, causal).mT @ g


def _entries_by_query(i: Indices, j: Indices, out: Any, q: Any, k: Any, v: Any, causal: bool) -> Any:
    *batch, row, column = i
    p = attention_weights(q, k, causal)[(*batch, row)]
    pull = v.mT[(*batch, column)] - out[i][..., np.newaxis]
    keys = k.mT[(*batch, j[-1])]
    return here(same(i[:-1], j[:-1]), np.sum(p * pull * keys, axis=-1)) / math.sqrt(q.shape[-1])


def _entries_by_key(i: Indices, j: Indices, out: Any, q: Any, k: Any, v: Any, causal: bool) -> Any:
    *batch, row, column = i
    p = attention_weights(q, k, causal)[(*batch, row, j[-2])]
    pull = v[(*batch, j[-2], column)] - out[i]
    found = p * pull * q[(*batch, row, j[-1])] / math.sqrt(q.shape[-1])
    return here(same(batch, j[:-2]), found)


def _entries_by_value(i: Indices, j: Indices, out: Any, q: Any, k: Any, v: Any, causal: bool) -> Any:
    p = attention_weights(q, k, causal)[(*i[:-1], j[-2])]
    return here(same((*i[:-2], i[-1]), (*j[:-2], j[-1])), p)


def _attention_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    batched, size = len(shapes[0]) > 2, shapes[0][-1]
    p = f"attention_weights(q, k{', causal=true' * attributes['causal']})"
    v_t = "v.mT" if batched else "v.T"
    scores = f"({p} * (g @ {v_t} - sum(g * out, axis=-1, keepdims=true)))"
    turned = "swapaxes({}, -1, -2)" if batched else "{}.T"
    return (
        Linear(
            f"{scores} @ k / sqrt({size})",
            lambda g, out, q, k, v, causal: _scores_gradient(g, out, q, k, v, causal) @ k,
            shown=Words("through softmax, times the keys", "소프트맥스를 거쳐 키를 곱함"),
            entries=_entries_by_query,
        ),
        Linear(
            f"{turned.format(scores)} @ q / sqrt({size})",
            lambda g, out, q, k, v, causal: _scores_gradient(g, out, q, k, v, causal).mT @ q,
            shown=Words("through softmax, times the queries", "소프트맥스를 거쳐 쿼리를 곱함"),
            entries=_entries_by_key,
        ),
        Linear(
            f"{turned.format(p)} @ g",
            _by_value,
            Factor(
                turned.format(p),
                lambda out, q, k, v, causal: attention_weights(q, k, causal).mT,
                before=True,
            ),
            entries=_entries_by_value,
        ),
    )


def _attention_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    q = shapes[0]
    ndim = len(q)
    turned = "k.T" if ndim == 2 else f"permute(k, axes={[*range(ndim - 2), ndim - 1, ndim - 2]})"
    scaled = f"t / {math.sqrt(q[-1])}"
    steps: Decomposition = (("t", f"q @ {turned}"), ("a", scaled))
    if attributes["causal"]:
        # ones summed up along an axis number the positions, so that the mask needs no constant; what is not
        # seen is the logarithm of 0, which every floating type has
        steps = (
            ("t", f"q @ {turned}"),
            ("o", "detach(t * 0 + 1)"),
            ("r", "cumsum(o, axis=-2)"),
            ("c", "cumsum(o, axis=-1)"),
            ("n", "log(o - o)"),
            ("a", f"where(c <= r, {scaled}, n)"),
        )
    return (*steps, *exponentials(-1), ("p", "e / s"), ("out", "p @ v"))


_LOOKING = Words(
    en="Queries and keys decide how much of each value is taken: their gradient comes through softmax.",
    ko="쿼리와 키는 각 값을 얼마나 볼지 정하므로, 그래디언트를 소프트맥스를 거쳐 받습니다.",
)
_LOOKED_AT = Words(
    en="A value gets the gradient of each position, weighted by the attention it received from there.",
    ko="값은 각 위치의 그래디언트를 그 위치에서 주목받은 비율만큼 받습니다.",
)

ATTENTION_WEIGHTS = """\
def attention_weights(q, k, causal=False):
    scores = q @ k.mT / np.sqrt(q.shape[-1])
    return softmax(np.where(np.tri(*scores.shape[-2:]) == 1, scores, -np.inf) if causal else scores)
"""


def _exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    """Where it is causal, query i looks only at the keys up to j = i."""
    scores = f"q @ k.T / sqrt({shapes[0][-1]})"
    return f"softmax({f'where(j <= i, {scores}, -inf)' if attributes['causal'] else scores}) @ v"


scaled_dot_product_attention = define(
    "scaled_dot_product_attention",
    sign="attn",
    operands="q k v",
    formula="softmax(q @ k.T / sqrt(d)) @ v",
    exact=_exact,
    numpy="attention_weights(q, k, causal={causal}) @ v",
    helpers={"attention_weights": ATTENTION_WEIGHTS, "softmax": SOFTMAX},
    forward=lambda q, k, v, causal: attention_weights(q, k, causal) @ v,
    shape=_attention_shape,
    work=lambda q, k, v, causal: prod(q[:-1]) * k[-2] * (1 + (q[-1] + v[-1]) // MATRIX_SPEED),
    rules=_attention_rules,
    attributes=(
        OpAttribute(
            "causal",
            bool,
            False,
            Words(
                "whether a position looks only at itself and those before it", "각 위치가 자신과 그 앞만 볼지"
            ),
        ),
    ),
    inside=_attention_inside,
    lesson=Words(
        en="A value gets the gradient weighted by the attention it received; queries and keys get "
        "theirs through softmax.",
        ko="값은 주목받은 비율만큼 그래디언트를 받고, 쿼리와 키는 소프트맥스를 거쳐 받습니다.",
    ),
    lessons=(_LOOKING, _LOOKING, _LOOKED_AT),
    conventions=Words(
        "Positions lie along the last axis but one, d is the size of a query. With causal, query i "
        "looks at the keys 0 … i; no gradient flows to what it cannot see.",
        "위치는 끝에서 둘째 축에 놓이고, d는 쿼리의 크기입니다. causal이면 쿼리 i는 키 0 … i만 "
        "보며, 보지 못하는 것에는 그래디언트가 흐르지 않습니다.",
    ),
    samples=(
        Sample(((3, 4), (3, 4), (3, 4))),
        Sample(((2, 3), (4, 3), (4, 2))),
        Sample(((3, 2), (3, 2), (3, 2)), {"causal": True}),
        Sample(((2, 3), (4, 3), (4, 2)), {"causal": True}),
        Sample(((1, 1), (1, 1), (1, 1))),
        Sample(((2, 3, 2), (2, 4, 2), (2, 4, 3))),
        Sample(((2, 2, 3, 2), (2, 2, 3, 2), (2, 2, 3, 2)), {"causal": True}),
        Sample(((0, 2), (3, 2), (3, 2))),
    ),
)
