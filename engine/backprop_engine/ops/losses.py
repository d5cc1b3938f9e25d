"""Losses."""

from __future__ import annotations

from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape, Tensor, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.ops.definition import (
    Attribute,
    Attributes,
    Factor,
    Linear,
    Partial,
    Rules,
    Sample,
    define,
    same_shape,
)
from backprop_engine.ops.normalisation import shifted, softmax_of
from backprop_engine.ops.reductions import average
from backprop_engine.text import Words

FAMILY = "losses"
Reduction: TypeAlias = Literal["mean", "sum", "none"]
REDUCTION = Attribute(
    "reduction", Reduction, "mean", "how the losses of a batch become one: mean, sum or none"
)


def reduced(losses: Any, reduction: Reduction) -> Any:
    """The losses of a batch as one number, or as they are."""
    if reduction == "none":
        return losses
    return average(losses) if reduction == "mean" else np.sum(losses)


def _class_shape(a: Shape, target: Shape, reduction: Reduction) -> Shape:
    if not a:
        raise ShapeError("{0} is a scalar: it needs an axis of classes")
    if a[-1] == 0:
        raise ShapeError(f"{{0}} is {shape_text(a)}: it has no classes")
    if target not in (a, a[:-1]):
        raise ShapeError(
            f"{{0}} is {shape_text(a)} and {{1}} is {shape_text(target)}: "
            f"a target is {shape_text(a[:-1])} class indices or {shape_text(a)} probabilities"
        )
    return a[:-1] if reduction == "none" else ()


def _by_index(a: Shape, target: Shape) -> bool:
    return len(target) < len(a)


def _softmax_with_loss(a: Any, target: Any, reduction: Reduction) -> Any:
    z = shifted(a, -1)
    log_p = z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))
    if _by_index(a.shape, np.shape(target)):
        picked = np.take_along_axis(log_p, np.asarray(target)[..., np.newaxis], axis=-1)[..., 0]
        return reduced(-picked, reduction)
    return reduced(-np.sum(target * log_p, axis=-1), reduction)


def one_hot(target: Any, classes: int) -> Tensor:
    """Class indices as rows with a single 1."""
    return np.asarray(np.asarray(target)[..., np.newaxis] == np.arange(classes), dtype=np.float64)


def _index_error(out: Any, a: Any, target: Any, reduction: Reduction) -> Any:
    p = softmax_of(a)
    return (p - one_hot(target, a.shape[-1]).astype(p.dtype)) / _count(a.shape[:-1], reduction)


def _probability_error(out: Any, a: Any, target: Any, reduction: Reduction) -> Any:
    total = np.sum(target, axis=-1, keepdims=True)
    return (softmax_of(a) * total - target) / _count(a.shape[:-1], reduction)


def _count(batch: Shape, reduction: Reduction) -> int:
    return prod(batch) if reduction == "mean" else 1


def _softmax_with_loss_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    a, target = shapes
    reduction = attributes["reduction"]
    count = _count(a[:-1], reduction)
    share = f" / {count}" if count != 1 else ""
    if _by_index(a, target):
        difference, short, error = f"softmax(a) - one_hot(target, {a[-1]})", "p - t", _index_error
    else:
        difference = "softmax(a) * sum(target, axis=-1, keepdims=true) - target"
        short, error = "p - t", _probability_error
    g = "expand_dims(g, -1)" if reduction == "none" and len(a) > 1 else "g"

    def vjp(g: Any, out: Any, a: Any, target: Any, reduction: Reduction) -> Any:
        wide = np.expand_dims(g, -1) if reduction == "none" else g
        return wide * error(out, a, target, reduction)

    by_row = reduction == "none" and len(a) > 1
    factor = Factor(
        f"({short}){share}" if share else short,
        error,
        sign="⊙" if by_row else "·",
        upstream_as="column",
    )
    return (Linear(f"{g} * ({difference}){share}", vjp, factor), None)


def _refuse_target(a: Any, target: Any, reduction: Reduction) -> str | None:
    """A class index is whole and in range; probabilities are not negative and sum to 1."""
    classes = a[-1]
    values = np.asarray(target)
    if _by_index(a, values.shape):
        if not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
            return "a class index must be a whole number"
        if values.size and (values.min() < 0 or values.max() >= classes):
            worst = int(values.min()) if values.min() < 0 else int(values.max())
            return f"the class index {worst} is out of range: there are {classes} classes, counted from 0"
        return None
    if np.any(values < 0) or not np.allclose(values.sum(axis=-1), 1.0, rtol=0, atol=1e-3):
        return "the probabilities of each target must not be negative and must sum to 1"
    return None


_LOGITS = (
    Sample(((3,), np.array(1))),
    Sample(((3,), np.array([0.0, 0.0, 1.0]))),
    Sample(((3,), np.array([0.2, 0.3, 0.5]))),
    Sample(((2, 3), np.array([2, 0]))),
    Sample(((2, 3), np.array([[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]]))),
    Sample(((2, 3), np.array([2, 0])), {"reduction": "sum"}),
    Sample(((2, 3), np.array([2, 0])), {"reduction": "none"}),
    Sample(((2, 3), np.array([[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])), {"reduction": "none"}),
    Sample(((2, 2, 3), np.array([[2, 0], [1, 1]]))),
)

softmax_with_loss = define(
    "softmax_with_loss",
    family=FAMILY,
    lesson=Words(
        en="Softmax with cross-entropy: the gradient is the probabilities less the target, y − t.",
        ko="Softmax-with-Loss 노드의 역전파 그래디언트는 확률에서 정답을 뺀 y − t입니다.",
    ),
    sign="CE",
    operands="a target",
    formula="-sum(target * log(softmax(a)))",
    forward=_softmax_with_loss,
    shape=_class_shape,
    rules=_softmax_with_loss_rules,
    attributes=(REDUCTION,),
    constants=("target",),
    indices=lambda a, target: (1,) if _by_index(a, target) else (),
    refuse=_refuse_target,
    conventions="The classes lie along the last axis; the largest logit is subtracted first, so that no "
    "exponential overflows.",
    samples=_LOGITS,
)


def _mse_shape(a: Shape, target: Shape, reduction: Reduction) -> Shape:
    shape = same_shape(a, target)
    return shape if reduction == "none" else ()


def _mse_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    reduction = attributes["reduction"]
    if reduction == "none":
        return (
            Partial("2 * (a - target)", lambda out, a, target, reduction: 2.0 * (a - target)),
            Partial("-2 * (a - target)", lambda out, a, target, reduction: -2.0 * (a - target)),
        )
    count = _count(shapes[0], reduction)
    share = f" / {count}" if count != 1 else ""
    return (_mse_rule(2.0, count, share), _mse_rule(-2.0, count, share))


def _mse_rule(slope: float, count: int, share: str) -> Linear:
    def error(out: Any, a: Any, target: Any, reduction: Reduction) -> Any:
        return slope * (a - target) / count

    text = f"{slope:g} * (a - target){share}"
    return Linear(
        f"g * {text}" if slope > 0 else f"g * ({text})",
        lambda g, *rest, **attributes: g * error(*rest, **attributes),
        Factor(text, error),
    )


mse = define(
    "mse",
    family=FAMILY,
    lesson=Words(
        en="Squared error: the gradient is twice the difference, averaged over all cells.",
        ko="제곱 오차의 그래디언트는 차이의 두 배를 원소 수로 나눈 것입니다.",
    ),
    sign="mse",
    operands="a target",
    formula="mean((a - target) ** 2)",
    forward=lambda a, target, reduction: reduced((a - target) ** 2, reduction),
    shape=_mse_shape,
    rules=_mse_rules,
    attributes=(REDUCTION,),
    conventions="Both operands have one shape, and gradient flows to both.",
    samples=(
        Sample(((), ())),
        Sample(((3,), (3,))),
        Sample(((2, 3), (2, 3))),
        Sample(((2, 3), (2, 3)), {"reduction": "sum"}),
        Sample(((2, 3), (2, 3)), {"reduction": "none"}),
    ),
)
