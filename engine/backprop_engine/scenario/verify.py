"""Everything that can be verified of a scenario: what its author expects, and every gradient numerically."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.numeric_check import GradientCheck, Verdict, check_trace
from backprop_engine.scenario.expect import Failure, failures
from backprop_engine.scenario.model import Expectation, Scenario
from backprop_engine.trace.trace import Trace

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
    where the output is not finite, nothing can be compared, and `expect` must name that. With `train`, the
    gradients of the first iteration are checked, and of each that has expectations of its own.
    """
    run = scenario.run()
    checks: list[GradientCheck] = []
    bad: list[GradientCheck] = []
    last = run.iterations - 1
    for iteration in dict.fromkeys((0, *sorted(block.iteration for block in scenario.expectations))):
        if iteration < last or not last:
            blocks = [block for block in scenario.expectations if block.iteration == iteration]
            trace = run.trace(iteration)
            found = list(check_trace(trace))
            checks += found
            bad += _bad(found, trace, blocks)
    figures = sum(len(block.figures) for block in scenario.expectations)
    return Verification(figures, list(failures(scenario, run)), checks, bad)


def _bad(checks: Sequence[GradientCheck], trace: Trace, blocks: Sequence[Expectation]) -> list[GradientCheck]:
    """The checks that are not accepted."""
    figures = [figure for block in blocks for figure in block.figures if _not_finite(figure.expected)]
    accepted = _flowing_into(trace, {one.name for one in figures if one.of == "gradient"})
    output = trace.graph.nodes[trace.graph.output].name
    output_named = any(figure.name == output and figure.of == "value" for figure in figures)
    return [
        check
        for check in checks
        if not check.verdict.good
        and not (check.verdict is Verdict.NOT_FINITE and _target(check) in accepted)
        and not (check.method == "output" and output_named)
    ]


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
