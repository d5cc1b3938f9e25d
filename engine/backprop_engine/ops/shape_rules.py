"""Shape rules that several operators share, and what they say of operands that do not fit.

A hint is legal: what it asks for has been tried on the shapes. A test takes each hint at its word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, Message, enumerated, msg
from backprop_engine.messages.message import joined as joined_messages


def broadcast(*shapes: Shape, **_: Any) -> Shape:
    """The shape rule of elementwise operators: NumPy's broadcasting."""
    if shapes.count(shapes[0]) == len(shapes):  # the common case, and many times faster
        return shapes[0]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise no_broadcast(shapes) from None


def no_broadcast(shapes: tuple[Shape, ...], fixed: tuple[int, ...] = (), better: Hint = "") -> ShapeError:
    """The error of shapes that do not broadcast.

    The hint is `better`, if there is a better one than another form of an operand that is not `fixed`.
    """
    hint = joined(clash(*shapes), better or repair(shapes, broadcasts, fixed))
    return ShapeError(msg("{operands}: these shapes do not broadcast", operands=named(*shapes)), hint)


def same_shape(a: Shape, b: Shape, **_: Any) -> Shape:
    """The shape rule of operators that take two operands of one shape and never broadcast."""
    if a != b:
        raise other_shape(a, b)
    return a


def other_shape(a: Shape, b: Shape, fixed: tuple[int, ...] = ()) -> ShapeError:
    """The error of two shapes that are not the same; those in `fixed` are constants."""
    hint = joined(difference(a, b), repair((a, b), operator.eq, fixed))
    return ShapeError(msg("{operands}: both must have the same shape", operands=named(a, b)), hint)


# Words


def operand(argnum: int) -> str:
    """Where the name of an operand is to be put in."""
    return f"{{{argnum}}}"


def named(*shapes: Shape, first: int = 0) -> Message:
    """``{0} is 2×3 and {1} is 3``, for the operands' names to be put in; they count from `first`."""
    return enumerated(map(_named, enumerate(shapes, first)), msg(" and "))


def _named(numbered: tuple[int, Shape]) -> Message:
    return msg("{operand} is {shape}", operand=operand(numbered[0]), shape=shape_text(numbered[1]))


def two_named(first: tuple[int, Shape], second: tuple[int, Shape], problem: Message) -> Message:
    """A problem with two operands, each named by its number and its shape."""
    both = enumerated(map(_named, (first, second)), msg(" and "))
    return msg("{operands}: {problem}", operands=both, problem=problem)


def joined(*hints: Hint) -> Hint:
    """The hints that there are, as one."""
    found = [hint for hint in hints if hint]
    return joined_messages(msg("; "), found) if found else ""


def no_axis(shape: Shape, axis: int) -> ShapeError:
    """The error that an operand has no such axis."""
    hint = msg("a scalar has no axes")
    if shape:
        hint = msg("its axes are {first} to {last}", first=-len(shape), last=len(shape) - 1)
    return ShapeError(msg("{0} is {shape} and has no axis {axis}", shape=shape_text(shape), axis=axis), hint)


def difference(a: Shape, b: Shape, argnums: Sequence[int] = (0, 1), but: int | None = None) -> Hint:
    """Where the shapes of two operands differ that should be the same, `but` for one axis."""
    first, second = map(operand, argnums)
    if len(a) != len(b):
        return msg(
            "{first} has {axes}, {second} has {wanted}",
            first=first,
            axes=axes(a),
            second=second,
            wanted=axes(b),
        )
    for axis, (size, wanted) in enumerate(zip(a, b, strict=True)):
        if size != wanted and axis != but:
            return axis_differs(axis, (first, size), (second, wanted))
    return ""


def axis_differs(axis: int, first: tuple[str, int], second: tuple[str, int]) -> Message:
    """The sizes of an axis in two operands."""
    return msg(
        "axis {axis} has size {size} in {first} and {wanted} in {second}",
        axis=axis,
        first=first[0],
        size=first[1],
        second=second[0],
        wanted=second[1],
    )


def axes(shape: Shape) -> Message:
    """How many axes a shape has, in words."""
    if len(shape) == 1:
        return msg("1 axis")
    return msg("{count} axes", count=len(shape)) if shape else msg("no axes")


def clash(*shapes: Shape) -> Hint:
    """The axis in which two operands that should broadcast differ, counted from the end as they do."""
    for back in range(1, max(map(len, shapes)) + 1):
        seen: dict[int, int] = {}  # the operand that has each size
        for argnum, shape in enumerate(shapes):
            if len(shape) >= back and shape[-back] != 1:
                seen.setdefault(shape[-back], argnum)
        if len(seen) > 1:
            first, second = ((operand(argnum), size) for size, argnum in list(seen.items())[:2])
            sizes = axis_differs(-back, first, second)
            return msg("{sizes}: the sizes must be equal, or one of them 1", sizes=sizes)
    return ""


def broadcasts(*shapes: Shape) -> bool:
    """Whether NumPy broadcasts these shapes with each other."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def broadcasts_to(whole: Shape, *shapes: Shape) -> bool:
    """Whether NumPy broadcasts these shapes to `whole`."""
    return broadcasts(whole, *shapes) and np.broadcast_shapes(whole, *shapes) == whole


def did_you_mean(text: str) -> Hint:
    """The question whether `text` was meant, if there is one."""
    return msg("did you mean {text}?", text=text) if text else ""


FOR_A_SCALAR = msg("for a scalar write {0} * {1}")


def for_matrices(better: str) -> Hint:
    """The matrix product that was probably meant, if there is one."""
    return msg("for matrices write {product}", product=better) if better else ""


def product(a: Shape, b: Shape) -> str:
    """The legal matrix product of two operands, with one of them transposed if need be; or nothing."""
    if not a or not b:
        return ""
    inner = b[-1] if len(b) == 1 else b[-2]
    if a[-1] == inner:
        return "{0} @ {1}" if broadcasts(a[:-2], b[:-2]) else ""
    if len(a) == 2 and a[0] == inner:
        return "{0}.T @ {1}"
    if len(b) == 2 and a[-1] == b[1]:
        return "{0} @ {1}.T"
    if {len(a), len(b)} <= {1, 2} and b[-1] == a[0]:
        return "{1} @ {0}"
    return _batched_product(a, b) if broadcasts(a[:-2], b[:-2]) else ""


def _batched_product(a: Shape, b: Shape) -> str:
    """The product of stacks of matrices that is legal with the last two axes of one swapped; or nothing."""
    if len(b) > 2 and a[-1] == b[-1]:
        return f"{{0}} @ permute({{1}}, axes={_swapped(len(b))})"
    if len(a) > 2 and a[-2] == b[max(0, len(b) - 2)]:
        return f"permute({{0}}, axes={_swapped(len(a))}) @ {{1}}"
    return ""


def _swapped(ndim: int) -> list[int]:
    return [*range(ndim - 2), ndim - 1, ndim - 2]


def repair(
    shapes: Sequence[Shape], fits: Callable[..., bool], fixed: Sequence[int] = (), first: int = 0
) -> Hint:
    """An operand in another form with which all would fit, the one with the fewest axes first; or nothing.

    Those in `fixed` stay as they are; operands count from `first`.
    """
    for argnum, shape in sorted(enumerate(shapes), key=lambda item: len(item[1])):
        for text, other in () if argnum in fixed else _forms(shape):
            if fits(*shapes[:argnum], other, *shapes[argnum + 1 :]):
                return would_fit(text.format(operand(argnum + first)))
    return ""


def needed(argnum: int, shape: Shape) -> Message:
    """The hint that an operand needs a shape."""
    return msg("{operand} must be {shape}", operand=operand(argnum), shape=shape_text(shape))


def would_fit(form: str) -> Message:
    """The hint that something written so would fit."""
    return msg("{form} would fit", form=form)


def _forms(shape: Shape) -> Iterator[tuple[str, Shape]]:
    """Other forms of an operand that keep its entries: how each is written, and its shape."""
    for axis, size in enumerate(shape):
        if size == 1:
            yield f"squeeze({{}}, axis={axis})", (*shape[:axis], *shape[axis + 1 :])
    if len(shape) == 2:
        yield "{}.T", shape[::-1]
    for axis in range(len(shape) + 1):
        yield f"unsqueeze({{}}, axis={axis})", (*shape[:axis], 1, *shape[axis:])
