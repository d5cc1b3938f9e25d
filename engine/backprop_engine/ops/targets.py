"""Targets of classification: class indices, or the probabilities of every class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, Tensor, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.ops.fitting import difference, joined, named, repair


def by_index(a: Shape, target: Shape) -> bool:
    """Whether the target holds class indices, not probabilities."""
    return len(target) < len(a)


def _needs_classes(a: Shape) -> None:
    if not a:
        raise ShapeError(msg("{0} is (), a scalar: it needs an axis of classes"))
    if a[-1] == 0:
        raise ShapeError(msg("{0} is {shape}: it has no classes", shape=shape_text(a)))


def class_shape(
    a: Shape, target: Shape, reduction: str, ignore_index: int | None, label_smoothing: float
) -> Shape:
    """The shape rule where a target is class indices or probabilities."""
    _needs_classes(a)
    if target not in (a, a[:-1]):
        raise ShapeError(
            msg(
                "{operands}: a target is {indices} or {shape} probabilities",
                operands=named(a, target),
                indices=_indices(a),
                shape=shape_text(a),
            ),
            _target_hint(a, target, lambda a: target == a[:-1] or (target == a and ignore_index is None)),
        )
    if ignore_index is not None and target == a:
        raise ShapeError(
            msg("ignore_index takes class indices: {1} is {shape} probabilities", shape=shape_text(target))
        )
    return a[:-1] if reduction == "none" else ()


def _indices(a: Shape) -> Message:
    """How many class indices a target of `a` has."""
    if not a[:-1]:
        return msg("one class index")
    return msg("{shape} class indices", shape=shape_text(a[:-1]))


def _target_hint(a: Shape, target: Shape, takes: Callable[[Shape], bool]) -> Hint:
    """Which axis differs, and a form of the logits that fits; the target is a constant and stays as it is."""
    if 1 in target and tuple(size for size in target if size != 1) == a[:-1]:
        return msg("write {1} without the brackets around each number")
    wanted = a if len(target) == len(a) else a[:-1]
    return joined(
        difference(target, wanted, (1, 0)), repair((a,), lambda a: a[-1:] not in ((), (0,)) and takes(a))
    )


def index_shape(log_p: Shape, target: Shape, reduction: str, ignore_index: int | None) -> Shape:
    """The shape rule where a target is class indices."""
    _needs_classes(log_p)
    if target != log_p[:-1]:
        raise ShapeError(
            msg("{operands}: a target is {indices}", operands=named(log_p, target), indices=_indices(log_p)),
            _target_hint(log_p, target, lambda a: target == a[:-1]),
        )
    return target if reduction == "none" else ()


def kept(target: Any, ignore_index: int | None) -> Any:
    """Which class indices count."""
    return np.not_equal(target, -1 if ignore_index is None else ignore_index)


def one_hot(target: Any, classes: int) -> Tensor:
    """Class indices as rows with a single 1."""
    return np.asarray(np.asarray(target)[..., np.newaxis] == np.arange(classes), dtype=np.float64)


def refuse_target(a: Shape, target: Any, ignore_index: int | None = None, **_: Any) -> Message | None:
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
