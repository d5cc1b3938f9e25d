"""The columns of an equation side by side: names above, numbers below, each in its column.

Where they are too many for the width, the numbers of the right side and of the product stand one under the
other, or have fewer digits, or some become heatmaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from heapq import heapify, heappop, heappush

from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Line, clip_line, crop_line, line_text
from backprop_tui.cells.text import cell_width
from backprop_tui.render.equation.arranging import (
    TALLER,
    head_block,
    height_of_two,
    left_of_product,
    product_below,
    rows_of_heads,
    side_by_side,
    sign_block,
)
from backprop_tui.render.equation.cells import (
    NARROWEST,
    UNLIMITED,
    in_full,
    lying,
    may_be_whole,
    may_lie,
    numbers_block,
)
from backprop_tui.render.equation.terms import (
    OVER,
    Heading,
    Headings,
    Part,
    Sign,
    Term,
    as_they_are,
    briefly,
    coarsely,
    cut_short,
    folded,
    headings,
    in_short,
    names_alone,
    narrow,
    with_brackets,
    without_rules,
)

__all__ = ["laid_out"]


_LOW = 9
"""With fewer rows, those of the heads are missed by the numbers."""
_ALONE = 2
"""A term, perhaps with a sign, has nothing to stand under."""
_AROUND = 2
"""How many blank rows fractions want around all: their numerators would touch what is above."""


def laid_out(parts: list[Part], width: int, height: int, *, tall: bool) -> Block:
    """The columns in at most `width` × `height` cells.

    Where it is to be `tall` and there is room, derivatives are fractions of three rows.
    """
    parts = parts[: max(0, width) + 3]  # each takes a cell at least: the rest could not be seen
    parts = with_brackets(parts)
    tall = tall and any(OVER in part.name for part in parts if isinstance(part, Term))
    usual, short = coarsely(parts), briefly(parts)
    brief = coarsely(short)
    if _could_fit(brief, width, height) and _arrangements(brief, width, height):
        for some in (parts, usual, short, brief) if usual != parts else (parts, brief):
            full = _in_full_numbers(some, width, height, tall=tall)
            if full is not None:
                return full
        full = _in_full_numbers(brief, width, height, tall=False, wordy=False)
        if full is not None:
            return full
    block = _cut(usual, brief, width, height, tall=False)
    if tall and block.height + TALLER + _AROUND <= height:
        taller = _cut(usual, brief, width, height - _AROUND, tall=True)
        as_good = all(sees(taller) <= sees(block) for sees in (_has_pictures, _has_gaps))
        return taller if taller.height <= height - _AROUND and as_good else block
    return block


def _in_full_numbers(
    parts: list[Part], width: int, height: int, *, tall: bool, wordy: bool = True
) -> Block | None:
    """Every tensor in full, side by side or with the product under the rest; None where neither fits.

    Where that is not to be `wordy`, only words that take no room stand between the names and the numbers.
    """
    if not _could_fit(parts, width, height):
        return None
    shares, room = [UNLIMITED] * len(parts), [_in_full_width(part) for part in parts]
    for stacked in _arrangements(parts, width, height):
        for heads, gap, fractions in (
            _ways_to_head(parts, room, tall=tall) if wordy else _narrow_heads(parts, room, stacked=stacked)
        ):
            most = height - _AROUND * fractions
            high = most - rows_of_heads(heads).total - gap - TALLER * fractions
            if not _may_fit(parts, heads, width, high, stacked=stacked, gap=gap, tall=fractions):
                continue
            for indented in (True, False) if stacked else (False,):
                block = (
                    product_below(parts, heads, shares, width, tall=fractions, gap=gap, indented=indented)
                    if stacked
                    else side_by_side(parts, heads, shares, width, high, tall=fractions, gap=gap)
                )
                if block.width <= width and block.height <= most and not _has_pictures(block):
                    return block
    return None


def _ways_to_head(parts: list[Part], room: list[int], *, tall: bool) -> Iterator[tuple[Headings, int, bool]]:
    """The headings, how many empty rows follow, and whether derivatives are fractions as well."""
    for fractions in (True, False) if tall else (False,):
        for heads, gap in headings(parts, room):
            if gap or not fractions:
                yield heads, gap, fractions


def _narrow_heads(
    parts: list[Part], room: list[int], *, stacked: bool
) -> Iterator[tuple[Headings, int, bool]]:
    """The same where no head is to take room from the numbers; beside the product's any would."""
    cut = cut_short(parts)
    heads = narrow(cut, [0, *room[1:]] if stacked else room)
    yield from ((heads, gap, False) for gap in (1, 0))
    if not stacked and not any(head and "[" in head.shape for head in cut):
        yield names_alone(cut), 0, False


def _arrangements(parts: list[Part], width: int, height: int) -> list[bool]:
    """How all numbers may fit: side by side, or stacked, with the product under the rest."""
    flat = [False] if _least_width(parts) <= width else []
    if len(parts) <= _ALONE:
        return flat
    result, *right = (
        1 if isinstance(part, Sign) or part.tensor is None else in_full(part).height
        for part in (parts[0], *parts[2:])
    )
    low = result + 1 + max(right) <= height  # with a row of names
    return [*flat, True] if low and _least_width(parts[2:]) <= width else flat


def _may_fit(
    parts: list[Part], heads: Headings, width: int, height: int, *, stacked: bool, gap: int, tall: bool
) -> bool:
    """Whether all numbers may fit into so many cells under their heads, before those are measured."""
    if stacked:
        height -= gap + max(_in_full_size(parts[0], UNLIMITED)[1], rows_of_heads(heads[:1]).total)
    sizes = [_in_full_size(part, UNLIMITED if stacked else height) for part in parts[2 * stacked :]]
    if max(high for _, high in sizes) > height:
        return False
    wide = (
        max(cells, _least_head(head, tall=tall))
        for (cells, _), head in zip(sizes, heads[2 * stacked :], strict=True)
    )
    return sum(wide) <= width


def _in_full_size(part: Part, height: int) -> tuple[int, int]:
    """How wide and high a sign is, or all numbers of a tensor; some lie down where they are higher."""
    if isinstance(part, Sign):
        return len(part.text) + 2, 1
    block = lying(part) if may_lie(part, height) else numbers_block(part, UNLIMITED, UNLIMITED)
    return block.width, block.height


@lru_cache(maxsize=256)
def _least_head(head: Heading | None, *, tall: bool) -> int:
    """How wide a head is at least; a name that is a fraction is narrow."""
    if head is None:
        return 0
    name = "" if tall and OVER in head.name else head.name
    return max(map(cell_width, (name, head.shape, head.rule, *head.word.split("\n"))))


def _in_full_width(part: Part) -> int:
    """How wide all numbers of a tensor are."""
    return in_full(part).width if isinstance(part, Term) and part.tensor is not None else 0


def _cut(parts: list[Part], brief: list[Part], width: int, height: int, *, tall: bool) -> Block:
    """Some tensors as heatmaps, side by side or, where that shows more of them, one under the other.

    `brief` are the same parts with few digits.
    """
    heads, blocks = cut_short(parts), []
    for over, unfolded in _heads_of_heatmaps(parts, heads):
        if sum(_least_head(head, tall=tall) for head in over) > width and over is not heads:
            continue
        blocks.append(_heats(parts, over, unfolded, width, height, tall=tall))
        if blocks[-1].width <= width and not _has_gaps(blocks[-1]):
            return _with_more_numbers(blocks[-1], brief, width, height, tall=tall)
    fitting = [block for block in blocks if block.width <= width] or blocks[-1:]
    flat = fitting[-1 if height < _LOW else 0]
    if len(parts) <= _ALONE:
        return _within(flat, width, height)
    high = height_of_two(heads, height, tall=tall)
    shares = [
        max(1, width - left_of_product(parts, heads, tall=tall)),
        0,
        *_shares(brief[2:], heads[2:], width, high, tall=tall),
    ]
    small = product_below(brief, heads, shares, width, high, tall=tall, most=height)
    if flat.width <= width and (small.width > width or small.height > height or _has_gaps(small)):
        return flat
    return _within(small, width, height)


def _with_more_numbers(block: Block, brief: list[Part], width: int, height: int, *, tall: bool) -> Block:
    """A block, or what has fewer heatmaps, under heads that take no room from numbers.

    Of tensors of one shape no other becomes numbers where one stays a heatmap: they are to be compared.
    """
    room = [
        _in_full_width(part) if isinstance(part, Term) and may_be_whole(part, width, height - 2) else 0
        for part in brief
    ]
    large = sum(isinstance(part, Term) and part.tensor is not None for part in brief) - sum(map(bool, room))
    if _pictures(block) <= large:
        return block
    heads = narrow(cut_short(brief), room)
    other = _heats(brief, heads, heads, width, height, tall=tall)
    if other.width > width or _has_gaps(other) or _pictures(other) >= _pictures(block):
        return block
    shapes: dict[bool, set[tuple[int, ...]]] = {True: set(), False: set()}
    for part, (_, _, column) in zip(brief, other.parts, strict=True):
        shapes[_has_pictures(column)].add(_shape(part))
    return block if shapes[True] & shapes[False] else other


def _pictures(block: Block) -> int:
    """How many heatmaps are in it."""
    return sum(leaf.is_picture for leaf in block.leaves())


def _heads_of_heatmaps(parts: list[Part], cut: Headings) -> Iterator[tuple[Headings, Headings]]:
    """What is tried over heatmaps, the best first, and what that is where nothing is folded."""
    whole, bare, short = as_they_are(parts), without_rules(cut), in_short(cut)
    for heads in ([whole] if whole != cut else []) + [cut] + ([bare] if bare != cut else []):
        yield heads, heads
        if folded(heads) != heads:
            yield folded(heads), heads
    yield short, short


def _heats(
    parts: list[Part], heads: Headings, unfolded: Headings, width: int, height: int, *, tall: bool
) -> Block:
    """Columns side by side, in which tensors are heatmaps where they have to be."""
    room = max(1, height - rows_of_heads(heads).total - TALLER * tall - 1)
    shares = _shares(parts, heads, width, room, tall=tall)
    return side_by_side(parts, _unfolded(heads, unfolded, shares), shares, width, room, tall=tall)


def _unfolded(heads: Headings, unfolded: Headings, shares: list[int]) -> Headings:
    """Words in one line where their own column has room for them."""
    return [
        one._replace(word=other.word) if one and other and cell_width(other.word) <= share else one
        for one, other, share in zip(heads, unfolded, shares, strict=True)
    ]


def _within(block: Block, width: int, height: int) -> Block:
    """What fits of a block."""
    if block.width <= width and block.height <= height:
        return block
    return Block.of([_clipped(line, width) for line in block.lines[:height]])


def _has_pictures(block: Block) -> bool:
    """Whether some tensor is a heatmap."""
    return any(leaf.is_picture for leaf in block.leaves())


def _has_gaps(block: Block) -> bool:
    """Whether it leaves out a part of a heatmap."""
    return any(leaf.has_gaps for leaf in block.leaves())


def _clipped(line: Line, width: int) -> Line:
    """A line in at most `width` cells; spaces at its end are no loss."""
    kept = crop_line(line, 0, width)
    return kept if line_text(kept).rstrip() == line_text(line).rstrip() else clip_line(line, width)


def _could_fit(parts: list[Part], width: int, height: int) -> bool:
    """Whether every tensor could be shown whole; nothing large is written out to be thrown away."""
    terms = [part for part in parts if isinstance(part, Term) and part.tensor is not None]
    if not all(may_be_whole(term, width, height - 1) for term in terms):
        return False
    return all(
        block.width <= width and block.height < height
        for term in terms
        for block in (lying(term) if may_lie(term, height - 1) else in_full(term),)
    )


def _least_width(parts: list[Part]) -> int:
    """What the numbers and signs take side by side at least, whatever stands above them."""
    return sum(
        len(part.text) + 2 if isinstance(part, Sign) else in_full(part).width
        for part in parts
        if isinstance(part, Sign) or part.tensor is not None
    )


def _shares(parts: list[Part], heads: Headings, width: int, height: int, *, tall: bool) -> list[int]:
    """How wide each tensor may be where not all can be shown whole.

    Each has room for its name and a small picture; then as many as can be, the least demanding first, get
    what their numbers take, and of what is left, the narrowest heatmap always gets the next cell. Heatmaps
    of equal shape are equally large.
    """
    rows = rows_of_heads(heads)
    shares, more, pictures = [0] * len(parts), [0] * len(parts), []
    for place, (part, heading) in enumerate(zip(parts, heads, strict=True)):
        if isinstance(part, Sign) or heading is None:
            width -= sign_block(part).width
            continue
        block = numbers_block(part, width, height)
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
        narrow = [(shares[place], place) for place in pictures if shares[place] < most[place]]
        heapify(narrow)
        while narrow and left:
            share, place = heappop(narrow)
            shares[place], left = share + 1, left - 1
            if shares[place] < most[place]:
                heappush(narrow, (shares[place], place))
    alike = {
        place: [one for one in pictures if _shape(parts[one]) == _shape(parts[place])] for place in pictures
    }
    return [min(shares[one] for one in alike.get(place, [place])) for place in range(len(parts))]


def _shape(part: Part) -> tuple[int, ...]:
    """That of the matrix that is shown of a tensor."""
    return part.tensor.shape[-2:] if isinstance(part, Term) and part.tensor is not None else ()
