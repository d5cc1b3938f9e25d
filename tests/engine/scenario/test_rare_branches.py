"""What few files and few callers come to: hints, numbers, figures and notes at the edges of what there is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.scenario.bundled import bundled, neighbour, resolve
from backprop_engine.scenario.from_graph import scenario_from
from backprop_engine.scenario.leaves.assignment import parse_setting
from backprop_engine.scenario.leaves.selection import select_columns, select_rows
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.lower.defined_names import DefinedNames
from backprop_engine.scenario.lower.lowering import Lowering
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.reader import _Composer, read
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode
from backprop_engine.scenario.read.yaml_scalars import origins
from backprop_engine.scenario.sections.notes import note_for
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.scenario.verify import CheckInterrupted, failures, verify
from backprop_engine.scenario.write.emit import plain_number
from backprop_engine.scenario.write.from_python import written

CELL = "nodes: {f: sum(b)}\ncells: {c: {inputs: , nodes: {q: b * 2}, outputs: [q]}}\n"
PRODUCT = "inputs: {x: 3, y: 2}\nnodes: {p: x * y, f: p * p}\n"


def load(text: str) -> Scenario:
    return load_source(Source.from_bytes("s.yaml", text.encode()))


def tree(text: str) -> YamlNode:
    return read(Source.from_bytes("s.yaml", text.encode()))


def part(text: str) -> YamlNode:
    """What the only key of a map stands for."""
    node = tree(text)
    assert isinstance(node, YamlMapping)
    (entry,) = node
    return entry.value


# Numbers and texts


def test_a_number_of_more_digits_than_double_precision_is_the_nearest_that_has_them() -> None:
    assert plain_number(np.longdouble(1) / 3) == 1 / 3
    assert plain_number(np.float32(0.1)) == 0.1
    assert repr(plain_number(np.float32(-0.0))) == "-0.0"
    assert (plain_number(np.float64(1e15)), plain_number(np.float64(1e15 - 1))) == (1e15, 10**15 - 1)
    assert type(plain_number(np.float64(1e15))) is float


def test_the_origins_in_a_block_that_has_no_lines() -> None:
    assert origins("|", "|", "", 9) == [1]
    assert origins(">", ">", "ab", 9) == [1, 1, 1]
    assert origins("|\n  \n   ", "|", "\n", 9) == [4, 8]


@pytest.mark.parametrize(
    ("raw", "text", "found"),
    [
        ("|\n  abc\n", "abc\n", [4, 5, 6, 7, 8]),
        ("|\n  abc", "abc", [4, 5, 6, 7]),
        ("|-\n  abc\n", "abc", [5, 6, 7, 8]),
        ("|-\n  abc\n\n", "abc", [5, 6, 7, 8]),
        ("|+\n  abc\n\n", "abc\n\n", [5, 6, 7, 8, 9, 10]),
    ],
)
def test_the_end_of_a_block_is_right_after_its_text(raw: str, text: str, found: list[int]) -> None:
    assert origins(raw, "|", text, 99) == found


@pytest.mark.parametrize("text", ["|\n    x +", "|\n    x +\n", "|-\n    x +", "|-\n    x +\n\n"])
def test_a_mistake_at_the_end_of_a_block_is_told_right_after_it(text: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(f"inputs: {{x: 1}}\nnodes:\n  f: {text}")
    place = refused.value.diagnostics[0].place
    assert place is not None
    assert (place.line, place.column) == (4, 8)


def test_a_path_of_python_is_written_as_text() -> None:
    text, arrays = written({"inputs": {"x": {"file": Path("data") / "x.npy"}}, "title": None})
    assert (text, arrays) == (f"inputs: {{x: {{file: {os.path.join('data', 'x.npy')}}}}}\ntitle: null\n", {})


class NoArray:
    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("on a device")


def test_what_cannot_become_an_array_is_refused_by_its_place() -> None:
    with pytest.raises(UsageError, match=r"inputs\.x"):
        written({"inputs": {"x": [NoArray()]}})


def test_a_setting_has_a_name_and_a_value() -> None:
    assert parse_setting(" x = 3") == ("x", 3)
    for text in ("x", "=3", "2x=3"):
        with pytest.raises(UsageError, match="write a name, `=` and a number or list"):
            parse_setting(text)
    with pytest.raises(UsageError, match="a number or list is missing after the `=`, such as x=3"):
        parse_setting("x= ")


# Tables


@pytest.mark.parametrize(
    ("count", "there"),
    [(0, "there are no columns"), (1, "there is one, column 0"), (2, "there are 2 columns, 0 to 1")],
)
def test_which_columns_there_are(count: int, there: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        select_columns(part("columns: 7"), count, None)
    assert refused.value.diagnostics[0].hint == there


@pytest.mark.parametrize(
    ("count", "there"),
    [(0, "there are no rows"), (1, "there is one, row 0"), (2, "there are 2 rows, 0 to 1")],
)
def test_which_rows_there_are(count: int, there: str) -> None:
    for rows in ("7", "[0, -9]" if count else "[0]"):
        with pytest.raises(ScenarioError) as refused:
            select_rows(part(f"rows: {rows if rows != '7' else '[7]'}"), count)
        assert refused.value.diagnostics[0].hint == there


# Names


def test_a_name_or_a_path_is_that_of_a_file() -> None:
    assert resolve("add_multiply") == bundled()["add_multiply"]
    assert resolve("no_such_scenario") == Path("no_such_scenario")
    assert resolve("add_multiply.yaml") == Path("add_multiply.yaml")


@pytest.mark.parametrize("ending", [".yaml", ".yml"])
def test_a_neighbour_is_beside_the_file_or_bundled(tmp_path: Path, ending: str) -> None:
    here, beside = tmp_path / "here.yaml", tmp_path / f"add_multiply{ending}"
    assert neighbour(here, "add_multiply") == bundled()["add_multiply"]
    beside.write_text(PRODUCT, "utf-8")
    assert neighbour(here, "add_multiply") == beside
    assert neighbour(here, "nowhere") is None


def test_only_texts_are_names() -> None:
    builder = GraphBuilder()
    known = DefinedNames(Lowering(builder, {"x": builder.leaf("x", Kind.INPUT)}, 1), (), ("b",))
    assert [name in known for name in ("x", "x#3", "b.o", "b[2]", "y", 3, None)] == [True] * 4 + [False] * 3


@pytest.mark.parametrize("name", ["Inf", "infinity", "Infinity"])
def test_infinity_is_written_inf(name: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(f"inputs: {{x: 1}}\nnodes: {{f: x * {name}}}\n")
    (found,) = refused.value.diagnostics
    assert (found.message, found.hint) == (f"`{name}` is not defined", "write `inf`")


def test_a_section_that_says_null_is_no_parent_of_what_follows() -> None:
    hints = []
    for absent in ("", " ~"):
        with pytest.raises(ScenarioError) as refused:
            load(f"objective:{absent}\nfoo: 3\n{PRODUCT}")
        hints.append(refused.value.diagnostics[0].hint)
    assert hints[0] == "indent it if it is part of `objective`"
    assert hints[1].startswith("known keys: ")


# Graphs

SCAN = """
inputs: {xs: [[1, 2], [3, 4]], h0: [1, 2], h3: [1, 2, 3]}
cells:
  c: {inputs: [x, y, h], nodes: {o: x + h + y}, outputs: [o]}
nodes:
  BAD
  s: {scan: c, over: {x: xs, y: OVER}, carry: {h: {init: h0, next: o}}}
  f: sum(s[1].o) + sum(s[-1].o)
"""


def refusals(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as refused:
        load(text)
    return [(found.code.name, str(found.message)) for found in refused.value.diagnostics]


def test_what_a_scan_goes_over_may_be_broken_and_is_told_once() -> None:
    (found,) = refusals(SCAN.replace("OVER", "bad").replace("BAD", "bad: xs @ h3"))
    assert found[0] == "shapes"
    assert load(SCAN.replace("OVER", "xs").replace("  BAD\n", "")).record().value("f") == 2 * (9 + 14)


def test_an_instance_that_is_not_there_is_told_where_it_is_used() -> None:
    text = SCAN.replace("OVER", "xs").replace("  BAD\n", "").replace("s[-1]", "s[9]")
    with pytest.raises(ScenarioError) as refused:
        load(text)
    (found,) = refused.value.diagnostics
    assert found.message == "`s[9]` is out of range: `s` has 2 instances"
    assert found.place is not None
    assert (found.place.line, found.place.column) == (7, 24)


INSIDE = """
inputs: {xs: [[1, 2], [3, 4]], h0: [1, 2]}
cells:
  c: {inputs: [x, h], nodes: {o: x + h}, outputs: [o]}
  d: {inputs: [y], nodes: {q: "y * s[9].o"}, outputs: [q]}
  e: {inputs: [y], nodes: {q: y * 2}, outputs: [q]}
nodes:
  s: {scan: c, over: {x: xs}, carry: {h: {init: h0, next: o}}}
  u: {cell: d, inputs: {y: h0}}
  v: {cell: e, inputs: {y: "s[8].o * 2"}}
  w: {cell: e, inputs: {y: "s[7].o"}}
  f: sum(u.q) + sum(v.q) + sum(w.q)
"""


def test_an_instance_that_is_not_there_is_told_where_it_is_given_to_a_cell() -> None:
    """One that a cell uses in itself is told where the cell is."""
    with pytest.raises(ScenarioError) as refused:
        load(INSIDE)
    places = [(str(found.message).split("`")[1], found.place) for found in refused.value.diagnostics]
    assert [(name, place.line, place.column) for name, place in places if place] == [
        ("s[9]", 9, 3),
        ("s[8]", 10, 29),
        ("s[7]", 11, 28),
    ]


def test_a_node_in_the_long_form_that_is_too_large_is_refused() -> None:
    leaves = "{shape: [40000], init: zeros}"
    text = f"inputs: {{a: {leaves}, b: {leaves}}}\nnodes: {{o: {{op: outer, inputs: [a, b]}}, f: sum(o)}}\n"
    (found,) = refusals(text)
    assert found[0] == "too-large"


def test_a_node_that_gets_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is known that comes to it; a graph without one of its nodes would be worse."""
    added = Lowering.add

    def forgetful(lowering: Lowering, definition: Any, *given: Any, **settings: Any) -> None:
        added(lowering, definition, *given, **settings)
        if definition.name == "f":
            lowering.positions["f"] = None

    monkeypatch.setattr(Lowering, "add", forgetful)
    assert refusals(PRODUCT) == [("node-lost", "`f` cannot be computed: something it uses is missing")]


@pytest.mark.parametrize("call", ["grad(L, y)", "grad(softmax_with_loss(y, 5), y)"])
def test_a_class_that_there_is_not_is_told_of_the_operator_and_not_of_its_derivative(call: str) -> None:
    text = f"inputs: {{y: [1, 2, 3]}}\nnodes:\n  L: softmax_with_loss(y, 5)\n  g: {call}\n  f: sum(g) + L\n"
    found = refusals(text)
    assert {code for code, _ in found} == {"class-target"}
    assert len(found) == (1 if call == "grad(L, y)" else 2)


def test_attributes_in_the_long_form_are_written_as_they_are() -> None:
    builder = GraphBuilder()
    x = builder.leaf("x", Kind.INPUT, (2, 3))
    infinite = builder.literal(np.inf)
    kept = builder.apply("sum", x, name="s", axis=(0, 1), keepdims=True)
    builder.apply("minimum", kept, infinite, name="m")
    graph = builder.build("m")
    scenario = scenario_from(graph, Bindings.of(graph, {"x": np.ones((2, 3))}, np.ones((1, 1))))
    assert load(scenario.to_yaml()).record().value("m").tolist() == [[6.0]]


def test_a_seed_in_base_16_is_written_as_it_is_and_what_is_left_empty_as_null() -> None:
    text = f"inputs: {{b: {{seed: 0x10, init: normal, shape: [2], std: !!float 1}}}}\nask: {{f: }}\n{CELL}"
    written = load(text).to_yaml()
    assert "b: {shape: [2], init: normal, seed: 0x10, std: 1.0}" in written
    assert "cells:\n  c:\n    nodes:\n" in written
    assert written.endswith("ask:\n  f: null\n")


# Figures, questions and notes


def test_a_formula_of_a_figure_that_has_no_value_is_a_failure() -> None:
    scenario = load(
        "inputs: {x: [1, 2], t: 1}\nnodes: {f: sum(x)}\n"
        "expect: {grads: {x: 'index_select(x, t + 7, axis=0)'}}\n"
    )
    (failure,) = failures(scenario, scenario.run())
    assert failure.name == "x"
    assert str(failure.message).startswith("the formula has no value: the index 8 is out of range: ")


@pytest.mark.parametrize("expected", ["expect: {grads: {x: [.inf, 0.25]}}\n", ""])
def test_an_infinite_gradient_is_bad_unless_it_is_expected(expected: str) -> None:
    found = verify(load(f"inputs: {{x: [0, 4]}}\nnodes: {{q: sqrt(x), f: sum(q)}}\n{expected}"))
    assert found.failures == []
    assert [check.name for check in found.bad] == ([] if expected else ["x", "q → x"])


def test_questions_whose_answers_are_blank_are_not_asked_yet() -> None:
    asks = load(f"{PRODUCT}ask:\n  x: [{{question: A, answer: ? }}, {{question: B, answer: 2 * f}}]\n").asks
    assert [ask.question.in_language("en") for ask in asks] == ["B"]


def test_what_is_asked_is_in_the_order_of_the_file() -> None:
    (block,) = load(f"{PRODUCT}expect:\n  values: {{f: 36, x: ? , p: 6}}\n  grads: {{y: 36}}\n").expectations
    assert [figure.name for figure in block.asked] == ["f", "x", "p", "y"]
    places = {figure.name: (figure.place.line, figure.place.column) for figure in block.figures}
    assert places == {"f": (4, 15), "p": (4, 29), "y": (5, 14)}


def test_a_note_is_for_its_iteration_and_phase() -> None:
    scenario = load(
        f"{PRODUCT}notes:\n  p: any\n"
        "  f: [{text: forward, phase: forward}, {text: back, phase: backward}]\n"
    )
    f, p = (scenario.graph.position(name) for name in "fp")

    def told(position: int, phase: Any) -> str | None:
        note = note_for(scenario.notes, position, 0, phase)
        return note and note.text.in_language("en")

    assert [told(f, phase) for phase in ("forward", "backward", None)] == ["forward", "back", "forward"]
    assert [told(p, phase) for phase in ("forward", None)] == ["any", "any"]
    assert told(scenario.graph.position("x"), None) is None


@pytest.mark.parametrize(("text", "quotes"), [("It is 12.", True), ("The first of two.", False)])
def test_a_note_may_quote_numbers(text: str, quotes: bool) -> None:
    scenario = load(f"{PRODUCT}notes: {{f: '{text}'}}\n")
    (note,) = scenario.notes[scenario.graph.position("f")]
    assert isinstance(note.text, LocalText)
    assert note.quotes_numbers is quotes


def test_an_interrupt_says_what_was_found_up_to_there() -> None:
    scenario = load(PRODUCT)

    def interrupt(done: int, count: int) -> None:
        assert count == len(scenario.graph.edges) + 2
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(CheckInterrupted) as interrupted:
        verify(scenario, hear=interrupt)
    found = interrupted.value.found
    assert (len(found.checks), found.bad, found.failures, interrupted.value.count) == (2, [], [], 6)


def test_brackets_that_are_refused_before_their_depth_is_known_are_told_where_they_were() -> None:
    source = Source.from_bytes("s.yaml", b"[[[")
    error = _Composer(source).too_deep(2)
    assert error.diagnostics[0].place is not None
    assert error.diagnostics[0].place.column == 3
    assert failures(load(PRODUCT), load(PRODUCT).run()) == []
