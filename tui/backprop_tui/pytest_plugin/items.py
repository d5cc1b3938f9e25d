"""A scenario's file as tests: that it loads, each expected figure, each gradient against a numeric one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import pytest

from backprop_engine.derivatives.gradient_check import GradientCheck
from backprop_engine.errors import BackpropError, ScenarioError
from backprop_engine.explain.gradient_problems import problem_text
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.sections.expectations import Expectation, Figure
from backprop_engine.scenario.verify import (
    Verification,
    block_failures,
    figure_failure,
    unexpectedly_right,
    verify,
)
from backprop_engine.trace.run import Run
from backprop_pytest import LANGUAGE

__all__ = ["ScenarioFile"]


class ScenarioFile(pytest.File):
    """A file that is read once, and verified once some item needs it.

    Its items are ``load``, ``value[q]`` and ``grad[x]`` for each figure under ``expect``, ``numeric[x]`` for
    each leaf and each operator whose gradients can be checked, and ``wrong[…]`` for what is marked `wrong`: a
    block of figures, not all of which may come out, or an operator. A file that does not load has the first
    of them alone.
    """

    @cached_property
    def loaded(self) -> Scenario | ScenarioError:
        """The scenario, or what is wrong with its file."""
        try:
            return load_scenario(self.path)
        except ScenarioError as error:
            return error

    @property
    def scenario(self) -> Scenario:
        """The scenario; `ScenarioError` where its file cannot be used."""
        if isinstance(self.loaded, ScenarioError):
            raise self.loaded
        return self.loaded

    @cached_property
    def run(self) -> Run:
        """The scenario's iterations, computed once."""
        return self.scenario.run()

    @cached_property
    def verification(self) -> Verification:
        """What `backprop-tui check` finds in the scenario."""
        return verify(self.scenario)

    @cached_property
    def language(self) -> str:
        """The language that the project wants to be told in."""
        language: str = self.config.getini(LANGUAGE)
        if language not in languages():
            raise pytest.UsageError(
                msg(
                    "{name} is not a supported language: choose from {names}",
                    name=language,
                    names=", ".join(languages()),
                )
            )
        return language

    def collect(self) -> Iterator[pytest.Item]:
        """The items, in the order of the file and then of the graph."""
        yield _Load.from_parent(self, name="load")
        if isinstance(self.loaded, ScenarioError):
            return
        named: set[str] = set()
        for block in self.loaded.expectations:
            for name, figures in _parts(block):
                yield _Figures.from_parent(self, name=_fresh(name, named), block=block, figures=figures)
        for target in _targets(self.loaded.graph):
            yield _Numeric.from_parent(self, name=f"numeric[{target.name}]", target=target)
        for operator, line in _wrong_operators(self.loaded.graph).items():
            yield _WrongOperator.from_parent(
                self, name=_fresh(f"wrong[{operator}]", named), operator=operator, line=line
            )


def _parts(block: Expectation) -> Iterator[tuple[str, Sequence[Figure]]]:
    """The tests of a block by name: one for each figure, or one of all where not all of them may come out."""
    when = f", iteration {block.iteration}" if block.iteration else ""
    if block.wrong:
        yield f"wrong[{', '.join(figure.name for figure in block.figures)}{when}]", block.figures
        return
    for figure in block.figures:
        kind = "value" if figure.of == "value" else "grad"
        yield f"{kind}[{figure.name}{when}]", (figure,)


def _fresh(name: str, named: set[str]) -> str:
    """The name, with a number after it where two blocks expect something of the same node."""
    fresh, count = name, 1
    while fresh in named:
        count += 1
        fresh = f"{name}#{count}"
    named.add(fresh)
    return fresh


class _Target(NamedTuple):
    """A leaf, whose whole gradient is checked, or a node, whose operator's local gradients are."""

    name: str
    checks: frozenset[str]
    line: int


def _targets(graph: Graph) -> Iterator[_Target]:
    """What is checked numerically, in the order of the graph."""
    checks: dict[int, set[str]] = {leaf.position: {leaf.name} for leaf in graph.leaves if leaf.takes_gradient}
    for edge in graph.edges:
        checks.setdefault(edge.node, set()).add(graph.edge_name(edge))
    for position, names in sorted(checks.items()):
        node = graph.nodes[position]
        yield _Target(node.name, frozenset(names), _line(node))


def _line(node: Node) -> int:
    return node.place.line if node.place else 1


def _wrong_operators(graph: Graph) -> dict[str, int]:
    """The operators of the file's own that are marked `wrong`, and the line in which each is first used."""
    lines: dict[str, int] = {}
    for node in graph.nodes:
        if node.op is not None and node.op.wrong:
            lines.setdefault(node.op.name, _line(node))
    return lines


class _ProblemError(Exception):
    """What does not hold, in the words of `backprop-tui check`."""


class _Item(pytest.Item):
    """A test with a place in the scenario's file."""

    parent: ScenarioFile
    line: int = 1

    def reportinfo(self) -> tuple[Any, int, str]:
        """Where the test is: pytest counts lines from 0."""
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the tool itself says; a mistake of the program's own is shown as pytest does."""
        error = excinfo.value
        if isinstance(error, BackpropError):
            return error.in_language(self.parent.language)
        if isinstance(error, _ProblemError):
            return str(error)
        return super().repr_failure(excinfo, style)

    def fail(self, problems: Iterable[str]) -> None:
        """Fail if there are problems."""
        if told := "\n".join(problems):
            raise _ProblemError(told)


class _Load(_Item):
    """That the file can be used, its breakpoints and watches included."""

    def runtest(self) -> None:
        from backprop_engine.debugger.scenario_checks import mistakes_in

        if found := mistakes_in(self.parent.scenario):
            raise ScenarioError(found)


class _Figures(_Item):
    """Expected figures of one block."""

    def __init__(self, *, block: Expectation, figures: Sequence[Figure], **given: Any) -> None:
        super().__init__(**given)
        self.block, self.figures = block, figures
        self.line = figures[0].key.place.line if figures else block.block.place.line

    def runtest(self) -> None:
        trace = self.parent.run.trace(self.block.iteration)
        if self.block.wrong:
            failed = block_failures(self.block, trace)
        else:
            failed = [
                failure
                for figure in self.figures
                if (failure := figure_failure(figure, self.block, trace)) is not None
            ]
        self.fail(failure.diagnostic.in_language(self.parent.language) for failure in failed)


class _Numeric(_Item):
    """Gradients of a leaf, or of an operator with respect to its operands, against numeric ones."""

    def __init__(self, *, target: _Target, **given: Any) -> None:
        super().__init__(**given)
        self.target, self.line = target, target.line

    def runtest(self) -> None:
        bad = [check for check in self.parent.verification.bad if check.name in self.target.checks]
        self.fail(self._told(check) for check in bad)

    def _told(self, check: GradientCheck) -> str:
        place = f"{self.path}:{self.line}: "
        return place + problem_text(check).in_language(self.parent.language)


class _WrongOperator(_Item):
    """That an operator marked `wrong` makes some gradient differ."""

    def __init__(self, *, operator: str, line: int, **given: Any) -> None:
        super().__init__(**given)
        self.operator, self.line = operator, line

    def runtest(self) -> None:
        found = unexpectedly_right(self.parent.verification, self.operator)
        self.fail(failure.diagnostic.in_language(self.parent.language) for failure in found)
