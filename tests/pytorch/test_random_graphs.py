"""Whole random graphs against PyTorch: every value and every gradient, and what was tried is counted.

`BACKPROP_EFFORT=thorough` builds at least 2,000 graphs, as the second step of `.ci/run` does; a few for each
operator otherwise. The graphs are the same in every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import opinion
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from random_graphs import DIFFERENTIABLE, RandomRun, runs

from backprop_engine.graph.graph import Graph, Node
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from effort import THOROUGH
from graphs import largest

LEAST_GRAPHS = 2_000 if THOROUGH else len(DIFFERENTIABLE)
LEAST_OF_EACH = 20 if THOROUGH else 1
CLOSE = 1e-10

FEW = settings(
    max_examples=max(LEAST_OF_EACH, -(-LEAST_GRAPHS // len(DIFFERENTIABLE))) + 2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


class Tally:
    """What the graphs of a run had in them."""

    def __init__(self) -> None:
        self.graphs = self.discarded = self.nodes = self.shared = self.broadcasting = 0
        self.tensors = self.cancelled = 0
        self.operators: Counter[str] = Counter()
        """In how many graphs each operator handed gradient on."""

    def add(self, graph: Graph) -> None:
        self.graphs += 1
        self.nodes += len(graph.order)
        self.operators.update({_operator(graph.nodes[edge.node]) for edge in graph.edges})
        self.shared += any(uses > 1 for uses in graph.uses)
        self.broadcasting += any(edge.summed for edge in graph.edges)

    def __str__(self) -> str:
        fewest = min(DIFFERENTIABLE, key=lambda name: self.operators[name])
        families: Counter[str] = Counter()
        for name, count in self.operators.items():
            families[OPS[name].family] += count
        return (
            f"{self.graphs} random graphs of {self.nodes} computed nodes, and no mismatch in "
            f"{self.tensors} tensors, {self.cancelled} of them cancelled to rounding; "
            f"{self.discarded} more graphs discarded for what is not finite\n"
            f"a value used more than once in {self.shared}, broadcasting in {self.broadcasting}; "
            f"each of {len(DIFFERENTIABLE)} operators in at least {self.operators[fewest]} ({fewest})\n"
            + ", ".join(f"{family} {count}" for family, count in families.most_common())
        )


def _operator(node: Node) -> str:
    assert node.op is not None
    return node.op.name


def _compare(run: RandomRun, trace: Trace, tally: Tally) -> None:
    """Each tensor within `CLOSE` of its own largest magnitude.

    What cancels to less than a ten-thousandth of the largest that went into it consists of its operands'
    rounding, and is measured against those: a sum of what was standardised, a gradient through a softmax.
    """
    graph = run.graph
    theirs = opinion.run(graph, run.bindings, opinion.OUR_CONVENTIONS)
    inflow = [0.0] * len(graph.nodes)
    for node in graph.nodes:
        operands = ", ".join(graph.nodes[one].name or graph.nodes[one].text for one in node.operands)
        note(f"{node.name} {node.op or node.kind} of {operands or node.shape} {dict(node.attributes)}")
        wanted = theirs.values[node.position]
        inflow[node.position] = max([largest(wanted), *(inflow[one] for one in node.operands)])
        ours = 1.0 * trace.values[node.position]
        _assert_close(ours, wanted, inflow[node.position], f"the value of {node.name}", tally)
    inflow = [0.0] * len(graph.nodes)
    inflow[graph.output] = largest(run.bindings.seed)
    for edge in graph.edges:
        arrived = max(inflow[edge.node], largest(trace.contributions[edge.index]))
        inflow[edge.operand] = max(inflow[edge.operand], arrived)
    for node in graph.nodes:
        found, expected = (each.gradients[node.position] for each in (trace, theirs))
        if found is not None or expected is not None:
            zeros = np.zeros(node.shape)
            found, expected = (zeros if each is None else each for each in (found, expected))
            _assert_close(found, expected, inflow[node.position], f"the gradient of {node.name}", tally)


def _assert_close(ours: Any, theirs: Any, inflow: float, what: str, tally: Tally) -> None:
    assert np.shape(ours) == np.shape(theirs), what
    tally.tensors += 1
    scale, gap = largest(theirs), largest(ours - theirs)
    if gap > CLOSE * scale and scale < 1e-4 * inflow:
        tally.cancelled += 1
        scale = inflow
    assert gap <= CLOSE * scale, f"{what} is off by {gap}: {ours!r}, PyTorch has {theirs!r}"


def _tensors(trace: Trace) -> Iterator[Any]:
    yield from trace.values
    yield from (gradient for gradient in trace.gradients if gradient is not None)


def test_random_graphs(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for name in DIFFERENTIABLE:

        @FEW
        @given(runs(name))
        def agrees(run: RandomRun) -> None:
            trace = record(run.graph, run.bindings)
            if not all(np.all(np.isfinite(tensor)) for tensor in _tensors(trace)):
                tally.discarded += 1
                assume(False)
            _compare(run, trace, tally)
            tally.add(run.graph)

        agrees()
    with capsys.disabled():
        print(f"\n{tally}")  # noqa: T201
    assert tally.graphs >= LEAST_GRAPHS
    assert min(tally.operators[name] for name in DIFFERENTIABLE) >= LEAST_OF_EACH
    assert 2 * tally.shared >= tally.graphs
    assert 3 * tally.broadcasting >= tally.graphs
