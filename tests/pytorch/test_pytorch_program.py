"""A run as a program in PyTorch: carried out, it gives the run's values and gradients, and says so itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from test_operators import PYTORCH_REFUSES
from test_scenarios import SCENARIOS, assert_agree

from backprop_engine import load_scenario, make_graph, record
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import Op, Sample
from backprop_engine.program.pytorch import names_in_pytorch, pytorch_program
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit
from graphs import CASES, IDS, trace_of


@pytest.fixture(autouse=True)
def _usual_type() -> Iterator[None]:
    """A program sets the type of new tensors for its whole process."""
    usual = torch.get_default_dtype()
    yield
    torch.set_default_dtype(usual)


def carried_out(trace: Trace) -> dict[str, Any]:
    """What the program of a trace leaves behind, beginning with nothing."""
    namespace: dict[str, Any] = {}
    exec(compile(pytorch_program(trace), "program", "exec"), namespace)
    return namespace


def assert_runs_as(trace: Trace) -> None:
    """Every value and every gradient of `trace` is what its program gives."""
    found, names, graph = carried_out(trace), names_in_pytorch(trace.graph), trace.graph
    flowed: dict[int, list[Any]] = {}
    for edge, contribution in zip(graph.edges, trace.contributions, strict=False):
        flowed.setdefault(edge.operand, []).extend((contribution, trace.gradients[edge.node]))
    for node in graph.nodes:
        if node.kind is Kind.LITERAL:
            continue
        tensor = found[names[node.position]]
        operands = [trace.values[operand] for operand in node.operands]
        assert_agree(trace.values[node.position], tensor.detach().numpy(), trace, operands)
        gradient = trace.gradients[node.position]
        if gradient is not None and graph.gets_gradient(node.position):
            assert_agree(gradient, tensor.grad.numpy(), trace, flowed.get(node.position, []))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_bundled_scenarios(path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    trace = load_scenario(path).record()
    assert_runs_as(trace)
    printed = [line.partition(" = ")[0] for line in capsys.readouterr().out.splitlines()]
    flowing = [node for node in trace.graph.nodes if trace.gradients[node.position] is not None]
    wanted = {f"d{names_in_pytorch(trace.graph)[node.position]}" for node in flowing}
    assert wanted.issuperset(printed[1:])
    assert len(printed) > 1


REFUSED = {*PYTORCH_REFUSES}
TRIED = [case for case, name in zip(CASES, IDS, strict=True) if name not in REFUSED]


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize(("op", "sample"), TRIED, ids=[name for name in IDS if name not in REFUSED])
def test_every_operator(op: Op, sample: Sample) -> None:
    assert_runs_as(trace_of(op, sample))


SCENARIO = """\
inputs: {F: [1, -2], torch: 3, compare: [0.5, 4], 값: 2, axes: [[1, 2], [3, 4]]}
operators:
  gate: {inputs: [a, b], forward: a * sigmoid(b), backward: {b: g * a * out}}
nodes:
  pad: gate(F, torch) + relu(compare) ** 2 - 1 / 값
  y: sum(axes @ pad) + pad[::-1][0] + axes[[0, 1, 0], 1][2]
"""


@pytest.mark.every_case
@pytest.mark.parametrize(
    "call",
    [
        "conv2d_input(w, u, shape=[2, 3, 5, 5], stride=2, padding=1)",
        "conv2d_weight(x, u, shape=[4, 3, 3, 3], stride=2, padding=1)",
        "max_pool2d_input(v, x, kernel_size=3, stride=2, padding=1)",
        "interpolate_input(u, shape=[2, 4, 5, 5], size=[3, 3], mode='bilinear')",
        "put(w, shape=[4, 3, 3, 5], key='..., ::2')",
        "at_largest(x, axis=-1)",
        "product_before(x, axis=2)",
        "attention_weights(x, 2.5 * x)",
    ],
    ids=lambda call: call.partition("(")[0],
)
def test_what_a_backward_pass_computes(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    """NumPy computes it, and no gradient flows through it."""
    random = np.random.default_rng(0)
    shapes = {"x": (2, 3, 5, 5), "w": (4, 3, 3, 3), "u": (2, 4, 3, 3), "v": (2, 3, 3, 3)}
    given = {name: random.normal(size=shape) for name, shape in shapes.items()}
    nodes = {"y": call, "f": "sum(y ** 2) + sum(x) + sum(w) + sum(u) + sum(v)"}
    trace = record(make_graph(nodes, inputs=given))
    assert_runs_as(trace)
    assert capsys.readouterr().out


def trace_of_text(text: str) -> Trace:
    return load_source(Source.from_bytes("<test>", text.encode())).record()


def test_names_that_programs_use_are_kept_apart() -> None:
    trace = trace_of_text(SCENARIO)
    names = names_in_pytorch(trace.graph)
    assert {"torch", "F", "compare", "pad", "axes", "gate"}.isdisjoint(names)
    assert_runs_as(trace)


def test_a_program_stops_where_a_gradient_differs() -> None:
    program = pytorch_program(trace_of_text("inputs: {x: 3}\nnodes: {f: x ** 2}\n"))
    assert 'compare("dx", x.grad, torch.tensor(6.0))' in program
    with pytest.raises(AssertionError, match="not close"):
        exec(program.replace("torch.tensor(6.0)", "torch.tensor(6.00001)"), {})


def test_what_is_overridden() -> None:
    graph = make_graph({"q": "x * y", "f": "q ** 2 + q"}, inputs={"x": 3, "y": 2})
    edits = [ValueEdit("q", 5.0), GradientEdit("f", 3.0), GradientEdit("y", -1.0)]
    assert_runs_as(record(graph, edits=edits))


def test_an_infinity_excuses_no_other_entry() -> None:
    program = pytorch_program(record(make_graph({"y": "1 / x"}, inputs={"x": [0.0, 2.0]}, seed=[1, 1])))
    exec(program, {})
    assert "0.5" in program
    with pytest.raises(AssertionError, match="not close"):
        exec(program.replace("0.5", "0.75"), {})
