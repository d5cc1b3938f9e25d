"""Two branches side by side at one position: the graph with what differs, the step in each, and the nodes
that differ so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from backprop_engine.arrays import same
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.debugger.queries import differing_steps
from backprop_engine.explain.facts import step_facts
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.messages.message import in_language, msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line, crop_line, line_width, wrap_lines
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.cells.text import cell_width
from backprop_tui.panels.graph import density_shown, graph_picture
from backprop_tui.panels.step import chain_rule
from backprop_tui.panels.timeline import timeline_with
from backprop_tui.render.differences import in_short, padded
from backprop_tui.render.words import story
from backprop_tui.view import View

__all__ = ["Pair", "both_graphs", "course", "differences", "differing", "graph_heading", "steps"]

Pair = tuple[View, View]
"""Two branches of one scenario at the same position."""
STACKED = 76
"""With fewer columns, the two steps are one below the other."""
_EQUATION = 7
"""With fewer rows, a step is described in words and one line of numbers."""
_NAME, _NUMBER, _BETWEEN = 18, 24, 2
"""The most cells of a name, those of a number where the table is narrow, and those between two columns."""
_WITHOUT_NUMBERS = ("names", "dots")
"""The densities without a Δ at the nodes that differ: there, those are lit instead."""


def differing(pair: Pair) -> list[int]:
    """The positions in this iteration at which the branches differ."""
    return list(differing_steps(*(view.session.outer_trace for view in pair)))


def both_graphs(pair: Pair, width: int, height: int) -> Drawing:
    """One graph for both: the numbers of the second branch with Δ, and what does not differ dimmed."""
    shown = replace(_compared(pair)[1], density=None, room=(width, height), minimap=False, found=())
    if density_shown(shown) in _WITHOUT_NUMBERS:
        shown = replace(
            shown, found=tuple(node.position for node in shown.graph.nodes if _differs(pair, node))
        )
    return graph_picture(shown)


def graph_heading(pair: Pair) -> str:
    """Whose numbers the graph has, and what they are compared with."""
    before, now = (view.session.branches.current for view in _compared(pair))
    words = msg("{branch}, Δ from {other}", branch=now, other=before).in_language(pair[0].language)
    return f"{msg('Graph').in_language(pair[0].language)} ─ {words}"


def _compared(pair: Pair) -> Pair:
    """The branches, the second as one changed from the first; the baseline is never the second."""
    first, second = pair
    if second.session.branches.current == BASELINE:
        first, second = second, first
    runs = {**second.session.runs, BASELINE: first.session.run}
    return first, replace(second, session=replace(second.session, runs=runs))


def course(pair: Pair, width: int) -> Drawing:
    """The timeline with a sign wherever the branches differ."""
    return timeline_with(pair[1], width, np.asarray(differing(pair), dtype=np.int64))


def steps(pair: Pair, width: int, height: int) -> Drawing:
    """The step on each branch, under the branch's name."""
    if width < STACKED:
        each = max(3, height // 2)
        return Lines.of([line for view in pair for line in _step(view, width, each)][: max(1, height)])
    half = (width - 3) // 2
    left, right = (list(_step(view, half, height)) for view in pair)
    bar = (Span(" | " if pair[0].ascii else " │ ", Role.DIM),)
    return Lines.of([(*line, *bar, *other) for line, other in zip(left, right, strict=True)])


def _step(view: View, width: int, height: int) -> Iterator[Line]:
    """Exactly `height` lines of exactly `width` cells."""
    branch = view.session.branches.here
    heading: Line = (
        Span(branch.name, Role.HEADING),
        Span(f"  {in_language(branch.description, view.language)}" if branch.description else "", Role.CODE),
    )
    drawing: Drawing = (
        chain_rule(view, width, height - 1)
        if height >= _EQUATION
        else Lines.of(wrap_lines(story(step_facts(view.frame), view.language), width))
    )
    rows = [heading, *(drawing.row(y, 0, width) for y in range(height - 1))]
    for row in rows:
        line = clip_line(crop_line(row, 0, 4 * width), width)
        yield (*line, Span(" " * (width - line_width(line))))


def differences(pair: Pair, width: int, height: int) -> Drawing:
    """A table of the nodes whose values or gradients differ between the branches."""
    language = pair[0].language
    room = max(_NUMBER, (width - _NAME) // 4 - _BETWEEN)
    rows = [
        (Span(node.name, Role.NAME), *_numbers(pair, node, room))
        for node in pair[0].graph.nodes
        if node.kind is not Kind.LITERAL and _differs(pair, node)
    ]
    if not rows:
        return Lines.of([(Span(msg("nothing differs so far").in_language(language), Role.DIM),)])
    names = [view.session.branches.current for view in pair]
    value, gradient = msg("value").in_language(language), msg("gradient").in_language(language)
    titles = [
        msg("node").in_language(language),
        *(f"{kind} {name}" for kind in (value, gradient) for name in names),
    ]
    heading = tuple(Span(title, Role.DIM) for title in titles)
    return Lines.of(_table([heading, *rows], width, room))


def _numbers(pair: Pair, node: Node, room: int) -> Iterator[Span]:
    """The values on both branches, then the gradients; the difference follows the second of each."""
    values = [view.frame.value(node) for view in pair]
    gradients = [view.frame.gradient(node) if node.takes_gradient else None for view in pair]
    for (before, now), role in ((values, Role.VALUE), (gradients, Role.GRADIENT)):
        yield Span(in_short(before, None, room), role if before is not None else Role.DIM)
        yield Span(in_short(now, before, room), role if now is not None else Role.DIM)


def _differs(pair: Pair, node: Node) -> bool:
    first, second = (view.frame for view in pair)
    same_value = same(first.value(node), second.value(node))
    return not (same_value and same(first.gradient(node), second.gradient(node)))


def _table(rows: Sequence[tuple[Span, ...]], width: int, room: int) -> Iterator[Line]:
    """Columns as wide as their contents, within limits; what does not fit the panel is cut."""
    limits = [_NAME, *[room] * 4]
    sizes = [min(limit, max(cell_width(row[at].text) for row in rows)) for at, limit in enumerate(limits)]
    for row in rows:
        spans: list[Span] = []
        for (shown, role), size in zip(row, sizes, strict=True):
            spans.append(Span(padded(shown, size), Role.DIM if shown == ABSENT else role))
            spans.append(Span(" " * _BETWEEN))
        yield clip_line(tuple(spans), max(1, width))
