"""A run as text to read from top to bottom: what `run` prints."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.arrays import shape_text
from backprop_engine.derivatives.decomposition import stepped_into
from backprop_engine.explain.numbers import ABSENT, summary
from backprop_engine.explain.symbols import formula, gradient_name
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Seed, Update
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Frame, Trace
from backprop_tui.cells.lines import Line, Role, Span, wrap_line
from backprop_tui.cells.text import cell_width, pad
from backprop_tui.render.equation.equation import equation
from backprop_tui.render.overrides import computed_gradient, override_line
from backprop_tui.render.texts import say
from backprop_tui.render.words import code, story

__all__ = ["course", "leaf_lines", "state", "step_lines", "transcript"]

_INDENT = "      "
_HEIGHT = 24
_NARROWEST = 60


def transcript(
    trace: Trace, language: str, width: int = 100, last: int | None = None, *, step_into: bool = False
) -> Iterator[Line]:
    """Every step up to position `last`: numbers on one line; where tensors take part, the equation and NumPy.

    With `step_into` the steps inside a composite node stand, indented, under its own.
    """
    yield from leaf_lines(trace, language)
    yield from _rounds(trace, language)
    positions = range(1, (trace.schedule.last if last is None else last) + 1)
    yield from step_lines(trace, positions, language, width, step_into=step_into)


def leaf_lines(trace: Trace, language: str) -> Iterator[Line]:
    """The leaves and their values."""
    for leaf in trace.graph.leaves:
        kind = say(f"kind {leaf.kind.value}", language)
        value = summary(trace.values[leaf.position], 40)
        yield (
            Span(_INDENT),
            Span(f"{kind} ", Role.DIM),
            Span(leaf.name, Role.NAME),
            Span(" = "),
            Span(value, Role.VALUE),
        )


def course(run: Run, language: str, most: int = 50) -> Iterator[Line]:
    """The output's value in each iteration of a training; of a long one, at most so many, evenly spread."""
    every = 1 + (run.iterations - 1) // most
    output = run.graph.nodes[run.graph.output].name
    digits = len(str(run.iterations - 1))
    yield (Span(f"{_INDENT}{say('course', language, output=output)}", Role.HEADING),)
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
        said = say("iteration", language, iteration=trace.iteration, last=steps)
        yield (Span(_INDENT), Span(f"{trace.training.optimizer.name}, {said}", Role.HEADING))


def step_lines(
    trace: Trace, positions: range, language: str, width: int, *, step_into: bool = False
) -> Iterator[Line]:
    """The steps to some positions of a trace."""
    digits = len(str(trace.first_position + trace.schedule.last))
    for position in positions:
        frame = trace.frame(position)
        yield from _step(frame, language, width, digits)
        into = stepped_into(trace, frame.step) if step_into and frame.step else None
        if into is not None:
            room = max(_NARROWEST, width - len(_INDENT))
            for line in step_lines(*into, language, room, step_into=True):
                yield (Span(_INDENT), *line)


def _step(frame: Frame, language: str, width: int, digits: int) -> Iterator[Line]:
    kind = say(f"step {_kind(frame)}", language)
    head = (
        Span(str(frame.trace.first_position + frame.position).rjust(max(3, digits)), Role.DIM),
        Span(f"  {kind}  ", Role.HEADING),
    )
    if _scalar(frame):
        line, overridden = _in_one_line(frame, language), override_line(frame, language)
        yield (*head, *line, *((Span("  "), *overridden) if overridden else ()))
        return
    yield (*head, *story(frame, language)[0])
    room = width - len(_INDENT)
    shown = [*equation(frame, language, room, _HEIGHT).lines]
    shown += wrap_line(override_line(frame, language), room) if frame.trace.edits else []
    shown += [piece for line in code(frame) for piece in wrap_line(line, room)]
    yield from ((Span(_INDENT), *line) for line in shown)


def _kind(frame: Frame) -> str:
    match frame.step:
        case Forward():
            return "forward"
        case Seed():
            return "seed"
        case Backward():
            return "backward"
        case Accumulate():
            return "accumulate"
        case Update():
            return "update"
        case Clear():
            return "clear"
        case _:
            return "start"


def _scalar(frame: Frame) -> bool:
    """Whether only scalars take part in the step."""
    graph = frame.graph
    match frame.step:
        case Forward(node=node):
            return all(graph.nodes[one].shape == () for one in (node, *graph.nodes[node].operands))
        case Backward(edge=edge) | Accumulate(edge=edge):
            return graph.nodes[edge.node].shape == () == graph.nodes[edge.operand].shape
        case Update(node=node):
            return graph.nodes[node].shape == ()
        case _:
            return graph.nodes[graph.output].shape == ()


def _in_one_line(frame: Frame, language: str) -> Line:
    """The symbols of a step and its numbers."""
    lines = story(frame, language)
    match frame.step:
        case Forward():
            numbers = lines[1][1:] if len(lines) > 1 and not lines[1][0].text.strip() else ()
            return (*lines[0], *numbers)
        case Backward():
            return lines[1]
        case Accumulate():
            return _sum(frame, language)
        case Update(node=node):
            return _updated(frame, node)
        case _:
            return lines[0]


def _updated(frame: Frame, position: int) -> Line:
    """A scalar parameter before and after its update, with its gradient."""
    trace, node = frame.trace, frame.graph.nodes[position]
    gradient = trace.gradients[position]
    assert gradient is not None
    return (
        Span(node.name, Role.NAME),
        Span(f" = {summary(trace.values[position])} → "),
        Span(summary(trace.updated[position]), Role.VALUE),
        Span("  "),
        Span(f"{gradient_name(frame.graph, node)} = {summary(gradient)}", Role.GRADIENT),
    )


def _sum(frame: Frame, language: str) -> Line:
    """The running sum of an accumulate step, as a row of numbers."""
    assert isinstance(frame.step, Accumulate)
    edge, trace = frame.step.edge, frame.trace
    count = frame.step.count
    uses = trace.schedule.uses_of[edge.operand][max(0, count - 3) : count]
    name = gradient_name(frame.graph, frame.graph.nodes[edge.operand])
    computed = computed_gradient(frame)
    total = trace.arrived[edge.index] if computed is None else computed
    terms = " + ".join(summary(trace.contributions[use]) for use in uses)
    dots = "… + " if count > 3 else ""
    turn = say("product of several", language, count=count, of=frame.step.of)
    return (
        Span(name, Role.GRADIENT),
        Span(f" = {dots}{terms} = "),
        Span(summary(total), Role.GRADIENT),
        Span(f"  ({turn})", Role.DIM),
    )


def state(frame: Frame, language: str, note: str = "", width: int = 100) -> Iterator[Line]:
    """What is known at a position: the step that led there, and a table of all nodes."""
    kind = say(f"step {_kind(frame)}", language)
    yield from _rounds(frame.trace, language)
    trace = frame.trace
    last = trace.schedule.last
    if trace.training is not None:
        last = trace.training.steps * trace.graph.training_schedule.last + trace.graph.forward_schedule.last
    yield (Span(f"{trace.first_position + frame.position}/{last}  {kind}", Role.HEADING),)
    yield (Span(""),)
    block = equation(frame, language, width - 2, _HEIGHT)
    yield from ((Span("  "), *line) for line in block.lines)
    if block.lines:
        yield (Span(""),)
    yield from ((Span("  "), *line) for line in story(frame, language, note))
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
    gets = frame.graph.active[node.position] and frame.graph.differentiable[node.position]
    missing = "" if node.kind is Kind.CONSTANT else ABSENT
    return (
        node.name,
        f"= {formula(frame.graph, node)}" if node.op is not None else node.kind.value,
        shape_text(node.shape),
        summary(frame.value(node), 40, shape=False),
        summary(frame.gradient(node), 40, shape=False) if gets else missing,
    )
