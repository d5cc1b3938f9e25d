"""Losses of probabilities and of scores, entry by entry."""

from __future__ import annotations

from math import inf, nan
from typing import Any, Literal

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.functions import gate
from backprop_engine.ops.reduced_losses import (
    REDUCTION,
    by_entry,
    entry_shape,
    inside_of,
    reduced,
    reduced_formula,
    reduced_inside,
    reduced_text,
    sampled,
)
from backprop_engine.ops.rules import Elementwise, Rules
from backprop_engine.ops.samples import Kink, Sample, beyond
from backprop_engine.ops.shape_rules import broadcast, broadcasts, difference, named
from backprop_engine.ops.smooth_activations import sigmoid_of, softplus_of

define = Family("losses").define


def _weighted(weight: Any, a: Any) -> Any:
    """The product of both, and 0 where the weight is 0, whatever `a` is."""
    return np.where(weight == 0, 0.0, weight * a)


def _bce(p: Any, target: Any, reduction: str) -> Any:
    return reduced(-_weighted(target, np.log(p)) - _weighted(1.0 - target, np.log1p(-p)), reduction)


def _bce_slope(out: Any, p: Any, target: Any, **_: Any) -> Any:
    return _weighted(1.0 - target, 1.0 / (1.0 - p)) - _weighted(target, 1.0 / p)


bce = define(
    "bce",
    sign="BCE",
    operands="p target",
    formula="-mean(target * log(p) + (1 - target) * log(1 - p))",
    exact=reduced_formula("-(target * log(p) + (1 - target) * log1p(-p))"),
    forward=_bce,
    shape=entry_shape,
    rules=by_entry(
        Elementwise("(1 - target) / (1 - p) - target / p", _bce_slope),
        Elementwise("log(1 - p) - log(p)", lambda out, p, target, **_: np.log1p(-p) - np.log(p)),
    ),
    attributes=(REDUCTION,),
    inside=inside_of(
        ("q", "target * log(p)"),
        ("r", "(1 - target) * log(1 - p)"),
        ("l", "-(q + r)"),
    ),
    lesson=Words(
        en="Binary cross-entropy divides by the probability, so a confident mistake gets a huge gradient.",
        ko="이진 교차 엔트로피는 확률로 나누므로, 확신하고 틀리면 그래디언트가 아주 커집니다.",
    ),
    lessons=(
        None,
        Words(
            "The target's gradient is minus the log-odds of the probability.",
            "정답에 대한 그래디언트는 확률의 로그 오즈에 음수 부호를 붙인 것입니다.",
        ),
    ),
    conventions=Words(
        "A term with weight 0 counts as 0, even where its logarithm is −inf; a mistake made with "
        "certainty gives +inf, where PyTorch clamps the logarithm at −100. Outside 0 … 1 it is NaN.",
        "계수가 0인 항은 로그가 −inf여도 0으로 간주합니다. 확률 1로 틀리면 +inf이며, PyTorch는 "
        "로그를 −100에서 멈춥니다. 0 … 1을 벗어나면 NaN입니다.",
    ),
    kinks=(
        Kink((0.0, 0.0), 0, (1, inf), Words("0 · log 0 counts as 0", "0 · log 0은 0으로 간주")),
        Kink(
            (0.0, 1.0),
            inf,
            (-inf, inf),
            Words("a mistake made with certainty: an infinite loss", "확률 1로 틀리면 손실은 무한대"),
        ),
    ),
    samples=(*sampled(0.05, 0.95), *sampled(0.05, 0.95, (0.0, 1.0, 1.0))[1:5]),
)


def _logits_shape(a: Shape, target: Shape, pos_weight: Shape | None = None, *, reduction: str) -> Shape:
    if pos_weight is not None and a != target:
        problem = msg("{operands}: both must have the same shape", operands=named(a, target))
        raise ShapeError(problem, difference(a, target))
    if pos_weight is not None and not (broadcasts(a, pos_weight) and broadcast(a, pos_weight) == a):
        raise ShapeError(
            msg(
                "{operands}: the weights must broadcast to {shape}",
                operands=named(a, target, pos_weight),
                shape=shape_text(a),
            ),
            difference(a, pos_weight, (0, 2)),
        )
    return entry_shape(a, target, reduction)


def _bce_with_logits(a: Any, target: Any, pos_weight: Any = 1.0, *, reduction: str) -> Any:
    losses = _weighted(pos_weight * target, softplus_of(-a)) + _weighted(1.0 - target, softplus_of(a))
    return reduced(losses, reduction)


def _by_logit(out: Any, a: Any, target: Any, pos_weight: Any, **_: Any) -> Any:
    return (1.0 - target) * sigmoid_of(a) - pos_weight * target * sigmoid_of(-a)


def _by_target(out: Any, a: Any, target: Any, pos_weight: Any, **_: Any) -> Any:
    return pos_weight * softplus_of(-a) - softplus_of(a)


_TARGET_PLAIN = Words(
    "The gradient with respect to the target is minus the logit.",
    "정답에 대한 그래디언트는 로짓에 음수 부호를 붙인 것입니다.",
)
_LOGIT_WEIGHTED = Words(
    en="Sigmoid with cross-entropy: the gradient is the probability where the target is 0, and the "
    "weight times the probability minus one where it is 1.",
    ko="시그모이드와 교차 엔트로피의 그래디언트는 정답이 0이면 확률이고, 1이면 확률에서 1을 뺀 "
    "값에 가중치를 곱한 것입니다.",
)
_TARGET_WEIGHTED = Words(
    "The gradient with respect to the target is the weighted loss for a target of 1 minus the "
    "loss for a target of 0.",
    "정답에 대한 그래디언트는 정답이 1일 때의 가중 손실에서 0일 때의 손실을 뺀 것입니다.",
)

_PLAIN = by_entry(
    Elementwise("sigmoid(a) - target", lambda out, a, target, **_: sigmoid_of(a) - target),
    Elementwise("-a", lambda out, a, target, **_: -a),
)
_POSITIVES_WEIGHTED = by_entry(
    Elementwise("(1 - target) * sigmoid(a) - pos_weight * target * sigmoid(-a)", _by_logit),
    Elementwise("pos_weight * softplus(-a) - softplus(a)", _by_target),
    None,
)


def _logits_exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    weight = "pos_weight * " * (len(shapes) > 2)
    entries = f"{weight}target * softplus(-a) + (1 - target) * softplus(a)"
    return reduced_text(entries, attributes["reduction"], shapes[0])


def _logits_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    weight = "pos_weight * " * (len(shapes) > 2)
    steps = (
        ("p", "sigmoid(a)"),
        ("q", f"{weight}target * log(p)"),
        ("r", "(1 - target) * log(1 - p)"),
        ("l", "-(q + r)"),
    )
    return reduced_inside(steps, shapes[0], attributes["reduction"])


_LABELS = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
_WEIGHTS = np.array([0.5, 3.0, 1.0])

bce_with_logits = define(
    "bce_with_logits",
    sign="σ+BCE",
    operands="a target pos_weight",
    formula="mean(target * softplus(-a) + (1 - target) * softplus(a))",
    exact=_logits_exact,
    forward=_bce_with_logits,
    shape=_logits_shape,
    rules=lambda shapes, attributes: (_POSITIVES_WEIGHTED if len(shapes) > 2 else _PLAIN)(shapes, attributes),
    attributes=(REDUCTION,),
    optional=1,
    constants=("pos_weight",),
    inside=_logits_inside,
    lesson=Words(
        en="Sigmoid with cross-entropy: the sigmoid's slope cancels, which leaves the probability "
        "minus the target.",
        ko="시그모이드와 교차 엔트로피를 합치면 나눗셈이 약분되어 확률에서 정답을 뺀 것만 남습니다.",
    ),
    lessons=lambda shapes: (_LOGIT_WEIGHTED, _TARGET_WEIGHTED) if len(shapes) > 2 else (None, _TARGET_PLAIN),
    conventions=Words(
        "It never takes the logarithm of a probability, so it is accurate however large the logit. "
        "The positive weights multiply the part of the loss for a target of 1, and the mean still "
        "divides by the number of entries, as in PyTorch.",
        "확률의 로그를 구하지 않으므로 로짓이 아무리 커도 정확합니다. 양성의 가중치는 "
        "PyTorch처럼 손실에서 정답 1에 해당하는 부분에 곱해지며, 평균은 그대로 원소 수로 "
        "나눕니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink(
            (1e4, 0.0),
            1e4,
            (1, -1e4),
            Words("a confident mistake: a finite loss", "확신하고 틀려도 손실은 유한함"),
        ),
    ),
    samples=(
        *sampled(),
        *sampled(targets=(0.0, 1.0, 1.0))[1:5],
        Sample(((), (), np.array(2.0))),
        Sample(((3,), (3,), np.array(2.0))),
        Sample(((2, 3), (2, 3), np.array(2.0))),
        Sample(((2, 3), _LABELS, _WEIGHTS)),
        Sample(((1, 1), np.array([[0.0]]), np.array(2.0))),
        Sample(((2, 3), _LABELS, _WEIGHTS), {"reduction": "sum"}),
        Sample(((2, 3), _LABELS, _WEIGHTS), {"reduction": "none"}),
    ),
)


def _refuse_signs(a: Shape, target: Any, **_: Any) -> Message | None:
    return None if np.all(np.abs(target) == 1) else msg("a target of hinge must be 1 or -1")


def _hinge(a: Any, target: Any, reduction: str, margin: float) -> Any:
    return reduced(np.maximum(margin - target * a, 0.0), reduction)


def _hinge_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    margin = attributes["margin"]

    def of(out: Any, a: Any, target: Any, **_: Any) -> Any:
        return -target * gate(target * a < margin, a)

    return by_entry(Elementwise(f"where(target * a < {margin}, -target, 0)", of), None)(shapes, attributes)


def _hinge_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
    steps = (("m", f"{attributes['margin']} - target * a"), ("l", "relu(m)"))
    return reduced_inside(steps, shapes[0], attributes["reduction"])


hinge = define(
    "hinge",
    operands="a target",
    formula="mean(maximum(margin - target * a, 0))",
    exact=reduced_formula("maximum({margin} - target * a, 0)"),
    forward=_hinge,
    shape=lambda a, target, **attributes: entry_shape(a, target, fixed=(1,), **attributes),
    rules=_hinge_rules,
    attributes=(
        REDUCTION,
        OpAttribute(
            "margin",
            float,
            1.0,
            Words("how far on the right side a score has to be", "점수가 제 쪽으로 얼마나 넘어가야 하는지"),
            least=0,
        ),
    ),
    constants=("target",),
    refuse=_refuse_signs,
    analytic=False,
    inside=_hinge_inside,
    lesson=Words(
        en="The hinge loss pushes only the scores that are not yet beyond the margin; all others get "
        "no gradient.",
        ko="힌지 손실은 아직 마진만큼 자기 쪽에 있지 않은 것만 밀어 주고, 나머지에는 그래디언트가 없습니다.",
    ),
    conventions=Words(
        "A target is 1 or −1. Exactly at the margin the derivative is 0. NaN stays NaN.",
        "정답은 1 또는 −1입니다. 정확히 마진에서는 미분이 0입니다. NaN은 NaN으로 남습니다.",
    ),
    kinks=(
        Kink((1.0, 1.0), 0, (0, None), Words("the corner belongs to the flat side", "꺾인 점은 평평한 쪽")),
    ),
    samples=(*sampled(targets=(-1.0, 1.0, 1.0)), *sampled(targets=(-1.0, 1.0, 1.0), margin=0.5)[1:3]),
)


def _kl_div(log_p: Any, target: Any, reduction: str) -> Any:
    return reduced(_weighted(target, np.log(target)) - _weighted(target, log_p), reduction)


kl_div = define(
    "kl_div",
    sign="KL",
    operands="log_p target",
    formula="mean(target * (log(target) - log_p))",
    exact=reduced_formula("where(target == 0, 0, target * (log(target) - log_p))"),
    forward=_kl_div,
    shape=entry_shape,
    rules=by_entry(
        Elementwise("-target", lambda out, log_p, target, **_: -target),
        Elementwise("log(target) + 1 - log_p", lambda out, log_p, target, **_: np.log(target) + 1.0 - log_p),
    ),
    attributes=(
        OpAttribute(
            "reduction",
            Literal["mean", "batchmean", "sum", "none"],
            "mean",
            Words(
                "mean over all entries, batchmean over the first axis (the divergence itself), sum or none",
                "모든 원소의 mean, 첫째 축의 batchmean(발산 그 자체), sum 또는 none",
            ),
        ),
    ),
    inside=inside_of(("d", "log(target) - log_p"), ("l", "target * d")),
    lesson=Words(
        en="How far the prediction is from the target distribution: the gradient of a "
        "log-probability is minus its target.",
        ko="목표 분포와의 차이입니다. 로그 확률에 대한 그래디언트는 목표 확률에 음수 부호를 붙인 것입니다.",
    ),
    lessons=(
        None,
        Words(
            "The gradient of a target is its own logarithm minus the log-probability, plus 1.",
            "목표 확률에 대한 그래디언트는 자신의 로그에서 로그 확률을 빼고 1을 더한 것입니다.",
        ),
    ),
    conventions=Words(
        "As in PyTorch the first operand holds log-probabilities, and the mean is over all entries. "
        "A target of 0 contributes 0; the derivative with respect to it is −inf.",
        "PyTorch처럼 첫째 피연산자는 로그 확률이고, mean은 모든 원소의 평균입니다. 0인 정답의 항은 "
        "0으로 간주하며, 그 정답에 대한 미분은 −inf입니다.",
    ),
    kinks=(Kink((-inf, 0.0), 0, (0, nan), Words("0 · log 0 counts as 0", "0 · log 0은 0으로 간주")),),
    samples=(*sampled(0.05, 0.95), *sampled(0.05, 0.95, reduction="batchmean")[1:4]),
)
