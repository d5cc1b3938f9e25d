"""`grad`, `vjp` and `jvp` written out as nodes, for every operator and in files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError, ShapeError
from backprop_engine.evaluation.derivative_nodes import MAX_DERIVATIVE_NODES
from backprop_engine.evaluation.derivative_operators import GRAD, JVP, VJP
from backprop_engine.evaluation.graph_nodes import apply_operator
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.scenario.loader import Scenario, load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.testing.define import define, undefine
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from derivatives_refused import REFUSED
from graphs import assert_close, each_sample, has_edges


def load(text: str) -> Scenario:
    return load_source(Source.from_bytes("test.yaml", text.encode()))


def run(text: str) -> Trace:
    return load(text).record()


def mistakes(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(ScenarioError) as raised:
        load(text)
    return [
        (one.code.name, one.place.line, one.place.column) for one in raised.value.diagnostics if one.place
    ]


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as raised:
        load(text)
    return str(raised.value.diagnostics[0].message)


class Derivatives:
    """One operator with its derivatives as nodes: of a weighted sum, and of the gradients again."""

    def __init__(self, op: Op, operands: Any, attributes: Any) -> None:
        self.builder, self.values = GraphBuilder(), dict[str, Any]()
        self.op, self.random = op, np.random.default_rng(7)
        shapes = [np.shape(one) for one in operands]
        indices = op.indices(*shapes) if op.indices else ()
        self.names = op.names(len(operands))
        self.operands = []
        for argnum, (name, value) in enumerate(zip(self.names, operands, strict=True)):
            fixed = name in op.constants or argnum in indices or np.asarray(value).dtype.kind == "b"
            self.operands.append(self.leaf(name, value, Kind.CONSTANT if fixed else Kind.INPUT))
        self.out = self.builder.apply(op, self.operands, "out", attributes=attributes)
        self.moving = [
            (name, position)
            for name, position, rule in zip(
                self.names, self.operands, self.builder.node(self.out).rules, strict=True
            )
            if rule is not None and self.builder.node(position).kind is Kind.INPUT
        ]

    def leaf(self, name: str, value: Any, kind: Kind = Kind.CONSTANT) -> int:
        self.values[name] = value
        return self.builder.leaf(name, kind, np.shape(value))

    def weights(self, name: str, of: int) -> int:
        return self.leaf(name, self.random.uniform(-1.0, 1.0, self.builder.shape(of)))

    def weighted(self, position: int, name: str) -> int:
        product = self.builder.apply(OPS["mul"], (position, self.weights(f"w_{name}", position)), f"p_{name}")
        return self.builder.apply(OPS["sum"], (product,), name)

    def add(self, op: Op, *operands: int, name: str) -> int:
        return apply_operator(self.builder, op, operands, name, {}, "", None)

    def record(self, output: str, seed: Any = 1.0) -> Trace:
        graph = self.builder.build(output)
        return record(graph, Bindings.of(graph, self.values, seed))


@pytest.mark.thorough
@each_sample(has_edges)
def test_every_operator_has_its_derivatives_as_nodes(op: Op, sample: Sample) -> None:
    """The first pass, written out, is the engine's own; so is the pass over what was written out."""
    made = Derivatives(op, sample.draw(), sample.attributes)
    f = made.weighted(made.out, "f")
    try:
        gradients = {name: made.add(GRAD, f, at, name=f"g_{name}") for name, at in made.moving}
    except ShapeError:
        settings = REFUSED[op.name]
        assert not settings or settings & set(sample.attributes), "its rule calls what nothing spells"
        return
    assert REFUSED.get(op.name) != set()
    for name, at in made.moving:
        made.add(JVP, f, at, made.weights(f"v_{name}", at), name=f"t_{name}")
    first = made.record("f")
    scale = max(np.max(np.abs(first.gradient(name)), initial=0.0) for name, _ in made.moving)
    for name, _ in made.moving:
        assert_close(first.value(f"g_{name}"), first.gradient(name), 1e-11, scale=scale)
        tangent = np.sum(first.gradient(name) * made.values[f"v_{name}"])
        assert_close(first.value(f"t_{name}"), tangent, 1e-10, scale=scale)
    for name, gradient in gradients.items():
        s = made.weighted(gradient, f"s_{name}")
        again = {other: made.add(GRAD, s, at, name=f"h_{name}_{other}") for other, at in made.moving}
        second = made.record(f"s_{name}")
        for other in again:
            position = second.graph.position(other)
            found = second.value(f"h_{name}_{other}")
            wanted = second.gradients[position]
            wanted = np.zeros(np.shape(found)) if wanted is None else wanted
            assert_close(found, wanted, 1e-10, scale=max(scale, np.max(np.abs(wanted), initial=0.0)))


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.kinks], ids=repr)
def test_answers_at_kinks_are_those_of_the_first_pass(op: Op) -> None:
    if REFUSED.get(op.name) == set():
        assert op.kinks
        return
    for kink in op.kinks:
        made = Derivatives(op, [np.asarray(one) for one in kink.operands], kink.attributes)
        seed = np.broadcast_to(np.asarray(kink.seed, float), made.builder.shape(made.out))
        v = made.leaf("v_", seed)
        for name, at in made.moving:
            made.add(VJP, made.out, at, v, name=f"g_{name}")
        trace = made.record("out", seed)
        for name, _ in made.moving:
            found = trace.value(f"g_{name}")
            if any(np.any(np.isnan(one)) for one in kink.operands):
                # A comparison with NaN is false: a text gives the slope of one side there.
                assert not np.any(np.isinf(found))
                continue
            np.testing.assert_allclose(found, trace.gradient(name), rtol=1e-12, atol=0)
        assert made.names


SMALL = """
inputs: {x: [1, 2], W: [[0.5, -1], [0.25, 2]], b: [0.5, 0]}
nodes:
  h: tanh(W @ x + b)
  f: sum(h * h)
"""


def test_the_pass_stands_in_a_group_with_the_names_of_what_is_differentiated() -> None:
    graph = load(SMALL + "  gx: grad(f, x)\n  L: norm(gx)\n").graph
    (group,) = graph.groups
    assert (group.name, group.cell) == ("gx", "grad(f, x)")
    inside = [node.name for node in graph.nodes[group.start : group.stop]]
    assert "gx.dh" in inside
    assert inside[-1] == "gx"
    assert graph["gx"].text == "W.T @ gx.dh_2"
    assert all(name.isascii() for name in inside)


def test_two_gradients_of_one_node_share_a_pass() -> None:
    one = load(SMALL + "  gx: grad(f, x)\n  L: sum(gx)\n").graph
    two = load(SMALL + "  gx: grad(f, x)\n  gb: grad(f, b)\n  L: sum(gx) + sum(gb)\n").graph
    assert two["gb"].op is OPS["identity"]  # the gradient of b is on the way to x
    assert len(two.nodes) == len(one.nodes) + 3
    text = SMALL + "  gx: grad(f, x)\n  gb: grad(f, b)\n  gW: grad(f, W)\n  L: sum(gx) + sum(gb) + sum(gW)\n"
    trace = run(text)
    plain = run(SMALL)
    for name, leaf in (("gx", "x"), ("gb", "b"), ("gW", "W")):
        assert_close(trace.value(name), plain.gradient(leaf))


def test_a_gradient_of_what_does_not_matter_is_zeros_of_its_shape_and_of_itself_ones() -> None:
    text = "inputs: {x: 2, y: [1, 2, 3]}\nnodes:\n  f: x * x\n"
    trace = run(
        text + "  gy: grad(f, y)\n  gx: grad(x, x)\n  gd: grad(detach(f), x)\n  L: sum(gy) + gx + gd + f\n"
    )
    np.testing.assert_array_equal(trace.value("gy"), [0, 0, 0])
    assert trace.value("gx") == 1
    assert trace.value("gd") == 0


def test_parts_of_expressions_the_long_form_and_keywords() -> None:
    text = "inputs: {x: 3}\nnodes:\n  f: x ** 3\n"
    trace = run(
        text
        + "  a: grad(grad(f, x), x) + 1\n  b: {op: grad, inputs: [f, x]}\n  c: grad(x=x, f=f)\n"
        + "  d: jvp(f, x, 2)\n  e: vjp(f, x, v=2)\n  L: a + b + c + d + e\n"
    )
    assert [float(trace.value(name)) for name in "abcde"] == [19, 27, 27, 54, 54]


def test_a_tangent_goes_forward_and_is_shared_by_all_outputs() -> None:
    text = SMALL + "  v: x * 0 + 1\n  ty: jvp(h, x, v)\n  tf: jvp(f, x, v)\n  L: sum(ty) + tf\n"
    scenario = load(text)
    names = [group.name for group in scenario.graph.groups]
    assert names == ["ty", "tf"]
    trace = scenario.record()
    jacobian = (1 - trace.value("h") ** 2)[:, None] * np.array([[0.5, -1], [0.25, 2]])
    assert_close(trace.value("ty"), jacobian @ [1, 1])
    assert_close(trace.value("tf"), 2 * trace.value("h") @ jacobian @ [1, 1])


def test_cells_and_scans_take_derivatives_inside() -> None:
    trace = run(
        "inputs: {xs: [1, 2, 3], w: 0.5}\nconstants: {h0: 0}\n"
        "cells:\n  step:\n    inputs: [x, h_prev]\n"
        "    nodes:\n      e: (w * x - h_prev) ** 2\n      h: h_prev - 0.1 * grad(e, h_prev)\n"
        "    outputs: [h]\n"
        "nodes:\n  s: {scan: step, over: {x: xs}, carry: {h_prev: {init: h0, next: h}}}\n"
        "  L: s[-1].h\n"
    )
    h = 0.0
    for x in (1, 2, 3):
        h += 0.1 * 2 * (0.5 * x - h)
    assert_close(trace.value("L"), np.float64(h))


def test_own_operators_are_differentiated_by_the_rules_that_run() -> None:
    text = (
        "operators:\n  cube: {inputs: [a], forward: a * a * a, backward: {a: g * 2 * a}, wrong: true}\n"
        "  swish: {inputs: [a], forward: a * sigmoid(a)}\n"
        "inputs: {x: 3}\nnodes:\n  f: cube(x)\n  k: swish(x)\n  a: grad(f, x)\n  b: grad(k, x)\n  L: a + b\n"
    )
    trace = run(text)
    s = 1 / (1 + np.exp(-3.0))
    assert trace.value("a") == 6
    assert_close(trace.value("b"), np.float64(s + 3 * s * (1 - s)))


HEAD = """\
inputs: {x: [1, 2], y: 1}
constants: {t: [1], m: [[1, 2]]}
nodes:
  f: sum(x * y)
  h: x * y
  c: y < 2
"""


@pytest.mark.parametrize(
    ("node", "kind", "column", "said"),
    [
        ("grad(h, x)", "derivative", 6, "scalar"),
        ("grad(c, x)", "derivative", 6, "truth values"),
        ("grad(f, c)", "derivative", 6, "truth values"),
        ("grad(f, x * 2)", "derivative", 14, "write its name"),
        ("grad(f, 2)", "derivative", 14, "write its name"),
        ("vjp(h, x, y)", "derivative", 6, "must have the same shape as `f`"),
        ("jvp(h, x, y)", "derivative", 6, "must have the same shape as `x`"),
        ("grad(f)", "operands", 6, "takes 2 operands"),
        ("grad(f, x, y)", "operands", 17, "takes 2 operands"),
        ("grad(f, x, axis=0)", "attribute", 17, "no `axis`"),
        ("grad(f, z)", "unknown-name", 14, "not defined"),
        ("nll(m, target=t) + grad(f, t)", "derivative", 25, "whole numbers"),
        ("grad(L, x)", "cycle", 11, "itself"),
    ],
)
def test_what_has_no_derivative_is_refused(node: str, kind: str, column: int, said: str) -> None:
    (found, *_) = mistakes(f"{HEAD}  L: {node}\n")
    assert found == (kind, 7, column)
    assert said in refused(f"{HEAD}  L: {node}\n")


def test_formulas_of_operators_and_watches_take_no_derivative() -> None:
    operators = "operators:\n  own: {inputs: [a, b], forward: 'grad(a, b)'}\n"
    assert mistakes(operators + HEAD) == [("derivative", 2, 35)]
    assert mistakes("operators:\n  jvp: {inputs: [a], forward: a}\n" + HEAD)[0][0] == "operator-name"
    assert mistakes(HEAD + "  L: f + y\nexpect:\n  - {of: 'jvp(f, x, x)', value: 1}\n")


@pytest.mark.thorough
def test_passes_are_bounded() -> None:
    nested = "f"
    for _ in range(40):
        nested = f"grad({nested}, x)"
    text = f"inputs: {{x: 2}}\nnodes:\n  f: tanh(tanh(x)) * sigmoid(x)\n  L: {nested}\n"
    assert mistakes(text)[0][0] == "derivative"
    assert f"{MAX_DERIVATIVE_NODES:,}" in refused(text)


def test_a_long_chain_and_many_uses_are_written_out() -> None:
    chain = "\n".join(f"  a{number + 1}: sin(a{number}) + a{number} * x" for number in range(300))
    trace = run(f"inputs: {{x: 0.5}}\nnodes:\n  a0: x * 1\n{chain}\n  g: grad(a300, x)\n  L: a300 + g\n")
    plain = run(f"inputs: {{x: 0.5}}\nnodes:\n  a0: x * 1\n{chain}\n")
    assert_close(trace.value("g"), plain.gradient("x"), 1e-10)


def test_a_python_operator_without_a_formula_is_refused_by_name() -> None:
    define("thrice", inputs=["a"], forward=lambda a: 3 * a, backward={"a": lambda g, out, a: 3 * g})
    try:
        assert "thrice" in refused("inputs: {x: 1}\nnodes:\n  f: thrice(x)\n  L: grad(f, x)\n")
    finally:
        undefine("thrice")


@pytest.mark.parametrize(
    ("call", "of"),
    [
        ("grad({}, x)", "x * x * x"),
        ("grad({}, x)", "sum(tanh(y) * x * y)"),
        ("grad({}, y)", "sum(tanh(y) * x * y)"),
        ("vjp({}, y, y + x)", "y * y / (y + x)"),
        ("jvp({}, x, 2)", "exp(x * x) * y"),
        ("grad({}, x)", "grad(x ** 4, x) * x"),
    ],
)
def test_a_derivative_of_an_expression_is_that_of_a_node_of_its_own(call: str, of: str) -> None:
    leaves = "inputs: {x: 0.5, y: [1, 2, 3]}\nnodes:\n"
    short = run(f"{leaves}  g: {call.format(of)}\n  L: sum(g * g) + x * y[0]\n")
    long = run(f"{leaves}  f: {of}\n  g: {call.format('f')}\n  L: sum(g * g) + x * y[0]\n")
    assert_close(short.value("g"), long.value("g"))
    for name in "xy":
        assert_close(short.gradient(name), long.gradient(name))
