"""`check`: everything that can be verified of a run, with one call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from backprop_engine.derivatives.gradient_check import GradientCheck
from backprop_engine.derivatives.numeric_check import check_trace, latest
from backprop_engine.explain.gradient_problems import problem_text
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.verify import Failure, verify
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace

__all__ = ["CheckReport", "check"]


class CheckReport(Struct, frozen=True, eq=False):
    """The result of `check`: true if everything agrees; printing it shows what does not.

    `figures` is the number of expected figures compared, and `failures` are those that differ. `checks` are
    the numeric checks of gradients; those in `bad` failed.

    >>> from backprop_engine import check
    >>> check("add_multiply").passed
    True
    """

    name: str
    figures: int
    failures: tuple[Failure, ...]
    checks: tuple[GradientCheck, ...]
    bad: tuple[GradientCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures and not self.bad

    def __bool__(self) -> bool:
        return self.passed

    def in_language(self, language: str) -> str:
        """What was found, in `language`."""
        return "\n".join(
            [self._title().in_language(language)]
            + [f"  {problem_text(check).in_language(language)}" for check in self.bad]
            + [failure.diagnostic.in_language(language) for failure in self.failures]
        )

    def _title(self) -> Message:
        gradients = msg(
            "{agree} of {count} gradients agree with numeric ones",
            agree=len(self.checks) - len(self.bad),
            count=len(self.checks),
        )
        figures = msg(
            "{agree} of {count} expected figures are right",
            agree=self.figures - len(self.failures),
            count=self.figures,
        )
        said = joined(", ", [gradients, *([figures] if self.figures else [])])
        return msg("{name}: {problem}", name=self.name, problem=said)

    def __str__(self) -> str:
        return self.in_language("en")

    def __repr__(self) -> str:
        return f"<CheckReport {self._title()}>"


def check(what: Scenario | Graph | Trace | str | os.PathLike[str] | Mapping[str, Any]) -> CheckReport:
    """Check every gradient of a run against numeric derivatives, and the figures that its author expects.

    `what` is a scenario, a graph with its numbers, a recorded run, or anything that `load_scenario` takes.
    Raises the errors of loading and recording it.

    >>> from backprop_engine import check, make_graph
    >>> print(check("add_multiply"))
    add_multiply: 7 of 7 gradients agree with numeric ones, 6 of 6 expected figures are right
    >>> bool(check(make_graph({"f": "tanh(x) * y"}, inputs={"x": 0.5, "y": 2})))
    True
    """
    if isinstance(what, Graph):
        what = record(what)
    if isinstance(what, Trace):
        checks = tuple(latest(list(check_trace(what))))
        bad = tuple(check for check in checks if not check.verdict.good)
        return CheckReport(what.graph.nodes[what.graph.output].name, 0, (), checks, bad)
    scenario = what if isinstance(what, Scenario) else load_scenario(what)
    found = verify(scenario)
    return CheckReport(
        scenario.name, found.figures, tuple(found.failures), tuple(found.checks), tuple(found.bad)
    )
