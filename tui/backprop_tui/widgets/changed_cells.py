"""Which cells of a row differ from those that were painted last."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from backprop_tui.cells.lines import Line, Span, line_width
from backprop_tui.cells.text import cell_width

__all__ = ["changed_cells"]

_NEAR = 8
"""To paint as many cells between two changes costs no more than to move on to the second."""
_MOST_SPANS = 12
"""More spans after the first change are a heatmap's, whose cells change together."""


def changed_cells(before: Line, after: Line, width: int) -> list[range]:
    """The stretches of a row of `width` cells in which two lines differ, from left to right."""
    alike = 0
    for old, new in zip(before, after, strict=False):  # mostly all but a few spans
        if old != new:
            break
        alike += 1
    if len(after) - alike > _MOST_SPANS and len(before) - alike > _MOST_SPANS:
        start = line_width(after[:alike])
        stop = start + _to_last_change(before[alike:], after[alike:], width - start)
        return [range(start, stop)] if stop > start else []
    found: list[range] = []
    for changed in _changes(before[alike:], after[alike:], line_width(after[:alike]), width):
        if found and changed.start - found[-1].stop <= _NEAR:
            found[-1] = range(found[-1].start, changed.stop)
        else:
            found.append(changed)
    return found


def _to_last_change(before: Line, after: Line, width: int) -> int:
    """How many of `width` cells lie before what is the same at the end of two lines."""
    total = line_width(after)
    if total != line_width(before):
        return width
    for old, new in zip(reversed(before), reversed(after), strict=True):
        if old != new:
            break
        total -= line_width((new,))
    return min(total, width)


def _changes(before: Line, after: Line, at: int, width: int) -> Iterator[range]:
    """The stretches from cell `at` on, those near each other apart, of two lines that go on there.

    What follows texts of different widths counts as changed.
    """
    blank = repeat(Span(" " * width))
    olds, news = chain(before, blank), chain(after, blank)
    (old, old_role), (new, new_role) = next(olds), next(news)
    while at < width:
        if old == new and old_role == new_role:
            at += len(old) if old.isascii() else cell_width(old)
            (old, old_role), (new, new_role) = next(olds), next(news)
            continue
        shared = min(len(old), len(new))
        left, right = old[:shared], new[:shared]
        size = shared if right.isascii() else cell_width(right)
        if left != right:
            if cell_width(left) != size:
                yield range(at, width)
                return
            if old_role == new_role:
                yield from _differing(left, right, at, size)
        if old_role != new_role and size:
            yield range(at, min(width, at + size))
        at += size
        old, new = old[shared:], new[shared:]
        if not old:
            old, old_role = next(olds)
        if not new:
            new, new_role = next(news)


def _differing(before: str, after: str, at: int, size: int) -> Iterator[range]:
    """The cells from the first to the last character in which texts of one width, `size`, differ."""
    if size != len(after) or size != len(before):  # wide characters have no cells of their own
        yield range(at, at + size)
        return
    differing = [x for x, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    yield range(at + differing[0], at + differing[-1] + 1)
