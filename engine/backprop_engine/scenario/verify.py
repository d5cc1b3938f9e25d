"""Everything that can be verified of a scenario: what its author expects, and every gradient numerically."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.check import GradientCheck, Verdict, check_trace
from backprop_engine.scenario.expect import Failure, failures
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace import Trace

__all__ = ["Verification", "verify"]


class Verification(Struct, frozen=True, eq=False):
    """What was found: expectations that failed, and every numeric check with those that are accepted."""

    figures: int
    failures: Sequence[Failure]
    checks: Sequence[GradientCheck]
    bad: Sequence[GradientCheck]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures and not self.bad


def verify(scenario: Scenario) -> Verification:
    """Compare `expect`, then check every gradient.

    A gradient that is not finite is accepted only where `expect` names it, or names one that it flows into;
    where the output is not finite, nothing can be compared, and `expect` must name that.
    """
    trace = scenario.record()
    expected = {
        figure.name
        for block in scenario.expectations
        for figure in block.figures
        if figure.of == "gradient" and _not_finite(figure.expected)
    }
    accepted = _flowing_into(trace, expected)
    output = trace.graph.nodes[trace.graph.output].name
    output_named = any(
        figure.name == output and figure.of == "value" and _not_finite(figure.expected)
        for block in scenario.expectations
        for figure in block.figures
    )
    checks = list(check_trace(trace))
    bad = [
        check
        for check in checks
        if not check.verdict.good
        and not (check.verdict is Verdict.NOT_FINITE and _target(check) in accepted)
        and not (check.method == "output" and output_named)
    ]
    figures = sum(len(block.figures) for block in scenario.expectations)
    return Verification(figures, list(failures(scenario, trace)), checks, bad)


def _not_finite(expected: object) -> bool:
    return isinstance(expected, np.ndarray | np.generic) and not bool(np.all(np.isfinite(_numbers(expected))))


def _numbers(expected: object) -> Tensor:
    return np.asarray(expected, dtype=np.float64)


def _target(check: GradientCheck) -> str:
    """The node that a checked gradient belongs to."""
    return check.name.rpartition(" → ")[2]


def _flowing_into(trace: Trace, names: set[str]) -> set[str]:
    """The nodes whose gradient flows, edge by edge, into one of `names`; those themselves too."""
    reached = {trace.graph.position(name) for name in names}
    for edge in reversed(trace.graph.edges):
        if edge.operand in reached:
            reached.add(edge.node)
    return {trace.graph.nodes[position].name for position in reached}
