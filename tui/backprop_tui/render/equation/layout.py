"""The columns of an equation side by side: names above, numbers below, each in its column.

Where they are too many for the width, the right side is under the product, or numbers have fewer digits,
or some become heatmaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush

from msgspec import structs

from backprop_tui.cells.blocks import Block, above, beside
from backprop_tui.cells.lines import Line, clip_line, crop_line, line_text
from backprop_tui.cells.text import cell_width
from backprop_tui.render.equation.headings import (
    Headings,
    cut_short,
    head_block,
    headings,
    headings_of_heatmaps,
    is_derivative,
    least_width,
    lengthened,
    narrow,
    narrow_headings,
    rows_of_heads,
)
from backprop_tui.render.equation.terms import (
    NARROWEST,
    UNLIMITED,
    Part,
    Sign,
    Term,
    briefly,
    coarsely,
    with_brackets,
)

__all__ = ["laid_out"]

_LOW = 9
"""With fewer rows, those of the heads are missed by the numbers."""
_ALONE = 2
"""A term, perhaps with a sign, has nothing to be under."""
_TALLER = 2
"""How many rows more a name takes as a fraction."""
_AROUND = 2
"""How many blank rows fractions want around all: their numerators would touch what is above."""


def laid_out(parts: Sequence[Part], width: int, height: int, *, tall: bool) -> Block:
    """The columns in at most `width` × `height` cells.

    Where it is to be `tall` and there is room, derivatives are fractions of three rows.
    """
    seen = list(parts[: max(0, width) + 3])  # each takes a cell at least: the rest could not be seen
    parts = with_brackets(seen)
    tall = tall and any(is_derivative(part.name) for part in parts if isinstance(part, Term))
    at_best = _in_full_numbers(parts, width, height, [False], tall=tall)
    if at_best is not None:
        return at_best
    usual, short = coarsely(parts), briefly(parts)
    brief = coarsely(short)
    if _could_fit(brief, width, height) and _arrangements(brief, width, height):
        fine = usual != parts  # where no number has more digits than usual there is half as much to try
        digits, few = ((parts, usual), (short, brief)) if fine else ((usual,), (brief,))
        ways = [(some, [stacked]) for stacked in (False, True) for some in digits]
        ways += [(some, [False, True]) for some in few]
        for some, arrangements in ways[1:]:
            full = _in_full_numbers(some, width, height, arrangements, tall=tall)
            if full is not None:
                return full
        full = _in_full_numbers(brief, width, height, [False, True], tall=False, wordy=False)
        if full is not None:
            return full
    block = _with_heatmaps(usual, brief, width, height, tall=False)
    if tall and block.height + _TALLER + _AROUND <= height:
        taller = _with_heatmaps(usual, brief, width, height - _AROUND, tall=True)
        as_good = all(sees(taller) <= sees(block) for sees in (_has_pictures, _has_gaps))
        return taller if taller.height <= height - _AROUND and as_good else block
    return block


# In full


def _in_full_numbers(
    parts: list[Part], width: int, height: int, wanted: list[bool], *, tall: bool, wordy: bool = True
) -> Block | None:
    """Every tensor in full, side by side or with the product above the rest, as is `wanted`; None where that
    does not fit.

    Where that is not to be `wordy`, only words that take no room are between the names and the numbers.
    """
    if not _could_fit(parts, width, height):
        return None
    shares, room = [UNLIMITED] * len(parts), [_in_full_width(part) for part in parts]
    for stacked in _arrangements(parts, width, height):
        if stacked not in wanted:
            continue
        for heads, gap, fractions in (
            headings(parts, room, tall=tall) if wordy else narrow_headings(parts, room, stacked=stacked)
        ):
            most = height - _AROUND * fractions
            high = most - rows_of_heads(heads).total - gap - _TALLER * fractions
            if not _may_fit(parts, heads, width, high, stacked=stacked, gap=gap, tall=fractions):
                continue
            block = (
                _product_above(parts, heads, shares, width, tall=fractions, gap=gap)
                if stacked
                else _side_by_side(parts, heads, shares, width, high, tall=fractions, gap=gap)
            )
            if block.width <= width and block.height <= most and not _has_pictures(block):
                return block
    return None


def _could_fit(parts: list[Part], width: int, height: int) -> bool:
    """Whether every tensor could be shown whole; nothing large is written out to be thrown away."""
    terms = [part for part in parts if isinstance(part, Term) and part.tensor is not None]
    if not all(term.may_be_whole(width, height - 1) for term in terms):
        return False
    blocks = (term.upright_or_lying(height - 1) for term in terms)
    return all(block.width <= width and block.height < height for block in blocks)


def _arrangements(parts: list[Part], width: int, height: int) -> list[bool]:
    """How all numbers may fit: side by side, or stacked, with the product above the rest."""
    flat = [False] if _least_width(parts) <= width else []
    if len(parts) <= _ALONE:
        return flat
    result, *right = (
        1 if isinstance(part, Sign) or part.tensor is None else part.in_full.height
        for part in (parts[0], *parts[2:])
    )
    low = result + 1 + max(right) <= height  # with a row of names
    return [*flat, True] if low and _least_width(_under(parts)) <= width else flat


def _may_fit(
    parts: list[Part], heads: Headings, width: int, height: int, *, stacked: bool, gap: int, tall: bool
) -> bool:
    """Whether all numbers may fit under their heads, before those are measured."""
    if stacked:
        height -= gap + max(_in_full_size(parts[0], UNLIMITED)[1], rows_of_heads(heads[:1]).total)
    sizes = [
        _in_full_size(part, UNLIMITED if stacked else height)
        for part in (_under(parts) if stacked else parts)
    ]
    if max(high for _, high in sizes) > height:
        return False
    wide = (
        max(cells, least_width(head, tall=tall))
        for (cells, _), head in zip(sizes, heads[stacked:], strict=True)
    )
    return sum(wide) <= width


def _in_full_size(part: Part, height: int) -> tuple[int, int]:
    """How wide and high a sign is, or all numbers of a tensor; some lie down where they are higher."""
    if isinstance(part, Sign):
        return part.width, 1
    block = part.lying if part.may_lie(height) else part.numbers(UNLIMITED, UNLIMITED)
    return block.width, block.height


def _in_full_width(part: Part) -> int:
    """How wide all numbers of a tensor are."""
    return part.in_full.width if isinstance(part, Term) and part.tensor is not None else 0


def _least_width(parts: list[Part]) -> int:
    """What the numbers and signs take side by side at least, whatever is above them."""
    return sum(part.width if isinstance(part, Sign) else _in_full_width(part) for part in parts)


# With heatmaps


def _with_heatmaps(parts: list[Part], brief: list[Part], width: int, height: int, *, tall: bool) -> Block:
    """Some tensors as heatmaps, side by side or, where that shows more of them, one under the other.

    `brief` are the same parts with few digits.
    """
    heads, blocks = cut_short(parts), []
    for over, unfolded in headings_of_heatmaps(parts, heads):
        if sum(least_width(head, tall=tall) for head in over) > width and over is not heads:
            continue
        blocks.append(_heatmaps(parts, over, unfolded, width, height, tall=tall))
        if blocks[-1].width <= width and not _has_gaps(blocks[-1]):
            return _with_more_numbers(blocks[-1], brief, width, height, tall=tall)
    fitting = [block for block in blocks if block.width <= width] or blocks[-1:]
    flat = fitting[-1 if height < _LOW else 0]
    if len(parts) <= _ALONE:
        return _within(flat, width, height)
    high = _height_of_two(heads, height, tall=tall)
    beside_product = max(1, width - _left_of_product(parts, heads, tall=tall))
    shares = [beside_product, *_shares(_under(brief), heads[1:], width, high, tall=tall)]
    small = _product_above(brief, heads, shares, width, high, tall=tall, most=height)
    if flat.width <= width and (small.width > width or small.height > height or _has_gaps(small)):
        return flat
    return _within(small, width, height)


def _heatmaps(
    parts: list[Part], heads: Headings, unfolded: Headings, width: int, height: int, *, tall: bool
) -> Block:
    """Columns side by side, in which tensors are heatmaps where they have to be.

    Words are on one line, as in `unfolded`, where their own column has room for them.
    """
    room = max(1, height - rows_of_heads(heads).total - _TALLER * tall - 1)
    shares = _shares(parts, heads, width, room, tall=tall)
    heads = [
        head._replace(word=long.word) if head and long and cell_width(long.word) <= share else head
        for head, long, share in zip(heads, unfolded, shares, strict=True)
    ]
    return _side_by_side(parts, heads, shares, width, room, tall=tall)


def _with_more_numbers(block: Block, brief: list[Part], width: int, height: int, *, tall: bool) -> Block:
    """A block, or what has fewer heatmaps, under heads that take no room from numbers.

    Of tensors of one shape no other becomes numbers where one stays a heatmap: they are to be compared.
    """
    room = [
        _in_full_width(part) if isinstance(part, Term) and part.may_be_whole(width, height - 2) else 0
        for part in brief
    ]
    large = sum(isinstance(part, Term) and part.tensor is not None for part in brief) - sum(map(bool, room))
    if _pictures(block) <= large:
        return block
    heads = narrow(cut_short(brief), room)
    other = _heatmaps(brief, heads, heads, width, height, tall=tall)
    if other.width > width or _has_gaps(other) or _pictures(other) >= _pictures(block):
        return block
    shapes: dict[bool, set[tuple[int, ...]]] = {True: set(), False: set()}
    for part, (_, _, column) in zip(brief, other.parts, strict=True):
        shapes[_has_pictures(column)].add(_shape(part))
    return block if shapes[True] & shapes[False] else other


def _shares(parts: list[Part], heads: Headings, width: int, height: int, *, tall: bool) -> list[int]:
    """How wide each tensor may be where not all can be shown whole.

    Each has room for its name and a small picture; then as many as can be, the least demanding first, get
    what their numbers take, and of what is left, the narrowest heatmap always gets the next cell. Heatmaps
    of equal shape are equally large.
    """
    rows = rows_of_heads(heads)
    shares, more, pictures = [0] * len(parts), [0] * len(parts), []
    for place, (part, heading) in enumerate(zip(parts, heads, strict=True)):
        if isinstance(part, Sign):
            width -= part.width
            continue
        assert heading is not None
        block = part.numbers(width, height)
        shares[place] = max(NARROWEST, head_block(part.role, heading, rows, tall=tall).width)
        more[place] = max(0, block.width - shares[place])
        if _has_pictures(block):
            pictures.append(place)
    left = max(0, width - sum(shares))
    for place in sorted(set(range(len(parts))) - set(pictures), key=lambda place: (more[place], place)):
        if more[place] <= left:
            shares[place] += more[place]
            left -= more[place]
        else:
            pictures.append(place)
    wanted = {place: shares[place] + more[place] for place in pictures}
    whole = {place: min(wanted[place], [0, *_shape(parts[place])][-1] + 2) for place in pictures}
    for most in (whole, wanted):  # every column, and then large ones and legends
        narrow_ones = [(shares[place], place) for place in pictures if shares[place] < most[place]]
        heapify(narrow_ones)
        while narrow_ones and left:
            share, place = heappop(narrow_ones)
            shares[place], left = share + 1, left - 1
            if shares[place] < most[place]:
                heappush(narrow_ones, (shares[place], place))
    even: dict[tuple[int, ...], int] = {}
    for place in pictures:
        shape = _shape(parts[place])
        if shape not in even or shares[place] < even[shape]:
            even[shape] = shares[place]
    return [even[_shape(parts[at])] if at in pictures else share for at, share in enumerate(shares)]


def _shape(part: Part) -> tuple[int, ...]:
    """That of the matrix that is shown of a tensor."""
    return part.tensor.shape[-2:] if isinstance(part, Term) and part.tensor is not None else ()


def _pictures(block: Block) -> int:
    """How many heatmaps are in it."""
    return sum(leaf.is_picture for leaf in block.leaves())


def _has_pictures(block: Block) -> bool:
    """Whether some tensor is a heatmap."""
    return any(leaf.is_picture for leaf in block.leaves())


def _has_gaps(block: Block) -> bool:
    """Whether it leaves out a part of a heatmap."""
    return any(leaf.has_gaps for leaf in block.leaves())


def _within(block: Block, width: int, height: int) -> Block:
    """What fits of a block; a picture is one still, though its heatmaps may be cut off."""
    if block.width <= width and block.height <= height:
        return block
    cut = Block.of([_clipped(line, width) for line in block.lines[:height]])
    return structs.replace(cut, is_picture=_has_pictures(block))


def _clipped(line: Line, width: int) -> Line:
    """A line in at most `width` cells; spaces at its end are no loss."""
    kept = crop_line(line, 0, width)
    return kept if line_text(kept).rstrip() == line_text(line).rstrip() else clip_line(line, width)


# Put together


def _side_by_side(
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
        if isinstance(part, Sign):
            numbers = part.between_numbers
            head = above(Block.blank(1), part.block, Block.blank(1)) if tall else part.block
        else:
            assert heading is not None
            head = head_block(part.role, heading, rows, tall=tall)
            numbers = part.numbers(share, height)
            is_cut = is_cut or heading.is_cut
            high, middle = max(high, numbers.height), max(middle, _bracketed(numbers))
        top = max(top, gap + head.height)
        columns.append((head, numbers))
    if is_cut:
        columns = list(_lengthened(parts, heads, columns, width, tall=tall))
    return beside(*(_column(head, top, numbers, middle, high) for head, numbers in columns))


def _product_above(
    parts: list[Part],
    heads: Headings,
    shares: list[int],
    width: int,
    height: int = UNLIMITED,
    *,
    tall: bool,
    gap: int = 1,
    most: int = UNLIMITED,
) -> Block:
    """The left side of the equation, and the right side under it: ``∂L/∂x = [1  2]``, then ``= ∂L/∂q · …``.

    The name of the product, the sign and the middle of the numbers are in one row. The right side's numbers
    take at most `height`, and the product's what that leaves of `most`; symbols are as long as the `width`
    allows.
    """
    result, head = parts[0], _head_of_product(parts, heads, tall=tall)
    assert isinstance(result, Term)
    right = _side_by_side(_under(parts), heads[1:], shares[1:], width, height, tall=tall, gap=gap)
    high = _highest(most - right.height - gap, int(tall), head.height - 1 - tall)
    numbers = result.numbers(shares[0], high)
    middle = max((_bracketed(numbers) - 1) // 2, min(int(tall), (numbers.height - 1) // 2))
    up, down = max(middle, int(tall)), max(numbers.height - 1 - middle, head.height - 1 - tall)
    placed: list[tuple[int, int, Block]] = []
    at = 0
    for block, over in ((head, int(tall)), (Sign("=").block, 0), (numbers, middle)):
        placed.append((at, up - over, block))
        at += block.width
    return above(Block(at, up + 1 + down, parts=tuple(placed)), Block.blank(gap), right, align="<")


def _under(parts: list[Part]) -> list[Part]:
    """What is under the product: the rest, of which the sign is at the left edge."""
    first = parts[1]
    assert isinstance(first, Sign)
    return [structs.replace(first, leads=True), *parts[2:]]


def _lengthened(
    parts: list[Part], heads: Headings, columns: list[tuple[Block, Block]], width: int, *, tall: bool
) -> Iterator[tuple[Block, Block]]:
    """The columns with as many of those symbols that are cut as the `width` has room for."""
    rows = rows_of_heads(heads)
    free = width - sum(max(head.width, numbers.width) for head, numbers in columns)
    for part, heading, (head, numbers) in zip(parts, heads, columns, strict=True):
        longer = head
        if isinstance(part, Term) and heading and heading.is_cut:
            least = max(head.width, numbers.width)
            longer = head_block(part.role, lengthened(heading, part, least + max(0, free)), rows, tall=tall)
            free -= max(0, longer.width - least)
        yield longer, numbers


def _column(head: Block, top: int, numbers: Block, middle: int, height: int) -> Block:
    """A column: its head in `top` rows, and its numbers in `height`, in the middle of the first `middle`.

    A legend hangs under its heatmap, which is level with the rows of numbers beside it.
    """
    over = min((middle - _bracketed(numbers)) // 2, height - numbers.height)
    under = height - numbers.height - over
    return above(head, Block.blank(top - head.height + over), numbers, Block.blank(under))


def _bracketed(numbers: Block) -> int:
    """How many rows numbers or a heatmap take without what is below."""
    return numbers.parts[0][2].height if numbers.parts else numbers.height


def _head_of_product(parts: list[Part], heads: Headings, *, tall: bool) -> Block:
    """The head of the product where it is above the rest, with no other beside it."""
    result, heading = parts[0], heads[0]
    assert isinstance(result, Term)
    assert heading is not None
    return head_block(result.role, heading, rows_of_heads([heading]), tall=tall)


def _left_of_product(parts: list[Part], heads: Headings, *, tall: bool) -> int:
    """How many cells the head of the product and the sign take where it is above the rest."""
    return len(" = ") + _head_of_product(parts, heads, tall=tall).width


def _height_of_two(heads: Headings, height: int, *, tall: bool) -> int:
    """How high numbers may be where those of the product are above the rest."""
    free = height - rows_of_heads(heads).total - _TALLER * tall - 2
    below = rows_of_heads([heads[0]]).total - 1 + tall
    return next((high for high in range(free, 1, -1) if high <= free - _least(high, int(tall), below)), 1)


def _highest(height: int, above: int, below: int) -> int:
    """How high numbers may be beside a name, so that both take at most `height`."""
    return next((high for high in range(height, 1, -1) if _least(high, above, below) <= height), 1)


def _least(height: int, above: int, below: int) -> int:
    """How many rows numbers take beside a name that has rows `above` and `below` its middle one."""
    middle = (height - 1) // 2
    return 1 + max(middle, above) + max(height - 1 - middle, below)
