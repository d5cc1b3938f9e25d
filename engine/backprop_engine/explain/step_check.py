"""The numeric check of a backward step, at a price that can be paid at every key."""

from __future__ import annotations

from math import prod
from typing import Literal, NamedTuple

from msgspec import Struct

from backprop_engine.arrays import is_finite
from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.derivatives.numeric_check import check_edge, check_some_entries, forward_cost
from backprop_engine.derived import derived
from backprop_engine.explain.overrides import depends_on_override, overrides_gradient, overrides_value
from backprop_engine.explain.symbols import gradient_name, operand_text
from backprop_engine.graph.steps import Edge
from backprop_engine.trace.trace import Trace

__all__ = ["StepCheck", "at_kink", "is_expensive", "step_check", "takes_long"]

MOST_ENTRIES = 256
"""The largest operand whose entries are checked one by one."""
MOST_NUMBERS = 20_000
"""Where a step takes more numbers than this, only a random projection of its gradient is checked."""
MOST_PROJECTED = 100_000
"""Where a step takes more numbers than this, a few entries are checked if they vouch for the others."""
_FEW = 16
"""The entries that are checked then, of a contribution that is what the operator's rule gives throughout."""
_SAMPLE = 32
"""The entries of a larger operand that are checked one by one."""
_EXPENSIVE = 200_000
"""Where it takes more numbers than this to compute a node, a check of it may take longer than a page."""
_KEPT = 64
"""The outcomes of one trace that are kept, those of the checks made last."""


class Assumption(NamedTuple):
    """What a check takes for granted where something is overridden.

    The upstream gradient of the node called `name` as it is (``upstream``), the value of that node as its
    operator gave it (``without``), or the gradient as it was before it was overridden (``before``).
    """

    kind: Literal["upstream", "without", "before"]
    name: str


class StepCheck(Struct, frozen=True, eq=False):
    """What the numeric check of a backward step found, and under which assumption.

    Where the verdict is ``NOT_FINITE``, `not_finite` is the name of what is not finite, and `is_fault` says
    whether that is the gradient itself.
    """

    outcome: GradientCheck
    assumption: Assumption | None = None
    not_finite: str = ""
    is_fault: bool = False


def step_check(trace: Trace, edge: Edge) -> StepCheck:
    """The numeric check of the contribution that came along `edge`."""
    outcome = _outcome(trace, edge)
    if outcome.verdict is Verdict.NOT_FINITE:
        return _not_finite(trace, edge, outcome)
    return StepCheck(outcome, _assumption(trace, edge))


def at_kink(trace: Trace, edge: Edge) -> bool:
    """Whether the operator is at a kink for this operand."""
    op = trace.graph.nodes[edge.node].op
    return op is not None and not op.analytic and _outcome(trace, edge).verdict is Verdict.KINK


def is_expensive(trace: Trace, edge: Edge) -> bool:
    """Whether the check of a contribution has yet to be made and may take long."""
    return takes_long(trace, edge) and edge.index not in _outcomes(trace)


def takes_long(trace: Trace, edge: Edge) -> bool:
    """Whether the check of a contribution may take longer than a page, made or not."""
    return forward_cost(trace.graph, trace.graph.nodes[edge.node]) > _EXPENSIVE


def _outcome(trace: Trace, edge: Edge) -> GradientCheck:
    outcomes = _outcomes(trace)
    outcome = outcomes.get(edge.index)
    if outcome is None:
        outcome = outcomes[edge.index] = _checked(trace, edge)
        for oldest in list(outcomes)[:-_KEPT]:
            outcomes.pop(oldest, None)  # a check in another thread may have removed it
    return outcome


@derived()
def _outcomes(trace: Trace) -> dict[int, GradientCheck]:
    """The outcomes that are kept, by the edge's index."""
    return {}


def _checked(trace: Trace, edge: Edge) -> GradientCheck:
    node = trace.graph.nodes[edge.node]
    numbers = sum(prod(trace.graph.nodes[position].shape) for position in (edge.node, *node.operands))
    if numbers > MOST_PROJECTED and (some := check_some_entries(trace, edge, _FEW)) is not None:
        return some
    return check_edge(trace, edge, most=MOST_ENTRIES, sample=0 if numbers > MOST_NUMBERS else _SAMPLE)


def _not_finite(trace: Trace, edge: Edge, outcome: GradientCheck) -> StepCheck:
    """Names the contribution, or else the first value of the step that is not finite."""
    graph = trace.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    if not is_finite(trace.contributions[edge.index]):
        return StepCheck(outcome, not_finite=gradient_name(graph, operand), is_fault=True)
    involved = [graph.nodes[position] for position in (*node.operands, edge.node)]
    unbounded = (each for each in involved if not is_finite(trace.values[each.position]))
    return StepCheck(outcome, not_finite=operand_text(next(unbounded, operand)))


def _assumption(trace: Trace, edge: Edge) -> Assumption | None:
    graph = trace.graph
    node = graph.nodes[edge.node]
    if depends_on_override(trace, edge.node):
        return Assumption("upstream", gradient_name(graph, node))
    if overrides_value(trace, edge.node):
        return Assumption("without", node.name)
    if overrides_gradient(trace, edge.operand) and not edge.shared:
        return Assumption("before", "")
    return None
