"""What a step says where a value or a gradient is overridden: no equation is false."""

from __future__ import annotations

import pytest

from backprop_engine.explain.facts import step_facts
from backprop_engine.graph.bindings import Bindings
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Edit, Frame, GradientEdit, Trace, ValueEdit
from backprop_tui.cells.lines import line_text
from backprop_tui.render.check_line import numeric_line
from backprop_tui.render.equation.equation import equation
from backprop_tui.render.formulas.page import formula_block
from backprop_tui.render.transcript import state, transcript
from backprop_tui.render.words import story
from graphs import Sketch


def product(*edits: Edit) -> Trace:
    graph = Sketch().inputs(x=(), y=(), z=())(q="add x y", f="mul q z").build()
    return record(graph, Bindings.of(graph, {"x": -2.0, "y": 5.0, "z": -4.0}), edits)


def square(*edits: Edit) -> Trace:
    graph = Sketch().inputs(x=())(f="mul x x").build()
    return record(graph, Bindings.of(graph, {"x": 3.0}), edits)


def equation_rows(frame: Frame) -> str:
    return "\n".join(
        " ".join(line_text(line).split()) for line in equation(step_facts(frame), "en", 60, 10).lines
    )


def why(frame: Frame, language: str = "en") -> str:
    return "\n".join(map(line_text, story(step_facts(frame), language)))


def test_the_step_that_brings_an_overridden_gradient_says_so() -> None:
    trace = product(GradientEdit("q", 2.0))
    frame = trace.frame(4)
    assert "∂L/∂q is overridden: 2 in place of -4." in why(frame)
    assert "∂L/∂q의 값을 바꾸어 놓았습니다: -4 → 2." in why(frame, "ko")
    assert "2 ← (-4) = 1 · (-4)" in equation_rows(frame)
    assert "∂L/∂q ← ∂L/∂q = ∂L/∂f · ∂f/∂q" in equation_rows(frame)
    printed = [line_text(line) for line in transcript(trace, "en")]
    assert sum("overridden" in line for line in printed) == 1
    assert "= 1 · (-4) = -4  ∂L/∂q is overridden: 2 in place of -4." in printed[6]


def test_the_check_says_what_it_takes_as_given() -> None:
    checks = [
        line_text(numeric_line(step_facts(product(GradientEdit("q", 2.0)).frame(at)), "en"))
        for at in range(4, 8)
    ]
    upstream = "numeric 2 ✓ (for the overridden value of ∂L/∂q)"
    assert checks == ["numeric -4 ✓ (before the override)", "numeric 3 ✓", upstream, upstream]
    checks = [
        line_text(numeric_line(step_facts(product(ValueEdit("q", 10.0)).frame(at)), "en"))
        for at in range(4, 8)
    ]
    without = "numeric -4 ✓ (as if q were not overridden)"
    assert checks == ["numeric -4 ✓", "numeric 10 ✓", without, without]


def test_behind_an_overridden_value_every_gradient_rests_on_it() -> None:
    graph = Sketch().inputs(x=())(a="tanh x", b="tanh a", c="tanh b", f="tanh c").build()
    trace = record(graph, Bindings.of(graph, {"x": 0.5}), [ValueEdit("c", 0.25)])
    checks = [
        line_text(numeric_line(step_facts(trace.frame(at)), "en")).partition(" (")[2] for at in range(6, 10)
    ]
    by = "for the overridden value of ∂L/∂{})".format
    assert checks == ["", "as if c were not overridden)", by("b"), by("a")]


def test_the_equation_of_an_overridden_value_is_true() -> None:
    trace = product(ValueEdit("q", 10.0))
    frame = trace.frame(1)
    assert equation_rows(frame).splitlines()[-1] == "10 ← 3 = -2 + 5"
    assert "= -2 + 5 = 3" in why(frame)
    assert "q is overridden: 10 in place of 3." in why(frame)
    assert "= -2 + 5 = 3  q is overridden: 10 in place of 3." in "\n".join(
        map(line_text, transcript(trace, "en"))
    )


def test_an_overridden_sum_and_seed_are_told_with_what_was_computed() -> None:
    trace = square(GradientEdit("x", 1.0))
    last = trace.frame(len(trace.steps))
    assert equation_rows(last).splitlines()[-1] == "1 ← 6 = 3 + 3"
    assert "∂L/∂x is overridden: 1 in place of 6." in why(last)
    assert "= 3 + 3 = 6 " in [line_text(line) for line in transcript(trace, "en")][-1]
    block = formula_block(step_facts(last), "en", 80, 20, spare=0, small=True)
    assert "1" not in "".join(map(line_text, block.lines)).split()
    assert "overridden" not in why(trace.frame(len(trace.steps) - 2))
    seed = product(GradientEdit("f", 3.0)).frame(3)
    assert equation_rows(seed).splitlines()[-1] == "3 ← 1"
    assert "∂L/∂f = 1." in why(seed)


@pytest.mark.parametrize("edit", [ValueEdit("x", 9.0), ValueEdit("y", 5.0)])
def test_a_leaf_is_only_given_another_value(edit: Edit) -> None:
    trace = product(edit)
    assert "overridden" not in "".join(map(line_text, transcript(trace, "en")))
    assert all("(" not in line_text(numeric_line(step_facts(trace.frame(at)), "en")) for at in range(4, 8))


def test_a_table_says_a_shape_once() -> None:
    graph = Sketch().inputs(x=(2, 3))(f="sum x").build()
    trace = record(graph, Bindings.of(graph, {"x": [[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]]}))
    row = next(
        text for line in state(step_facts(trace.frame(0)), "en") if (text := line_text(line)).startswith("x ")
    )
    assert row.split() == ["x", "input", "(2×3)", "‖3‖", "◌"]
