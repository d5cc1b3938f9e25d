"""Exercises in files: handed out, read back, graded; and which misconception a wrong answer names."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.explain.run_summary import blank_figures, expected_figures
from backprop_engine.practice.exercise_files import exercise_text, read_exercise
from backprop_engine.practice.exercises import GradedAnswer, grade_exercise
from backprop_engine.scenario.loader import load_scenario, load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import verify
from backprop_engine.scenario.write.writer import to_yaml
from backprop_tui.files.bundled import bundled
from effort import tried

BUNDLED = bundled()
FEW = (
    "add_multiply",
    "branch_and_merge",
    "softmax_classifier",
    "rnn_cell",
    "gradient_descent",
    "nan_from_log_zero",
)


def source(text: str) -> Source:
    return Source.from_bytes("returned.yaml", text.encode())


def graded(text: str, solution: str | Scenario | None = None) -> dict[str, GradedAnswer]:
    model = load_source(source(solution)) if isinstance(solution, str) else solution
    return {str(answer.name): answer for answer in grade_exercise(read_exercise(source(text)), model)}


def filled(scenario: Scenario, text: str) -> str:
    """An exercise with the right numbers in its blanks, in full."""
    blocks = iter([block for block in scenario.expectations if not block.wrong])
    before, _, asked = text.rpartition("\nexpect:\n")
    lines, iteration, section = [f"{before}\nexpect:"], 0, ""
    for line in asked.split("\n"):
        if line.startswith("  - "):
            iteration = next(blocks).iteration
        if found := re.search(r"\b(values|grads):$", line):
            section = found[1]
        if found := re.match(r'      "(.*)": \?', line):
            trace = scenario.run().trace(iteration)
            tensor = trace.value(found[1]) if section == "values" else trace.gradient(found[1])
            line = f'      "{found[1]}": {yaml(tensor.tolist())}'
        lines.append(line)
    return "\n".join(lines)


def yaml(number: Any) -> str:
    if isinstance(number, list):
        return f"[{', '.join(map(yaml, number))}]"
    return repr(number) if np.isfinite(number) else {"nan": ".nan", "inf": ".inf"}.get(str(number), "-.inf")


@pytest.mark.parametrize("stem", tried([*BUNDLED], FEW))
def test_a_hand_out_has_a_blank_for_each_figure_and_the_right_numbers_fill_it(stem: str) -> None:
    scenario = load_scenario(BUNDLED[stem])
    if not any(not block.wrong and block.figures for block in scenario.expectations):
        with pytest.raises(UsageError, match="has no blanks to fill in"):
            exercise_text(scenario)
        return
    text = exercise_text(scenario)
    assert "notes:" not in text
    path = Source.from_bytes(str(BUNDLED[stem]), text.encode())  # its data files stand beside it
    empty = grade_exercise(read_exercise(path), scenario)
    assert {answer.credit for answer in empty} == {0.0}
    assert {str(answer.message) for answer in empty} == {"Not answered."}
    full = grade_exercise(read_exercise(Source(path.path, filled(scenario, text))), scenario)
    wrong = [str(answer.name) for answer in full if answer.credit < 1 and answer.kind != "ask"]
    assert wrong == []


SHARED = """\
inputs: {x: 3, y: -2}
nodes: {a: x * y, b: a * x, f: a + b}
expect:
  values: {f: ?, a: ?}
  grads: {x: ?, a: ?, y: ?}
"""


def answered(**answers: str) -> str:
    text = SHARED
    for name, answer in answers.items():
        text = re.sub(rf"\b{name}: \?", f"{name}: {answer}", text)
    return text


@pytest.mark.parametrize(
    ("name", "answer", "mutant"),
    [
        ("y", "3", "upstream_forgotten"),
        ("y", "4", "local_forgotten"),
        ("y", "-8", "own_operand"),
        ("x", "-8", "overwritten"),
        ("x", "-5", "own_operand"),
        ("a", "3", "overwritten"),
    ],
)
def test_a_wrong_gradient_names_its_misconception(name: str, answer: str, mutant: str) -> None:
    found = graded(answered(**{name: answer}))[f"∂L/∂{name}"]
    assert found.credit == 0
    assert found.mutant is not None
    assert found.mutant.name == mutant
    assert str(found.message).startswith("Not right: ")


def test_right_answers_in_numbers_and_formulas() -> None:
    found = graded(answered(f="-24", a="-6.004", x="y + a + y * x", a_="", y="x * grad(a)"))
    assert {name: answer.credit for name, answer in found.items()} == {
        "f": 1.0,
        "a": 1.0,
        "∂L/∂x": 1.0,
        "∂L/∂a": 0.0,
        "∂L/∂y": 1.0,
    }


def test_three_digits_are_asked_for() -> None:
    assert graded(answered(f="-24.04"))["f"].credit == 1
    assert graded(answered(f="-24.06"))["f"].credit == 0


def test_a_formula_that_names_the_gradient_asked_for_is_no_answer() -> None:
    found = graded(answered(x="1 * grad(x)"))["∂L/∂x"]
    assert found.credit == 0
    assert "names the gradient" in str(found.message)


MATRIX = """\
params: {W: [[1, 2, 0], [0, -1, 3]]}
inputs: {x: [1, 2, 3]}
nodes: {h: W @ x, f: sum(h * h)}
expect: {grads: {W: ?, h: ?}}
"""


def test_tensors_lists_with_blanks_and_wrong_shapes() -> None:
    def w(answer: str) -> GradedAnswer:
        return graded(MATRIX.replace("W: ?", f"W: {answer}"))["∂L/∂W"]

    assert w("[[10, 20, 30], [14, 28, 42]]").credit == 1
    assert str(w("[[10, 20, 30], [14, ?, 42]]").message) == "Not answered."
    mutant = w("[[1, 2, 3], [1, 2, 3]]").mutant
    assert mutant is not None
    assert mutant.name == "upstream_forgotten"
    assert str(w("5").message) == "Not right: your answer has shape (), but ∂L/∂W has shape 2×3."
    assert w('"outer(grad(h), x)"').credit == 1


ASKED = """\
inputs: {x: 3}
nodes: {y: x ** 2}
expect: {grads: {x: 6}}
ask:
  x:
    - {question: {en: 'How fast: ?', ko: 얼마나?}, answer: 2 * x}
    - {question: What is it?, answer: power, choices: [sum, power]}
  y: {question: And y?, answer: 9}
"""


def test_questions_are_graded_by_the_solution() -> None:
    solution = load_source(source(ASKED))
    handed = exercise_text(solution)
    assert handed.count("answer: ?") == 3
    assert "2 * x" not in handed
    assert {answer.credit for answer in graded(handed, solution).values()} == {0.0}
    answers = iter(["6", "power", "8"])
    returned = re.sub(r"answer: \?", lambda _: f"answer: {next(answers)}", handed)
    found = [answer.credit for answer in graded(returned.replace('"x": ?', '"x": 6'), solution).values()]
    assert found == [1.0, 1.0, 1.0, 0.0]
    assert [answer.kind for answer in graded(returned).values()] == ["gradient"]


def test_figures_that_were_taken_out_are_not_answered_and_another_graph_changes_nothing() -> None:
    returned = "inputs: {x: 1, y: 1}\nnodes: {a: x * y, b: a * x, f: a + b}\nexpect: {grads: {x: 12}}\n"
    found = graded(returned, SHARED.replace("?", "0"))
    assert len(found) == 5
    assert [answer.credit for answer in found.values()] == [0.0] * 5
    right = graded(returned.replace("12", "-14"), SHARED.replace("?", "0"))["∂L/∂x"]
    assert right.credit == 1


def test_a_mistake_in_the_file_has_its_place() -> None:
    text = SHARED.replace("b: a * x", "b: a * xx")
    with pytest.raises(ScenarioError) as caught:
        read_exercise(source(text))
    (first, *_) = str(caught.value).splitlines()
    assert first.startswith("returned.yaml:2:26: error[")


def test_an_answer_that_cannot_be_used_does_not_keep_the_others() -> None:
    text = (
        SHARED.replace("f: ?", "f: x * y").replace("a: ?}", "a: [[1], [2,\n 3]]}").replace("x: ?", "x: -14")
    )
    text = text.replace("a: ?,", "a: grad(zz),").replace("y: ?}", "y: 12}\n  digits: 3")
    found = graded(text)
    assert [answer.credit for answer in found.values()] == [0.0, 0.0, 1.0, 0.0, 1.0]
    assert str(found["f"].message).startswith("Not an answer: expected a number or list")
    assert "zz" in str(found["∂L/∂a"].message)
    assert "Not an answer: " in str(found["a"].message)


def test_a_file_without_figures_asks_for_nothing() -> None:
    with pytest.raises(UsageError, match="has no blanks to fill in"):
        graded("inputs: {x: 1}\nnodes: {y: x + 1}\n")


@pytest.mark.parametrize("text", ["", "?", "expect: ?", "[?]", "expect: {values: ?}", "ask: ?\nnodes: ?"])
def test_what_is_no_scenario_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        read_exercise(source(text))


def test_a_question_about_a_gradient_is_not_answered_by_its_name() -> None:
    text = """\
inputs: {x: 3, y: 2}
nodes: {q: x * y, f: q * q}
ask:
  x: {question: What is the gradient of x?, answer: ANSWER, when: backward}
expect: {values: {f: 36}}
"""
    solution = text.replace("ANSWER", "grad(q) * y")
    for answer, credit in (
        ("grad(q) * y", 1.0),
        ("12 * y", 1.0),
        ("24", 1.0),
        ("grad(x)", 0.0),
        ("2 * grad(x) / 2", 0.0),
    ):
        found = graded(text.replace("ANSWER", answer), solution)["What is the gradient of x?"]
        assert found.credit == credit, answer
    assert str(found.message) == "Not an answer: it only names the gradient asked for."


def test_a_name_that_the_solution_does_not_have_is_no_answer_and_the_others_are_graded() -> None:
    text = """\
inputs: {x: 3, y: 2}
nodes: {NODES}
output: f
expect: {values: {f: 36}, grads: {x: FIGURE}}
ask:
  x: {question: What is the gradient of x?, answer: ANSWER}
"""
    solution = text.replace("NODES", "q: x * y, f: q * q").replace("FIGURE", "24").replace("ANSWER", "24")
    returned = text.replace("NODES", "mine: 2 * y, q: x * mine / 2, f: q * q").replace("FIGURE", "mine * 6")
    for answer in ("upstream", "dx", "mine * 6", "grad(dx)"):
        found = graded(returned.replace("ANSWER", answer), solution)
        assert [found[name].credit for name in ("f", "∂L/∂x", "What is the gradient of x?")] == [1, 0, 0]
        assert str(found["∂L/∂x"].message) == "Not an answer: the graph has no node called mine."
        assert str(found["What is the gradient of x?"].message) == "Not an answer: it could not be parsed."


def test_a_choice_that_reads_as_a_number_is_that_choice_and_not_the_one_of_its_number() -> None:
    text = """\
inputs: {x: 3}
nodes: {f: x * x}
ask:
  x: {question: How many uses?, answer: ANSWER, choices: [2, 1, 4]}
"""
    for answer, credit in (("2", 1.0), ("1", 0.0), ("4", 0.0), ("3", 0.0)):
        found = graded(text.replace("ANSWER", answer), text.replace("ANSWER", "2"))
        assert found["How many uses?"].credit == credit, answer


def test_where_nan_answers_a_question_so_does_nan() -> None:
    text = "inputs: {x: 3}\nnodes: {f: x * x}\nask:\n  x: {question: What is 0 / 0?, answer: ANSWER}\n"
    for answer, credit in ((".nan", 1.0), ("0", 0.0), (".inf", 0.0)):
        found = graded(text.replace("ANSWER", answer), text.replace("ANSWER", ".nan"))
        assert found["What is 0 / 0?"].credit == credit, answer


def opened(text: str) -> Scenario:
    return load_source(source(text))


def test_a_hand_out_is_a_scenario_that_opens_and_runs_before_it_is_filled_in() -> None:
    handed = exercise_text(opened(ASKED))
    scenario = opened(handed)
    (block,) = scenario.expectations
    assert (block.figures, [blank.name for blank in block.blanks], scenario.asks) == ((), ["x"], ())
    assert scenario.record().gradient("x") == 6
    assert blank_figures(scenario.record(), scenario) == 1
    assert expected_figures(scenario.record(), scenario) == (0, 0)
    assert verify(scenario).passed
    assert exercise_text(scenario).startswith(handed.partition("ask:")[0])


def test_a_blank_in_a_list_leaves_the_figure_blank_and_the_others_are_compared() -> None:
    scenario = opened(MATRIX.replace("W: ?, h: ?", "W: [[1, 2, 3], [?, 2, 3]], h: [0, 0]"))
    (block,) = scenario.expectations
    assert [(type(figure).__name__, figure.name) for figure in block.asked] == [
        ("BlankFigure", "W"),
        ("Figure", "h"),
    ]
    assert [failure.name for failure in verify(scenario).failures] == ["h"]


def test_the_name_of_a_blank_has_to_be_known() -> None:
    with pytest.raises(ScenarioError, match="`ff` is not defined"):
        opened(SHARED.replace("f: ?", "ff: ?"))
    with pytest.raises(ScenarioError, match="has no gradient"):
        opened("constants: {c: 2}\nnodes: {f: c * c}\nexpect: {grads: {c: ?}}\n")


@pytest.mark.parametrize("text", ["inputs: {x: ?}\nnodes: {f: x}", "inputs: {x: 1}\nnodes: {f: ?}"])
def test_what_is_no_answer_cannot_be_left_blank(text: str) -> None:
    with pytest.raises(ScenarioError):
        opened(text)


def test_a_question_mark_in_a_text_stays_one() -> None:
    text = "title: 'Is it: ?'\ndescription: |\n  Which: ?\n  - ?\n" + SHARED
    scenario = opened(text)
    assert str(scenario.title) == "Is it: ?"
    assert str(scenario.description) == "Which: ?\n- ?\n"


def test_blanks_stay_blank_when_the_scenario_is_written() -> None:
    text = SHARED.replace("x: ?", "x: [1, ?]") + "ask: {x: {question: How?, answer: ?}}\n"
    scenario = opened(text)
    written = to_yaml(scenario.text, scenario.graph, {})
    assert written.count("?") == 1 + text.count("?") - 1
    again = opened(written)
    assert [blank.name for blank in again.expectations[0].blanks] == ["f", "a", "x", "a", "y"]
    assert to_yaml(again.text, again.graph, {}) == written


def test_a_file_in_braces_becomes_one_that_can_be_filled_in() -> None:
    scenario = opened("{inputs: {x: 3}, expect: {grads: {x: 6}}, nodes: {f: x * x}, notes: {f: nine}}")
    handed = exercise_text(scenario)
    assert "{inputs" not in handed
    assert handed.endswith('expect:\n  - grads:\n      "x": ?\n')
    assert "nine" not in handed
    assert [answer.credit for answer in graded(handed.replace("?", "6"), scenario).values()] == [1.0]


@pytest.mark.parametrize("ending", ["\r", "\r\n", "\n"])
def test_lines_end_as_lines_do(ending: str) -> None:
    scenario = opened(ASKED.replace("\n", ending))
    handed = exercise_text(scenario)
    assert "\r" not in handed
    assert handed == exercise_text(opened(ASKED))


def test_what_stands_behind_a_blank_does_not_look_like_the_answer() -> None:
    scenario = opened(MATRIX.replace("W: ?, h: ?", "h: [10, 14]"))
    assert '"h": ?  # shape (2)\n' in exercise_text(scenario)
    assert '"h": ?  # 형상 (2)\n' in exercise_text(scenario, "ko")


@pytest.mark.parametrize("answer", ["[10, 14]", "10, 14", "10,14", "10.0 , +14", "1e1, 14"])
def test_a_list_needs_no_brackets(answer: str) -> None:
    text = MATRIX.replace("W: ?, h: ?", "h: [10, 14]") + "ask: {h: {question: Which?, answer: '[10, 14]'}}\n"
    scenario = opened(text)
    handed = exercise_text(scenario)
    found = graded(handed.replace("?  #", f"{answer}  #").replace("answer: ?", f"answer: {answer}"), scenario)
    assert [graded.credit for graded in found.values()] == [1.0, 1.0]
    wrong = graded(handed.replace("?  #", "10, 15  #").replace("answer: ?", "answer: 10, 14, 3"), scenario)
    assert [graded.credit for graded in wrong.values()] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("answer", "mutant", "said"),
    [
        ("15", "overwritten", "= instead of +="),
        ("-30", "sign", "the sign is wrong"),
        ("nan", None, "Not right."),
        ("1", None, "that is ∂L/∂f"),
        ("3", None, "that is ∂L/∂a"),
        ("5", None, "that is ∂a/∂x"),
        ("45", None, "that is f"),
    ],
)
def test_a_wrong_answer_to_a_question_says_what_it_is(answer: str, mutant: str | None, said: str) -> None:
    text = "inputs: {x: 3}\nnodes: {a: 5 * x, f: a * x}\nexpect: {values: {f: 45}}\n"
    solution = opened(text + "ask: {x: {question: Which?, answer: a + 5 * x}}\n")
    handed = exercise_text(solution).replace("answer: ?", f"answer: {answer}")
    found = graded(handed, solution)["Which?"]
    assert found.credit == 0
    assert (found.mutant and found.mutant.name) == mutant
    assert said in str(found.message)
