"""Overrides in random graphs, against PyTorch: every value and every gradient.

A value that is put in for q is, in PyTorch's terms, `q + (v − q).detach()`; a gradient, a hook on the tensor
that returns it. `BACKPROP_EFFORT=thorough` tries some for every operator many times over; a few otherwise.
The graphs are the same in every run.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import opinion
import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st
from random_graphs import DIFFERENTIABLE, RandomRun, runs

from backprop_engine.debugger import Session, Set, update
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace
from effort import THOROUGH
from graphs import largest, rounding_decides

EACH = 12 if THOROUGH else 2
CLOSE = 1e-10

FEW = settings(
    max_examples=EACH + 1,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)

Changes = dict[tuple[str, str], Any]
"""What is put in, by its kind (`leaf`, `value` or `gradient`) and the node's name."""


def theirs(graph: Graph, bindings: Bindings, changes: Changes) -> opinion.Opinion:
    """Forward and backward by PyTorch, with the changes in its own terms."""
    tensors: list[Any] = []
    for node in graph.nodes:
        if node.op is None:
            given = bindings.leaves if node.position in bindings.leaves else graph.literals
            here = opinion.tensor(changes.get(("leaf", node.name), given[node.position]))
            here.requires_grad_(node.kind in (Kind.INPUT, Kind.PARAM))
        else:
            operands = [tensors[one] for one in node.operands]
            here = opinion.apply(node.op.name, operands, node.attributes, **opinion.OUR_CONVENTIONS)
            if ("value", node.name) in changes:
                v = opinion.tensor(changes["value", node.name])
                here = here + (v - here).detach()
        if here.requires_grad:
            here.retain_grad()
            if ("gradient", node.name) in changes:
                pushed = opinion.tensor(changes["gradient", node.name])
                here.register_hook(lambda _, pushed=pushed: pushed)
        tensors.append(here)
    tensors[graph.output].backward(opinion.tensor(bindings.seed))
    gradients = [None if one.grad is None else one.grad.numpy() for one in tensors]
    return opinion.Opinion([one.detach().numpy() for one in tensors], gradients)


def ours(graph: Graph, bindings: Bindings, changes: Changes) -> Trace:
    """The same by the debugger's commands, one after another."""
    session = Session(Run.of(record(graph, bindings)))
    for (kind, name), tensor in changes.items():
        session = update(session, Set(name, tensor, gradient=kind == "gradient"))
    return session.trace


def compare(graph: Graph, trace: Trace, wanted: opinion.Opinion, bindings: Bindings, changes: Changes) -> int:
    """Each tensor within `CLOSE` of its own largest magnitude; how many there were.

    What cancels to less than a ten-thousandth of the largest that went into it consists of its operands'
    rounding, and is measured against those.
    """
    inflow = [0.0] * len(graph.nodes)
    for node in graph.nodes:
        value = wanted.values[node.position]
        inflow[node.position] = max([largest(value), *(inflow[one] for one in node.operands)])
        assert_close(1.0 * trace.values[node.position], value, inflow[node.position], node)
    inflow = [0.0] * len(graph.nodes)
    inflow[graph.output] = largest(changes.get(("gradient", graph.nodes[graph.output].name), bindings.seed))
    for edge in graph.edges:
        arrived = max(inflow[edge.node], largest(trace.contributions[edge.index]))
        inflow[edge.operand] = max(inflow[edge.operand], arrived)
    count = 0
    for node in graph.nodes:
        found, expected = (each.gradients[node.position] for each in (trace, wanted))
        if found is not None or expected is not None:
            zeros = np.zeros(node.shape)
            found, expected = (zeros if each is None else each for each in (found, expected))
            assert_close(found, expected, inflow[node.position], node)
            count += 1
    return count


def assert_close(found: Any, expected: Any, inflow: float, node: Node) -> None:
    assert np.shape(found) == np.shape(expected), node
    scale, gap = largest(expected), largest(found - expected)
    if scale < 1e-4 * inflow:
        scale = inflow
    assert gap <= CLOSE * scale, f"{node.name} is off by {gap}: {found!r}, PyTorch has {expected!r}"


def _finite(trace: Trace) -> bool:
    tensors = [*trace.values, *(one for one in trace.gradients if one is not None)]
    return all(bool(np.all(np.isfinite(one))) for one in tensors)


def drawn_changes(data: st.DataObject, run: RandomRun, trace: Trace) -> Changes:
    """One to three changes: values near those of the run, so that logarithms stay so; any gradients."""
    graph = run.graph
    moving = [node for node in graph.nodes if trace.gradients[node.position] is not None]
    random = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    changes: Changes = {}
    for _ in range(data.draw(st.integers(1, 3))):
        node = data.draw(st.sampled_from(moving))
        if data.draw(st.booleans()):
            changes["gradient", node.name] = np.asarray(random.uniform(-1.5, 1.5, node.shape))
        else:
            value = np.asarray(trace.values[node.position])
            near = value * random.uniform(0.9, 1.1, node.shape)
            changes["leaf" if node.is_leaf else "value", node.name] = near
    return changes


def test_random_overrides(capsys: pytest.CaptureFixture[str]) -> None:
    kinds: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    tried = 0
    for name in DIFFERENTIABLE:

        @FEW
        @given(run=runs(name), data=st.data())
        def agrees(run: RandomRun, data: st.DataObject) -> None:
            nonlocal tried
            before = record(run.graph, run.bindings)
            changes = drawn_changes(data, run, before)
            note(f"{ {key: tensor.tolist() for key, tensor in changes.items()} }")
            trace = ours(run.graph, run.bindings, changes)
            assume(_finite(before) and _finite(trace))
            try:
                wanted = theirs(run.graph, run.bindings, changes)
            except RuntimeError as error:  # its bce refuses what lies outside of 0…1, ours computes it
                assume("between 0 and 1" not in str(error))
                raise
            assume(not rounding_decides(trace, wanted.values))
            tried += compare(run.graph, trace, wanted, run.bindings, changes)
            kinds.update(kind for kind, _ in changes)
            operators.update({node.op.name for node in run.graph.nodes if node.op is not None})

        agrees()
    with capsys.disabled():
        print(f"\nno mismatch in {tried:,} gradients; overridden: {dict(kinds)}")  # noqa: T201
    assert min(operators[name] for name in DIFFERENTIABLE) >= EACH
    assert all(kinds[kind] >= len(DIFFERENTIABLE) // 4 for kind in ("leaf", "value", "gradient"))


SCENARIO = """
inputs: {x: [1, -2, 0.5]}
params: {W: [[1, 2, -1], [0.5, -1, 2]], b: [0.25, -0.5]}
constants: {t: 1}
nodes:
  a: W @ x + b
  h: tanh(a)
  L: softmax_with_loss(h * 3, target=t) + sum(h * h)
"""


@pytest.mark.parametrize(
    ("name", "gradient", "entry", "number"),
    [
        ("W", False, (1, 2), 0.75),
        ("h", False, (0,), -0.5),
        ("h", True, (1,), 3.0),
        ("W", True, (0, 0), -1.0),
        ("L", True, (), 2.5),
        ("a#1", False, (0,), 1.0),
    ],
)
def test_one_entry(name: str, gradient: bool, entry: tuple[int, ...], number: float) -> None:
    """Beside an entry that is put in, the others are as they were."""
    scenario = load_source(Source.from_bytes("case.yaml", SCENARIO.encode()))
    graph, bindings = scenario.graph, scenario.bindings
    before = scenario.record()
    node = graph[name]
    whole = np.array(before.gradients[node.position] if gradient else before.values[node.position])
    whole[entry] = number
    kind = "gradient" if gradient else "leaf" if node.is_leaf else "value"
    session = update(Session(scenario.run()), Set(name, np.float64(number), gradient, entry))
    changes = {(kind, name): whole}
    wanted = theirs(graph, bindings, changes)
    assert compare(graph, session.trace, wanted, bindings, changes) > 5


def test_by_hand() -> None:
    """The smallest case, written as one writes it in PyTorch."""
    x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    q = x * x
    q.register_hook(lambda _: torch.tensor(7.0, dtype=torch.float64))
    held = q + (2.0 - q).detach()
    f = held * held * 5
    f.backward()  # type: ignore[no-untyped-call]
    text = "inputs: {x: 3}\nnodes: {q: x * x, f: q * q * 5}\n"
    session = Session(load_source(Source.from_bytes("case.yaml", text.encode())).run())
    session = update(session, Set("q", np.float64(2.0)))
    assert session.trace.value("f") == f.item() == 20
    session = update(session, Set("q", np.float64(7.0), gradient=True))
    assert x.grad is not None
    assert session.trace.gradient("x") == x.grad.item() == 42
