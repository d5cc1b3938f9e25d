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
from backprop_engine.ops.attention_weights import (
    ENTRIES,
    attention_weights,
    by_key,
    by_query,
    by_value,
    scores_gradient,
    seen_by_value,
)
from backprop_engine.ops.attributes import Attributes, OpAttribute, setting_text
from backprop_engine.ops.definition import MATRIX_SPEED, Decomposition, Family
from backprop_engine.ops.heads import (
    HELPERS,
    merge,
    merged_shape,
    merged_text,
    split,
    split_shape,
    split_text,
)
from backprop_engine.ops.normalisation import exponentials
from backprop_engine.ops.rules import (
    Factor,
    Intermediate,
    Linear,
    Rules,
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
    heads: int,
) -> Shape:
    if _attends(q, k, v) and 0 not in (q[-1], k[-2]):
        if q[-1] % heads or v[-1] % heads:
            raise ShapeError(
                msg(
                    "{operands}: the size of the last axis must be divisible by the number of heads "
                    "({heads})",
                    operands=named(q, k, v),
                    heads=heads,
                )
            )
        scores = _scores_shape(*(split_shape(each, heads) for each in (q, k, v)))
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
        return merged_shape((*scores[:-1], v[-1] // heads), heads)

    def fits(q: Shape, k: Shape, v: Shape) -> bool:
        if not _attends(q, k, v) or q[-1] % heads or v[-1] % heads:
            return False
        parts = (split_shape(each, heads) for each in (q, k, v))
        return mask is None or _masks(mask, _scores_shape(*parts))

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


def _settings_text(attributes: Attributes) -> str:
    """The settings that are not as they are by default, as `attention_weights` is given them."""
    given = [(name, attributes[name]) for name in ("causal", "scale", "additive")]
    return "".join(f", {name}={setting_text(value)}" for name, value in given if value not in (False, None))


def _scaled_text(text: str, size: int, scale: float | None) -> str:
    return f"{text} / sqrt({size})" if scale is None else f"{text} * {setting_text(scale)}"


def _attention_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    heads: int = attributes["heads"]
    mask = shapes[3:]
    q, k, v = (split_shape(each, heads) for each in shapes[:3])
    batch = np.broadcast_shapes(q[:-2], k[:-2], v[:-2])
    out = merged_shape((*batch, q[-2], v[-1]), heads)
    in_q, in_k, in_v, in_g, in_out = (
        split_text(text, shape, heads)
        for text, shape in zip(("q", "k", "v", "g", "out"), (*shapes[:3], out, out), strict=True)
    )
    weights = f"attention_weights({in_q}, {in_k}{', mask' * len(mask)}{_settings_text(attributes)})"
    weighted = max(len(q), len(k), *map(len, mask)) > 2
    product = f"{in_g} @ {_turned(in_v, batched=len(v) > 2)}"
    scores = f"({weights} * ({product} - sum({in_g} * {in_out}, axis=-1, keepdims=true)))"
    turned, scale = _turned(scores, batched=bool(batch)), attributes["scale"]

    def summed(last: Shape, operand: Shape) -> tuple[int, ...]:
        return broadcast_axes((*batch, *last), operand)

    def brought(text: str, last: Shape) -> str:
        return merged_text(text, (*batch, *last), heads)

    p = _turned(weights, batched=weighted)
    parts = (
        Intermediate(
            "P", weights, lambda g, out, q, k, v, *mask, **given: attention_weights(q, k, *mask, **given)
        ),
        Intermediate(
            "dP", product, lambda g, out, q, k, v, *_, heads, **__: split(g, heads) @ split(v, heads).mT
        ),
        Intermediate(
            "rowsum",
            "sum(P * dP)",
            lambda g, out, *_, heads, **__: np.sum(split(g * out, heads), axis=-1, keepdims=True),
        ),
        Intermediate("dS", "P * (dP - rowsum)", scores_gradient),
    )
    rules: list[Linear | None] = [
        Linear(
            brought(_scaled_text(f"{scores} @ {in_k}", q[-1], scale), q[-2:]),
            by_query,
            summed=summed(q[-2:], q),
            shown=Words("through softmax, times the keys", "소프트맥스를 거쳐 키를 곱함"),
            entries=ENTRIES[0],
            parts=parts,
        ),
        Linear(
            brought(_scaled_text(f"{turned} @ {in_q}", q[-1], scale), k[-2:]),
            by_key,
            summed=summed(k[-2:], k),
            shown=Words("through softmax, times the queries", "소프트맥스를 거쳐 쿼리를 곱함"),
            entries=ENTRIES[1],
            parts=parts,
        ),
        Linear(
            brought(f"{p} @ {in_g}", v[-2:]),
            by_value,
            Factor(p, seen_by_value, before=True) if heads == 1 else None,
            summed=summed(v[-2:], v),
            shown=None
            if heads == 1
            else Words("weights of each head, transposed", "헤드마다 가중치의 전치를 곱함"),
            entries=ENTRIES[2],
        ),
    ]
    if mask and not attributes["additive"]:
        rules.append(None)
    elif mask:
        rules.append(
            Linear(
                scores[1:-1],
                scores_gradient,
                summed=summed((q[-2], k[-2]), mask[0]),
                shown=Words("through softmax", "소프트맥스를 거침"),
                entries=ENTRIES[3],
            )
        )
    return tuple(rules)


def _turned(text: str, *, batched: bool) -> str:
    """A matrix transposed, or all those of a batch."""
    return f"{text}.mT" if batched else f"{text}.T"


def _attention_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    heads: int = attributes["heads"]
    q, k, v = (split_shape(each, heads) for each in shapes[:3])
    if heads == 1:
        return _one_head_inside((q, k, v, *shapes[3:]), attributes)
    named_parts = zip(("q", "k", "v"), shapes[:3], strict=True)
    parted = [(f"{name}{name}", split_text(name, shape, heads)) for name, shape in named_parts]
    steps = _one_head_inside((q, k, v, *shapes[3:]), attributes, *(name for name, _ in parted))
    batch = np.broadcast_shapes(q[:-2], k[:-2], v[:-2])
    *steps_before, (_, each) = steps
    whole = merged_text("w", (*batch, q[-2], v[-1]), heads)
    return (*parted, *steps_before, ("w", each), ("out", whole))


def _one_head_inside(
    shapes: tuple[Shape, ...], attributes: Attributes, query: str = "q", key: str = "k", value: str = "v"
) -> Decomposition:
    """The steps for operands that are called so, and have these shapes."""
    q, k, _, *mask = shapes
    ndim, scale = len(k), attributes["scale"]
    turned = f"{key}.T" if ndim == 2 else f"permute({key}, axes={[*range(ndim - 2), ndim - 1, ndim - 2]})"
    scaled = f"t / {math.sqrt(q[-1])}" if scale is None else f"t * {setting_text(scale)}"
    steps: list[tuple[str, str]] = [("t", f"{query} @ {turned}")]
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
        return (*steps, *exponentials(-1), ("p", "e / s"), ("out", f"p @ {value}"))
    return (
        *steps,
        ("m", "detach(max(a, axis=-1, keepdims=true))"),
        ("z", "a - where(m > n, m, 0)"),  # -inf, where nothing of a row is seen
        ("e", "exp(z)"),
        ("s", "sum(e, axis=-1, keepdims=true)"),
        ("p", "e / where(s == 0, 1, s)"),
        ("out", f"p @ {value}"),
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
    heads: int = attributes["heads"]
    q, k, v = (split_shape(each, heads) for each in shapes[:3])
    in_q, in_k, in_v = (
        split_text(text, shape, heads) for text, shape in zip(("q", "k", "v"), shapes[:3], strict=True)
    )
    product = f"{in_q} @ {_turned(in_k, batched=len(k) > 2)}"
    scores = _scaled_text(product, q[-1], attributes["scale"])
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
    batch = np.broadcast_shapes(q[:-2], k[:-2], v[:-2])
    return merged_text(f"{weights} @ {in_v}", (*batch, q[-2], v[-1]), heads)


def _numpy(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    heads: int = attributes["heads"]
    q, k, v = (name if heads == 1 else f"split_heads({name}, {heads})" for name in "qkv")
    weights = f"attention_weights({q}, {k}{', mask' * (len(shapes) > 3)}{_settings_text(attributes)})"
    return f"{weights} @ {v}" if heads == 1 else f"merge_heads({weights} @ {v})"


def _work(q: Shape, k: Shape, v: Shape, *mask: Shape, **settings: Any) -> int:
    q, k, v = (split_shape(each, settings["heads"]) for each in (q, k, v))
    scores = _scores_shape(q, k, v)
    return prod(scores) * (1 + (q[-1] + v[-1]) // MATRIX_SPEED)


def _held(q: Shape, k: Shape, v: Shape, *_: Shape, heads: int, **__: Any) -> int:
    return prod(_scores_shape(*(split_shape(each, heads) for each in (q, k, v))))


def _forward(q: Any, k: Any, v: Any, *mask: Any, **settings: Any) -> Any:
    heads = settings["heads"]
    return merge(attention_weights(q, k, *mask, **settings) @ split(v, heads), heads)


scaled_dot_product_attention = define(
    "scaled_dot_product_attention",
    sign="attn",
    operands="q k v mask",
    formula="softmax(q @ k.T / sqrt(d)) @ v",
    exact=_exact,
    numpy=_numpy,
    helpers={"attention_weights": ATTENTION_WEIGHTS, **HELPERS},
    forward=_forward,
    shape=_attention_shape,
    work=_work,
    held=_held,
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
        OpAttribute(
            "heads",
            int,
            1,
            Words(
                "how many heads share the numbers of each position, each attending on its own",
                "각 위치의 수를 나누어 갖고 따로 보는 헤드의 수",
            ),
            least=1,
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
        "than 0 and 1 gives NaN. A query that sees no key gives 0, as in PyTorch. With `heads`, each head "
        "takes its stretch of the last axis, d is the size of a head's query, and a mask meets scores "
        "that have an axis of heads before the positions.",
        "위치는 끝에서 둘째 축에 놓이고, d는 쿼리의 크기입니다. 배치는 브로드캐스트됩니다. "
        "causal이면 쿼리 i는 키 0 … i만 보며, 보지 못하는 것에는 그래디언트가 흐르지 않습니다. "
        "마스크는 PyTorch의 attn_mask입니다. 기본은 참과 거짓이고, 0과 1이 아닌 수가 있으면 "
        "NaN이 됩니다. 어느 키도 보지 못하는 쿼리의 결과는 PyTorch처럼 0입니다. "
        "heads를 주면 헤드마다 마지막 축의 한 구간을 맡습니다. 이때 d는 헤드 하나의 쿼리 크기이고, "
        "마스크는 위치 앞에 헤드 축이 있는 점수와 만납니다.",
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
        Sample(((3, 4), (3, 4), (3, 2)), {"causal": True, "heads": 2}),
        Sample(((2, 2, 2), (3, 2), (1, 3, 4), (2, 2, 3)), {"additive": True, "heads": 2, "scale": 0.5}),
        Sample(((2, 3), (3, 3), (3, 3), np.array([1.0, 0.0, 1.0])), {"heads": 3}),
    ),
)
