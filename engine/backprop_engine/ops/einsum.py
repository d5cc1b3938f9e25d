"""Einstein's summation: a letter for each axis, over any number of operands.

What is written is first put in a normal form, in which every axis has one letter and one size: an ellipsis
becomes letters of its own, axes of size 1 under it that are broadcast are dropped, and of a letter that
is twice in an operand the diagonal is taken. The rest is a product and a sum, two operands at a time, in
the order that NumPy's path finder gives.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes, OpAttribute
from backprop_engine.ops.definition import Family
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.ops.rules import Entries, Indices, Linear, Rules, here
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import axes, named, operand

define = Family("linear").define

_DOTS = "..."
_FORM = msg('write it like "ij,jk->ik": a letter for each axis, and "..." for any other axes')


# What is written


@lru_cache(maxsize=256)
def _parts(subscripts: str) -> tuple[tuple[str, ...], str]:
    """The letters of each operand and of the result, which is found where it is not written."""
    compact = subscripts.replace(" ", "")
    before, arrow, out = compact.partition("->")
    operands = tuple(before.split(","))
    for part in (*operands, out):
        letters = part.replace(_DOTS, "", 1)
        if letters and not (letters.isascii() and letters.isalpha()):
            raise ShapeError(
                msg(
                    'subscripts "{subscripts}" contain something that is not a letter',
                    subscripts=_shown(subscripts),
                ),
                _FORM,
            )
    given = "".join(operands).replace(_DOTS, "")
    dotted = _DOTS in before
    if not arrow:
        once = sorted(letter for letter in given if given.count(letter) == 1)
        return operands, _DOTS * dotted + "".join(once)
    twice = next((letter for letter in out.replace(_DOTS, "") if out.count(letter) > 1), "")
    if twice:
        raise ShapeError(msg("the letter {letter} occurs twice in the result {part}", letter=twice, part=out))
    unknown = next((letter for letter in out.replace(_DOTS, "") if letter not in given), "")
    if unknown:
        raise ShapeError(msg("the letter {letter} of the result occurs in no operand", letter=unknown))
    if dotted != (_DOTS in out):
        raise ShapeError(
            msg('subscripts "{subscripts}" have "..." on one side only', subscripts=_shown(subscripts)),
            msg("the axes of an ellipsis are kept, so write it on both sides"),
        )
    return operands, out


def _shown(subscripts: str) -> str:
    """Braces would be taken for operands' names."""
    return subscripts[:40].replace("{", "(").replace("}", ")")


class _Plan(NamedTuple):
    """Subscripts for operands of certain shapes: letters for all axes, also in place of an ellipsis."""

    parts: tuple[str, ...]
    """A letter for each axis of each operand."""
    dropped: tuple[tuple[int, ...], ...]
    """The axes of each operand that are broadcast."""
    out: str
    sizes: dict[str, int]

    def normal(self, argnum: int) -> str:
        """The letters of an operand in its normal form, each once."""
        kept = (letter for axis, letter in enumerate(self.parts[argnum]) if axis not in self.dropped[argnum])
        return "".join(dict.fromkeys(kept))


@lru_cache(maxsize=256)
def _plan(subscripts: str, shapes: tuple[Shape, ...]) -> _Plan:
    parts, out = _parts(subscripts)
    if len(parts) != len(shapes):
        raise ShapeError(
            msg(
                '{operands}: the number of operands in subscripts "{subscripts}" is {wanted}, not {count}',
                subscripts=_shown(subscripts),
                wanted=len(parts),
                count=len(shapes),
                operands=named(*shapes),
            ),
            _FORM,
        )
    beyond = [len(shape) - len(part.replace(_DOTS, "")) for part, shape in zip(parts, shapes, strict=True)]
    for number, (part, shape, more) in enumerate(zip(parts, shapes, beyond, strict=True)):
        if more < 0 or (more and _DOTS not in part):
            raise _wrong_count(number, part, shape)
    unused = [
        letter for letter in string.ascii_uppercase + string.ascii_lowercase if letter not in subscripts
    ]
    most = max((more for part, more in zip(parts, beyond, strict=True) if _DOTS in part), default=0)
    dots = "".join(unused[:most])
    if len(dots) < most:
        raise ShapeError(msg("{operands}: there are not enough letters", operands=named(*shapes)), _FORM)
    spelled = tuple(
        part.replace(_DOTS, dots[most - more :]) if more else part.replace(_DOTS, "")
        for part, more in zip(parts, beyond, strict=True)
    )
    sizes = _sizes(spelled, shapes, dots)
    dropped = tuple(
        tuple(
            axis for axis, (letter, size) in enumerate(zip(part, shape, strict=True)) if size != sizes[letter]
        )
        for part, shape in zip(spelled, shapes, strict=True)
    )
    return _Plan(spelled, dropped, out.replace(_DOTS, dots), sizes)


def _wrong_count(number: int, part: str, shape: Shape) -> ShapeError:
    return ShapeError(
        msg(
            "{operand} has shape {shape}, {axes}, but {count} letters, {letters}",
            operand=operand(number),
            shape=shape_text(shape),
            axes=axes(shape),
            letters=part or msg("(none)"),
            count=len(part.replace(_DOTS, "")),
        ),
        msg("a letter for each axis"),
    )


def _sizes(parts: tuple[str, ...], shapes: tuple[Shape, ...], dots: str) -> dict[str, int]:
    """The size of each letter; under an ellipsis, a size of 1 is broadcast."""
    sizes: dict[str, int] = {}
    first: dict[str, tuple[int, int]] = {}
    for number, (part, shape) in enumerate(zip(parts, shapes, strict=True)):
        for axis, (letter, size) in enumerate(zip(part, shape, strict=True)):
            found = sizes.get(letter, size)
            if found == size or (letter in dots and 1 in (found, size)):
                sizes[letter] = size if found == 1 else found
                first.setdefault(letter, (number, axis))
                continue
            at, place = first[letter]
            raise ShapeError(
                msg(
                    "{operands}: the letter {letter} has size {size} in {first} and {other} in {second}",
                    operands=named(*shapes),
                    letter=_DOTS if letter in dots else letter,
                    size=found,
                    first=operand(at),
                    other=size,
                    second=operand(number),
                ),
                msg(
                    "axis {axis} of {first} and axis {other} of {second} must be equal",
                    axis=place,
                    first=operand(at),
                    other=axis,
                    second=operand(number),
                ),
            )
    return sizes


# Products and sums of operands in their normal form, in which no letter is twice in an operand


@lru_cache(maxsize=1024)
def _path(parts: tuple[str, ...], out: str, shapes: tuple[Shape, ...]) -> list[Any]:
    """The order in which operands are contracted, as `np.einsum` takes it."""
    zeros = [np.broadcast_to(0.0, shape) for shape in shapes]
    return list(np.einsum_path(f"{','.join(parts)}->{out}", *zeros, optimize="greedy")[0])


def _kept(number: int, parts: Sequence[str], out: str) -> str:
    """The letters of an operand that are elsewhere too; the axes of all others are summed first."""
    others = "".join([*parts[:number], *parts[number + 1 :], out])
    return "".join(letter for letter in parts[number] if letter in others)


def _contracted(parts: Sequence[str], out: str, operands: Sequence[Any]) -> Any:
    kept = tuple(_kept(number, parts, out) for number in range(len(parts)))
    summed = [
        np.einsum(f"{part}->{letters}", each) if letters != part else each
        for part, letters, each in zip(parts, kept, operands, strict=True)
    ]
    if len(summed) == 1:
        return np.einsum(f"{kept[0]}->{out}", *summed)
    path = _path(kept, out, tuple(map(np.shape, summed)))
    return np.einsum(f"{','.join(kept)}->{out}", *summed, optimize=path)


def _normal(plan: _Plan, operands: Sequence[Any], but: int = -1) -> tuple[list[str], list[Any]]:
    """The operands in their normal form, with their letters; without one of them."""
    letters, found = [], []
    for number, each in enumerate(operands):
        if number == but:
            continue
        part, dropped, normal = plan.parts[number], plan.dropped[number], plan.normal(number)
        if dropped:
            each = np.squeeze(each, dropped)
            part = "".join(letter for axis, letter in enumerate(part) if axis not in dropped)
        letters.append(normal)
        found.append(np.einsum(f"{part}->{normal}", each) if part != normal else each)
    return letters, found


def _forward(*operands: Any, subscripts: str) -> Any:
    plan = _plan(subscripts, tuple(map(np.shape, operands)))
    letters, normal = _normal(plan, operands)
    return _contracted(letters, plan.out, normal)


def _einsum_shape(*shapes: Shape, subscripts: str) -> Shape:
    plan = _plan(subscripts, shapes)
    return tuple(plan.sizes[letter] for letter in plan.out)


def _work(*shapes: Shape, subscripts: str) -> int:
    """The products of every contraction, in the order of the path."""
    plan = _plan(subscripts, shapes)
    letters = [plan.normal(number) for number in range(len(shapes))]
    waiting = [_kept(number, letters, plan.out) for number in range(len(shapes))]
    sizes = tuple(tuple(plan.sizes[letter] for letter in part) for part in waiting)
    total = 0
    for step in _path(tuple(waiting), plan.out, sizes)[1:] if len(waiting) > 1 else []:
        met = set("".join(waiting[number] for number in step))
        total += prod(plan.sizes[letter] for letter in met)
        waiting = [part for number, part in enumerate(waiting) if number not in step]
        rest = "".join((*waiting, plan.out))
        waiting.append("".join(letter for letter in sorted(met) if letter in rest))
    return total


# The rule of an operand: einsum again, with its letters and those of the result exchanged


def _rule(plan: _Plan, shapes: tuple[Shape, ...], argnum: int) -> Linear:
    """What only this operand has was summed, or is a diagonal: ones and identities stand in for it."""
    mine, normal, out = plan.parts[argnum], plan.normal(argnum), plan.out
    elsewhere = "".join([*plan.parts[:argnum], *plan.parts[argnum + 1 :], out])
    alone = [letter for letter in normal if letter not in elsewhere]
    shape = shapes[argnum]
    dropped = plan.dropped[argnum]

    def vjp(g: Any, out: Any, *operands: Any, subscripts: str) -> Any:
        letters, others = _normal(plan, operands, argnum)
        found = _contracted([plan.out, *letters], _without(normal, alone), [g, *others])
        if alone:
            wide = np.expand_dims(found, [normal.index(letter) for letter in alone])
            found = np.broadcast_to(wide, [plan.sizes[letter] for letter in normal])
        if len(normal) < len(mine) - len(dropped):
            whole = np.zeros(
                [size for axis, size in enumerate(shape) if axis not in dropped], dtype=found.dtype
            )
            np.einsum(f"{_without_axes(mine, dropped)}->{normal}", whole)[...] = found
            found = whole
        return np.expand_dims(found, dropped) if dropped else found

    return Linear(_text(plan, shapes, argnum, alone), vjp, entries=_entries(plan, argnum))


def _without(letters: str, some: Sequence[str]) -> str:
    return "".join(letter for letter in letters if letter not in some)


def _without_axes(letters: str, some: Sequence[int]) -> str:
    return "".join(letter for axis, letter in enumerate(letters) if axis not in some)


def _text(plan: _Plan, shapes: tuple[Shape, ...], argnum: int, alone: list[str]) -> str:
    """The rule as a call of einsum."""
    names = [f"a{number}" for number in range(1, len(shapes) + 1)]
    given = ["g", *(name for number, name in enumerate(names) if number != argnum)]
    parts = [plan.out, *(part for number, part in enumerate(plan.parts) if number != argnum)]
    for place, number in enumerate((number for number in range(len(shapes)) if number != argnum), 1):
        if plan.dropped[number]:  # what was repeated along an axis has no letter for it
            parts[place] = _without_axes(plan.parts[number], plan.dropped[number])
            sizes = [size for axis, size in enumerate(shapes[number]) if axis not in plan.dropped[number]]
            given[place] = f"reshape({names[number]}, shape={sizes})"
    if alone:
        given.append(f"ones(shape={[plan.sizes[letter] for letter in alone]})")
        parts.append("".join(alone))
    spare = iter(
        letter for letter in string.ascii_lowercase if letter not in "".join((*plan.parts, plan.out))
    )
    result = ""
    for letter in _without_axes(plan.parts[argnum], plan.dropped[argnum]):
        if letter in result:
            other = next(spare)
            given.append(f"eye({plan.sizes[letter]})")
            parts.append(letter + other)
            letter = other
        result += letter
    text = f'einsum({", ".join(given)}, subscripts="{",".join(parts)}->{result}")'
    return f"reshape({text}, {names[argnum]}.shape)" if plan.dropped[argnum] else text


def _entries(plan: _Plan, argnum: int) -> Entries:
    """∂out[i]/∂operand[j]: the product of the others' entries there, summed over letters of theirs alone."""
    mine, dropped, fixed = plan.parts[argnum], plan.dropped[argnum], plan.out + plan.normal(argnum)

    def entries(i: Indices, j: Indices, result: Any, *operands: Any, subscripts: str) -> Any:
        at = dict(zip(plan.out, i, strict=True))
        met: Any = np.True_
        for axis, (letter, entry) in enumerate(zip(mine, j, strict=True)):
            if axis not in dropped:
                met = met & (at.setdefault(letter, entry) == entry)
        letters, others = _normal(plan, operands, argnum)
        factors: list[Any] = [np.float64(1.0)]
        free = [""]
        for part, factor in zip(letters, others, strict=True):
            own = "".join(letter for letter in part if letter not in fixed)
            last = np.moveaxis(factor, [part.index(letter) for letter in own], range(-len(own), 0))
            factors.append(last[tuple(at[letter] for letter in part if letter in fixed)])
            free.append(own)
        # A sum for each letter by itself: all of them at once may be a great many numbers.
        subscripts = f"{','.join(_DOTS + own for own in free)}->{_DOTS}"
        return here(met, np.einsum(subscripts, *factors, optimize="greedy"))

    return entries


def _einsum_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    plan = _plan(attributes["subscripts"], shapes)
    return tuple(_rule(plan, shapes, number) for number in range(len(shapes)))


einsum = define(
    "einsum",
    operands="a",
    formula="einsum(a1, a2, subscripts)",
    numpy=NumpyCall("einsum", first="subscripts"),
    forward=_forward,
    shape=_einsum_shape,
    work=_work,
    rules=_einsum_rules,
    attributes=(
        OpAttribute(
            "subscripts",
            str,
            ...,
            Words('a letter for each axis, like "ij,jk->ik"', '축마다 글자 하나, 예: "ij,jk->ik"'),
        ),
    ),
    variadic=True,
    lesson=Words(
        en="The gradient of an einsum is an einsum: the letters of the operand and of the result "
        "change places.",
        ko="einsum의 그래디언트도 einsum입니다. 피연산자의 첨자와 결과의 첨자가 자리를 바꿉니다.",
    ),
    conventions=Words(
        "Letters that are not in the result are summed over. If the result is not written, its "
        "letters are those that occur once, in alphabetical order, as in NumPy. An ellipsis stands "
        "for axes that broadcast and are kept; the same letter means the same size. A letter "
        "repeated within an operand takes the diagonal of its axes. Several operands are multiplied two "
        "at a time, in the order that NumPy's `einsum_path` gives.",
        "결과에 없는 글자의 축은 더합니다. 결과를 쓰지 않으면 NumPy처럼 한 번만 나온 글자를 알파벳순으로 "
        "씁니다. 줄임표는 브로드캐스트되어 결과에 남는 축들이고, 글자가 같으면 크기도 같아야 합니다. 한 "
        "피연산자에 같은 글자가 두 번 나오면 그 축들의 대각선을 씁니다. 피연산자가 여럿이면 NumPy의 "
        "`einsum_path`가 정한 순서대로 둘씩 곱합니다.",
    ),
    samples=(
        Sample(((2, 3), (3, 4)), {"subscripts": "ij,jk->ik"}),
        Sample(((5, 2, 3), (5, 3, 4)), {"subscripts": "bij,bjk->bik"}),
        Sample(((3,), (3,)), {"subscripts": "i,i->"}),
        Sample(((2,), (3,)), {"subscripts": "i,j->ji"}),
        Sample(((2, 3), (2, 3)), {"subscripts": "ij, ij -> j"}),
        Sample(((2, 3), (4,)), {"subscripts": "ij,k->k"}),
        Sample(((), (3,)), {"subscripts": ",k->k"}),
        Sample(((2, 1, 3), (4, 3)), {"subscripts": "Hqd,kd->qHk"}),
        Sample(((2, 0), (0, 3)), {"subscripts": "ij,jk->ik"}),
        Sample(((2, 3),), {"subscripts": "ij->j"}),
        Sample(((2, 3),), {"subscripts": "ba"}),
        Sample(((3, 3),), {"subscripts": "ii->i"}),
        Sample(((3, 3),), {"subscripts": "ii"}),
        Sample(((3, 3, 2), (3,)), {"subscripts": "iij,i->j"}),
        Sample(((2, 3), (3, 4)), {"subscripts": "ij,jk"}),
        Sample(((2, 3), (3, 4), (4, 2)), {"subscripts": "ij,jk,kl->il"}),
        Sample(((2,), (2, 3), (3,)), {"subscripts": "i,ij,j->"}),
        Sample(((2, 3), (2, 4), (2, 5), (3, 4, 5)), {"subscripts": "bi,bj,bk,ijk->b"}),
        Sample(((5, 2, 3), (3, 4)), {"subscripts": "...ij,jk->...ik"}),
        Sample(((2, 1, 2, 3), (4, 3, 2)), {"subscripts": "...ij,...jk->...ik"}),
        Sample(((2, 3), (3,)), {"subscripts": "...i,i"}),
        Sample(((2, 3, 4),), {"subscripts": "...i->i..."}),
    ),
)
