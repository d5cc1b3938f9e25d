"""What a step does, as text, and what `check` finds."""

from __future__ import annotations

import pytest

from backprop_engine import check, define, explanation, load_scenario, make_graph, record, undefine


@pytest.mark.parametrize("name", ["add_multiply", "iris_mlp", "softmax_classifier", "nan_from_log_zero"])
def test_every_step_is_explained_in_both_languages(name: str) -> None:
    scenario = load_scenario(name)
    trace = scenario.record()
    for position in range(len(trace.steps) + 1):
        said = explanation(trace.frame(position), scenario.notes)
        assert str(said)
        assert said.in_language("ko")
        assert trace.frame(position).step is None or str(said) != str(explanation(trace.frame(0)))


def test_a_step_says_its_numbers_its_lesson_and_its_note() -> None:
    scenario = load_scenario("transformer_block")
    trace = scenario.record()
    position = next(k for k in range(99) if trace.frame(k).node is trace.graph["H"])
    said = explanation(trace.frame(position), scenario.notes)
    assert str(said) == (
        "H = scaled_dot_product_attention(Q, K, V) = (3×4) "
        "This is where tokens exchange something. Everywhere else each row goes its own way."
    )
    assert said.in_language("ko").endswith("나머지 계산은 행마다 따로 이루어집니다.")
    trace = load_scenario("iris_mlp").record()
    update = next(k for k in range(99) if type(trace.frame(k).step).__name__ == "Update")
    assert str(explanation(trace.frame(update))).startswith("sgd updates ")


def test_a_check_is_true_or_says_what_is_wrong() -> None:
    graph = make_graph({"f": "tanh(x) * y"}, inputs={"x": 0.5, "y": 2})
    assert check(graph)
    assert check(record(graph))
    report = check("nodes: {f: x * 2}\ninputs: {x: 3}\nexpect: {values: {f: 7}}")
    assert not report
    assert "`f` is 6, expected 7" in str(report)
    assert "기대한 수치 1개 중 0개" in report.in_language("ko")
    assert repr(report) == (
        "<CheckReport <text>: 2 of 2 gradients agree with numeric ones, 0 of 1 expected figures are right>"
    )


def test_a_wrong_rule_is_found() -> None:
    define("half_square", inputs="a", forward="a ** 2", backward={"a": "g * a"})
    try:
        report = check({"inputs": {"x": 3}, "nodes": {"f": "half_square(x)"}})
    finally:
        undefine("half_square")
    assert (report.passed, len(report.bad)) == (False, 2)
    assert "the gradient is 3" in str(report)
