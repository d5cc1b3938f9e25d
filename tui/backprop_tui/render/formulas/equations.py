"""Equations with their numbers: columns of symbols, and under each what it is at this step.

An equation is tried in several forms, from the most telling to the plainest; the first that fits is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, structs

from backprop_engine.arrays import Tensor
from backprop_engine.explain.numbers import DIGITS, GRAPH_DIGITS, number
from backprop_tui.cells.blocks import Block, above, row, superscript, text
from backprop_tui.cells.lines import Line, Role, wrap_line
from backprop_tui.cells.tensors import is_multiplied, tensor_block

__all__ = [
    "EQUALS",
    "PLUS_EQUALS",
    "Column",
    "Equation",
    "Style",
    "flow",
    "is_written_out",
    "lies_down",
    "numbered",
    "tensor_box",
    "with_value",
]

_MOST_ROWS: Final = 8
_MOST_COLUMNS: Final = 6
_WIDEST: Final = 60
_GAPS: Final = (5, 3)
"""Between equations side by side; the smaller one where that saves rows."""


class Style(Struct, frozen=True):
    """How an equation is set: on one row or stacked; with numbers, with short ones, or without.

    An operator may be `named` before it is written in full. `lying` vectors save rows. With `fine` numbers a
    reader can follow a product entry by entry.
    """

    named: bool = True
    flat: bool = False
    numbers: bool = True
    brief: bool = False
    lying: bool = False
    small: bool = True
    fine: bool = False


class Column(Struct, frozen=True):
    """Symbols, and the numbers under them; a sign is repeated between the numbers.

    A `relation` is the sign between two sides. A `value` is numbers that are beside symbols.
    """

    symbols: Block
    numbers: Block | None = None
    sign: bool = False
    relation: bool = False
    value: bool = False


EQUALS: Final = Column(text(" = "), sign=True, relation=True)
PLUS_EQUALS: Final = Column(text(" += "), sign=True, relation=True)
_NOTHING: Final = text("")
_END: Final = Column(text(""), sign=True, relation=True)


_PLAIN: Final = Style()


class Equation(Struct, frozen=True):
    """What is above an equation, and its columns in any style; those of the least `rank` go first.

    Its numbers are `fine` where there is room. `in_columns` says that the columns of the step tell the same.
    """

    title: str
    columns: Callable[[Style], Sequence[Column]]
    rank: int = 2
    fine: bool = False
    in_columns: bool = False

    def fitted(self, width: int, style: Style = _PLAIN) -> Fitted:
        """The most telling form of at most `width` cells; the last resort is one row, wrapped.

        `style` says what every form has to keep to.
        """
        columns: Sequence[Column] = ()
        for better, form in enumerate(_styles(style, fine=self.fine)):
            columns = self.columns(form)
            numbers = _has_numbers(columns)
            if form.numbers and not form.named and not numbers:
                continue  # nothing is gained by leaving out the name
            if sum(_widths(columns)) <= width:
                return Fitted(_set(columns), numbers, better)
        return Fitted(Block.of([piece for line in _set(columns).lines for piece in _wrapped(line, width)]))


class Fitted(NamedTuple):
    """An equation as it fits, whether it has numbers then, and how many forms would have told more."""

    block: Block
    numbers: bool = False
    better: int = 0


def _styles(style: Style, *, fine: bool) -> Iterator[Style]:
    if style.numbers:
        if fine:
            yield structs.replace(style, fine=True)
        yield style
        yield structs.replace(style, named=False)
        yield structs.replace(style, named=False, brief=True)
    yield structs.replace(style, numbers=False)
    yield structs.replace(style, named=False, numbers=False)
    if style.numbers:
        yield structs.replace(style, named=False, flat=True)
    yield structs.replace(style, named=False, flat=True, numbers=False)


def _set(columns: Sequence[Column]) -> Block:
    """Columns of one width each, symbols over numbers."""
    widths = _widths(columns)
    symbols = row(*(column.symbols.padded(width) for column, width in zip(columns, widths, strict=True)))
    under = _under(columns)
    if not under:
        return symbols
    numbers = row(*(block.padded(width) for block, width in zip(under, widths, strict=False)))
    apart = Block.blank(int(symbols.height > 1 or numbers.height > 1))
    whole = above(symbols, apart, numbers, align="<")
    return structs.replace(whole, baseline=symbols.baseline, reading=symbols.reading)


def _widths(columns: Sequence[Column]) -> list[int]:
    under = _under(columns)
    beyond = [_NOTHING] * (len(columns) - len(under))
    return [
        max(column.symbols.width, below.width)
        for column, below in zip(columns, (*under, *beyond), strict=True)
    ]


def _under(columns: Sequence[Column]) -> list[Block]:
    """What is below the columns, as far as it goes from the left."""
    return [
        column.symbols if column.sign else column.numbers or _NOTHING
        for column in columns[: _numbered(columns)]
    ]


def with_value(columns: Sequence[Column], value: Block | None) -> Sequence[Column]:
    """An equation, and after it what it comes to, unless that is below its left side."""
    return columns if value is None or _numbered(columns) else [*columns, EQUALS, Column(value, value=True)]


def numbered(columns: Sequence[Column]) -> list[tuple[Block, Block | None]]:
    """The symbols of each column, and what is below them."""
    under = _under(columns)
    below = [*under, *[None] * (len(columns) - len(under))]
    return [(column.symbols, number) for column, number in zip(columns, below, strict=True)]


def _has_numbers(columns: Sequence[Column]) -> bool:
    return bool(_numbered(columns)) or any(column.value for column in columns)


def _numbered(columns: Sequence[Column]) -> int:
    """How many columns, from the left, have something below them: whole sides, and two of them at least."""
    end = sides = 0
    for at, column in enumerate((*columns, _END)):
        if column.relation:
            end, sides = at, sides + 1
        elif column.numbers is None and not column.sign:
            break
    return end if sides > 1 else 0


def _wrapped(line: Line, width: int) -> list[Line]:
    """A row in pieces of at most `width` cells, without spaces at the ends."""
    written = tuple(line)
    while written and not written[-1].text.strip():
        written = written[:-1]
    return wrap_line(written, width)


def is_written_out(tensor: Tensor, style: Style) -> bool:
    """Whether an equation shows all numbers of a tensor: there are few, and room for more than a row."""
    if tensor.shape == ():
        return True
    rows, columns = (tensor.shape if tensor.ndim == 2 else (tensor.shape[0], 1))[:2]
    small = tensor.ndim <= 2 and 0 < rows <= _MOST_ROWS and 0 < columns <= _MOST_COLUMNS
    return small and not style.flat


def lies_down(tensor: Tensor, style: Style) -> bool:
    """Whether an upright vector is written as a row with a sign that it is transposed."""
    return style.lying and tensor.ndim == 1 and tensor.size > 1


def tensor_box(tensor: Tensor | None, role: Role, style: Style, *, upright: bool = True) -> Block | None:
    """A number, or a tensor of few in brackets, a vector as it is; None where it is not written out."""
    if tensor is None or not style.numbers or not is_written_out(tensor, style):
        return None
    if tensor.shape == ():
        return text(number(tensor, GRAPH_DIGITS if style.brief else DIGITS), role)
    lying = upright and lies_down(tensor, style)
    block = tensor_block(
        tensor,
        role,
        _WIDEST,
        _MOST_ROWS,
        row=lying or not upright,
        brief=style.brief,
        fine=style.fine and is_multiplied(tensor),
    )
    block = structs.replace(block, baseline=(block.height - 1) // 2)
    return superscript(block, "ᵀ").painted(role) if lying else block


def flow(blocks: Sequence[Block], width: int) -> Block:
    """Blocks beside each other as far as they fit, else below, with a blank row between."""
    return min((_flowing(blocks, width, gap) for gap in _GAPS), key=lambda block: block.height)


def _flowing(blocks: Sequence[Block], width: int, gap: int) -> Block:
    rows: list[list[Block]] = []
    used = 0
    for block in blocks:
        if rows and used + gap + block.width <= width:
            rows[-1].append(block)
            used += gap + block.width
        else:
            rows.append([block])
            used = block.width
    parts: list[Block] = []
    for together in rows:
        parts += [Block.blank(1)] * bool(parts)
        parts.append(_beside(together, gap))
    return above(*parts, align="<")


def _beside(blocks: Sequence[Block], gap: int) -> Block:
    """Blocks side by side, their first rows in one row and `gap` cells between them."""
    parts = []
    at = 0
    for block in blocks:
        parts.append((at, 0, block))
        at += block.width + gap
    return Block(at - gap, max(block.height for block in blocks), parts=tuple(parts))
