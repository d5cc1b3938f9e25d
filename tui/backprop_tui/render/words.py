"""Why a step is what it is: the sentences, formulas and checks that go with its equation."""

from __future__ import annotations

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.local_gradients import DenseLocal, MapLocal, ScalarLocal, local_gradient
from backprop_engine.explain.numbers import number, summary
from backprop_engine.explain.symbols import (
    derivative,
    formula,
    gradient_name,
    loss_name,
    mathematical,
    operand_text,
    rule_text,
)
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Edge, Forward, Seed, Update
from backprop_engine.trace.trace import Frame, Trace, arises
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.render.chain_rule import as_number, chain_rule
from backprop_tui.render.overrides import computed_gradient, computed_value, override_line
from backprop_tui.render.texts import say

__all__ = ["code", "step_title", "story"]

_MOST_CODE = 9
"""Lines of NumPy that are shown; clearing may take many."""


def step_title(frame: Frame) -> str:
    """What the step is about, in a few signs: ``q = x + y``, ``q → x``, ``∑ a``."""
    graph = frame.graph
    match frame.step:
        case Forward(node=node):
            return f"{graph.nodes[node].name} = {formula(graph, graph.nodes[node])}"
        case Seed(node=node):
            return gradient_name(graph, graph.nodes[node])
        case Backward(edge=edge):
            return f"{graph.nodes[edge.node].name} → {graph.nodes[edge.operand].name}"
        case Accumulate(edge=edge):
            return f"∑ {graph.nodes[edge.operand].name}"
        case Update(node=node):
            return graph.nodes[node].name
        case _:
            return ""


def story(frame: Frame, language: str, note: str = "") -> list[Line]:
    """The step that led to `frame` in words and formulas with the numbers put in; `note` is the author's.

    What the author says about this very node stands before what holds for all like it.
    """
    equations: list[Line] = []
    match frame.step:
        case Forward(node=node):
            equations = _formulas(frame, frame.graph.nodes[node])
            lines = _forward(frame, frame.graph.nodes[node], language)
        case Seed(node=node):
            lines = _seed(frame, frame.graph.nodes[node], language)
        case Backward(edge=edge):
            equations = chain_rule(frame, edge, language)
            lines = _backward(frame, edge, language)
        case Accumulate(edge=edge, count=count, of=of):
            lines = _accumulate(frame, edge, count, of, language)
        case Update(node=node):
            lines = _update(frame, frame.graph.nodes[node], language)
        case Clear():
            lines = [_said("cleared", language), *code(frame)]
        case _:
            lines = [_said("start", language)]
    said: list[Line] = [(Span("» ", Role.NAME), Span(note, Role.NAME))] if note else []
    lines = [*equations, *said, *lines]
    if frame.position == frame.trace.schedule.completed:
        done = "forward done" if frame.trace.schedule.forward_only else "end"
        lines.append((Span(say(done, language), Role.GOOD),))
    return lines


def _said(key: str, language: str) -> Line:
    return (Span(say(key, language)),)


def _told(line: Line) -> list[Line]:
    """The line, if there is something in it."""
    return [line] if line else []


def _formulas(frame: Frame, node: Node) -> list[Line]:
    """A computed node in symbols, and with the numbers put in."""
    graph, values = frame.graph, frame.trace.values
    symbols = formula(graph, node)
    spelled: list[str] = []

    def spell(operand: Node) -> str:
        text = _short(values[operand.position], operand)
        spelled.append(text)
        return as_number(text) if len(spelled) > 1 else text

    numbers = formula(graph, node, spell)
    computed = computed_value(frame.trace, node.position)
    gives = summary(values[node.position] if computed is None else computed)
    first: Line = (Span(node.name, Role.NAME), Span(f" = {symbols}"))
    if numbers == symbols:
        return [(*first, Span(" = "), Span(gives, Role.VALUE))]
    return [first, (Span(" " * len(node.name)), Span(f" = {numbers} = "), Span(gives, Role.VALUE))]


def _forward(frame: Frame, node: Node, language: str) -> list[Line]:
    lines = code(frame)
    if overridden := override_line(frame, language):
        lines.append(overridden)
    elif arises(frame.trace, node):
        found = summary(frame.trace.values[node.position])
        lines.append((Span(say("not finite", language, node=node.name, value=found), Role.WARNING),))
    if node.op is not None and node.op.conventions and _is_special(frame.trace, node):
        lines.append((Span(node.op.conventions.in_language(language), Role.DIM),))
    return lines + _derivatives(frame, node, language)


def code(frame: Frame) -> list[Line]:
    """The step as lines of a NumPy program."""
    from backprop_engine.program import numpy_lines

    lines = [line for line in numpy_lines(frame.trace, frame.step) if line]
    shown = lines if len(lines) <= _MOST_CODE else [*lines[: _MOST_CODE - 1], "…"]
    return [(Span(line, Role.CODE),) for line in shown]


def _short(value: Tensor, operand: Node) -> str:
    """A scalar's number in a formula; a tensor stays a name."""
    return number(value, 4) if value.shape == () else operand_text(operand)


def _derivatives(frame: Frame, node: Node, language: str) -> list[Line]:
    """What the backward pass will multiply with, while the operands are in view."""
    graph, trace = frame.graph, frame.trace
    edges = [graph.edges[index] for index in trace.schedule.edges_of.get(node.position, range(0))]
    if not edges:
        return []
    lines: list[Line] = [(Span(say("locals", language), Role.DIM),)]
    for edge in edges:
        name = derivative(node, graph.nodes[edge.operand])
        lines.append((Span(f"  {name} = ", Role.LOCAL), Span(_local_text(frame, edge, language), Role.LOCAL)))
    return lines


def _local_text(frame: Frame, edge: Edge, language: str) -> str:
    """The local gradient in symbols and, where it is a number, in numbers."""
    graph = frame.graph
    local = local_gradient(frame.trace, edge)
    match local:
        case ScalarLocal():
            symbols, value = rule_text(graph, edge, local.text), number(local.value)
            return value if symbols == value else f"{symbols} = {value}"
        case DenseLocal():
            return rule_text(graph, edge, local.text)
        case MapLocal():
            if local.shown is not None:
                return local.shown.in_language(language)
            return rule_text(graph, edge, local.text or local.rule)
        case _:
            return rule_text(graph, edge, local.text)


def _seed(frame: Frame, node: Node, language: str) -> list[Line]:
    computed = computed_gradient(frame)
    gradient = frame.trace.gradients[node.position] if computed is None else computed
    assert gradient is not None
    key = "seed said" if gradient.shape == () else "seed given"
    loss = loss_name(frame.graph)
    said = say(key, language, output=node.name, seed=summary(gradient), loss=loss)
    return [(Span(said),), *code(frame), *_told(override_line(frame, language))]


def _backward(frame: Frame, edge: Edge, language: str) -> list[Line]:
    graph = frame.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    assert node.op is not None
    shapes = tuple(graph.nodes[each].shape for each in node.operands)
    lines: list[Line] = [
        (Span(node.op.lesson_of(edge.argnum, shapes).in_language(language)),),
        *code(frame),
        *_told(override_line(frame, language)),
    ]
    lines += _conventions(frame, edge, language)
    if edge.summed:
        axes = ", ".join(map(str, edge.summed))
        lines.append((Span(say("summed", language, operand=operand_text(operand), axes=axes)),))
    if edge.shared:
        count, of = frame.trace.schedule.turn(edge)
        said = say("shared", language, operand=operand.name, count=count, of=of)
        if node.operands.count(edge.operand) > 1:
            said += f" ({say('which operand', language, number=edge.argnum + 1, node=node.name)})"
        lines.append((Span(said, Role.DIM),))
    return lines


def _conventions(frame: Frame, edge: Edge, language: str) -> list[Line]:
    """What was chosen for a point like this one, told where the run meets it."""
    node = frame.graph.nodes[edge.node]
    upstream, contribution = frame.trace.gradients[edge.node], frame.trace.contributions[edge.index]
    assert upstream is not None
    assert node.op is not None
    lines: list[Line] = []
    if _finite(upstream) and not _finite(contribution):
        lines.append((Span(say("gradient not finite", language), Role.WARNING),))
    if not node.op.conventions:
        return lines
    from backprop_tui.render.numeric import at_kink

    if lines or not _finite(upstream) or _is_special(frame.trace, node) or at_kink(frame.trace, edge):
        lines.append((Span(node.op.conventions.in_language(language), Role.DIM),))
    return lines


def _is_special(trace: Trace, node: Node) -> bool:
    """Whether what an operator computes with, or gives, is such that its conventions matter."""
    operands = [trace.operand_values[operand] for operand in node.operands]
    if not all(map(_finite, operands)) or not _finite(trace.values[node.position]):
        return True
    meets = node.op.meets if node.op is not None else None
    return meets is not None and bool(meets(*operands, **node.attributes))


def _finite(tensor: Tensor) -> bool:
    return bool(np.all(np.isfinite(tensor)))


def _update(frame: Frame, node: Node, language: str) -> list[Line]:
    """The rule that a parameter is updated by, and what its letters stand for."""
    training = frame.trace.training
    assert training is not None
    optimizer, settings = training.optimizer, training.settings
    lines: list[Line] = [
        (Span(node.name, Role.NAME), Span(f"  {optimizer.name}: {optimizer.lesson.in_language(language)}")),
        *code(frame),
    ]
    lines += ((Span(f"  {mathematical(formula)}"),) for formula in optimizer.formulas(settings))
    for symbol in optimizer.symbols(settings):
        value = "" if symbol.value is None else f" = {number(np.float64(symbol.value))}"
        meaning = symbol.meaning.in_language(language)
        lines.append((Span(f"  {symbol.name}{value}", Role.NAME), Span(f"  {meaning}", Role.DIM)))
    return lines


def _accumulate(frame: Frame, edge: Edge, count: int, of: int, language: str) -> list[Line]:
    operand = frame.graph.nodes[edge.operand]
    lines: list[Line] = [
        (Span(say("accumulate", language, operand=operand.name, count=count, of=of)),),
        *code(frame),
        *_told(override_line(frame, language)),
    ]
    if count == of:
        lines.append((Span(say("complete", language, operand=operand.name), Role.GOOD),))
    return lines
