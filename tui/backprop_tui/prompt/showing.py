"""Where one stands, what a tensor is, and tables: what answers at the prompt are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.debugger import (
    Ahead,
    Back,
    Continue,
    Go,
    Into,
    Iterate,
    Out,
    Over,
    RunTo,
    Session,
    Step,
    ToBackward,
    ToEnd,
    ToStart,
)
from backprop_engine.debugger.anomalies import TROUBLES
from backprop_engine.explain.facts import step_facts
from backprop_engine.explain.numbers import ABSENT
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.blocks import Block, beside
from backprop_tui.cells.lines import Line, Role, Span, crop_line, line_text, line_width, wrap_line
from backprop_tui.cells.tensors import tensor_block
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.render.one_line import step_lines
from backprop_tui.render.words import story
from backprop_tui.texts import text

__all__ = [
    "WIDTH",
    "fitted",
    "is_move",
    "notices",
    "one_line",
    "step_line",
    "table",
    "tensor_lines",
    "where",
]

WIDTH = 100
"""How wide an answer may be where nobody says."""
_MOST_ROWS = 12
_INDENT = Span("  ")


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
    """Rows whose cells stand in columns, two spaces apart, indented by two; where they are too wide together,
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
        shape = shape_text(tensor.shape)
        first = f", {text('prompt.first_matrix', language)}" if tensor.ndim > 2 else ""
        lines.append((_INDENT, Span(f"{shape}{first}", Role.DIM)))
    return lines


# Where one stands

_MOVES = (Step, Over, Into, Out, Continue, RunTo, Iterate, Go, ToStart, ToBackward, ToEnd, Back, Ahead)


def is_move(request: object) -> bool:
    """Whether a command leads to another position."""
    return isinstance(request, _MOVES)


def where(before: Session, after: Session, scenario: Scenario, language: str) -> list[Line]:
    """The position and its step, and what there is to say about it; a note once, when its node is reached."""
    frame, run = after.frame, after.run
    spans = [Span(f"{after.position}/{after.last}", Role.HEADING)]
    if run.training is not None:
        which = text("iteration", language, iteration=after.iteration, last=run.iterations - 1)
        spans.append(Span(f"  {which}", Role.DIM))
    if after.stack:
        names = " > ".join(after.stack)
        spans.append(Span(f"  {text('prompt.inside', language, names=names)}", Role.DIM))
    if after.levels:
        spans.append(Span(f" {after.here}/{after.trace.schedule.last}", Role.HEADING))
    facts = step_facts(frame)
    head, what = step_lines(facts, language)
    lines: list[Line] = _joined((*spans, Span("  "), *head), what)
    remarks = (line for line in story(facts, language) if line and line[0].role in (Role.WARNING, Role.GOOD))
    lines += ((_INDENT, *line) for line in remarks)
    note = None if after.levels else _note(before, after, scenario)
    if note is not None:
        words = note.in_language(language).splitlines()
        lines += ((_INDENT, Span(f"{' ' if at else '»'} {line}", Role.NAME)) for at, line in enumerate(words))
    return lines


def _note(before: Session, after: Session, scenario: Scenario) -> LocalText | None:
    """What the author says about the node that is reached; nothing where one was at it already."""
    node = after.frame.node
    if node is None or (
        not before.levels and before.frame.node is node and before.position != after.position
    ):
        return None
    return scenario.notes.get(node.position)


def step_line(frame: Frame, language: str) -> Line:
    """The step that led to a frame: its kind, its symbols, and what came of it."""
    head, what = step_lines(step_facts(frame), language)
    return (*head, Span("  "), *what)


def _joined(head: Line, what: Line) -> list[Line]:
    """On one line, or on two where that is too long."""
    whole = (*head, Span("  "), *what)
    return [whole] if line_width(whole) <= WIDTH else [head, (_INDENT, *what)]


def notices(before: Session, after: Session, language: str) -> list[Line]:
    """What the debugger has to say about the last command, and what the breakpoints that stopped it mean."""
    if after.notice is None:
        return []
    role = Role.HEADING if after.hit else Role.TEXT if after.notice.good else Role.WARNING
    lines = [one_line(after.notice.in_language(language), role)]
    for one in before.breakpoints:
        if one.number in after.hit and one.target.kind == "trouble":
            trouble = TROUBLES[one.target.name]
            lines.append((_INDENT, Span(trouble.meaning.in_language(language), Role.WARNING)))
            if one.number not in before.hit:  # else it stands just above
                lines.append((_INDENT, Span(trouble.advice.in_language(language))))
    return lines
