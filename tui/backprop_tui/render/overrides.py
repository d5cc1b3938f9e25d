"""What a step says of an override: what stands in place of what, and what rests on an override further on."""

from __future__ import annotations

from backprop_engine.arrays import Tensor, settle
from backprop_engine.derived import derived
from backprop_engine.explain.numbers import summary
from backprop_engine.explain.symbols import gradient_name
from backprop_engine.graph.steps import Accumulate, Backward, Edge, Forward, Seed
from backprop_engine.trace.trace import Frame, GradientEdit, Trace, ValueEdit
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.render.texts import say

__all__ = ["computed_gradient", "computed_value", "override_line", "resting_on"]


def computed_value(trace: Trace, position: int) -> Tensor | None:
    """What the operator gave, where another value stands in place of it; else None."""
    edited = trace.edits and position in _edited(trace).values
    return trace.outs[position] if edited else None


def computed_gradient(frame: Frame) -> Tensor | None:
    """The gradient that the step completes, where another stands in place of it; else None."""
    trace = frame.trace
    if not trace.edits:
        return None
    gradients = _edited(trace).gradients
    match frame.step:
        case Seed(node=node) if node in gradients:
            return trace.bindings.seed
        case Backward(edge=edge) if edge.operand in gradients and not edge.shared:
            return trace.contributions[edge.index]
        case Accumulate(edge=edge, count=count, of=of) if edge.operand in gradients and count == of:
            before = trace.arrived[trace.schedule.uses_of[edge.operand][count - 2]]
            return settle(before + trace.contributions[edge.index], trace.graph.dtype)
        case _:
            return None


def override_line(frame: Frame, language: str) -> Line:
    """That what the step gives is overridden, by what, and in place of what; nothing where it is not."""
    trace, graph = frame.trace, frame.graph
    given: Tensor | None
    match frame.step:
        case Forward(node=position):
            computed, given = computed_value(trace, position), trace.values[position]
            name = graph.nodes[position].name
        case Seed(node=position):
            computed, given = computed_gradient(frame), trace.gradients[position]
            name = gradient_name(graph, graph.nodes[position])
        case Backward(edge=edge) | Accumulate(edge=edge):
            computed, given = computed_gradient(frame), trace.arrived[edge.index]
            name = gradient_name(graph, graph.nodes[edge.operand])
        case _:
            return ()
    if computed is None:
        return ()
    said = say("overridden", language, name=name, given=summary(given), computed=summary(computed))
    return (Span(said, Role.WARNING),)


def resting_on(frame: Frame, edge: Edge, language: str) -> str:
    """What a numeric check of `edge` takes as given, because an override lies behind it; else nothing."""
    trace, graph = frame.trace, frame.graph
    if not trace.edits:
        return ""
    if edge.node in _changed(trace):
        name = gradient_name(graph, graph.nodes[edge.node])
        return say("numeric upstream", language, name=name)
    if edge.node in _edited(trace).values:
        return say("numeric without", language, name=graph.nodes[edge.node].name)
    return say("numeric before", language) if computed_gradient(frame) is not None else ""


class _Edited:
    """The positions of the computed nodes whose value, and of those whose gradient, is overridden."""

    def __init__(self, trace: Trace) -> None:
        graph = trace.graph
        nodes = [(edit, graph[edit.node]) for edit in trace.edits]
        self.values = {one.position for edit, one in nodes if isinstance(edit, ValueEdit) and one.op}
        self.gradients = {one.position for edit, one in nodes if isinstance(edit, GradientEdit)}


@derived()
def _edited(trace: Trace) -> _Edited:
    return _Edited(trace)


@derived()
def _changed(trace: Trace) -> frozenset[int]:
    """The nodes whose gradient is overridden, or came through a gradient or a value that is."""
    edited = _edited(trace)
    changed = set(edited.gradients)
    for edge in trace.schedule.edges:
        if edge.node in changed or edge.node in edited.values:
            changed.add(edge.operand)
    return frozenset(changed)
