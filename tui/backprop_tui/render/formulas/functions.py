"""Calls in a formula: each function as mathematics writes it, else upright with its arguments in brackets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from backprop_engine.explain.symbols import SIZED, SUBSCRIPTS
from backprop_engine.expressions import Call, Keyword, ListOf, Name, Number, Value, render
from backprop_tui.cells.blocks import Block, cases, fenced, root, row, text
from backprop_tui.cells.lines import Role
from backprop_tui.render.formulas.axes import axes_of, letters
from backprop_tui.render.formulas.typeset import (
    ATOM,
    LOOSE,
    POWER,
    PRODUCTS,
    SUMS,
    TERM,
    Piece,
    Typesetter,
)
from backprop_tui.render.texts import say

__all__ = ["call"]

_UPRIGHT: Final = {
    "sigmoid": "σ",
    "maximum": "max",
    "minimum": "min",
}
"""What a function is called on a blackboard, where that is another name."""
_SUMS: Final = {"sum": "∑", "mean": "mean", "var": "var", "max": "max", "min": "min", "prod": "∏"}


def call(setter: Typesetter, tree: Call) -> Piece:
    """The call as a piece; its reading is the call."""
    drawn = _DRAWN.get(tree.name)
    piece = drawn(setter, tree) if drawn else None
    if piece is None and tree.name in _SUMS:
        piece = _sum(setter, tree)
    return piece or _upright(setter, tree)


def _reading(name: str, args: list[Block], keywords: tuple[Keyword, ...] = ()) -> str:
    given = [f"{one.name}={render(one.value)}" for one in keywords]
    return f"{name}({', '.join([*(arg.reading for arg in args), *given])})"


def _upright(setter: Typesetter, tree: Call) -> Piece:
    """``tanh(x)``; settings stand behind the operands."""
    args = [setter.box(arg) for arg in tree.args]
    settings = [
        row(text(f"{one.name}=", Role.DIM), setter.on_one_row().box(one.value)) for one in tree.keywords
    ]
    parts = [part for box in (*args, *settings) for part in (text(", "), box)][1:]
    inside = fenced(row(*parts)) if parts else text("()")
    box = row(text(_UPRIGHT.get(tree.name, tree.name), Role.OP), inside)
    return Piece(box.read(_reading(tree.name, args, tree.keywords)))


def _sum(setter: Typesetter, tree: Call) -> Piece | None:
    """``∑ᵢ a``: the letters say which axes are summed, the first axis is i."""
    settings = {one.name: one.value for one in tree.keywords}
    if len(tree.args) != 1 or settings.keys() - {"axis", "keepdims"}:
        return None
    (arg,) = tree.args
    along = _index_letters(settings.get("axis"), axes_of(arg, setter.axes))
    if along is None:
        return None
    sign = text(_SUMS[tree.name] + along, Role.OP)
    piece = setter.piece(arg)
    bare = tree.name in SUMS and piece.binds >= POWER
    box = row(sign, piece.box if bare else fenced(piece.box))
    return Piece(box.read(_reading(tree.name, [piece.box], tree.keywords)), ATOM)


def _index_letters(axis: Value | None, axes: int) -> str | None:
    """The letters of the axes; none where all are meant, None where it is not known how many there are."""
    if axis is None:
        return ""
    wanted = axis.items if isinstance(axis, ListOf) else (axis,)
    numbers = [one.value for one in wanted if isinstance(one, Number)]
    if len(numbers) < len(wanted) or not all(-axes <= number < axes for number in numbers):
        return None
    return letters(int(number) % axes for number in numbers)


def _exponential(setter: Typesetter, tree: Call) -> Piece | None:
    if len(tree.args) != 1 or tree.keywords:
        return None
    (arg,) = tree.args
    reading = _reading("exp", [setter.box(arg)])
    piece = setter.exponent(text("e"), arg, reading)
    if setter.flat and "^" in "".join(span.text for span in piece.box.lines[0]):
        return None
    return piece


def _root(setter: Typesetter, tree: Call) -> Piece | None:
    if len(tree.args) != 1 or tree.keywords:
        return None
    (arg,) = tree.args
    if isinstance(arg, Name | Number):
        box = setter.within(arg, ATOM)
        return Piece(row(text("√"), box).read(_reading("sqrt", [box])))
    if setter.flat:
        inside = setter.box(arg)
        return Piece(row(text("√"), fenced(inside)).read(_reading("sqrt", [inside])))
    return Piece(root(setter.deeper().box(arg)))


def _bars(sign: str) -> Callable[[Typesetter, Call], Piece | None]:
    def drawn(setter: Typesetter, tree: Call) -> Piece | None:
        if len(tree.args) != 1 or tree.keywords:
            return None
        inside = setter.box(tree.args[0])
        return Piece(fenced(inside, sign, sign).read(_reading(tree.name, [inside])))

    return drawn


def _cases(setter: Typesetter, tree: Call) -> Piece | None:
    """``where(condition, a, b)`` behind a brace."""
    if setter.flat or len(tree.args) != 3:
        return None
    condition, then, other = map(setter.deeper().box, tree.args)
    before, behind = say("formula if", setter.language, condition="\n").split("\n")
    where = row(text(before, Role.DIM), condition, text(behind, Role.DIM))
    box = cases((then, where), (other, text(say("formula else", setter.language), Role.DIM)))
    return Piece(box.read(_reading("where", [condition, then, other])), LOOSE)


def _sized(setter: Typesetter, tree: Call) -> Piece | None:
    if len(tree.args) == 1 and isinstance(tree.args[0], Number):
        size = repr(tree.args[0].value)
        sign = SIZED[tree.name] + size.translate(SUBSCRIPTS)
        return Piece(text(sign, Role.OP, f"{tree.name}({size})"))
    return None


def _product(setter: Typesetter, tree: Call) -> Piece | None:
    return Piece(row(*setter.parts(tree)), TERM) if len(tree.args) == 2 else None


def _turned(setter: Typesetter, tree: Call) -> Piece | None:
    """The last two axes exchanged."""
    if len(tree.args) != 3 or [render(arg) for arg in tree.args[1:]] != ["-1", "-2"]:
        return None
    piece = setter.turned(tree.args[0], "")
    return Piece(piece.box.read(f"swapaxes({piece.box.reading}, -1, -2)"))


_DRAWN: Final[Mapping[str, Callable[[Typesetter, Call], Piece | None]]] = {
    "exp": _exponential,
    "sqrt": _root,
    "abs": _bars("|"),
    "norm": _bars("‖"),
    "where": _cases,
    **dict.fromkeys(SIZED, _sized),
    **dict.fromkeys(PRODUCTS, _product),
    "swapaxes": _turned,
}
