"""The columns of an equation put together: heads over numbers, side by side or with the product below."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from backprop_tui.cells.blocks import Block, above, beside, fenced, fraction, superscript, text
from backprop_tui.cells.lines import Role
from backprop_tui.render.equation.cells import UNLIMITED, numbers_block
from backprop_tui.render.equation.terms import OVER, Heading, Headings, Part, Sign, Term, lengthened

__all__ = [
    "TALLER",
    "head_block",
    "height_of_two",
    "left_of_product",
    "product_below",
    "rows_of_heads",
    "side_by_side",
    "sign_block",
]

TALLER = 2
"""How many rows more a name takes as a fraction."""
_BACK = {"←": "→"}
"""The signs that differ where the product stands behind the rest."""


def side_by_side(
    parts: list[Part],
    heads: Headings,
    shares: list[int],
    width: int,
    height: int,
    *,
    tall: bool,
    gap: int = 1,
) -> Block:
    """Names, words, details and numbers in columns; a tensor gets at most its share of cells.

    Symbols that are cut take what all of that leaves of the `width`.
    """
    rows = rows_of_heads(heads)
    columns: list[tuple[Block, Block]] = []
    is_cut, top, high, middle = False, 0, 1, 1
    for part, heading, share in zip(parts, heads, shares, strict=True):
        if isinstance(part, Sign) or heading is None:
            numbers = sign_block(part)
            head = above(Block.blank(1), numbers, Block.blank(1)) if tall else numbers
        else:
            head, numbers = (
                head_block(part.role, heading, rows, tall=tall),
                numbers_block(part, share, height),
            )
            is_cut = is_cut or heading.is_cut
            high, middle = max(high, numbers.height), max(middle, _bracketed(numbers))
        top = max(top, gap + head.height)
        columns.append((head, numbers))
    if is_cut:
        columns = list(_lengthened(parts, heads, columns, width, tall=tall))
    return beside(*(_column(head, top, numbers, middle, high) for head, numbers in columns))


def product_below(
    parts: list[Part],
    heads: Headings,
    shares: list[int],
    width: int,
    height: int = UNLIMITED,
    *,
    tall: bool,
    gap: int = 1,
    most: int = UNLIMITED,
    indented: bool = False,
) -> Block:
    """The right side of the equation, and the left side under it: ``= ∂L/∂x = [1  2]``.

    The signs, the name and the middle of the numbers stand in one row. The right side's numbers take at most
    `height`, and the product's what that leaves of `most`; symbols are as long as the `width` allows.
    """
    result, sign, heading = parts[0], parts[1], heads[0]
    assert isinstance(result, Term)
    assert isinstance(sign, Sign)
    assert heading is not None
    margin = sign_block(Sign(" "))
    room = width - margin.width * indented
    right = side_by_side(parts[2:], heads[2:], shares[2:], room, height, tall=tall, gap=gap)
    right = beside(margin, right) if indented else right
    head = head_block(result.role, heading, rows_of_heads([heading]), tall=tall)
    high = _highest(most - right.height - gap, int(tall), head.height - 1 - tall)
    numbers = numbers_block(result, shares[0], high)
    middle = max((_bracketed(numbers) - 1) // 2, min(int(tall), (numbers.height - 1) // 2))
    up, down = max(middle, int(tall)), max(numbers.height - 1 - middle, head.height - 1 - tall)
    before, equals = sign_block(Sign(_BACK.get(sign.text, sign.text))), sign_block(Sign("="))
    placed: list[tuple[int, int, Block]] = []
    at = 0
    for block, over in ((before, 0), (head, int(tall)), (equals, 0), (numbers, middle)):
        placed.append((at, up - over, block))
        at += block.width
    return above(right, Block.blank(gap), Block(at, up + 1 + down, parts=tuple(placed)), align="<")


def _lengthened(
    parts: list[Part], heads: Headings, columns: list[tuple[Block, Block]], width: int, *, tall: bool
) -> Iterator[tuple[Block, Block]]:
    """The columns with as many of those symbols that are cut as the `width` has room for."""
    rows, free = (
        rows_of_heads(heads),
        width - sum(max(head.width, numbers.width) for head, numbers in columns),
    )
    for part, heading, (head, numbers) in zip(parts, heads, columns, strict=True):
        longer = head
        if isinstance(part, Term) and heading and heading.is_cut:
            least = max(head.width, numbers.width)
            longer = head_block(part.role, lengthened(heading, part, least + max(0, free)), rows, tall=tall)
            free -= max(0, longer.width - least)
        yield longer, numbers


def _column(head: Block, top: int, numbers: Block, middle: int, height: int) -> Block:
    """A column: its head in `top` rows, and its numbers in `height`, in the middle of the first `middle`.

    A legend hangs under its heatmap, which stands level with the rows of numbers beside it.
    """
    over = min((middle - _bracketed(numbers)) // 2, height - numbers.height)
    under = height - numbers.height - over
    return above(head, Block.blank(top - head.height + over), numbers, Block.blank(under))


def _bracketed(numbers: Block) -> int:
    """How many rows numbers or a heatmap take without what stands below."""
    return numbers.parts[0][2].height if numbers.parts else numbers.height


def sign_block(part: Part) -> Block:
    """What stands between two columns, or between a column and the end."""
    return Block.text(f" {part.text} ", Role.TEXT)


class _Rows(NamedTuple):
    """How many rows the words, the shapes and the rules of an equation take."""

    word: int
    shape: int
    rule: int

    @property
    def total(self) -> int:
        """With that of the names."""
        return 1 + self.word + self.shape + self.rule


def rows_of_heads(heads: Headings) -> _Rows:
    """How many rows heads take together."""
    known = [head for head in heads if head is not None]
    words = max((1 + head.word.count("\n") for head in known if head.word), default=0)
    return _Rows(words, int(any(head.shape for head in known)), int(any(head.rule for head in known)))


@lru_cache(maxsize=256)
def head_block(role: Role, heading: Heading, rows: _Rows, *, tall: bool) -> Block:
    """A column's name, word, shape and rule, each in as many rows as it takes in any column."""
    name = _tall_name(heading.name, role) if tall else Block.text(heading.name, role)
    words = [Block.text(line, Role.DIM) for line in heading.word.split("\n")][: rows.word]
    shape = [Block.text(heading.shape, Role.DIM)][: rows.shape]
    rule = [Block.text(heading.rule, Role.DIM)][: rows.rule]
    return above(name, *words, Block.blank(rows.word - len(words)), *shape, *rule)


@lru_cache(maxsize=64)
def _tall_name(name: str, role: Role) -> Block:
    """The name in three rows: a derivative as a fraction, anything else in the middle."""
    written = name.removesuffix("ᵀ").strip("()") if name.endswith(")ᵀ") else name
    top, sign, bottom = written.partition(OVER)
    if not sign:
        return above(Block.blank(1), Block.text(name, role), Block.blank(1))
    box = fraction(text(top, role), text(f"∂{bottom}", role), role)
    if written != name:
        box = superscript(fenced(box, role=role), "ᵀ")
    return box


def left_of_product(parts: list[Part], heads: Headings, *, tall: bool) -> int:
    """How many cells the sign and the head of the product take where it stands under the rest."""
    result, heading = parts[0], heads[0]
    assert isinstance(result, Term)
    assert heading is not None
    return len(" =  = ") + head_block(result.role, heading, rows_of_heads([heading]), tall=tall).width


def height_of_two(heads: Headings, height: int, *, tall: bool) -> int:
    """How high numbers may be where those of the product stand under the rest."""
    free = height - rows_of_heads(heads).total - TALLER * tall - 2
    below = rows_of_heads([heads[0]]).total - 1 + tall
    return next((high for high in range(free, 1, -1) if high <= free - _least(high, int(tall), below)), 1)


def _highest(height: int, above: int, below: int) -> int:
    """How high numbers may be beside a name, so that both take at most `height`."""
    return next((high for high in range(height, 1, -1) if _least(high, above, below) <= height), 1)


def _least(height: int, above: int, below: int) -> int:
    """How many rows numbers take, beside a name that has so many rows above and below."""
    return sum(_around(height, above, below), 1)


def _around(height: int, above: int, below: int) -> tuple[int, int]:
    """How many rows stand above and below the middle one of numbers, or of a name beside them."""
    middle = (height - 1) // 2
    return max(middle, above), max(height - 1 - middle, below)
