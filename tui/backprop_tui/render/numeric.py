"""The numeric check of a step in words, at a price that a screen can pay at every key."""

from __future__ import annotations

import numpy as np

from backprop_engine.derivatives.numeric_check import GradientCheck, Verdict, check_edge
from backprop_engine.derived import derived
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import gradient_name, operand_text
from backprop_engine.graph.steps import Backward, Edge
from backprop_engine.trace.trace import Frame, Trace
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.render.overrides import resting_on
from backprop_tui.render.texts import say

__all__ = ["at_kink", "numeric_line"]

MOST_CELLS = 256
"""The largest operand that is checked cell by cell between two keys."""
MOST_NUMBERS = 20_000
"""Where a step takes more numbers than this, only a random projection of its gradient is checked."""


def numeric_line(frame: Frame, language: str) -> Line:
    """The numeric check of a backward step; nothing for other steps."""
    if not isinstance(frame.step, Backward):
        return ()
    trace, edge = frame.trace, frame.step.edge
    check = _check(trace, edge)
    if check.verdict is Verdict.NOT_FINITE:
        return _not_finite(trace, edge, language)
    found = Span(_numeric_text(check, language), Role.GOOD if check.verdict.good else Role.WARNING)
    resting = resting_on(frame, edge, language)
    return (found, Span(f" ({resting})", Role.WARNING)) if resting else (found,)


def _not_finite(trace: Trace, edge: Edge, language: str) -> Line:
    """What is not finite; that is no fault of a gradient, if it is finite itself."""
    graph = trace.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    if not np.all(np.isfinite(trace.contributions[edge.index])):
        name, role = gradient_name(graph, operand), Role.WARNING
    else:
        nodes = [graph.nodes[position] for position in (*node.operands, edge.node)]
        unbounded = (one for one in nodes if not np.all(np.isfinite(trace.values[one.position])))
        name, role = operand_text(next(unbounded, operand)), Role.DIM
    return (Span(say("numeric not finite", language, name=name), role),)


def at_kink(trace: Trace, edge: Edge) -> bool:
    """Whether the operator stands at a kink for this operand."""
    op = trace.graph.nodes[edge.node].op
    return op is not None and not op.analytic and _check(trace, edge).verdict is Verdict.KINK


@derived(limit=64)
def _check(trace: Trace, edge: Edge) -> GradientCheck:
    node = trace.graph.nodes[edge.node]
    numbers = sum(int(np.size(trace.values[position])) for position in (edge.node, *node.operands))
    return check_edge(trace, edge, most=MOST_CELLS, sample=0 if numbers > MOST_NUMBERS else 32)


def _numeric_text(check: GradientCheck, language: str) -> str:
    match check.verdict:
        case Verdict.AGREES if check.sampled and not check.checked:
            return say("numeric projected", language)
        case Verdict.AGREES if check.sampled:
            return say("numeric sampled", language, checked=check.checked, cells=check.cells)
        case Verdict.AGREES if check.cells != 1:
            return say("numeric agrees all", language, cells=check.cells)
        case Verdict.AGREES:
            return say("numeric agrees", language, numeric=number(check.expected))
        case Verdict.KINK:
            return say("numeric kink", language)
        case Verdict.DIFFERS:
            return say("numeric differs", language, numeric=number(check.expected))
        case _:
            return say("numeric not applicable", language)
