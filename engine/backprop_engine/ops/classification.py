"""Losses of classification: a target is a class index, or the probabilities of every class.

`keep` says which targets count: all but those equal to `ignore_index`. With a `weight` for each class, a
target counts as much as its class, and the mean of class indices is divided by the weights that were counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import inf, nan, prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, Tensor, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, Family
from backprop_engine.ops.normalisation import exponentials, largest
from backprop_engine.ops.reduced_losses import REDUCTION, reduced, reduced_text
from backprop_engine.ops.rules import Factor, Indices, Linear, Rules, here, same
from backprop_engine.ops.samples import Kink, Sample, beyond
from backprop_engine.ops.scattering import ONE_HOT
from backprop_engine.ops.shape_rules import difference, joined, named, repair
from backprop_engine.ops.shared_work import remembered

define = Family("losses").define


def by_index(a: Shape, target: Shape) -> bool:
    """Whether the target holds class indices, not probabilities."""
    return len(target) < len(a)


def _needs_classes(a: Shape) -> None:
    if not a:
        raise ShapeError(msg("{0} is (), a scalar: it needs an axis of classes"))
    if a[-1] == 0:
        raise ShapeError(msg("{0} is {shape}: it has no classes", shape=shape_text(a)))


def class_shape(
    a: Shape,
    target: Shape,
    weight: Shape | None = None,
    *,
    reduction: str,
    ignore_index: int | None,
    label_smoothing: float,
) -> Shape:
    """The shape rule where a target is class indices or probabilities."""
    _needs_classes(a)
    if target not in (a, a[:-1]):
        raise ShapeError(
            msg(
                "{operands}: a target is {indices}, or probabilities of shape {shape}",
                operands=named(a, target),
                indices=_indices(a),
                shape=shape_text(a),
            ),
            _target_hint(
                a, target, lambda a: target == a[:-1] or (target == a and ignore_index is None), weight
            ),
        )
    if ignore_index is not None and target == a:
        raise ShapeError(
            msg(
                "ignore_index works with class indices, but {1} has probabilities of shape {shape}",
                shape=shape_text(target),
            )
        )
    _needs_weights(a, weight)
    return a[:-1] if reduction == "none" else ()


def _needs_weights(a: Shape, weight: Shape | None) -> None:
    if weight not in (None, a[-1:]):
        raise ShapeError(
            msg(
                "{2} is {shape}: it needs a weight for each of {classes} classes",
                shape=shape_text(weight),
                classes=a[-1],
            ),
            difference(weight, a[-1:], (2, 0)),
        )


def _indices(a: Shape) -> Message:
    """How many class indices a target of `a` has."""
    if not a[:-1]:
        return msg("one class index")
    return msg("class indices of shape {shape}", shape=shape_text(a[:-1]))


def _target_hint(a: Shape, target: Shape, takes: Callable[[Shape], bool], weight: Shape | None) -> Hint:
    """Which axis differs, and a form of the logits that fits; what is constant stays as it is."""
    if 1 in target and tuple(size for size in target if size != 1) == a[:-1]:
        return msg("write {1} without brackets around each number")
    wanted = a if len(target) == len(a) else a[:-1]

    def fits(a: Shape) -> bool:
        return a[-1:] not in ((), (0,)) and takes(a) and weight in (None, a[-1:])

    return joined(difference(target, wanted, (1, 0)), repair((a,), fits))


def index_shape(
    log_p: Shape, target: Shape, weight: Shape | None = None, *, reduction: str, ignore_index: int | None
) -> Shape:
    """The shape rule where a target is class indices."""
    _needs_classes(log_p)
    if target != log_p[:-1]:
        raise ShapeError(
            msg("{operands}: a target is {indices}", operands=named(log_p, target), indices=_indices(log_p)),
            _target_hint(log_p, target, lambda a: target == a[:-1], weight),
        )
    _needs_weights(log_p, weight)
    return target if reduction == "none" else ()


def kept(target: Any, ignore_index: int | None) -> Any:
    """Which class indices count: `np.True_` where all do."""
    return np.True_ if ignore_index is None else np.not_equal(target, ignore_index)


def one_hot(target: Any, classes: int) -> Tensor:
    """Class indices as rows with a single 1."""
    return np.asarray(np.asarray(target)[..., np.newaxis] == np.arange(classes), dtype=np.float64)


def refuse_target(
    a: Shape, target: Any, weight: Any = None, *, ignore_index: int | None = None, **_: Any
) -> Message | None:
    """A class index is whole and in range; probabilities are not negative and sum to 1."""
    classes = a[-1]
    values = np.asarray(target)
    if by_index(a, values.shape):
        if not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
            return msg("a class index must be a whole number")
        counted = values if ignore_index is None else values[values != ignore_index]
        if counted.size and (counted.min() < 0 or counted.max() >= classes):
            worst = int(counted.min()) if counted.min() < 0 else int(counted.max())
            return msg(
                "the class index {index} is out of range: there are {classes} classes, counted from 0",
                index=worst,
                classes=classes,
            )
        return None
    if np.any(values < 0) or not np.allclose(values.sum(axis=-1), 1.0, rtol=0, atol=1e-3):
        return msg("the probabilities of each target must not be negative and must sum to 1")
    return None


# Losses

IGNORE_INDEX = OpAttribute(
    "ignore_index",
    int | None,
    None,
    Words("a target that does not count, such as padding", "세지 않을 정답, 예: 패딩"),
)
LABEL_SMOOTHING = OpAttribute(
    "label_smoothing",
    float,
    0.0,
    Words(
        "the share of each target that is spread evenly over all classes",
        "정답마다 모든 범주에 고루 나누어 줄 몫",
    ),
    least=0,
    most=1,
)


def _averaged(losses: Any, counts: Any, reduction: str) -> Any:
    """The losses of a batch as one number, or as they are; in a mean each counts as `counts` says, or 1."""
    if reduction == "mean" and counts is not None:
        return np.sum(losses) / np.float64(np.sum(counts))
    return reduced(losses, reduction)


def _only(keep: Any, numbers: Any) -> Any:
    """The numbers that count, and 0 in place of the others."""
    return numbers if keep is np.True_ else np.where(keep, numbers, 0)


def _picked(rows: Any, target: Any, keep: Any) -> Any:
    """The entry of each target in its row; of the first class where it does not count."""
    at = np.asarray(_only(keep, target))
    flat = rows.reshape(-1, rows.shape[-1])
    return flat[np.arange(len(flat)), at.ravel()].reshape(at.shape)


def _counts(target: Any, weight: Any, ignore_index: int | None) -> Any:
    """How much each class index counts; None where all count alike."""
    if weight is None and ignore_index is None:
        return None
    keep = kept(target, ignore_index)
    if weight is None:
        return None if keep.all() else keep
    return _only(keep, weight[_only(keep, target)])


def _share(a: Any, target: Any, weight: Any, reduction: str, ignore_index: int | None) -> Any:
    """What the sum of the losses is divided by; never 0 where targets do not count."""
    if reduction != "mean":
        return 1
    counts = _counts(target, weight, ignore_index) if by_index(a.shape, np.shape(target)) else None
    return prod(a.shape[:-1]) if counts is None else np.sum(counts) or 1


def _nll(log_p: Any, target: Any, weight: Any = None, *, reduction: str, ignore_index: int | None) -> Any:
    keep = kept(target, ignore_index)
    weighted = log_p if weight is None else weight * log_p
    losses = _only(keep, -_picked(weighted, target, keep))
    return _averaged(losses, _counts(target, weight, ignore_index), reduction)


def _nll_error(
    out: Any, log_p: Any, target: Any, weight: Any = None, *, reduction: str, ignore_index: int | None
) -> Any:
    keep = kept(target, ignore_index)[..., np.newaxis]
    t = one_hot(target, log_p.shape[-1]) * keep
    t = t if weight is None else weight * t
    return (-t / _share(log_p, target, weight, reduction, ignore_index)).astype(log_p.dtype)


@remembered
def _exponentials(a: Any) -> tuple[Any, Any, Any]:
    """Softmax up to its division: the largest logit of each row, the exponentials less that, and their sums.

    They serve the loss and its gradient, which needs them once more.
    """
    most = largest(a.real)
    e = a - most
    np.exp(e, out=e)
    return most, e, np.add.reduce(e, axis=-1, keepdims=True)


def _loss(
    a: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int | None,
    label_smoothing: float,
) -> Any:
    most, _, sums = _exponentials(a)
    indices = by_index(a.shape, np.shape(target))
    keep = kept(target, ignore_index) if indices else np.True_
    counts = _counts(target, weight, ignore_index) if indices else None
    if indices and weight is None and not label_smoothing:  # no other entry is needed
        losses = -((_picked(a, target, keep) - most[..., 0]) - np.log(sums[..., 0]))
        return _averaged(_only(keep, losses), counts, reduction)
    log_p = (a - most) - np.log(sums)
    weighted = log_p if weight is None else weight * log_p
    losses = -(_picked(weighted, target, keep) if indices else np.sum(target * weighted, axis=-1))
    if label_smoothing:
        losses = (1.0 - label_smoothing) * losses - label_smoothing * np.mean(weighted, axis=-1)
    return _averaged(_only(keep, losses), counts, reduction)


def _error(
    out: Any,
    a: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int | None,
    label_smoothing: float,
) -> Any:
    """The probabilities less the smoothed target, as shares of the batch."""
    _, e, sums = _exponentials(a)
    p, classes = e / sums, a.shape[-1]
    indices = by_index(a.shape, np.shape(target))
    keep: Any = kept(target, ignore_index) if indices else np.True_
    if indices and weight is None and not label_smoothing:
        error = _less_one_hot(p, target, keep)
    else:
        t = one_hot(target, classes) if indices else target
        if label_smoothing:
            t = (1.0 - label_smoothing) * t + label_smoothing / classes
        t = t if weight is None else weight * t
        if weight is not None or not indices:
            p = p * np.sum(t, axis=-1, keepdims=True)
        error = p - t
    if keep is not np.True_:
        error = error * keep[..., np.newaxis]
    return (error / _share(a, target, weight, reduction, ignore_index)).astype(e.dtype, copy=False)


def _less_one_hot(p: Any, target: Any, keep: Any) -> Any:
    """`p` less 1 at each target that counts, where possible in place: other entries are not touched."""
    flat = p.ravel()
    entries = np.arange(0, p.size, p.shape[-1]) + np.ravel(target)
    flat[entries if keep is np.True_ else entries[np.ravel(keep)]] -= 1.0
    return flat.reshape(p.shape)


def _by_row(error: Any, text: str, shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    """The rules of a loss that multiplies the upstream gradient, a number or one for each row, by `error`."""
    *batch, classes = shapes[0]
    share = ""
    ignore, keep = attributes["ignore_index"], ""
    if ignore is not None:
        keep = f"expand_dims(target != {ignore}, -1)" if batch else f"(target != {ignore})"
        text = f"{keep} * {_grouped(text)}"
    if attributes["reduction"] == "mean":
        count = prod(batch)
        if len(shapes) > 2 and by_index(*shapes[:2]):
            share = f" / {_counted(f'one_hot(target, {classes})', keep)}"
        else:
            share = f" / {count}" * (count != 1) if ignore is None else f" / sum(target != {ignore})"
    rows = attributes["reduction"] == "none" and bool(batch)

    def vjp(g: Any, *rest: Any, **attributes: Any) -> Any:
        return (np.expand_dims(g, -1) if rows else g) * error(*rest, **attributes)

    def entries(i: Indices, j: Indices, *rest: Any, **attributes: Any) -> Any:
        chosen = error(*rest, **attributes)[j]
        return here(same(i, j[:-1]), chosen) if rows else chosen

    upstream = "expand_dims(g, -1)" if rows else "g"
    factor = Factor((_grouped(text) if share else text) + share, error, sign="⊙" if rows else "·")
    rule = Linear(f"{upstream} * {_grouped(text)}{share}", vjp, factor, entries=entries)
    return (rule, *[None] * (len(shapes) - 1))


def _counted(one_hot: str, keep: str) -> str:
    """The sum of the weights of those targets that count."""
    return f"sum({f'{keep} * ' if keep else ''}{one_hot} * weight)"


def _grouped(text: str) -> str:
    return f"({text})" if " - " in text or text.startswith("-") else text


def _nll_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    text = f"-one_hot(target, {shapes[0][-1]})" + " * weight" * (len(shapes) > 2)
    return _by_row(_nll_error, text, shapes, attributes)


def _smoothed(text: str, smoothing: float) -> str:
    return f"(1 - {smoothing}) * {text}" if smoothing else text


def _softmax_with_loss_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    a, target = shapes[:2]
    smoothing, indices = attributes["label_smoothing"], by_index(a, target)
    spread = f" - {smoothing} / {a[-1]}" if smoothing else ""
    given = f"one_hot(target, {a[-1]})" if indices else "target"
    if len(shapes) > 2:
        t = f"({_smoothed(given, smoothing)} + {smoothing} / {a[-1]})" if smoothing else given
        text = f"softmax(a) * sum(weight * {t}, axis=-1, keepdims=true) - weight * {t}"
    elif indices:
        text = f"softmax(a) - {_smoothed(given, smoothing)}{spread}"
    else:
        total = _smoothed("sum(target, axis=-1, keepdims=true)", smoothing)
        total = f"({total} + {smoothing})" if smoothing else total
        text = f"softmax(a) * {total} - {_smoothed('target', smoothing)}{spread}"
    return _by_row(_error, text, shapes, attributes)


def _nll_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    """The call of `nll` on the log-probabilities `l`."""
    ignore = "" if attributes["ignore_index"] is None else f", ignore_index={attributes['ignore_index']}"
    weight = ", weight" * (len(shapes) > 2)
    return f'nll(l, target{weight}, reduction="{attributes["reduction"]}"{ignore})'


def _softmax_with_loss_inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition | None:
    a, target = shapes[:2]
    reduction, weighted = attributes["reduction"], len(shapes) > 2
    smoothing, ignore = attributes["label_smoothing"], attributes["ignore_index"]
    steps: Decomposition = (*exponentials(-1), ("p", "e / s"), ("l", "log(p)"))
    mean = reduction == "mean"
    if not by_index(a, target):
        if smoothing:
            steps += (("t", f"{1 - smoothing} * target + {smoothing / a[-1]}"),)
        shares = f"{'weight * ' * weighted}{'t' if smoothing else 'target'}"
        return (*steps, *_last_steps("c", f"-sum({shares} * l, axis=-1)", reduction, a[:-1]))
    if not smoothing:
        return (*steps, ("out", _nll_inside(shapes, attributes)))
    if weighted:  # what the mean is divided by takes the weights apart by class index
        return None
    steps += (("n", _nll_inside(shapes, attributes)), ("u", "-mean(l, axis=-1)"))
    if ignore is not None:
        steps += (("k", f"where(target != {ignore}, 1, 0)"), ("v", "k * u"))
        last = {"none": "v", "sum": "sum(v)", "mean": "sum(v) / sum(k)"}[reduction]
    else:
        last = "u" if reduction == "none" else "mean(u)" if mean else "sum(u)"
    return (*steps, ("out", f"{1 - smoothing} * n + {smoothing} * {last}"))


def _last_steps(name: str, rows: str, reduction: str, batch: Shape) -> Decomposition:
    if reduction == "none" or not batch:
        return (("out", rows),)
    return ((name, rows), ("out", f"{reduction}({name})"))


def _targets(**attributes: Any) -> tuple[Sample, ...]:
    """Class indices: of one row, of a batch, of a batch of batches; the batch with every reduction."""
    rows = np.array([2, 0])
    return (
        Sample(((3,), np.array(1)), attributes),
        Sample(((2, 3), rows), attributes),
        Sample(((2, 3), rows), {**attributes, "reduction": "sum"}),
        Sample(((2, 3), rows), {**attributes, "reduction": "none"}),
        Sample(((2, 2, 3), np.array([[2, 0], [1, 1]])), {**attributes, "reduction": "none"}),
        Sample(((2, 2, 3), np.array([[2, 0], [1, 1]])), attributes),
        Sample(((2, 1), np.array([0, 0])), attributes),
    )


def _ignoring(index: int, **attributes: Any) -> tuple[Sample, ...]:
    """Batches in which one target is `index` and does not count."""
    rows = np.array([2, index, 1])
    return tuple(
        Sample(((3, 3), rows), {"ignore_index": index, "reduction": reduction, **attributes})
        for reduction in ("mean", "sum", "none")
    )


def _weighted(**attributes: Any) -> tuple[Sample, ...]:
    """The samples of class indices, with a weight for each class."""
    return tuple(
        Sample((*sample.operands, np.linspace(0.5, 2.0, sample.operands[0][-1])), sample.attributes)
        for sample in (
            *_targets(**attributes)[:5],
            *_ignoring(-100, **attributes),
            *_ignoring(0, **attributes)[:1],
        )
    )


_ROWS = np.array([[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])


def _exact(log_p: str, shapes: tuple[Shape, ...], attributes: Attributes) -> str:
    """Minus the log-probability of the right class, or of the targets' classes by their shares."""
    *batch, classes = shapes[0]
    indices, weighted = by_index(*shapes[:2]), len(shapes) > 2
    target = f"one_hot(target, {classes})" if indices else "target"
    smoothing, ignore, keep = attributes.get("label_smoothing", 0.0), attributes["ignore_index"], ""
    if smoothing:
        target = f"({1 - smoothing} * {target} + {smoothing / classes})"
    rows = f"-sum({'weight * ' * weighted}{target} * {log_p}, axis=-1)"
    if ignore is not None and indices:
        rows = f"(target != {ignore}) * ({rows})"
        keep = f"expand_dims(target != {ignore}, -1)" if batch else f"(target != {ignore})"
    if attributes["reduction"] == "mean":
        if indices and weighted:
            counted = _counted(f"one_hot(target, {classes})", keep)
            return f"{f'sum({rows})' if batch else rows} / {counted}"
        if keep:
            return f"sum({rows}) / sum(target != {ignore})"
        if prod(batch) == 1:
            return f"sum({rows})" if batch else rows
    return reduced_text(rows, attributes["reduction"], tuple(batch))


nll = define(
    "nll",
    sign="NLL",
    operands="log_p target weight",
    formula="-sum(one_hot(target) * log_p)",
    exact=lambda shapes, attributes: _exact("log_p", shapes, attributes),
    helpers={"one_hot": ONE_HOT},
    forward=_nll,
    shape=index_shape,
    rules=_nll_rules,
    attributes=(REDUCTION, IGNORE_INDEX),
    optional=1,
    constants=("target", "weight"),
    indices=lambda log_p, target, *_: (1,),
    refuse=refuse_target,
    lesson=Words(
        en="Negative log-likelihood: only the log-probability of the right class gets a gradient, "
        "−1, divided by the number of targets when the mean is taken.",
        ko="음의 로그 가능도는 정답 범주의 로그 확률에만 그래디언트를 흘려보냅니다. 그 값은 −1이고, "
        "평균일 때는 이를 정답의 개수로 나눕니다.",
    ),
    conventions=Words(
        "The classes lie along the last axis. The mean is over the targets that count, each "
        "weighted by its class, as in PyTorch; if none counts, the loss is NaN and the gradient "
        "0.",
        "범주는 마지막 축에 놓입니다. 평균은 PyTorch처럼 ignore_index가 아닌 정답들을 범주의 "
        "가중치로 가중평균한 것입니다. 그런 정답이 하나도 없으면 값은 NaN이고 그래디언트는 "
        "0입니다.",
    ),
    samples=(*_targets(), *_ignoring(-100), *_ignoring(0)[:1], *_weighted()),
)

softmax_with_loss = define(
    "softmax_with_loss",
    sign="sm+CE",
    operands="a target weight",
    formula="-sum(target * log(softmax(a)))",
    exact=lambda shapes, attributes: _exact("log_softmax(a)", shapes, attributes),
    helpers={"one_hot": ONE_HOT},
    forward=_loss,
    shape=class_shape,
    rules=_softmax_with_loss_rules,
    attributes=(REDUCTION, IGNORE_INDEX, LABEL_SMOOTHING),
    optional=1,
    constants=("target", "weight"),
    indices=lambda a, target, *_: (1,) if by_index(a, target) else (),
    refuse=refuse_target,
    inside=_softmax_with_loss_inside,
    lesson=Words(
        en="Softmax with cross-entropy: the gradient is the probabilities minus the target, divided "
        "by the number of targets when the mean is taken.",
        ko="소프트맥스와 교차 엔트로피를 합치면 그래디언트는 확률에서 정답을 뺀 것이며, 평균일 때는 "
        "이를 정답의 개수로 나눕니다.",
    ),
    conventions=Words(
        "The classes lie along the last axis; the largest logit is subtracted first, so that no "
        "exponential overflows. The mean is over the targets that count, each weighted by its class, "
        "as in PyTorch (over all rows, where targets are probabilities); if none counts, the loss is "
        "NaN and the gradient 0. A row that is all −inf gives NaN, and so does its gradient.",
        "범주는 마지막 축에 놓입니다. 가장 큰 로짓을 먼저 빼므로 지수함수가 오버플로하지 "
        "않습니다. 평균은 PyTorch처럼 ignore_index가 아닌 정답들을 범주의 가중치로 가중평균한 "
        "것입니다(정답이 확률이면 모든 행의 평균). 그런 정답이 하나도 없으면 값은 NaN이고 "
        "그래디언트는 0입니다. 모두 −inf인 행은 값도 그래디언트도 NaN입니다.",
    ),
    meets=beyond(20.0),
    kinks=(
        Kink(
            ([1e4, 0.0], 1),
            1e4,
            ([1, -1], None),
            Words("a confident mistake: a finite loss", "확신하고 틀려도 손실은 유한함"),
        ),
        Kink(
            ([-inf, 0.0, 0.0], 1),
            math.log(2),
            ([0, -0.5, 0.5], None),
            Words("a masked logit gets 0", "가린 로짓은 0을 받음"),
        ),
        Kink(
            ([-inf, -inf], 1),
            nan,
            ([nan, nan], None),
            Words("a fully masked row is NaN, as in PyTorch", "모두 가려진 행은 PyTorch처럼 NaN"),
        ),
    ),
    samples=(
        Sample(((3,), np.array(1))),
        Sample(((3,), np.array([0.0, 0.0, 1.0]))),
        Sample(((3,), np.array([0.2, 0.3, 0.5]))),
        *_targets()[1:],
        Sample(((2, 3), _ROWS)),
        Sample(((2, 3), _ROWS), {"reduction": "sum"}),
        Sample(((2, 3), _ROWS), {"reduction": "none"}),
        Sample(((2, 3), _ROWS), {"label_smoothing": 0.25}),
        *_targets(label_smoothing=0.25)[:5],
        *_ignoring(-100),
        *_ignoring(1, label_smoothing=0.25),
        *_weighted(),
        *_weighted(label_smoothing=0.25),
        Sample(((3,), np.array([0.2, 0.3, 0.5]), np.array([0.5, 1.0, 2.0]))),
        Sample(((2, 3), _ROWS, np.array([0.5, 1.0, 2.0])), {"label_smoothing": 0.25}),
        Sample(((2, 3), _ROWS, np.array([0.5, 1.0, 2.0])), {"reduction": "none"}),
    ),
)
