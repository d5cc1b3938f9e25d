"""Attention: queries look at keys and take a weighted mean of the values."""

from __future__ import annotations

import math
from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, broadcast_axes, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute, setting_text
from backprop_engine.ops.definition import MATRIX_SPEED, Decomposition, Family
from backprop_engine.ops.normalisation import exponentials, softmax_of
from backprop_engine.ops.rules import (
    Factor,
    Indices,
    Intermediate,
    Linear,
    Rules,
    broadcast_to_operand,
    here,
    same,
)
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import (
    axis_differs,
    broadcasts,
    broadcasts_to,
    clash,
    joined,
    named,
    operand,
    repair,
    would_fit,
)
from backprop_engine.ops.shared_work import remembered

define = Family("attention").define


def _attention_shape(
    q: Shape,
    k: Shape,
    v: Shape,
    mask: Shape | None = None,
    *,
    causal: bool,
    scale: float | None,
    additive: bool,
) -> Shape:
    if _attends(q, k, v) and 0 not in (q[-1], k[-2]):
        scores = _scores_shape(q, k, v)
        if mask is not None and not _masks(mask, scores):
            raise ShapeError(
                msg(
                    "{operand} is {shape}: a mask must broadcast to the scores, queries × keys ({scores})",
                    operand=operand(3),
                    shape=shape_text(mask),
                    scores=shape_text(scores),
                ),
                would_fit(f"{operand(3)}.T") if len(mask) == 2 and _masks(mask[::-1], scores) else "",
            )
        return (*scores[:-1], v[-1])

    def fits(q: Shape, k: Shape, v: Shape) -> bool:
        return _attends(q, k, v) and (mask is None or _masks(mask, _scores_shape(q, k, v)))

    hint = repair((q, k, v), fits) if 0 not in (*q, *k, *v) else ""
    if min(map(len, (q, k, v))) < 2:
        message = msg("attention takes matrices with a row for each position, or batches of them")
    elif q[-1] != k[-1]:
        message = msg("a query has {q} numbers and a key has {k}; the two must be equal", q=q[-1], k=k[-1])
        hint = joined(axis_differs(-1, (operand(0), q[-1]), (operand(1), k[-1])), hint)
    elif k[-2] != v[-2]:
        message = msg("there are {k} keys and {v} values; the two must be equal", k=k[-2], v=v[-2])
        hint = joined(axis_differs(-2, (operand(1), k[-2]), (operand(2), v[-2])), hint)
    elif not broadcasts(q[:-2], k[:-2], v[:-2]):
        message = msg("the batch axes do not broadcast")
        hint = clash(*((*each[:-2], 1, 1) for each in (q, k, v)))
    else:
        message = msg("attention needs at least one key with at least one number")
    raise ShapeError(msg("{operands}: {problem}", operands=named(q, k, v), problem=message), hint)


def _attends(q: Shape, k: Shape, v: Shape) -> bool:
    """Whether there are as many values as keys, and as many numbers in a key as in a query."""
    if min(map(len, (q, k, v))) < 2:
        return False
    return q[-1] == k[-1] and k[-2] == v[-2] and broadcasts(q[:-2], k[:-2], v[:-2])


def _scores_shape(q: Shape, k: Shape, v: Shape) -> Shape:
    """Queries × keys, for every batch of the result."""
    return (*np.broadcast_shapes(q[:-2], k[:-2], v[:-2]), q[-2], k[-2])


def _masks(mask: Shape, scores: Shape) -> bool:
    """Whether a mask broadcasts to the scores."""
    return broadcasts_to(scores, mask)


@remembered
def attention_weights(
    q: Any,
    k: Any,
    mask: Any = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    additive: bool = False,
) -> Any:
    """How much each query takes of each value; each row sums to 1, or is 0 where the query sees nothing."""
    scores = _scaled(q @ k.mT, q, scale)
    if mask is not None and additive:
        scores = scores + mask
    elif mask is not None:
        scores = np.where(mask == 1, scores, np.where(mask == 0, -np.inf, np.nan))
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:]) == 1, scores, -np.inf)
    return softmax_of(scores) if mask is None else _softmax_of_seen(scores)


def _softmax_of_seen(scores: Any) -> Any:
    """Softmax of rows, 0 where all of a row is -inf."""
    largest = np.max(scores.real, axis=-1, keepdims=True)
    e = np.exp(scores - np.where(largest == -np.inf, 0.0, largest))
    total = np.sum(e, axis=-1, keepdims=True)
    return e / np.where(total == 0, 1.0, total)


@remembered
def _scores_gradient(g: Any, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    """The gradient with respect to what softmax is taken of."""
    found = g @ v.mT
    found -= np.sum(g * out, axis=-1, keepdims=True)
    return attention_weights(q, k, *mask, **settings) * found


def _scaled(scores: Any, q: Any, scale: float | None) -> Any:
    """Scores, or their gradient, divided by √d or multiplied by the scale."""
    return scores / math.sqrt(q.shape[-1]) if scale is None else scores * scale


def _by_query(g: Any, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    return _scaled(_scores_gradient(g, out, q, k, v, *mask, **settings), q, settings["scale"]) @ k


def _by_key(g: Any, out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    return _scaled(_scores_gradient(g, out, q, k, v, *mask, **settings), q, settings["scale"]).mT @ q


def _seen_by_value(out: Any, q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    return attention_weights(q, k, *mask, **settings).mT


def _in_batch(a: Any, out: Any) -> Any:
    """An operand, or the weights, along every batch axis of the output."""
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


def _settings_text(attributes: Attributes) -> str:
    """The settings that are not as they are by default, as `attention_weights` is given them."""
    given = [(name, attributes[name]) for name in ("causal", "scale", "additive")]
    return "".join(f", {name}={setting_text(value)}" for name, value in given if value not in (False, None))


def _scaled_text(text: str, size: int, scale: float | None) -> str:
    return f"{text} / sqrt({size})" if scale is None else f"{text} * {setting_text(scale)}"


def _attention_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    q, k, v, *mask = shapes
    batch = np.broadcast_shapes(q[:-2], k[:-2], v[:-2])
    weights = f"attention_weights(q, k{', mask' * len(mask)}{_settings_text(attributes)})"
    weighted = max(len(q), len(k), *map(len, mask)) > 2
    scores = f"({weights} * (g @ {_turned('v', batched=len(v) > 2)} - sum(g * out, axis=-1, keepdims=true)))"
    turned, scale = _turned(scores, batched=bool(batch)), attributes["scale"]

    def summed(last: Shape, operand: Shape) -> tuple[int, ...]:
        return broadcast_axes((*batch, *last), operand)

    p = _turned(weights, batched=weighted)
    parts = (
        Intermediate(
            "P", weights, lambda g, out, q, k, v, *mask, **given: attention_weights(q, k, *mask, **given)
        ),
        Intermediate(
            "dP", f"g @ {_turned('v', batched=len(v) > 2)}", lambda g, out, q, k, v, *_, **__: g @ v.mT
        ),
        Intermediate(
            "rowsum", "sum(P * dP)", lambda g, out, *_, **__: np.sum(g * out, axis=-1, keepdims=True)
        ),
        Intermediate("dS", "P * (dP - rowsum)", _scores_gradient),
    )
    rules: list[Linear | None] = [
        Linear(
            _scaled_text(f"{scores} @ k", q[-1], scale),
            _by_query,
            summed=summed(q[-2:], q),
            shown=Words("through softmax, times the keys", "소프트맥스를 거쳐 키를 곱함"),
            entries=_entries_by_query,
            parts=parts,
        ),
        Linear(
            _scaled_text(f"{turned} @ q", q[-1], scale),
            _by_key,
            summed=summed(k[-2:], k),
            shown=Words("through softmax, times the queries", "소프트맥스를 거쳐 쿼리를 곱함"),
            entries=_entries_by_key,
            parts=parts,
        ),
        Linear(
            f"{p} @ g",
            lambda g, *operands, **settings: _seen_by_value(*operands, **settings) @ g,
            Factor(p, _seen_by_value, before=True),
            summed=summed(v[-2:], v),
            entries=_entries_by_value,
        ),
    ]
    if mask and not attributes["additive"]:
        rules.append(None)
    elif mask:
        rules.append(
            Linear(
                scores[1:-1],
                _scores_gradient,
                summed=summed((q[-2], k[-2]), mask[0]),
                shown=Words("through softmax", "소프트맥스를 거침"),
                entries=_entries_by_mask,
            )
        )
    return tuple(rules)


def _turned(text: str, *, batched: bool) -> str:
    """A matrix transposed, or all those of a batch."""
    return f"{text}.mT" if batched else f"{text}.T"


def _attention_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    q, k, _, *mask = shapes
    ndim, scale = len(k), attributes["scale"]
    turned = "k.T" if ndim == 2 else f"permute(k, axes={[*range(ndim - 2), ndim - 1, ndim - 2]})"
    scaled = f"t / {math.sqrt(q[-1])}" if scale is None else f"t * {setting_text(scale)}"
    steps: list[tuple[str, str]] = [("t", f"q @ {turned}")]
    if mask or attributes["causal"]:
        # what is not seen is the logarithm of 0, which every floating type has
        steps += [("o", "detach(t * 0 + 1)"), ("n", "log(o - o)")]
    if mask:
        scaled = f"{scaled} + mask" if attributes["additive"] else f"where(mask, {scaled}, n)"
    if attributes["causal"]:
        # ones summed up along an axis number the positions, so that the mask needs no constant
        steps += [("r", "cumsum(o, axis=-2)"), ("c", "cumsum(o, axis=-1)")]
        scaled = f"where(c <= r, {scaled}, n)"
    steps.append(("a", scaled))
    if not mask:
        return (*steps, *exponentials(-1), ("p", "e / s"), ("out", "p @ v"))
    return (
        *steps,
        ("m", "detach(max(a, axis=-1, keepdims=true))"),
        ("z", "a - where(m > n, m, 0)"),  # -inf, where nothing of a row is seen
        ("e", "exp(z)"),
        ("s", "sum(e, axis=-1, keepdims=true)"),
        ("p", "e / where(s == 0, 1, s)"),
        ("out", "p @ v"),
    )


_LOOKING = Words(
    en="Queries and keys decide how much each value counts, so their gradient comes through softmax.",
    ko="쿼리와 키는 각 밸류를 얼마나 볼지 정하므로, 그래디언트를 소프트맥스를 거쳐 받습니다.",
)
_LOOKED_AT = Words(
    en="A value gets the gradient of each position, weighted by the attention it received from that "
    "position.",
    ko="밸류는 각 위치의 그래디언트를 그 위치에서 주목받은 비율만큼 받습니다.",
)

_ADDED = Words(
    en="What was added to the scores gets the gradient of the scores, which comes through softmax "
    "and sums to 0 along each row.",
    ko="점수에 더해진 것은 소프트맥스를 거친 점수의 그래디언트를 받고, 그 합은 행마다 0입니다.",
)

ATTENTION_WEIGHTS = """\
def attention_weights(q, k, mask=None, causal=False, scale=None, additive=False):
    scores = q @ k.mT / np.sqrt(q.shape[-1]) if scale is None else q @ k.mT * scale
    if mask is not None:
        scores = scores + mask if additive else np.where(mask, scores, -np.inf)
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:]) == 1, scores, -np.inf)
    largest = np.max(scores, axis=-1, keepdims=True)
    e = np.exp(scores - np.where(np.isneginf(largest), 0, largest))
    total = np.sum(e, axis=-1, keepdims=True)
    return e / np.where(total == 0, 1, total)
"""


def _exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    """Where it is causal, a query looks only at the keys up to its own position."""
    q, k = shapes[:2]
    scores = _scaled_text(f"q @ {_turned('k', batched=len(k) > 2)}", q[-1], attributes["scale"])
    seen = []
    if len(shapes) > 3 and attributes["additive"]:
        scores = f"{scores} + mask"
    elif len(shapes) > 3:
        seen.append("mask")
    if attributes["causal"]:
        seen.append(f"tril(ones([{q[-2]}, {k[-2]}]))")
    keys = " * ".join(seen)
    weights = f"softmax(where({keys}, {scores}, -inf))" if seen else f"softmax({scores})"
    if "mask" in seen:  # a query that sees no key takes nothing
        weights = f"where(max({keys}, axis=-1, keepdims=true), {weights}, 0)"
    return f"{weights} @ v"


def _numpy(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    return f"attention_weights(q, k{', mask' * (len(shapes) > 3)}{_settings_text(attributes)}) @ v"


def _work(q: Shape, k: Shape, v: Shape, *mask: Shape, **settings: Any) -> int:
    out = _attention_shape(q, k, v, *mask, **settings)
    return prod(out[:-1]) * k[-2] * (1 + (q[-1] + v[-1]) // MATRIX_SPEED)


scaled_dot_product_attention = define(
    "scaled_dot_product_attention",
    sign="attn",
    operands="q k v mask",
    formula="softmax(q @ k.T / sqrt(d)) @ v",
    exact=_exact,
    numpy=_numpy,
    helpers={"attention_weights": ATTENTION_WEIGHTS},
    forward=lambda q, k, v, *mask, **settings: attention_weights(q, k, *mask, **settings) @ v,
    shape=_attention_shape,
    work=_work,
    held=lambda q, k, v, *mask, **settings: prod(_scores_shape(q, k, v)),
    rules=_attention_rules,
    attributes=(
        OpAttribute(
            "causal",
            bool,
            False,
            Words(
                "whether each position sees only itself and those before it", "각 위치가 자신과 그 앞만 볼지"
            ),
        ),
        OpAttribute(
            "scale",
            float | None,
            None,
            Words("the factor that scales the scores; 1/√d by default", "점수에 곱할 수, 생략하면 1/√d"),
        ),
        OpAttribute(
            "additive",
            bool,
            False,
            Words(
                "whether the mask is added to the scores; otherwise it is 1 where a key is visible "
                "and 0 where it is not",
                "마스크를 점수에 더할지, 아니면 보이는 키에 1, 보이지 않는 키에 0인지",
            ),
        ),
    ),
    optional=1,
    stops=lambda attributes: () if attributes["additive"] else ("mask",),
    inside=_attention_inside,
    lesson=Words(
        en="A value gets the gradient weighted by the attention it received; queries and keys get "
        "theirs through softmax.",
        ko="밸류는 주목받은 비율만큼 그래디언트를 받고, 쿼리와 키는 소프트맥스를 거쳐 받습니다.",
    ),
    lessons=(_LOOKING, _LOOKING, _LOOKED_AT, _ADDED),
    conventions=Words(
        "Positions run along the second-to-last axis, d is the size of a query, and batches "
        "broadcast. With `causal`, query i sees the keys 0 … i, and no gradient flows to what it "
        "cannot see. A mask is PyTorch's attn_mask: truth values by default, where any number other "
        "than 0 and 1 gives NaN. A query that sees no key gives 0, as in PyTorch.",
        "위치는 끝에서 둘째 축에 놓이고, d는 쿼리의 크기입니다. 배치는 브로드캐스트됩니다. "
        "causal이면 쿼리 i는 키 0 … i만 보며, 보지 못하는 것에는 그래디언트가 흐르지 않습니다. "
        "마스크는 PyTorch의 attn_mask입니다. 기본은 참과 거짓이고, 0과 1이 아닌 수가 있으면 "
        "NaN이 됩니다. 어느 키도 보지 못하는 쿼리의 결과는 PyTorch처럼 0입니다.",
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
        Sample(((2, 3), (3, 3), (3, 2), np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))),
        Sample(((2, 2, 3), (3, 3), (1, 3, 2), np.array([1.0, 1.0, 0.0])), {"scale": 0.5}),
        Sample(((2, 3), (4, 3), (4, 2), (2, 4)), {"additive": True}),
        Sample(((2, 1, 2, 2), (3, 3, 2), (3, 2), (2, 1, 1, 3)), {"additive": True, "scale": 1.0}),
        Sample(((2, 2, 2), (2, 2, 2), (2, 2, 1), (2, 2)), {"additive": True, "causal": True}),
    ),
)
