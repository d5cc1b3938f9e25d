"""The panes of the viewer: a tensor, and beside a product the two that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.jacobian import EntryIndex, Origins
from backprop_engine.explain.entries import FactorEntries, column_entries, factor_entries
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.statistics import Facts, facts
from backprop_engine.explain.symbols import derivative, gradient_name
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.messages.message import msg
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.heatmap import legend
from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.tensors import slice_text
from backprop_tui.cells.text import clip
from backprop_tui.panels.tensor.grid import (
    TOP_LEFT,
    Grid,
    Picture,
    Read,
    as_heatmap,
    as_numbers,
    fits,
    heatmap_width,
    last_axes,
    overview,
    overview_factor,
    pixel_size,
)
from backprop_tui.panels.tensor.state import TensorState

__all__ = ["main_pane", "pane_block", "side_panes"]

_LONGEST = 16
"""The longest formula of a local gradient that is beside its name."""
_LONGEST_NAME = 24
_BELOW = 2
"""The lines below an overview: its legend, and what a cell of it is."""
_ANY = 4
"""No number of a heatmap is larger than this."""
_MOST_OPERANDS = 3
_BETWEEN = frozenset("⊙·⊗@")
"""Signs of functions of two operands that are written between them."""


class Pane(Struct, frozen=True, eq=False):
    """A grid, what is above it, the sign before it, and the facts that its legend describes."""

    name: str
    grid: Grid
    sign: str = ""
    facts: Facts | None = None


def main_pane(state: TensorState, tensor: Tensor) -> Pane:
    """The tensor in view, with the cursor."""
    known = facts(tensor)
    name = state.node.name if state.chosen.kind == "value" else gradient_name(state.view.graph, state.node)
    grid = Grid(
        shape=state.shape,
        read=_reader(tensor),
        at=state.at,
        axes=state.axes,
        role=state.role,
        largest=known.largest,
        cursor=True,
        follow=state.follow,
    )
    return Pane(name, grid, "", known)


def side_panes(state: TensorState) -> list[Pane]:
    """The upstream and the local gradient of a product, in the order of its equation; of a computed value
    the operands that it was made of.
    """
    origins, local = state.origins, state.local
    if origins is None or local is None:
        return _operand_panes(state)
    upstream = local.trace.gradients[local.edge.node]
    assert upstream is not None
    factor, shown = local.factor, factor_entries(local.factor, origins)
    name = gradient_name(local.trace.graph, local.node)
    flows_in = _lit(name, upstream, [term.entry for term in origins.terms], Role.GRADIENT)
    if shown.tensor is None:  # each entry of the column by itself, and then all is summed
        return [_signed(flows_in, "="), _signed(_column_pane(local, shown, origins), "⊙")]
    beside = _lit(_factor_name(local), shown.tensor, shown.entries, Role.LOCAL)
    first, second = (beside, flows_in) if factor.comes_first else (flows_in, beside)
    return [_signed(first, "="), _signed(second, factor.sign)]


def _operand_panes(state: TensorState) -> list[Pane]:
    """The first operands, with the entries lit that the cursor's entry reads."""
    trace, node = state.view.session.trace, state.node
    panes: list[Pane] = []
    for reading in state.readings:
        operand = trace.graph.nodes[node.operands[reading.argnum]]
        if operand.kind is Kind.LITERAL or len(panes) == _MOST_OPERANDS:
            continue
        assert node.op is not None
        between = len(node.operands) == 2 and (node.op.written or node.op.sign in _BETWEEN)
        before = "=" if between else f"= {node.op.sign}"
        pane = _lit(operand.name, trace.operand_values[operand.position], reading.entries, Role.VALUE)
        panes.append(_signed(pane, before if not panes else node.op.sign if between else ","))
    return panes


def _signed(pane: Pane, sign: str) -> Pane:
    return Pane(pane.name, pane.grid, sign, pane.facts)


def _lit(name: str, tensor: Tensor, entries: Sequence[EntryIndex], role: Role) -> Pane:
    """A tensor with entries lit, the first of them in view."""
    known = facts(tensor)
    at = entries[0] if entries else (0,) * tensor.ndim
    return Pane(name, _grid(tensor.shape, _reader(tensor), at, entries, role, known.largest), "", known)


def _grid(
    shape: Any, read: Read, at: EntryIndex, entries: Sequence[EntryIndex], role: Role, largest: float
) -> Grid:
    lit = frozenset(entries)
    return Grid(shape=shape, read=read, at=at, axes=last_axes(shape), role=role, largest=largest, lit=lit)


def _factor_name(local: LocalFacts) -> str:
    """``xᵀ``, or ``∂q/∂x``, followed by its formula where that is short."""
    factor = local.factor
    if factor.written == "formula":
        return factor.entries
    named = factor.written == "derivative" and len(factor.entries) <= _LONGEST
    return f"{factor.name} = {factor.entries}" if named else factor.name


def _column_pane(local: LocalFacts, shown: FactorEntries, origins: Origins) -> Pane:
    """The column of the Jacobian for the entry under the cursor, with the entries lit."""
    trace, edge, entry = local.trace, local.edge, origins.entry
    at = shown.entries[0] if shown.entries else (0,) * len(local.node.shape)
    largest = max((abs(term.factor) for term in origins.terms if np.isfinite(term.factor)), default=0.0)
    read: Read = lambda places: column_entries(trace, edge, entry, places)  # noqa: E731
    grid = _grid(local.node.shape, read, at, shown.entries, Role.LOCAL, largest)
    return Pane(_column_name(local.node, local.operand, entry), grid)


def _column_name(node: Node, operand: Node, entry: EntryIndex) -> str:
    index = f"[{','.join(map(str, entry))}]" if entry else ""
    return f"{derivative(node, operand)}{index}"


def _reader(tensor: Tensor) -> Read:
    array = np.asarray(tensor)
    return lambda places: array[places]


# Drawing


class _Drawn(NamedTuple):
    """A pane's lines, its picture, and whether that is a heatmap."""

    lines: list[Line]
    picture: Picture
    as_heat: bool


def pane_block(
    state: TensorState, panes: Sequence[Pane], width: int, height: int
) -> tuple[Block, Picture, bool]:
    """Panes side by side, each with its name above; the first one's picture, and whether it is a heatmap.

    In all heatmaps a number is equally large, so that rows of one match columns of another.
    """
    room = max(1, height - 1)
    signs = [f" {pane.sign} " if pane.sign else "" for pane in panes]
    inside = width - sum(map(len, signs))
    widths = _widths(state, panes, inside, room)
    pixel = min(
        pixel_size(pane.grid, size, room - 1, signs=state.signs)
        if _as_heat(state, pane, size, room)
        else _ANY
        for pane, size in zip(panes, widths, strict=True)
    )
    widths = _widths(state, panes, inside, room, pixel)
    factor = max(_factor(state, pane, size, room) for pane, size in zip(panes, widths, strict=True))
    drawn = [
        _drawn(state, pane, size, room, pixel, factor, first=not i)
        for i, (pane, size) in enumerate(zip(panes, widths, strict=True))
    ]
    rows: list[list[Span]] = [[] for _ in range(max(len(lines) for lines, _, _ in drawn))]
    middle = min(len(rows) - 1, 1 + len(rows) // 2)
    for (lines, _, _), sign, size in zip(drawn, signs, widths, strict=True):
        for at, row in enumerate(rows):
            row.append(Span(sign if at == middle else " " * len(sign)))
            line = lines[at] if at < len(lines) else ()
            row += [*line, Span(" " * (size - line_width(line)))]
    return (
        Block.of([tuple(span for span in row if span.text) for row in rows]),
        drawn[0].picture,
        drawn[0].as_heat,
    )


def _widths(
    state: TensorState, panes: Sequence[Pane], width: int, height: int, pixel: int = _ANY
) -> list[int]:
    """The width that each pane wants, if that is little; the rest is shared by those that want more."""
    wanted = [_wanted(state, pane, width, height, pixel) for pane in panes]
    widths = [min(want, max(1, width // len(panes))) for want in wanted]
    for which in sorted(range(len(panes)), key=lambda which: wanted[which]):
        widths[which] = min(wanted[which], widths[which] + width - sum(widths))
    return widths


def _wanted(state: TensorState, pane: Pane, width: int, height: int, pixel: int) -> int:
    """How wide a pane would be if it had all of `width`."""
    if _as_heat(state, pane, width, height):
        body = heatmap_width(pane.grid, width, height, signs=state.signs, most=pixel)
        below = line_width(legend(pane.facts, width)) if pane.facts is not None else 0
        title = line_width(_title(pane, _slice_of(pane.grid), width))
        return max(body, below, title)
    return max(map(line_width, _drawn(state, pane, width, height, pixel, first=False).lines))


def _as_heat(state: TensorState, pane: Pane, width: int, height: int) -> bool:
    return state.heat if state.heat is not None else not fits(pane.grid, width, height)


def _factor(state: TensorState, pane: Pane, width: int, height: int) -> int:
    """How many rows and columns of a pane a cell has to stand for, where it is seen from afar."""
    if not (state.from_afar and pane.facts is not None and _as_heat(state, pane, width, height)):
        return 1
    return overview_factor(pane.grid, width, height - _BELOW, signs=state.signs)


def _drawn(
    state: TensorState, pane: Pane, width: int, height: int, pixel: int, factor: int = 1, *, first: bool
) -> _Drawn:
    """A pane, its picture under its title."""
    grid = pane.grid
    scroll = state.scroll if first else TOP_LEFT
    as_heat = _as_heat(state, pane, width, height)
    below: list[Line] = []
    if as_heat:
        below = [legend(pane.facts, width)] if pane.facts is not None else []
        below = [line for line in below if line]
        room = height - len(below)
        if factor > 1 and pane.facts is not None:
            picture = overview(grid, factor, signs=state.signs)
            below.append(_told(factor, state.view.language))
        else:
            picture = as_heatmap(grid, width, room, scroll, signs=state.signs, most=pixel)
    else:
        picture = as_numbers(grid, width, height, scroll)
    lines = [_title(pane, _part(grid, picture), width), *picture.lines, *below]
    return _Drawn([clip_line(line, width) for line in lines], picture, as_heat)


def _told(factor: int, language: str) -> Line:
    """How many entries a cell of an overview stands for."""
    words = msg("cell: largest of {factor}×{factor}", factor=factor).in_language(language)
    return (Span(words, Role.DIM),)


def _title(pane: Pane, part: str, width: int) -> Line:
    """The name, the shape where there is room for it, and the part in view where that is not all.

    A part is never cut: it loses its spaces if there is little room, and is left out if there is none.
    """
    grid = pane.grid
    apart = ", " if " " in pane.name else " "  # a formula would run into the shape
    shape = f"{apart}{shape_label(grid.shape)}" if grid.shape else ""
    name = Span(clip(pane.name, _LONGEST_NAME), grid.role)
    close = f" {part.replace(' ', '')}" if part else ""
    for detail in (shape + part, part or shape, close or shape):
        if line_width((name, Span(detail))) <= width:
            return (name, Span(detail, Role.DIM))
    return clip_line((name,), width)


def _part(grid: Grid, picture: Picture) -> str:
    """``[3, 0:10, :]``: the rows and columns in view, and the places on the other axes."""
    index: list[str | int | None] = list(grid.at)
    for axis, shown, count in zip(grid.axes, picture.shown, grid.size, strict=True):
        if axis is not None:
            index[axis] = None if len(shown) == count else f"{shown.start}:{shown.stop}"
    return f" {slice_text(index)}" if any(at is not None for at in index) else ""


def _slice_of(grid: Grid) -> str:
    """``[3, :, :]``: the part that all of the matrix is."""
    index = [None if axis in grid.axes else at for axis, at in enumerate(grid.at)]
    return f" {slice_text(index)}" if any(at is not None for at in index) else ""
