"""The stage, for a projector: one large equation below the graph, and the progress of the run."""

from __future__ import annotations

from backprop_engine.explain.facts import StartFacts, StepFacts
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, wrap_lines
from backprop_tui.render.big_digits import big_text
from backprop_tui.render.check_line import numeric_line
from backprop_tui.render.stage_equation import stage_equation
from backprop_tui.render.words import note, words
from backprop_tui.view import View

__all__ = ["stage"]

_LEAST_COUNTED = 16
"""With fewer rows, only the header has the count of steps."""


def stage(view: View, width: int, height: int) -> Drawing:
    """The equation in the middle, as large as fits, with the author's note below it where both have room;
    words where a step has none. If a gradient is wrong, that comes before the note.
    """
    facts, language = view.facts, view.language
    counted = _count(view, width) if height >= _LEAST_COUNTED else []
    room = height - len(counted)
    block = stage_equation(facts, language, width, room, ascii=view.ascii)
    if block.height:
        wrong, told = _column(_wrong(facts, language), width), _column(note(facts, language), width)
        for noted in filter(None, ([*wrong, *told], wrong if told else [])):
            left = room - len(noted) - 1
            smaller = stage_equation(facts, language, width, min(room, left), ascii=view.ascii)
            if smaller.height <= left and (_has_pictures(block) or not _has_pictures(smaller)):
                block = smaller
                break
        else:
            noted = []  # numbers say more, and so does an equation in full view
        lines = [*block.padded(width).lines, *([(Span(""),)] * bool(noted)), *noted]
    else:
        lines = _column(_opening(view) if isinstance(facts, StartFacts) else words(facts, language), width)
    above: list[Line] = [(Span(""),)] * max(0, (room - len(lines)) // 2)
    return Lines.of([*counted, *above, *lines])


def _wrong(facts: StepFacts, language: str) -> list[Line]:
    """What the numeric check says of a gradient that is wrong."""
    line = numeric_line(facts, language)
    return [line] if any(span.role is Role.TROUBLE for span in line) else []


def _has_pictures(block: Block) -> bool:
    return any(leaf.is_picture for leaf in block.leaves())


def _column(said: list[Line], width: int) -> list[Line]:
    """Lines to be read from afar, wrapped early and in the middle."""
    wrapped = wrap_lines(said, max(20, width * 2 // 3))
    return list(Block.of(wrapped).padded(width).lines)


def _opening(view: View) -> list[Line]:
    scenario, language = view.scenario, view.language
    told = scenario.description.in_language(language).splitlines()
    return [(Span(view.title, Role.HEADING),), (Span(""),), *((Span(line),) for line in told)]


def _count(view: View, width: int) -> list[Line]:
    """The step and how many there are, in the corner."""
    session = view.session
    count = big_text(f"{session.position}/{session.last}", 1, Role.DIM, ascii=view.ascii)
    lines: list[Line] = [
        (Span(" " * (width - count.width - 1)), *line) for line in count.padded(count.width).lines
    ]
    return lines
