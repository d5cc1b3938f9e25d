"""An expression -> a box: fractions, powers, roots and sums as they are on a blackboard.

What binds less tightly than its surroundings is in brackets only where the picture does not show it: the
bars of fractions and roots, and an exponent's place, group by themselves. What is `flat` keeps to one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field, structs

from backprop_engine.explain.symbols import SIZED, SUBSCRIPTS
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Keyword,
    ListOf,
    Name,
    Number,
    QuotedText,
    Subscript,
    Transpose,
    Unary,
    Value,
    render,
)
from backprop_engine.expressions.parse import PRECEDENCE
from backprop_engine.expressions.render import index_text
from backprop_engine.messages.message import msg
from backprop_engine.ops import OPS
from backprop_engine.ops.notations import Notation, NotationKind
from backprop_tui.cells.blocks import Block, cases, fenced, fraction, raised, root, row, superscript, text
from backprop_tui.cells.lines import Role
from backprop_tui.render.formulas.axes import axes_of, letters

__all__ = ["Piece", "Typesetter"]

LOOSE, SUM, TERM, SIGN, POWER, ATOM = 0, 2, 3, 4, 5, 6
"""How tightly a piece holds together, as in the grammar of expressions."""

_SIGNS: Final = {
    "+": " + ", "-": " − ", "*": " · ", "@": " @ ", "/": " / ",
    "<": " < ", "<=": " ≤ ", ">": " > ", ">=": " ≥ ", "==": " = ", "!=": " ≠ ",
}  # fmt: skip
_LETTERS: Final = {"pi": "π"}
_RAISED: Final = dict(
    zip("0123456789-−+abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)
)
_LONGEST_RAISED: Final = 3
_DEEPEST: Final = 2
"""Fractions in fractions; one level deeper they are written with a slash."""


def notation_of(call: Call) -> Notation | None:
    """What a call looks like, where its operator says more than a name and brackets."""
    op = OPS.called(call.name)
    return op.notation if op is not None else None


def product_sign(call: Call) -> str:
    """The sign between the operands of a call that is written as a product; empty for others."""
    notation = notation_of(call)
    return notation.sign if notation is not None and notation.kind == "product" else ""


def is_big_operator(call: Call) -> bool:
    """Whether a call's sign is right before what holds together by itself."""
    notation = notation_of(call)
    return notation is not None and notation.kind == "big operator"


class Piece(Struct, frozen=True):
    """A box, and how tightly it holds together."""

    box: Block
    binds: int = ATOM


class Typesetter(Struct, frozen=True):
    """How expressions are set: `spell` gives the piece for a name, `axes` how many a name has."""

    spell: Callable[[str], Piece | None] = lambda name: None
    axes: Mapping[str, int] = field(default_factory=dict)
    flat: bool = False
    small: bool = True
    """Whether exponents of a few letters are superscripts."""
    language: str = "en"
    """In which the words of a formula are."""
    depth: int = 0

    def box(self, tree: Value) -> Block:
        """`tree` as a box."""
        return self.piece(tree).box

    def piece(self, tree: Value) -> Piece:
        """`tree` as a piece."""
        match tree:
            case Name():
                return self.spell(tree.name) or Piece(
                    text(_LETTERS.get(tree.name, tree.name), reading=tree.name)
                )
            case Number():
                return number_piece(repr(tree.value))
            case Unary():
                return Piece(row(text("−", reading="-"), _positive(self.within(tree.operand, SIGN))), SIGN)
            case Binary(op="**"):
                return self._power(tree)
            case Binary(op="/") if not self.flat and self.depth < _DEEPEST:
                inner = self.deeper()
                return Piece(fraction(inner.box(tree.left), inner.box(tree.right)), SIGN)
            case Binary():
                return Piece(row(*self.parts(tree)), PRECEDENCE[tree.op])
            case Transpose():
                return self.transposed(tree.value, ".T")
            case Subscript():
                value = self.within(tree.value, ATOM)
                return Piece(row(value, text(f"[{', '.join(map(index_text, tree.key))}]")))
            case Attribute(name="mT"):
                return self.transposed(tree.value, ".mT")
            case Attribute():
                return Piece(row(self.within(tree.value, ATOM), text(f".{tree.name}")))
            case Call():
                return _call(self, tree)
            case QuotedText() | Boolean() | ListOf():
                return Piece(text(render(tree)))

    def parts(self, tree: Value) -> list[Block]:
        """A sum or a product as its operands and the signs between them, in turn; of anything else one box.

        Side by side they are what `box` gives.
        """
        joined = self._joined(tree)
        if joined is not None:
            own, sign = PRECEDENCE[joined.op], _SIGNS[joined.op]
            if joined.op == "*" and axes_of(joined.left, self.axes) and axes_of(joined.right, self.axes):
                sign = " ⊙ "
            first, *others = self._side(joined.right, own + 1)
            left = self._side(joined.left, max(own, SUM))
            if own == SUM and self._ends_in_sum(joined.left):
                left[-1] = fenced(left[-1])
            return [*left, text(sign, reading=f" {joined.op} "), _positive(first), *others]
        if isinstance(tree, Call) and len(tree.args) == 2 and (sign := product_sign(tree)):
            before, after = self.within(tree.args[0], TERM), self.within(tree.args[1], TERM + 1)
            between = text(f" {sign} ", reading=", ")
            return [before.read(f"{tree.name}({before.reading}"), between, after.read(f"{after.reading})")]
        return [self.box(tree)]

    def _joined(self, tree: Value) -> Binary | None:
        """`tree`, if it is two operands with a sign between them, on one row."""
        if not isinstance(tree, Binary) or tree.op == "**":
            return None
        stacked = tree.op == "/" and not self.flat and self.depth < _DEEPEST
        return None if stacked else tree

    def _ends_in_sum(self, tree: Value) -> bool:
        """Whether its last factor is a sign of a sum without brackets, which would take in what is added."""
        joined = self._joined(tree)
        if joined is not None:
            return PRECEDENCE[joined.op] == TERM and self._ends_in_sum(joined.right)
        if not isinstance(tree, Call) or not is_big_operator(tree) or not tree.args:
            return False
        return not isinstance(tree.args[0], Unary) and self._joined(tree.args[0]) is None

    def _side(self, tree: Value, around: int) -> list[Block]:
        """The parts of an operand; one in brackets, if they do not hold together as tightly as needed."""
        joined = self._joined(tree)
        if joined is None:
            return [self.within(tree, around)]
        parts = self.parts(joined)
        return parts if PRECEDENCE[joined.op] >= around else [fenced(row(*parts))]

    def within(self, tree: Value, around: int) -> Block:
        """`tree` in brackets, if it does not hold together as tightly as what is around it."""
        piece = self.piece(tree)
        return piece.box if piece.binds >= around else fenced(piece.box)

    def deeper(self) -> Typesetter:
        """For what is in a fraction."""
        return structs.replace(self, depth=self.depth + 1)

    def on_one_row(self) -> Typesetter:
        """For what is in an exponent."""
        return structs.replace(self, flat=True)

    def transposed(self, value: Value, reading: str) -> Piece:
        """A transpose."""
        box = self.within(value, ATOM)
        return Piece(superscript(box, "ᵀ").read(f"{box.reading}{reading}"))

    def exponent(self, base: Block, tree: Value, reading: str = "") -> Piece:
        """`base` with an exponent: in superscripts where a few letters have them, else in a raised box."""
        above = self.on_one_row().box(tree)
        letters = "".join(span.text for span in above.lines[0]) if above.height == 1 else ""
        fits = 0 < len(letters) <= _LONGEST_RAISED and all(letter in _RAISED for letter in letters)
        if self.small and fits:
            box = superscript(base, "".join(_RAISED[letter] for letter in letters))
        elif self.flat:
            box = row(base, text("^"), self.on_one_row().within(tree, ATOM))
        else:
            box = raised(base, above)
        return Piece(box.read(reading or f"({base.reading}) ** ({above.reading})"), POWER)

    def _power(self, tree: Binary) -> Piece:
        return self.exponent(self.within(tree.left, ATOM), tree.right)


def _positive(box: Block) -> Block:
    """What follows a sign: in brackets if it begins with a minus."""
    return fenced(box) if box.reading.startswith("-") else box


def number_piece(written: str) -> Piece:
    """A number; a negative one is in brackets where it is a factor."""
    return Piece(text(written, Role.TEXT), SIGN if written.startswith("-") else ATOM)


# Calls: each function as mathematics writes it, else upright with its arguments in brackets


def _call(setter: Typesetter, tree: Call) -> Piece:
    """The call as a piece, drawn as the notation of its operator says; its reading is the call."""
    notation = notation_of(tree)
    draw = _DRAWN[notation.kind] if notation else _OTHERS.get(tree.name)
    sign = notation.sign if notation else ""
    piece = draw(setter, tree, sign) if draw else None
    return piece or _upright(setter, tree, sign if draw is _upright else tree.name)


def _reading(name: str, args: list[Block], keywords: tuple[Keyword, ...] = ()) -> str:
    given = [f"{keyword.name}={render(keyword.value)}" for keyword in keywords]
    return f"{name}({', '.join([*(arg.reading for arg in args), *given])})"


def _upright(setter: Typesetter, tree: Call, sign: str) -> Piece:
    """``tanh(x)``; settings follow the operands."""
    args = [setter.box(arg) for arg in tree.args]
    settings = [
        row(text(f"{setting.name}=", Role.DIM), setter.on_one_row().box(setting.value))
        for setting in tree.keywords
    ]
    parts = [part for box in (*args, *settings) for part in (text(", "), box)][1:]
    inside = fenced(row(*parts)) if parts else text("()")
    box = row(text(sign, Role.OP), inside)
    return Piece(box.read(_reading(tree.name, args, tree.keywords)))


def _along_axes(setter: Typesetter, tree: Call, name: str) -> Piece | None:
    """``∑ᵢ a``: the letters say which axes are summed, the first axis is i."""
    settings = {keyword.name: keyword.value for keyword in tree.keywords}
    if len(tree.args) != 1 or settings.keys() - {"axis", "keepdims"}:
        return None
    (arg,) = tree.args
    along = _index_letters(settings.get("axis"), axes_of(arg, setter.axes))
    if along is None:
        return None
    sign = text(name + along, Role.OP)
    piece = setter.piece(arg)
    bare = is_big_operator(tree) and piece.binds >= POWER
    box = row(sign, piece.box if bare else fenced(piece.box))
    return Piece(box.read(_reading(tree.name, [piece.box], tree.keywords)), ATOM)


def _index_letters(axis: Value | None, axes: int) -> str | None:
    """The letters of the axes; none where all are meant, None where it is not known how many there are."""
    if axis is None:
        return ""
    wanted = axis.items if isinstance(axis, ListOf) else (axis,)
    numbers = [index.value for index in wanted if isinstance(index, Number)]
    if len(numbers) < len(wanted) or not all(-axes <= number < axes for number in numbers):
        return None
    return letters(int(number) % axes for number in numbers)


def _raised(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    if len(tree.args) != 2 or tree.keywords:
        return None
    base, exponent = tree.args
    base_block = setter.within(base, ATOM)
    reading = _reading(tree.name, [base_block, setter.box(exponent)])
    return setter.exponent(base_block, exponent, reading)


def _exponential(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    if len(tree.args) != 1 or tree.keywords:
        return None
    (arg,) = tree.args
    reading = _reading(tree.name, [setter.box(arg)])
    piece = setter.exponent(text(sign), arg, reading)
    if setter.flat and "^" in "".join(span.text for span in piece.box.lines[0]):
        return None
    return piece


def _root(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    if len(tree.args) != 1 or tree.keywords:
        return None
    (arg,) = tree.args
    if isinstance(arg, Name | Number):
        box = setter.within(arg, ATOM)
        return Piece(row(text(sign), box).read(_reading(tree.name, [box])))
    if setter.flat:
        inside = setter.box(arg)
        return Piece(row(text(sign), fenced(inside)).read(_reading(tree.name, [inside])))
    return Piece(root(setter.deeper().box(arg)))


def _bars(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    if len(tree.args) != 1 or tree.keywords:
        return None
    inside = setter.box(tree.args[0])
    return Piece(fenced(inside, sign[0], sign[-1]).read(_reading(tree.name, [inside])))


def _cases(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    """``where(condition, a, b)`` after a brace."""
    if setter.flat or len(tree.args) != 3:
        return None
    condition, then, other = map(setter.deeper().box, tree.args)
    before, after = msg("if {condition}", condition="\n").in_language(setter.language).split("\n")
    where = row(text(before, Role.DIM), condition, text(after, Role.DIM))
    box = cases((then, where), (other, text(msg("else").in_language(setter.language), Role.DIM)))
    return Piece(box.read(_reading(tree.name, [condition, then, other])), LOOSE)


def _sized(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    if len(tree.args) == 1 and isinstance(tree.args[0], Number):
        size = repr(tree.args[0].value)
        sign = SIZED[tree.name] + size.translate(SUBSCRIPTS)
        return Piece(text(sign, Role.OP, f"{tree.name}({size})"))
    return None


def _product(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    return Piece(row(*setter.parts(tree)), TERM) if len(tree.args) == 2 else None


def _transposed(setter: Typesetter, tree: Call, sign: str) -> Piece | None:
    """The last two axes exchanged."""
    if len(tree.args) != 3 or [render(arg) for arg in tree.args[1:]] != ["-1", "-2"]:
        return None
    piece = setter.transposed(tree.args[0], "")
    return Piece(piece.box.read(f"swapaxes({piece.box.reading}, -1, -2)"))


_Draw: TypeAlias = Callable[[Typesetter, Call, str], Piece | None]
_DRAWN: Final[Mapping[NotationKind, _Draw]] = {
    "name": _upright,
    "radical": _root,
    "bars": _bars,
    "power": _raised,
    "exponential": _exponential,
    "cases": _cases,
    "product": _product,
    "big operator": _along_axes,
    "indexed name": _along_axes,
}
_OTHERS: Final[Mapping[str, _Draw]] = {**dict.fromkeys(SIZED, _sized), "swapaxes": _transposed}
"""Functions in the texts of rules that are not operators."""
