"""What a line leads to, and the lines, tables and tensors that it is shown with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backprop_engine.arrays import Tensor
from backprop_engine.debugger import Session
from backprop_engine.messages.message import msg
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.blocks import Block, beside
from backprop_tui.cells.lines import Line, Role, Span, crop_line, line_text, line_width, wrap_line
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.cells.tensors import tensor_block
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.queries import ScreenCommand

__all__ = ["WIDTH", "Context", "Outcome", "fitted", "one_line", "table", "tensor_lines"]

WIDTH = 100
"""The default width of an answer, in columns."""
_MOST_ROWS = 12
_INDENT = Span("  ")


class Context(NamedTuple):
    """What an answer depends on beside the session: the scenario, the language, and the width in cells."""

    scenario: Scenario
    language: str
    width: int = WIDTH


class Outcome(NamedTuple):
    """What a line leads to."""

    session: Session
    """The session after it."""
    lines: tuple[Line, ...] = ()
    ends: bool = False
    """Whether it ends the session."""
    failed: bool = False
    """Whether an expectation of it failed."""
    screen: ScreenCommand | None = None
    """What is left to the screen."""
    found: tuple[int, ...] = ()
    """The nodes that it found."""


def one_line(words: str, role: Role = Role.TEXT) -> Line:
    """A line of one piece."""
    return (Span(words, role),)


def fitted(lines: Iterable[Line], width: int = WIDTH) -> list[Line]:
    """Lines in at most `width` cells; what is wrapped keeps its indentation."""
    pieces: list[Line] = []
    for line in lines:
        words = line_text(line)
        margin = len(words) - len(words.lstrip())
        if line_width(line) <= width or margin > width // 2:
            pieces.append(line)
        else:
            rest = crop_line(line, margin, line_width(line))
            pieces += ((Span(" " * margin), *piece) for piece in wrap_line(rest, width - margin))
    return pieces


def table(rows: Iterable[Sequence[Span]], width: int = WIDTH) -> list[Line]:
    """Rows whose cells are in columns, two spaces apart, indented by two; where they are too wide together,
    the cells of the widest columns are clipped.
    """
    rows = list(rows)
    columns = max(map(len, rows), default=0)
    sizes = [
        max((cell_width(row[column].text) for row in rows if column < len(row)), default=0)
        for column in range(columns)
    ]
    sizes = _narrowed(sizes, width - 2 * columns)
    lines: list[Line] = []
    for row in rows:
        cells = [Span(clip(cell.text, sizes[at]), cell.role) for at, cell in enumerate(row)]
        spaced = (
            Span(cell.text + " " * (sizes[at] - cell_width(cell.text) + 2), cell.role)
            for at, cell in enumerate(cells[:-1])
        )
        lines.append((_INDENT, *spaced, *cells[-1:]))
    return lines


def _narrowed(sizes: list[int], room: int) -> list[int]:
    """The widths of columns that have `room` together: the widest give up what is missing, evenly."""
    narrow: dict[int, int] = {}
    for left, (size, column) in enumerate(sorted(zip(sizes, range(len(sizes)), strict=True))):
        narrow[column] = max(1, min(size, room // (len(sizes) - left)))
        room -= narrow[column]
    return [narrow[column] for column in range(len(sizes))]


def tensor_lines(
    name: str, tensor: Tensor | None, role: Role, language: str, width: int = WIDTH
) -> list[Line]:
    """``W = `` and the numbers beside it, as many as fit."""
    head = Block.of([(Span(name, Role.NAME), Span(" = "))])
    if tensor is None:
        return [(*head.lines[0], Span(ABSENT, Role.DIM))]
    room = max(20, width - head.width)
    block = tensor_block(tensor, role, room, _MOST_ROWS, row=tensor.ndim == 1, heat=False)
    lines = list(beside(head, block).lines)
    if tensor.ndim > 2 or tensor.size > 64:
        shape = shape_label(tensor.shape)
        first = f", {msg('its first matrix').in_language(language)}" if tensor.ndim > 2 else ""
        lines.append((_INDENT, Span(f"{shape}{first}", Role.DIM)))
    return lines
