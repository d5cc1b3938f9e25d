"""What is said of a tensor as a whole: its facts in a line or two, and a histogram."""

from __future__ import annotations

from itertools import pairwise
from math import log2

from backprop_engine.arrays import Tensor
from backprop_engine.explain.numbers import column, number
from backprop_engine.explain.statistics import Histogram, facts, histogram
from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width
from backprop_tui.texts import text

__all__ = ["fact_lines", "histogram_lines"]

_BARS = " ▏▎▍▌▋▊▉█"
_MOST_BINS = 16
_WIDE = 50
"""Where the highest count is so many times the lowest, bars show logarithms."""


def fact_lines(tensor: Tensor, language: str, width: int) -> list[Line]:
    """Range, mean, norm, and how many cells are zero or not finite."""
    known = facts(tensor)
    named: list[tuple[str, str, Role]] = []
    if known.least is not None and known.greatest is not None:
        named.append((text("tensor.min", language), number(known.least), Role.TEXT))
        named.append((text("tensor.max", language), number(known.greatest), Role.TEXT))
    if tensor.size:
        named.append((text("tensor.mean", language), number(known.mean), Role.TEXT))
    named.append((text("tensor.norm", language), number(known.norm), Role.TEXT))
    named.append((text("tensor.zeros", language), _part(known.zeros, tensor.size), Role.TEXT))
    for name, count in (("NaN", known.nans), ("inf", known.infinities)):
        named.append((name, _part(count, tensor.size), Role.WARNING if count else Role.TEXT))
    lines: list[list[Span]] = [[]]
    used = 0
    for name, shown, role in named:
        spans = (Span(f"{name} ", Role.DIM), Span(shown, role))
        size = line_width(spans)
        if used and used + 3 + size > width:
            lines.append([])
            used = 0
        lines[-1] += [Span("   "), *spans] if used else spans
        used += size + (3 if used else 0)
    return [clip_line(tuple(line), width) for line in lines]


def _part(count: int, of: int) -> str:
    """``12``, and how much that is of all in per cent where that says something."""
    if not 0 < count < of:
        return str(count)
    return f"{count} ({100 * count / of:.2g}%)"


def histogram_lines(tensor: Tensor, language: str, width: int, height: int) -> list[Line]:
    """Bars of equal intervals from the least number to the greatest, each beside where it begins."""
    found = histogram(tensor, max(1, min(_MOST_BINS, height - 1)))
    if found is None:
        return [(Span(text("tensor.no_numbers", language), Role.DIM),)]
    counts = [count for count in found.counts if count]
    logarithms = max(counts) >= _WIDE * min(counts)
    name = text("tensor.histogram.log" if logarithms else "tensor.histogram", language)
    starts = _starts(found)
    largest = len(str(max(found.counts)))
    room = max(1, width - len(starts[0]) - largest - 3)
    lines: list[Line] = [clip_line((Span(name, Role.DIM),), width)]
    for start, count, share in zip(starts, found.counts, _shares(found, logarithms=logarithms), strict=True):
        bar = _bar(share, room)
        filled = f" {bar}{' ' * (room - len(bar))} "
        lines.append((Span(start, Role.DIM), Span(filled, Role.NAME), Span(str(count).rjust(largest))))
    return lines


def _starts(found: Histogram) -> list[str]:
    """Where each interval begins; whole numbers that have one each stand in its middle."""
    edges = found.edges
    if len(edges) == 2 or (edges[0] % 1 == 0.5 and edges[1] - edges[0] == 1):
        return column([(low + high) / 2 for low, high in pairwise(edges)])
    return column(edges[:-1], 3)


def _shares(found: Histogram, *, logarithms: bool) -> list[float]:
    """The bars' lengths, of the longest."""
    heights = [log2(1 + count) if logarithms else float(count) for count in found.counts]
    return [height / max(heights) for height in heights]


def _bar(share: float, room: int) -> str:
    """A bar in eighths of a cell; what is not nothing has one at least."""
    eighths = max(1, round(share * room * 8)) if share else 0
    return _BARS[8] * (eighths // 8) + _BARS[eighths % 8].strip()
