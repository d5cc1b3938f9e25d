"""Einstein's summation over two operands: a letter for each axis."""

from __future__ import annotations

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


class _Letters(NamedTuple):
    """The letters of the operands and of the result."""

    a: str
    b: str
    out: str


_FORM = msg('it is written like "ij,jk->ik": a letter for each axis')


@lru_cache(maxsize=256)
def _letters(subscripts: str) -> _Letters:
    """The parts of `subscripts`; refuses what is not of the form ``ij,jk->ik``."""
    compact = subscripts.replace(" ", "")
    operands, arrow, out = compact.partition("->")
    if not arrow or operands.count(",") != 1:
        raise ShapeError(
            msg('subscripts "{subscripts}" need two operands and a result', subscripts=_shown(subscripts)),
            _FORM,
        )
    a, b = operands.split(",")
    for part in (a, b, out):
        if part and not (part.isascii() and part.isalpha()):
            raise ShapeError(
                msg(
                    'subscripts "{subscripts}" hold something that is not a letter',
                    subscripts=_shown(subscripts),
                ),
                _FORM,
            )
        twice = next((letter for letter in part if part.count(letter) > 1), "")
        if twice:
            raise ShapeError(
                msg("the letter {letter} stands twice in {part}", letter=twice, part=part),
                msg("a diagonal is not taken here"),
            )
    unknown = next((letter for letter in out if letter not in a + b), "")
    if unknown:
        raise ShapeError(msg("the letter {letter} of the result is in neither operand", letter=unknown))
    return _Letters(a, b, out)


def _shown(subscripts: str) -> str:
    """Braces would be taken for operands' names."""
    return subscripts[:40].replace("{", "(").replace("}", ")")


def _sizes(letters: _Letters, a: Shape, b: Shape) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for number, (part, shape) in enumerate(((letters.a, a), (letters.b, b))):
        if len(part) != len(shape):
            raise ShapeError(
                msg(
                    "{operand} is {shape} and has {axes}, its letters {letters} are {count}",
                    operand=operand(number),
                    shape=shape_text(shape),
                    axes=axes(shape),
                    letters=part or msg("(none)"),
                    count=len(part),
                ),
                msg("a letter for each axis"),
            )
        for letter, size in zip(part, shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(
                    msg(
                        "{operands}: the letter {letter} is {size} in {0} and {other} in {1}",
                        operands=named(a, b),
                        letter=letter,
                        size=sizes[letter],
                        other=size,
                    ),
                    msg(
                        "axis {axis} of {0} and axis {other} of {1} must be equal",
                        axis=letters.a.index(letter),
                        other=part.index(letter),
                    ),
                )
    return sizes


def _einsum_shape(a: Shape, b: Shape, subscripts: str) -> Shape:
    letters = _letters(subscripts)
    sizes = _sizes(letters, a, b)
    return tuple(sizes[letter] for letter in letters.out)


def _work(a: Shape, b: Shape, subscripts: str) -> int:
    letters = _letters(subscripts)
    sizes = _sizes(letters, a, b)
    kept = set(_kept(letters.a, letters.b + letters.out) + _kept(letters.b, letters.a + letters.out))
    return prod(sizes[letter] for letter in kept)


def _kept(mine: str, others: str) -> str:
    """The letters that stand elsewhere too; the axes of all others are summed first."""
    return "".join(letter for letter in mine if letter in others)


def _summed(operand: Any, mine: str, others: str) -> Any:
    alone = tuple(axis for axis, letter in enumerate(mine) if letter not in others)
    return np.sum(operand, axis=alone) if alone else operand


def _rule(mine: str, other: str, out: str, sizes: dict[str, int], *, first: bool) -> Linear:
    """The rule of one operand: einsum again, with the result's and the operand's letters exchanged. A letter
    that only this operand has was summed alone: ones stand in for it.
    """
    alone = [letter for letter in mine if letter not in other + out]
    lengths = [sizes[letter] for letter in alone]
    back = f"{out},{other}" + (f",{''.join(alone)}" if alone else "") + f"->{mine}"
    name = "b" if first else "a"
    ones = f", ones(shape={lengths})" if alone else ""
    back_of_sums = f"{out},{_kept(other, mine + out)}->{_kept(mine, other + out)}"
    added = tuple(axis for axis, letter in enumerate(mine) if letter in alone)
    shape = tuple(sizes[letter] for letter in mine)
    others = mine + out

    def vjp(g: Any, out: Any, a: Any, b: Any, subscripts: str) -> Any:
        found = np.einsum(back_of_sums, g, _summed(b if first else a, other, others))
        return np.broadcast_to(np.expand_dims(found, added), shape) if added else found

    return Linear(
        f'einsum(g, {name}{ones}, subscripts="{back}")',
        vjp,
        entries=_entries(mine, other, out, first=first),
    )


def _entries(mine: str, other: str, out: str, *, first: bool) -> Entries:
    """∂out[i]/∂mine[j]: the other operand's entry that meets there, or a sum over its own letters."""
    free = [axis for axis, letter in enumerate(other) if letter not in mine + out]

    def entries(i: Indices, j: Indices, result: Any, a: Any, b: Any, subscripts: str) -> Any:
        at = dict(zip(out, i, strict=True))
        met: Any = np.True_
        for letter, entry in zip(mine, j, strict=True):
            met = met & (at.setdefault(letter, entry) == entry)
        factor: Any = np.moveaxis(b if first else a, free, range(-len(free), 0))
        value = factor[tuple(at[letter] for letter in other if letter in at)]
        return here(met, np.sum(value, axis=tuple(range(-len(free), 0))))

    return entries


def _einsum_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    letters = _letters(attributes["subscripts"])
    sizes = _sizes(letters, *shapes)
    return (
        _rule(letters.a, letters.b, letters.out, sizes, first=True),
        _rule(letters.b, letters.a, letters.out, sizes, first=False),
    )


def _forward(a: Any, b: Any, subscripts: str) -> Any:
    letters = _letters(subscripts)
    mine, other = _kept(letters.a, letters.b + letters.out), _kept(letters.b, letters.a + letters.out)
    return np.einsum(
        f"{mine},{other}->{letters.out}",
        _summed(a, letters.a, letters.b + letters.out),
        _summed(b, letters.b, letters.a + letters.out),
    )


einsum = define(
    "einsum",
    operands="a b",
    formula="einsum(a, b, subscripts)",
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
    lesson=Words(
        en="The gradient of an einsum is an einsum: the operand's letters and the result's change places.",
        ko="einsum의 그래디언트도 einsum입니다. 피연산자의 첨자와 결과의 첨자가 자리를 바꿉니다.",
    ),
    conventions=Words(
        "Letters that are not in the result are summed over. The result is always written, "
        "there is no ellipsis, and no operand has a letter twice; sizes are equal, never broadcast.",
        "결과에 없는 글자의 축은 더합니다. 결과를 반드시 쓰고, 줄임표는 없으며, 한 피연산자에 "
        "같은 글자를 두 번 쓰지 않습니다. 크기는 같아야 하고 브로드캐스트하지 않습니다.",
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
    ),
)
