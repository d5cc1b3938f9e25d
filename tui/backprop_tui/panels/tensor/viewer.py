"""The viewer of a node's tensors: a slice as numbers or a heatmap, its facts, and how an entry is made.

Of a product, the upstream and the local gradient are beside it, with the entries lit that made that entry.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import log2
from pathlib import PurePath

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Tensor, is_stored
from backprop_engine.explain.numbers import column, number
from backprop_engine.explain.statistics import Histogram, facts, histogram
from backprop_engine.explain.symbols import formula, gradient_name
from backprop_engine.messages.message import msg
from backprop_engine.scenario.sections.notes import note_for
from backprop_tui.cells.blocks import Block, above, beside
from backprop_tui.cells.drawing import Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width, wrap_line
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import ABSENT, progress, summary
from backprop_tui.panels.tensor.grid import Picture
from backprop_tui.panels.tensor.panes import main_pane, pane_block, side_panes
from backprop_tui.panels.tensor.state import Subject, TensorState
from backprop_tui.render.entry_lines import entry_text, origin_lines, reading_lines
from backprop_tui.render.words import KIND_NAMES

__all__ = ["Viewer", "fact_lines", "histogram_lines", "literal", "viewer"]

_SHORT = 24
"""The cells of a tensor in short."""
_TALL = 24
"""From this many rows on, there is room for notes."""
_WIDE = 100
"""From this many columns on, a histogram is beside a tensor by default."""
_COUNTS_WIDTH = 34
_MOST_COPIED = 10_000
_NEXT = "\n"
_BARS = " ▏▎▍▌▋▊▉█"
_MOST_BINS = 16
_UNEVEN = 50
"""If the highest count is at least this many times the lowest, bars show logarithms."""


class Viewer(Struct, frozen=True):
    """The viewer as drawn, and what can be clicked: the entries of the tensor, and the names of others."""

    drawing: Lines
    picture: Picture | None = None
    x: int = 0
    y: int = 0
    tabs: tuple[tuple[int, int, int], ...] = ()
    tabs_row: int = 0
    as_heat: bool = False
    with_counts: bool = False

    def entry(self, x: int, y: int) -> tuple[int, int] | None:
        """The row and the column of the matrix in view that are at a place."""
        return None if self.picture is None else self.picture.at(x - self.x, y - self.y)

    def subject(self, x: int, y: int) -> int | None:
        """Which tensor is named at a place."""
        if y != self.tabs_row:
            return None
        return next((which for start, end, which in self.tabs if start <= x < end), None)


def viewer(state: TensorState, width: int, height: int) -> Viewer:
    """All of it in `width` × `height` cells."""
    head = _head(state, width, tall=height >= _TALL)
    tabs, hits = _tabs(state, width)
    tensor = state.tensor
    above = [*head, tabs, *_partial(state, width)]
    if tensor is None:
        return Viewer(Lines.of([*above, (Span(f"  {ABSENT}", Role.DIM),)]), None, 0, 0, hits, len(head))
    if not is_stored(tensor):
        said = msg("Its entries were not stored, only its norm and how many of them are not finite.")
        words = wrap_line((Span(said.in_language(state.view.language), Role.DIM),), width)
        return Viewer(Lines.of([*above, (Span(""),), *words]), None, 0, 0, hits, len(head))
    above += fact_lines(tensor, state.view.language, width)
    if state.empty:
        return Viewer(Lines.of([*above, (Span("[ ]", state.role),)]), None, 0, 0, hits, len(head))
    below = _entry_lines(state, tensor, width)
    room = max(3, height - len(above) - len(below) - 2)
    with_counts = _has_counts(state, tensor, width)
    block, picture, as_heat = _middle(state, tensor, width, room, with_counts=with_counts)
    blank: Line = (Span(""),)
    lines = [*above, blank, *block.lines, blank, *below]
    drawing = Lines.of([clip_line(line, width) for line in lines[:height]])
    return Viewer(drawing, picture, 0, len(above) + 2, hits, len(head), as_heat, with_counts)


# Above


def _head(state: TensorState, width: int, *, tall: bool) -> list[Line]:
    """What the node is and, if there is room, its description in words."""
    node, view = state.node, state.view
    language = view.language
    what = formula(view.graph, node) if node.op is not None else KIND_NAMES[node.kind].in_language(language)
    line: list[Span] = [
        Span(node.name, Role.NAME),
        Span(f" = {what}" if node.op is not None else f"  {what}"),
        Span(f"   {shape_label(node.shape)} {view.scenario.dtype}", Role.DIM),
    ]
    if node.place is not None:
        place = str(structs.replace(node.place, path=PurePath(node.place.path).name))
        line.append(Span(f"   {msg('defined at').in_language(language)} {place}", Role.DIM))
    lines = [clip_line(tuple(line), width)]
    notes = view.scenario.notes if not view.session.levels else {}
    note = note_for(notes, node.position, view.session.iteration, None)
    if note and tall:
        lines += wrap_line((Span("» ", Role.NAME), Span(note.text.in_language(language))), width)[:3]
    if node.op is not None and node.op.conventions and tall:
        label = Span(f"{msg('conventions').in_language(language)}: ", Role.DIM)
        lines += wrap_line((label, Span(node.op.conventions.in_language(language))), width)[:2]
    return lines


def _tabs(state: TensorState, width: int) -> tuple[Line, tuple[tuple[int, int, int], ...]]:
    """The node's tensors, each with its number in short; and where they are."""
    spans: list[Span] = []
    hits: list[tuple[int, int, int]] = []
    x = 0
    nothing = "" if len(state.subjects) > 1 else msg("gets no gradient").in_language(state.view.language)
    for which, subject in enumerate(state.subjects):
        tensor = state.tensor_of(subject)
        label = f" {_name(state, subject)} "
        shown = summary(tensor, _SHORT, shape=False)
        if subject.kind == "gradient":
            shown += progress(*state.view.frame.arrived(state.node))
        role = Role.VALUE if subject.kind == "value" else Role.GRADIENT
        chosen = which == state.subject
        part = (Span(label, Role.SELECTED if chosen else role), Span(f" {shown}  ", role))
        hits.append((x, x + line_width(part), which))
        x += line_width(part)
        spans += part
    return clip_line((*spans, Span(nothing, Role.DIM)), width), tuple(hits)


def _name(state: TensorState, subject: Subject) -> str:
    graph, language = state.view.graph, state.view.language
    if subject.kind == "value":
        return msg("value").in_language(language)
    if subject.kind == "gradient":
        return gradient_name(graph, state.node)
    assert subject.edge is not None
    edge = state.view.session.trace.schedule.edges[subject.edge]
    return msg("via {node}", node=graph.nodes[edge.node].name).in_language(language)


def _partial(state: TensorState, width: int) -> list[Line]:
    """How many of a shared node's contributions have arrived, and through which nodes."""
    schedule = state.view.session.trace.schedule
    uses = schedule.uses_of.get(state.node.position, [])
    if len(uses) < 2:
        return []
    arrived, of = state.view.frame.arrived(state.node)
    through = ", ".join(state.view.graph.nodes[schedule.edges[use].node].name for use in uses[:20])
    words = msg("{count} of {of} contributions so far", count=arrived, of=of).in_language(state.view.language)
    return [clip_line((Span(f"{words}: {through}", Role.DIM),), width)]


# In the middle


def _has_counts(state: TensorState, tensor: Tensor, width: int) -> bool:
    """Whether a histogram is beside the tensor."""
    alone = state.origins is None and not state.readings and width >= _WIDE
    return tensor.size > 1 and (alone if state.counts is None else state.counts)


def _middle(
    state: TensorState, tensor: Tensor, width: int, height: int, *, with_counts: bool
) -> tuple[Block, Picture, bool]:
    """The tensor, and what is beside it; its picture, and whether that is a heatmap."""
    main = main_pane(state, tensor)
    if not with_counts:
        return pane_block(state, [main, *side_panes(state)], width, height)
    room = min(_COUNTS_WIDTH, width // 2)
    block, picture, as_heat = pane_block(state, [main], width - room - 3, height)
    bars = Block.of(histogram_lines(tensor, state.view.language, room, height))
    high = max(block.height, bars.height)
    level = [above(side, Block.blank(high - side.height), align="<") for side in (block, bars)]
    return beside(*level, gap=3), picture, as_heat


# The tensor as a whole


def fact_lines(tensor: Tensor, language: str, width: int) -> list[Line]:
    """Range, mean, norm, and how many entries are zero or not finite."""
    known = facts(tensor)
    named: list[tuple[str, str, Role]] = []
    if known.least is not None and known.greatest is not None:
        named.append((msg("min").in_language(language), number(known.least), Role.TEXT))
        named.append((msg("max").in_language(language), number(known.greatest), Role.TEXT))
    if tensor.size:
        named.append((msg("mean").in_language(language), number(known.mean), Role.TEXT))
    named.append((msg("norm").in_language(language), number(known.norm), Role.TEXT))
    named.append((msg("zeros").in_language(language), _share_of_all(known.zeros, tensor.size), Role.TEXT))
    for name, count in (("NaN", known.nans), ("inf", known.infinities)):
        named.append((name, _share_of_all(count, tensor.size), Role.TROUBLE if count else Role.TEXT))
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


def _share_of_all(count: int, of: int) -> str:
    """``12``, and how much that is of all in per cent where that says something."""
    if not 0 < count < of:
        return str(count)
    return f"{count} ({100 * count / of:.2g}%)"


def histogram_lines(tensor: Tensor, language: str, width: int, height: int) -> list[Line]:
    """Bars of equal intervals from the least number to the greatest, each beside where it begins."""
    found = histogram(tensor, max(1, min(_MOST_BINS, height - 1)))
    if found is None:
        return [(Span(msg("no finite number").in_language(language), Role.DIM),)]
    counts = [count for count in found.counts if count]
    logarithms = max(counts) >= _UNEVEN * min(counts)
    title = msg("entries by value, log bars") if logarithms else msg("entries by value")
    starts = _starts(found)
    largest = len(str(max(found.counts)))
    room = max(1, width - len(starts[0]) - largest - 3)
    lines: list[Line] = [clip_line((Span(title.in_language(language), Role.DIM),), width)]
    for start, count, share in zip(starts, found.counts, _shares(found, logarithms=logarithms), strict=True):
        bar = _bar(share, room)
        filled = f" {bar}{' ' * (room - len(bar))} "
        lines.append((Span(start, Role.DIM), Span(filled, Role.NAME), Span(str(count).rjust(largest))))
    return lines


def _starts(found: Histogram) -> list[str]:
    """Where each interval begins; whole numbers that have one each are in its middle."""
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


# Below


def _entry_lines(state: TensorState, tensor: Tensor, width: int) -> list[Line]:
    """The number under the cursor in full, and how it was computed."""
    language, subject = state.view.language, state.chosen
    name = state.node.name if subject.kind == "value" else gradient_name(state.view.graph, state.node)
    lines: list[Line] = [
        (Span(f"{name}{entry_text(state.at)} = ", Role.HEADING), Span(in_full(tensor[state.at]), state.role))
    ]
    if state.origins is not None:
        lines += origin_lines(state.view.session.trace, state.origins, width, language)
    elif state.readings:
        lines += reading_lines(
            state.view.session.trace, state.node, state.at, state.readings, width, language
        )
    elif state.large:
        lines.append(
            (Span(msg("this entry is a sum over too many entries to show").in_language(language), Role.DIM),)
        )
    elif subject.kind == "gradient":
        lines += _contributions(state, width)
    return [clip_line(line, width) for line in lines]


def _contributions(state: TensorState, width: int) -> list[Line]:
    """The entry of a gradient as the sum of what has arrived."""
    trace, graph = state.view.session.trace, state.view.graph
    count, _ = state.view.frame.arrived(state.node)
    uses = trace.schedule.uses_of.get(state.node.position, [])[:count]
    if len(uses) < 2:
        return []
    spans: list[Span] = [Span("= ")]
    for place, use in enumerate(uses):
        through = graph.nodes[trace.schedule.edges[use].node].name
        spans += [Span(" + ")] if place else []
        spans.append(Span(number(trace.contributions[use][state.at], 4), Role.GRADIENT))
        spans.append(Span(f" ({msg('via {node}', node=through).in_language(state.view.language)})", Role.DIM))
    return wrap_line(tuple(spans), width)[:3]


def in_full(value: Tensor) -> str:
    """A number with all digits that distinguish it from its neighbours."""
    plain = value.item()
    if isinstance(plain, float) and plain == plain and abs(plain) != float("inf"):
        return str(value) if value.dtype.itemsize < 8 else repr(plain)
    return number(value)


def literal(state: TensorState) -> str:
    """The matrix in view as NumPy reads it; nothing where there is none, or where it is too large to copy."""
    tensor = state.tensor
    if tensor is None or state.empty:
        return ""
    matrix = np.asarray(tensor[tuple(_whole(state))])
    if matrix.size > _MOST_COPIED:
        return ""
    down, across = state.axes
    if down is not None and across is not None and down > across:
        matrix = matrix.T
    written = np.array2string(matrix, separator=", ", threshold=_MOST_COPIED, floatmode="unique")
    named = re.sub(r"\b(nan|inf)\b", r"np.\1", written)
    return f"np.array({named.replace(_NEXT, _NEXT + ' ' * len('np.array('))})"


def _whole(state: TensorState) -> list[slice | int]:
    return [slice(None) if axis in state.axes else at for axis, at in enumerate(state.at)]
