"""The section `operators`: operators that a file defines, right ones, wrong ones, and mistakes in them."""

from __future__ import annotations

import json
import unicodedata
from itertools import product

import numpy as np
import pytest

from backprop_engine.debugger.breakpoints import parse_breakpoint
from backprop_engine.debugger.watches import value_of_watch
from backprop_engine.derivatives.decomposition import inner_run
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.errors import ScenarioError
from backprop_engine.program import numpy_program
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.schema import schema
from backprop_engine.scenario.verify import unexpectedly_right, verify
from graphs import assert_close

SWISH = """
operators:
  swish:
    inputs: [a, beta]
    forward: a * sigmoid(beta * a)
    {backward}
inputs: {{x: [0.5, -1, 2], y: 0.25}}
params: {{b: 1.5}}
nodes: {{h: "swish(x, b)", L: sum(h)}}
"""
WRONG = "backward: {a: g * (out + sigmoid(beta * a) * (1 - out)), beta: g * a * out * (1 - out)}"
RIGHT = (
    "backward: {a: g * (beta * out + sigmoid(beta * a) * (1 - beta * out)), "
    "beta: g * a * out * (1 - sigmoid(beta * a))}"
)


def load(text: str) -> Scenario:
    return load_source(Source.from_bytes("case.yaml", text.encode()))


def swish(backward: str = "") -> Scenario:
    return load(SWISH.format(backward=backward))


def mistakes(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    found = []
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.place
        found.append((diagnostic.code.name, diagnostic.place.line, diagnostic.place.column))
    return found


def test_a_derived_and_a_right_rule_give_one_gradient_and_a_wrong_one_differs() -> None:
    derived, right, wrong = swish().record(), swish(RIGHT).record(), swish(WRONG).record()
    for name in ("x", "b"):
        assert_close(derived.gradient(name), right.gradient(name))
        assert not np.allclose(derived.gradient(name), wrong.gradient(name))
    assert all(check.verdict.good for check in check_trace(derived))
    assert all(check.verdict.good for check in check_trace(right))
    assert {check.name for check in check_trace(wrong) if not check.verdict.good} == {
        "x",
        "b",
        "h → x",
        "h → b",
    }


def test_a_rule_that_is_left_empty_hands_nothing_on_and_the_check_says_so() -> None:
    trace = swish("backward: {beta: }").record()
    assert_close(trace.gradient("b"), np.float64(0))
    assert_close(trace.gradient("x"), swish().record().gradient("x"))
    assert [check.name for check in check_trace(trace) if not check.verdict.good] == ["b", "h → b"]


def test_the_inside_of_an_operator_is_its_formula_as_a_graph() -> None:
    trace = swish(WRONG).record()
    run = inner_run(trace, trace.graph["h"]).trace
    assert [run.graph.nodes[position].name for position in run.graph.order] == ["h.out#1", "h.out#2", "h.out"]
    assert_close(run.value("h.out"), trace.value("h"))
    assert_close(run.gradient("a"), swish().record().gradient("x"))  # the true gradient


def test_expressions_everywhere_know_the_operators_of_the_file() -> None:
    text = SWISH.format(backward="") + 'expect: {grads: {x: "grad(h) * 0 + grad(x) + swish(x, b) * 0"}}\n'
    trace = load(text).record()
    value = value_of_watch("swish(x, b)", trace.frame(trace.schedule.last))
    assert value is not None
    assert_close(value, trace.value("h"))
    assert parse_breakpoint("op swish", trace.graph) is not None
    cell = """
operators: {half: {inputs: [a], forward: a / 2}}
inputs: {x: [1, 2, 3]}
cells: {c: {inputs: [v], nodes: {h: half(v)}, outputs: [h]}}
nodes:
  s: {scan: c, over: {v: x}}
  k: {op: half, inputs: [x]}
  L: sum(k) * s[-1].h
output: L
"""
    assert_close(load(cell).record().value("L"), np.float64(4.5))


def test_what_an_author_says_of_an_operator_is_shown() -> None:
    scenario = load(
        "operators: {f: {inputs: [a], forward: a * 2, sign: ×2, lesson: {en: 'Two {times}.', ko: 두 배}}}\n"
        "inputs: {x: 1}\nnodes: {y: f(x)}\n"
    )
    op = scenario.graph["y"].op
    assert op is not None
    assert (op.sign, str(op.lesson), op.lesson.in_language("ko")) == ("×2", "Two {times}.", "두 배")


def test_declared_axes_refuse_other_shapes_where_the_operator_is_used() -> None:
    text = (
        "operators: {f: {inputs: [a, w], forward: sum(a * w), shape: {a: [n, d], w: [d], out: []}}}\n"
        "inputs: {x: [[1, 2], [3, 4]], v: %s}\nnodes: {y: 'f(x, v)'}\n"
    )
    assert load(text % "[1, 2]").graph["y"].shape == ()
    assert mistakes(text % "[[1, 2]]") == [("shapes", 3, 13)]
    assert mistakes(text % "3") == [("shapes", 3, 13)]


@pytest.mark.parametrize(
    "node",
    ["'{op}(x, x)'", "'{op}(x, {b}=x)'", "{{op: {op}, inputs: [x, x]}}", "{{op: {op}, {a}: x, {b}: x}}"],
)
def test_names_are_the_same_however_their_characters_are_composed(node: str) -> None:
    composed = {"op": "제곱", "a": "é", "b": "값"}
    apart = {part: unicodedata.normalize("NFD", name) for part, name in composed.items()}
    for names, used in product((composed, apart), repeat=2):
        section = "{op}: {{inputs: [{a}, {b}], forward: 2 * {a} + {b}}}".format(**names)
        text = f"operators: {{{section}}}\ninputs: {{x: 3}}\nnodes: {{L: {node.format(**used)}}}\n"
        assert load(text).record().gradient("x") == 3


def test_a_file_that_is_written_out_has_its_operators() -> None:
    scenario = swish(WRONG)
    again = load(scenario.to_yaml())
    assert_close(again.record().gradient("x"), scenario.record().gradient("x"))


def test_the_schema_knows_the_section() -> None:
    known = schema()
    assert known["properties"]["operators"]
    assert set(known["$defs"]["own-operator"]["required"]) == {"inputs", "forward"}
    assert json.dumps(known)


@pytest.mark.parametrize(
    ("operators", "code", "column"),
    [
        ("{tanh: {inputs: [a], forward: a}}", "operator-name", 13),
        ("{grad: {inputs: [a], forward: a}}", "operator-name", 13),
        ("{f: {inputs: [g], forward: g}}", "operator-name", 26),
        ("{f: {inputs: [a], forward: a + x}}", "operator-formula", 43),
        ("{f: {inputs: [a], forward: a, backward: {a: g + q}}}", "operator-formula", 60),
        ("{f: {inputs: [a], forward: out * a}}", "operator-formula", 39),
        ("{f: {inputs: [a], forward: a +}}", "expr-syntax", 42),
        ("{f: {inputs: [a], forward: unknown(a)}}", "unknown-op", 39),
        ("{f: {inputs: [a], forward: f(a)}}", "unknown-op", 39),
        ("{f: {inputs: [a], forward: 'tanh(a, a)'}}", "operands", 48),
        ("{f: {inputs: [a], forward: one.h}}", "operator-formula", 39),
        ("{f: {inputs: [a], backward: {a: g}}}", "operator-form", 13),
        ("{f: {forward: a}}", "operator-form", 13),
        ("{f: {inputs: [], forward: 3}}", "operator-form", 25),
        ("{f: {inputs: [a, a], forward: a}}", "duplicate-name", 29),
        ("{f: {inputs: [a], forward: a, backward: {b: g}}}", "operator-form", 53),
        ("{f: {inputs: [a], forward: a, backwards: {a: g}}}", "unknown-key", 42),
        ("{f: {inputs: [a], forward: a, sign: '0123456789abc'}}", "operator-form", 48),
        ("{f: {inputs: [a], forward: a, shape: {b: [n]}}}", "operator-form", 50),
        ("{f: {inputs: [a], forward: a > 0, backward: {a: g}}}", "operator-form", 46),
        ("{f: {inputs: [a], forward: a, sign: ''}}", "operator-form", 48),
        ("{f: {inputs: [a], forward: a, shape: {a: ['n d']}}}", "operator-form", 54),
        ("{f: [a]}", "wrong-type", 16),
        ("{f: {inputs: [a], forward: true}}", "wrong-type", 39),
        ("{f: {inputs: [a], forward: [a]}}", "wrong-type", 39),
        ("3", "wrong-type", 12),
    ],
)
def test_a_mistake_is_answered_at_its_place(operators: str, code: str, column: int) -> None:
    found = mistakes(f"operators: {operators}\ninputs: {{x: 1}}\nnodes: {{y: x * 2}}\n")
    assert found == [(code, 1, column)]


def test_a_file_has_a_bounded_number_of_operators() -> None:
    operators = "".join(f"  o{number}: 3\n" for number in range(1001))
    assert mistakes(f"operators:\n{operators}inputs: {{x: 1}}\nnodes: {{y: x * 2}}\n") == [
        ("operator-form", 2, 3)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__",
        "eval(a)",
        "open(a)",
        "(lambda: a)()",
        "[a for a in a]",
        "a if a else a",
        "f'{a}'",
        "exec('a')",
        "getattr(a, 'x')",
        "a.T.__init__",
        "np.linalg(a)",
    ],
)
def test_no_formula_of_an_operator_reaches_python(text: str) -> None:
    quoted = json.dumps(text)
    for operator in (f"forward: {quoted}", f"forward: a, backward: {{a: {quoted}}}"):
        assert mistakes(
            f"operators: {{f: {{inputs: [a], {operator}}}}}\ninputs: {{x: 1}}\nnodes: {{y: f(x)}}\n"
        )


def test_an_operator_cannot_allocate_more_than_its_bound_allows() -> None:
    text = (
        "operators: {f: {inputs: [a], forward: 'sum(outer(a, a))'}}\n"
        "inputs: {x: {shape: [100000], init: ones}}\nnodes: {y: f(x)}\n"
    )
    assert mistakes(text) == [("shapes", 3, 12)]


def test_a_rule_that_is_marked_wrong_must_be_found() -> None:
    marked = WRONG + "\n    wrong: true"
    assert verify(swish(marked)).passed
    assert not verify(swish(WRONG)).passed
    verification = verify(swish(RIGHT + "\n    wrong: true"))
    assert unexpectedly_right(verification, "swish") == verification.failures
    assert unexpectedly_right(verification, "other") == []
    assert unexpectedly_right(verify(swish(marked)), "swish") == []
    (failure,) = verification.failures
    assert (failure.code.name, failure.name, failure.place.line) == ("expect-wrong", "swish", 3)
    assert mistakes(SWISH.format(backward="wrong: true"))[0][:2] == ("operator-form", 6)


@pytest.mark.thorough
@pytest.mark.parametrize("sign", "+*")
def test_a_formula_has_a_bounded_number_of_operators_and_one_at_the_bound_is_shown(sign: str) -> None:
    def of(parts: int) -> str:
        written = sign.join(["a"] * (parts + 1))
        return f"operators:\n  f: {{inputs: [a], forward: {written}}}\ninputs: {{x: 1}}\nnodes: {{L: f(x)}}\n"

    scenario = load(of(200))
    assert "".join(numpy_program(scenario.record()))
    assert scenario.record().gradient("x") == 201
    assert mistakes(of(201)) == [("operator-form", 2, 29)]


def test_a_call_of_an_operator_of_the_file_says_that_there_is_none() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("operators:\n  f: {inputs: [a], forward: f(a)}\ninputs: {x: 1}\nnodes: {L: f(x)}\n")
    assert "but not itself or others from the file" in str(caught.value)


def test_a_rule_without_what_flows_in_is_recognised() -> None:
    rule = "operators:\n  sq: {inputs: [a], forward: a * a, backward: {a: 2 * a}}\n"
    trace = load(rule + "inputs: {x: [-2, 1, 3]}\nnodes: {y: sq(x), L: sum(y * y)}\n").record()
    (edge,) = (check for check in check_trace(trace) if check.name == "y → x")
    assert edge.resembles == "the upstream gradient g is missing"


def test_a_rule_for_an_operand_that_the_formula_does_not_use_fills_its_shape() -> None:
    rule = "operators:\n  f: {inputs: [a, b], forward: sum(a), backward: {b: g * out}}\n"
    trace = load(rule + "inputs: {x: [1, 2], y: [[1, 2, 3], [4, 5, 6]]}\nnodes: {L: 'f(x, y)'}\n").record()
    assert_close(trace.gradient("y"), np.full((2, 3), 3.0))
    assert [check.name for check in check_trace(trace) if not check.verdict.good] == ["y", "L → y"]
