"""Losses that are computed entry by entry and reduced: what their rules and insides have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.expressions import parse, render
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Decomposition, DecompositionOf, TextOf
from backprop_engine.ops.reductions import average
from backprop_engine.ops.rules import Elementwise, Factor, Indices, Linear, Rules
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import other_shape

Reduction: TypeAlias = Literal["mean", "sum", "none"]
REDUCTION = OpAttribute(
    "reduction",
    Reduction,
    "mean",
    Words(
        "how the losses of a batch are combined: mean, sum or none",
        "배치의 손실을 하나로 모으는 방법: mean, sum 또는 none",
    ),
)


def reduced(losses: Any, reduction: str) -> Any:
    """The losses of a batch as one number, or as they are; `batchmean` divides by the first axis alone."""
    if reduction == "none":
        return losses
    if reduction == "batchmean":
        return np.sum(losses) / np.float64(divisor(losses.shape, reduction))
    return average(losses) if reduction == "mean" else np.sum(losses)


def divisor(shape: Shape, reduction: str) -> int:
    """What the sum of the losses is divided by."""
    if reduction == "batchmean":
        return shape[0] if shape else 1
    return prod(shape) if reduction == "mean" else 1


def reduced_inside(steps: Decomposition, shape: Shape, reduction: str) -> Decomposition:
    """The decomposition of a loss whose last step gives the losses of a batch of `shape`."""
    *before, (_, losses) = steps
    if reduction == "none" or not shape:
        return (*before, ("out", losses))
    last = {"batchmean": f"sum(l) / {divisor(shape, reduction)}"}.get(reduction, f"{reduction}(l)")
    return (*before, ("l", losses), ("out", last))


def inside_of(*steps: tuple[str, str]) -> DecompositionOf:
    """The decomposition of a loss, whatever its reduction, from the steps to the losses of a batch."""

    def inside(shapes: tuple[Shape, ...], attributes: Attributes) -> Decomposition:
        return reduced_inside(steps, shapes[0], attributes["reduction"])

    return inside


def entry_shape(a: Shape, target: Shape, reduction: str, fixed: tuple[int, ...] = (), **_: Any) -> Shape:
    """The shape rule: both operands have one shape; those in `fixed` are constants."""
    if a != target:
        raise other_shape(a, target, fixed)
    return a if reduction == "none" else ()


def by_entry(*partials: Elementwise | None) -> Callable[[tuple[Shape, ...], Attributes], Rules]:
    """The rules of a reduced loss, from the derivatives of the losses before they are reduced."""

    def rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
        if attributes["reduction"] == "none":
            return partials
        count = divisor(shapes[0], attributes["reduction"])
        return tuple(partial and _shared(partial, count) for partial in partials)

    return rules


def _shared(partial: Elementwise, count: int) -> Linear:
    """The rule where the losses are summed and divided by `count`."""

    def slope(out: Any, *operands: Any, **attributes: Any) -> Any:
        return partial.of(out, *operands, **attributes) / count

    text = _shared_text(partial.text, count)
    return Linear(
        f"g * ({text})" if text.startswith("-") else f"g * {text}",
        lambda g, *rest, **attributes: g * slope(*rest, **attributes),
        Factor(text, slope),
        entries=entries_of(slope),
    )


def _shared_text(text: str, count: int) -> str:
    """A factor that is divided by `count`: ``2 / 3 * (a - target)``, which says (2/n)(a − t)."""
    text = _factor_text(text)
    if count == 1:
        return text
    leading = _LEADING.match(text)
    return f"{leading[1]} / {count} * {text[leading.end() :]}" if leading else f"{text} / {count}"


_LEADING: Final = re.compile(r"(-?[0-9]+) \* ")


def entries_of(factor: Callable[..., Any]) -> Callable[..., Any]:
    """The entries of a rule that multiplies a number upstream with a tensor."""

    def entries(i: Indices, j: Indices, out: Any, *operands: Any, **attributes: Any) -> Any:
        return np.asarray(factor(out, *operands, **attributes))[j]

    return entries


def _factor_text(text: str) -> str:
    """`text` as a factor, in brackets where it is a sum."""
    return render(parse("x * 1"), {"x": text}).removesuffix(" * 1")


def sampled(
    low: float = -2.0, high: float = 2.0, targets: Sequence[float] | None = None, **attributes: Any
) -> tuple[Sample, ...]:
    """One number, a vector and a matrix, the matrix with every reduction.

    With `targets`, the second operand consists of these numbers, repeated.
    """

    def sample(shape: Shape, **more: Any) -> Sample:
        second = shape if targets is None else np.resize(np.array(targets), shape)
        return Sample((shape, second), {**attributes, **more}, low, high)

    return (
        sample(()),
        sample((3,)),
        sample((2, 3)),
        sample((1, 1)),
        sample((2, 3), reduction="sum"),
        sample((2, 3), reduction="none"),
        sample((0, 3), reduction="none"),
    )


def reduced_text(entries: str, reduction: str, shape: Shape) -> str:
    """The formula of losses, from `entries` before they are reduced; the first axis of `shape` is a batch."""
    if reduction == "none" or not shape:
        return entries
    if reduction == "batchmean":
        return f"sum({entries}) / {shape[0]}"
    return f"{reduction}({entries})"


def reduced_formula(entries: str) -> TextOf:
    """The formula of a reduced loss, from the losses before they are reduced."""

    def exact(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
        numbers = {name: value for name, value in attributes.items() if name != "reduction"}
        return reduced_text(entries.format(**numbers), attributes["reduction"], shapes[0])

    return exact
