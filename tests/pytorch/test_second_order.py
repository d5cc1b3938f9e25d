"""Second derivatives and tangents of random graphs against double backward and `torch.func.jvp`.

`BACKPROP_EFFORT=thorough` builds at least 500 graphs; one for each operator otherwise. They are those of
`random_graphs`, with the passes written out as nodes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import opinion
import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from random_graphs import DIFFERENTIABLE, RandomRun, runs
from torch.nn.attention import SDPBackend, sdpa_kernel

from backprop_engine.errors import ShapeError
from backprop_engine.evaluation.derivative_operators import GRAD, JVP
from backprop_engine.evaluation.graph_nodes import apply_operator
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from derivatives_refused import REFUSED
from effort import THOROUGH
from graphs import largest

ALLOWED = [name for name in DIFFERENTIABLE if REFUSED.get(name) != set()]
LEAST_GRAPHS = 500 if THOROUGH else len(ALLOWED)
CLOSE = 1e-10

FEW = settings(
    max_examples=-(-LEAST_GRAPHS // len(ALLOWED)) + 2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


class Again:
    """A random graph built once more, with derivatives as nodes behind it."""

    def __init__(self, run: RandomRun) -> None:
        self.graph, self.builder = run.graph, GraphBuilder()
        self.random = np.random.default_rng(11)
        self.leaves = {leaf.name: run.bindings.leaves[leaf.position] for leaf in run.graph.leaves}
        for node in run.graph.nodes:
            self._add(node)
        self.inputs = [leaf for leaf in run.graph.leaves if run.graph.gets_gradient(leaf.position)]
        self.f = self.scalar(run.graph.output, run.bindings.seed)

    def _add(self, node: Node) -> None:
        if node.kind is Kind.LITERAL:
            self.builder.literal(float(self.graph.literals[node.position]))
        elif node.op is None:
            self.builder.leaf(node.name, node.kind, node.shape)
        else:
            self.builder.apply(node.op, node.operands, node.name, attributes=node.attributes)

    def scalar(self, position: int, weights: Any) -> int:
        name = f"w{position}"
        self.leaves[name] = weights
        leaf = self.builder.leaf(name, Kind.CONSTANT, np.shape(weights))
        weighted = self.builder.apply(OPS["mul"], (position, leaf), f"{name}_mul")
        return self.builder.apply(OPS["sum"], (weighted,), f"{name}_sum")

    def drawn(self, shape: tuple[int, ...]) -> Any:
        return self.random.uniform(-1.0, 1.0, shape)

    def derivative(self, op: Any, *operands: int, name: str) -> int:
        return apply_operator(self.builder, op, operands, name, {}, "", None)


def _bce(p: Any, target: Any, reduction: str) -> Any:
    losses = -(target * torch.log(p) + (1 - target) * torch.log(1 - p))
    return losses if reduction == "none" else getattr(losses, reduction)()


_DEFINITIONS = {**opinion.OUR_CONVENTIONS, "bce": _bce}
"""The double backward of PyTorch's own `bce` adds 1e-12 to probabilities: more than we may be off."""


def _function(graph: Graph, run: RandomRun, inputs: list[Node]) -> Any:
    """The graph as a function of its inputs, in PyTorch."""

    def function(*tensors: Any) -> Any:
        given = {leaf.position: one for leaf, one in zip(inputs, tensors, strict=True)}
        values: list[Any] = []
        for node in graph.nodes:
            if node.op is None:
                number = graph.literals.get(node.position, run.bindings.leaves.get(node.position))
                values.append(given.get(node.position, opinion.tensor(number)))
                continue
            operands = [values[one] for one in node.operands]
            values.append(opinion.apply(node.op.name, operands, node.attributes, **_DEFINITIONS))
        return (values[graph.output] * opinion.tensor(run.bindings.seed)).sum()

    return function


def _assert_close(ours: Any, theirs: Any, inflow: float, what: str) -> None:
    """Within `CLOSE` of the largest magnitude; what cancels is measured against what went into it."""
    assert np.shape(ours) == np.shape(theirs), what
    scale, gap = largest(theirs), largest(1.0 * np.asarray(ours) - np.asarray(theirs))
    scale = inflow if scale < 1e-4 * inflow else scale
    assert gap <= CLOSE * scale, f"{what} is off by {gap}: {ours!r}, PyTorch has {theirs!r}"


def _at_corner(graph: Graph, trace: Trace) -> bool:
    """Whether an operand is exactly 0 where the second derivative jumps, which PyTorch takes from the other
    side.
    """
    corners = [node for node in graph.nodes if node.op is OPS["elu"] or node.op is OPS["selu"]]
    return any(np.any(trace.value(graph.nodes[node.operands[0]].name) == 0) for node in corners)


def _compare(run: RandomRun) -> bool:
    """Whether there was something to compare: all numbers are finite."""
    for node in run.graph.nodes:
        note(f"{node.name} {node.op or node.kind} of {node.operands} {dict(node.attributes)}")
    again = Again(run)
    inputs = again.inputs
    gradients = [again.derivative(GRAD, again.f, leaf.position, name=f"g{leaf.position}") for leaf in inputs]
    directions = [again.drawn(leaf.shape) for leaf in inputs]
    parts = [again.scalar(one, v) for one, v in zip(gradients, directions, strict=True)]
    s = parts[0]
    for one in parts[1:]:
        s = again.builder.apply(OPS["add"], (s, one), f"s{one}")
    seconds = [again.derivative(GRAD, s, leaf.position, name=f"h{leaf.position}") for leaf in inputs]
    tangents = []
    for leaf, v in zip(inputs, directions, strict=True):
        again.leaves[f"v{leaf.position}"] = v
        direction = again.builder.leaf(f"v{leaf.position}", Kind.CONSTANT, leaf.shape)
        tangents.append(again.derivative(JVP, again.f, leaf.position, direction, name=f"t{leaf.position}"))
    names = [again.builder.node(one).name for one in (*gradients, *seconds, *tangents)]
    last = again.builder.apply(OPS["add"], (s, again.f), "last")
    graph = again.builder.build(again.builder.node(last).name)
    trace = record(graph, Bindings.of(graph, again.leaves, 1.0))
    if not all(np.all(np.isfinite(trace.value(name))) for name in names) or _at_corner(run.graph, trace):
        return False

    function = _function(run.graph, run, inputs)
    leaves = [opinion.tensor(run.bindings.leaves[leaf.position]).clone().requires_grad_() for leaf in inputs]
    first = torch.autograd.grad(function(*leaves), leaves, create_graph=True)
    parted = [(one * opinion.tensor(v)).sum() for one, v in zip(first, directions, strict=True)]
    weighted = torch.stack(parted).sum()
    zeros = [torch.zeros_like(leaf) for leaf in leaves]
    second = zeros
    if weighted.requires_grad:
        found = torch.autograd.grad(weighted, leaves, allow_unused=True)
        second = [zero if one is None else one for one, zero in zip(found, zeros, strict=True)]
    if not all(bool(torch.all(torch.isfinite(one))) for one in (*first, *second)):
        return False  # such as the slope of a standard deviation of 0, which is 0 here
    firsts = max(largest(one.numpy(force=True)) for one in first)
    seconds_scale = max(firsts, *(largest(one.numpy(force=True)) for one in second))
    for leaf, one, two in zip(inputs, first, second, strict=True):
        _assert_close(trace.value(f"g{leaf.position}"), one.numpy(force=True), firsts, f"∂f/∂{leaf.name}")
        what = f"the second derivative at {leaf.name}"
        _assert_close(trace.value(f"h{leaf.position}"), two.numpy(force=True), seconds_scale, what)
    tangents_found = [trace.value(f"t{leaf.position}") for leaf in inputs]
    _compare_tangents(function, leaves, directions, tangents_found, firsts)
    return True


def _compare_tangents(function: Any, leaves: Any, directions: Any, ours: Any, inflow: float) -> None:
    primals = tuple(leaf.detach() for leaf in leaves)
    for number, (direction, found) in enumerate(zip(directions, ours, strict=True)):
        tangents = tuple(
            opinion.tensor(direction).reshape(one.shape) if at == number else torch.zeros_like(one)
            for at, one in enumerate(primals)
        )
        _, wanted = torch.func.jvp(function, primals, tangents)
        _assert_close(found, wanted.numpy(force=True), inflow * np.size(direction), "the tangent")


# PyTorch scripts what it needs for tangents, and warns that scripting is deprecated.
@pytest.mark.filterwarnings("ignore:.*torch.jit")
@sdpa_kernel(SDPBackend.MATH)  # of the others PyTorch has no second derivative
def test_second_order(capsys: pytest.CaptureFixture[str]) -> None:
    counted: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for name in ALLOWED:

        @FEW
        @given(runs(name))
        def agrees(run: RandomRun) -> None:
            try:
                compared = _compare(run)
            except ShapeError as error:
                refused[str(error)] += 1
                assume(False)
                return
            counted["discarded"] += not compared
            assume(compared)
            counted["graphs"] += 1
            operators.update({node.op.name for node in run.graph.nodes if node.op is not None})

        agrees()
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{counted['graphs']} random graphs: first and second derivatives, and tangents; "
            f"{counted['discarded']} discarded for what is not finite, {refused.total()} refused"
        )
    assert counted["graphs"] >= LEAST_GRAPHS
    assert set(ALLOWED) <= set(operators)
