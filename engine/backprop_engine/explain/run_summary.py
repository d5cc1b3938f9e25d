"""The results of a run: the gradients of its leaves, how many numeric checks and figures hold, the losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from backprop_engine.arrays import norm
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_leaf, directions_cost
from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.verify import block_failures
from backprop_engine.trace.magnitudes import gradient_magnitudes
from backprop_engine.trace.trace import Trace

__all__ = [
    "LeafGradient",
    "RunSummary",
    "Tally",
    "blank_figures",
    "expected_figures",
    "gradients_of_leaves",
    "is_long_summary",
    "run_summary",
]

_MOST_WORK = 40_000
"""Numeric checks go through the graph once a leaf; beyond this many operators in all there are none."""
_MOST_NUMBERS = 200_000
"""In a run of more numbers there are none either: a summary is made at a key press."""
_MOST_COST = 10**7
"""Nor where it takes more numbers than this to compute what depends on each leaf, as convolutions do."""


_QUICK = 2_000
"""Up to this many operators in all they are made before a page can be drawn without them."""


class Tally(NamedTuple):
    """How many are `good`, out of how many."""

    good: int
    of: int


class LeafGradient(Struct, frozen=True):
    """The gradient of a leaf: its norm, and how far up the run's logarithmic scale that is, from 0 to 1."""

    name: str
    size: float
    share: float


class RunSummary(Struct, frozen=True):
    """The leaves' gradients in the file's order, none after a forward pass alone.

    `checks` are numeric ones, of one random direction a leaf; None where they would take too long, or
    nothing can be checked here.
    """

    gradients: tuple[LeafGradient, ...]
    checks: Tally | None


@derived()
def run_summary(trace: Trace) -> RunSummary:
    """The summary of one iteration that is over."""
    made = _checks_made(trace)
    if not made:
        made.append(_checks(trace))
    return RunSummary(gradients_of_leaves(trace), made[0])


def is_long_summary(trace: Trace) -> bool:
    """Whether the numeric checks of a summary have yet to be made and may take long."""
    return _QUICK < len(_leaves(trace)) * len(trace.graph.order) <= _MOST_WORK and not _checks_made(trace)


@derived()
def gradients_of_leaves(trace: Trace) -> tuple[LeafGradient, ...]:
    """The gradients of a run's leaves in the file's order, none after a forward pass alone."""
    scale = gradient_magnitudes(trace)
    sizes = [(leaf.name, norm(trace.gradient(leaf.name))) for leaf in _leaves(trace)]
    return tuple(LeafGradient(name, size, scale.share(size)) for name, size in sizes)


@derived()
def _checks_made(trace: Trace) -> list[Tally | None]:
    """Where the outcome of the checks is kept, once they are made."""
    return []


def _checks(trace: Trace) -> Tally | None:
    leaves = _leaves(trace)
    if not leaves or not _is_checked(trace.graph, leaves):
        return None
    found = [check_leaf(trace, leaf, most=0, sample=0) for leaf in leaves]
    found = [check for check in found if check.verdict is not Verdict.NOT_APPLICABLE]
    return Tally(sum(check.verdict.good for check in found), len(found)) if found else None


def _leaves(trace: Trace) -> list[Node]:
    return [leaf for leaf in trace.graph.leaves if trace.gradients[leaf.position] is not None]


def _is_checked(graph: Graph, leaves: Sequence[Node]) -> bool:
    """Whether the leaves are checked: who looks for a hidden bug is not told where it is."""
    small = len(leaves) * len(graph.order) <= _MOST_WORK and graph.numbers() <= _MOST_NUMBERS
    return not graph.faults and small and directions_cost(graph) <= _MOST_COST


@derived(limit=2)
def expected_figures(trace: Trace, scenario: Scenario) -> Tally:
    """How many of the figures that the author expects of this iteration come out.

    Those that are expected to be wrong count as one.
    """
    blocks = [block for block in scenario.expectations if block.iteration == trace.iteration]
    failed = sum(len(block_failures(block, trace)) for block in blocks)
    total = sum(1 if block.wrong else len(block.figures) for block in blocks)
    return Tally(total - failed, total)


def blank_figures(trace: Trace, scenario: Scenario) -> int:
    """How many figures of this iteration an exercise leaves to be filled in."""
    return sum(len(block.blanks) for block in scenario.expectations if block.iteration == trace.iteration)
