"""A run as text to read from top to bottom: what `run` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backprop_engine.derivatives.decomposition import stepped_into
from backprop_engine.explain.facts import BackwardFacts, StepFacts, UpdateFacts, step_facts
from backprop_engine.explain.symbols import formula
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.messages.message import msg
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Frame, Trace
from backprop_tui.cells.lines import Line, Role, Span, wrap_line, wrap_lines
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import ABSENT, summary
from backprop_tui.cells.text import cell_width, pad
from backprop_tui.render.equation.equation import equation
from backprop_tui.render.equation.working import working_lines
from backprop_tui.render.one_line import kind_text, scalar_line
from backprop_tui.render.spoken import Spoken
from backprop_tui.render.update_notes import update_notes
from backprop_tui.render.words import (
    KIND_NAMES,
    batch_text,
    code,
    formulas,
    override_line,
    passes_on,
    sentences,
    story,
    turn_text,
)

__all__ = ["course", "heading", "leaf_lines", "state", "step_lines", "transcript"]

_INDENT = "      "
_HEIGHT = 24
_NARROWEST = 60


def heading(scenario: Scenario, language: str, width: int = 100) -> Iterator[Line]:
    """The title of a scenario, and what its author says about it; nothing where they say nothing."""
    title, description = (text.in_language(language) for text in (scenario.title, scenario.description))
    told: list[Line] = [(Span(line, Role.HEADING),) for line in title.splitlines()]
    told += ((Span(line),) for line in description.splitlines())
    yield from ((Span(_INDENT), *line) for line in wrap_lines(told, width - len(_INDENT)))
    if told:
        yield (Span(""),)


def transcript(
    trace: Trace,
    language: str,
    width: int = 100,
    last: int | None = None,
    *,
    step_into: bool = False,
    words: Spoken | None = None,
) -> Iterator[Line]:
    """Every step up to position `last`: numbers on one line; where tensors take part, the equation and NumPy.

    With `step_into` the steps inside a composite node are, indented, under its own. With `words` there
    is under a step what was not said before.
    """
    yield from leaf_lines(trace, language)
    yield from _rounds(trace, language)
    positions = range(1, (trace.schedule.last if last is None else last) + 1)
    yield from step_lines(trace, positions, language, width, step_into=step_into, words=words)


_LEAF_KINDS: Final = KIND_NAMES | {Kind.PARAM: msg("param")}


def leaf_lines(trace: Trace, language: str) -> Iterator[Line]:
    """The leaves and their values."""
    for leaf in trace.graph.leaves:
        kind = _LEAF_KINDS[leaf.kind].in_language(language)
        value = summary(trace.values[leaf.position], 40)
        yield (
            Span(_INDENT),
            Span(f"{kind} ", Role.DIM),
            Span(leaf.name, Role.NAME),
            Span(" = "),
            Span(value, Role.VALUE),
        )


def course(run: Run, language: str, most: int = 50) -> Iterator[Line]:
    """The output's value in each iteration of a training; of a long one, at most `most`, evenly spread."""
    every = 1 + (run.iterations - 1) // most
    output = run.graph.nodes[run.graph.output].name
    digits = len(str(run.iterations - 1))
    yield (
        Span(f"{_INDENT}{msg('{output} by iteration', output=output).in_language(language)}", Role.HEADING),
    )
    for iteration, value in enumerate(run.losses()):
        if iteration % every == 0 or iteration == run.iterations - 1:
            yield (
                Span(_INDENT + str(iteration).rjust(digits), Role.DIM),
                Span("  "),
                Span(summary(value), Role.VALUE),
            )


def _rounds(trace: Trace, language: str) -> Iterator[Line]:
    """Which iteration of a training this is."""
    if trace.training is not None:
        steps = trace.training.steps
        words = msg("iteration {iteration} of {last}", iteration=trace.iteration, last=steps).in_language(
            language
        )
        yield (Span(_INDENT), Span(f"{trace.training.optimizer.name}, {words}", Role.HEADING))
        if batch := batch_text(trace, trace.iteration):
            yield (Span(_INDENT), Span(batch.in_language(language), Role.DIM))


def step_lines(
    trace: Trace,
    positions: range,
    language: str,
    width: int,
    *,
    step_into: bool = False,
    words: Spoken | None = None,
) -> Iterator[Line]:
    """The steps to some positions of a trace."""
    digits = len(str(trace.first_position + trace.schedule.last))
    for position in positions:
        frame = trace.frame(position)
        yield from _step(
            step_facts(frame), language, width, digits, working=words is not None and words.works_out(frame)
        )
        if words is not None:
            said = wrap_lines(words.at(frame, language), width - len(_INDENT))
            yield from ((Span(_INDENT), *line) for line in said)
        into = stepped_into(trace, frame.step) if step_into and frame.step else None
        if into is not None:
            room = max(_NARROWEST, width - len(_INDENT))
            inner = words.inside() if words is not None else None
            for line in step_lines(*into, language, room, step_into=True, words=inner):
                yield (Span(_INDENT), *line)


def _step(facts: StepFacts, language: str, width: int, digits: int, *, working: bool) -> Iterator[Line]:
    position = facts.trace.first_position + facts.frame.position
    head = (
        Span(str(position).rjust(max(3, digits)), Role.DIM),
        Span(f"  {kind_text(facts, language)}  ", Role.HEADING),
    )
    overridden = override_line(facts, language)
    said = update_notes(facts) if isinstance(facts, UpdateFacts) else ()
    notes = wrap_lines(((Span(words.in_language(language)),) for words in said), width - len(_INDENT))
    if facts.is_scalar:
        line = scalar_line(facts, language)
        yield (*head, *line, *((Span("  "), *overridden) if overridden else ()))
        yield from ((Span(_INDENT), *line) for line in notes)
        return
    if isinstance(facts, BackwardFacts) and passes_on(facts):
        product, upstream = Span(facts.product.name, Role.PRODUCT), Span(facts.upstream.name, Role.GRADIENT)
        turn = turn_text(facts, language)
        yield (*head, product, Span(" = "), upstream, *([Span(f"  ({turn})", Role.DIM)] if turn else ()))
        yield from ((Span(_INDENT), *line) for line in wrap_lines(code(facts), width - len(_INDENT)))
        return
    yield (*head, *(formulas(facts, language) or sentences(facts, language))[0])
    room = width - len(_INDENT)
    shown = [*notes, *equation(facts, language, room, _HEIGHT).lines]
    shown += wrap_line(overridden, room) if overridden else []
    shown += wrap_lines(code(facts), room)
    if working and (worked := working_lines(facts, language, room)):
        shown += [(Span(""),), *worked]
    yield from ((Span(_INDENT), *line) for line in shown)


def state(facts: StepFacts, language: str, width: int = 100) -> Iterator[Line]:
    """What is known at a position: the step that led there, and a table of all nodes."""
    frame, trace = facts.frame, facts.trace
    yield from _rounds(trace, language)
    last = trace.schedule.last
    if trace.training is not None:
        last = trace.training.steps * trace.graph.training_schedule.last + trace.graph.forward_schedule.last
    yield (
        Span(f"{trace.first_position + frame.position}/{last}  {kind_text(facts, language)}", Role.HEADING),
    )
    yield (Span(""),)
    block = equation(facts, language, width - 2, _HEIGHT)
    yield from ((Span("  "), *line) for line in block.lines)
    if block.lines:
        yield (Span(""),)
    yield from ((Span("  "), *line) for line in story(facts, language))
    yield (Span(""),)
    yield from _table(frame)


def _table(frame: Frame) -> Iterator[Line]:
    """Name, definition, shape, value and gradient of each node, in columns."""
    listed = [node for node in frame.graph.nodes if node.kind is not Kind.LITERAL]
    rows = [_cells(frame, node) for node in listed]
    sizes = [max(cell_width(row[column]) for row in rows) for column in range(5)]
    roles = (Role.NAME, Role.TEXT, Role.DIM, Role.VALUE, Role.GRADIENT)
    for row in rows:
        cells = zip(row, sizes, roles, strict=True)
        yield tuple(Span(pad(cell, size) + "  ", role) for cell, size, role in cells)


def _cells(frame: Frame, node: Node) -> tuple[str, str, str, str, str]:
    gets = frame.graph.gets_gradient(node.position)
    missing = "" if node.kind is Kind.CONSTANT else ABSENT
    return (
        node.name,
        f"= {formula(frame.graph, node)}" if node.op is not None else node.kind.value,
        shape_label(node.shape),
        summary(frame.value(node), 40, shape=False),
        summary(frame.gradient(node), 40, shape=False) if gets else missing,
    )
