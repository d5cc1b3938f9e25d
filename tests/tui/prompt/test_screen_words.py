"""The words that stand on the screen, collected from the panels, are words of the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.messages.translations import languages
from backprop_tui.cells.lines import Role, plain
from backprop_tui.panels.registry import PANELS
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.parse import command_of
from backprop_tui.view import View
from covering import COVERING
from driving import text_of
from rooms import rooms
from scenes import positions, trace, view, view_of, written

IDENTIFYING = {
    *(Role.NAME, Role.VALUE, Role.GRADIENT, Role.LOCAL, Role.CODE),
    *(Role.ACTIVE_VALUE, Role.ACTIVE_GRADIENT),
}
"""The roles of what stands for a tensor, an operator or a line of code."""
LETTER = "A-Za-zΑ-Ωα-ω_"
WORD = re.compile(rf"(?<![\w.#])[{LETTER}][{LETTER}0-9.#]*(?:\[\d[\d, ]*\])?(?:\.[{LETTER}0-9#]+)*(?![\w#=])")
DERIVATIVE = re.compile(rf"∂[{LETTER}][{LETTER}0-9.#]*/∂[{LETTER}][{LETTER}0-9.#]*")
LABELS = {
    "en": ("product", "upstream", "local", "value", "gradient"),
    "ko": ("곱", "업스트림", "로컬 그래디언트", "값", "그래디언트"),
}
"""What stands below the parts of an equation and above the columns of a table."""
ENGLISH = {
    word for _, templates in rooms() for english in templates for word in re.findall(r"[^\W\d]+", english)
}
OF_NUMPY = {"np.float64", "np.array", "axis", "keepdims", "True", "False", "dtype", "inf", "nan", "T"}
"""What NumPy's functions are told, numbers, and what makes them."""


def prose(shown: View) -> set[str]:
    """The words of sentences: of messages, and of what operators and authors say here."""
    facts = shown.facts
    said = [getattr(facts, name, None) for name in ("lesson", "conventions")]
    said += [getattr(edge.rule, "shown", None) for edge in shown.graph.edges]
    scenario = shown.scenario
    noted = [note.text for notes in scenario.notes.values() for note in notes]
    texts = [text.in_language(shown.language) for text in (scenario.description, *noted)]
    texts += [*(words.in_language(shown.language) for words in said if words is not None)]
    return {word for text in texts for word in re.findall(r"[^\W\d]\w*", text)} | ENGLISH | OF_NUMPY


def words(shown: View) -> set[str]:
    """What stands in the panels for something that has a value, or is an operator, a function or a cell."""
    signs = {node.op.sign for node in shown.graph.nodes if node.op is not None and "+" in node.op.sign[1:]}
    found: set[str] = set()
    for drawn in PANELS.values():
        drawing = drawn.draw(shown, 110, 40)
        for y in range(min(drawing.height, 120)):
            for piece, role in drawing.row(y, 0, drawing.width):
                text = piece
                found.update(DERIVATIVE.findall(text))
                for sign in (sign for sign in signs if sign in text):
                    found.add(sign)
                    text = text.replace(sign, " ")
                if role in IDENTIFYING and "…" not in text:
                    found.update(word.rstrip(".") for word in WORD.findall(DERIVATIVE.sub("", text)))
    sentences = prose(shown)
    return {word for word in found if word in shown.graph or sentences.isdisjoint((word, word.split(".")[0]))}


def refused(shown: View, asked: set[str]) -> Iterator[str]:
    for word in sorted(asked):
        try:
            execute(shown.session, f"print {word}", shown.scenario, shown.language)
        except UsageError as error:
            if "this local gradient is a rule" not in error.text:
                yield f"{word}: {error}"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("stem", [stem for stem in COVERING if len(trace(stem).graph.nodes) <= 80])
def test_each_word_of_the_panels_is_understood(stem: str, language: str) -> None:
    asked = 0
    for at in positions(stem)[:: 1 if len(positions(stem)) <= 10 else 4]:
        shown = view(stem, at, language)
        found = words(shown)
        asked += len(found)
        assert list(refused(shown, found)) == [], at
    assert asked > 3


@pytest.mark.parametrize("language", languages())
def test_the_labels_of_an_equation_are_words_of_the_prompt(language: str) -> None:
    shown = view("rnn_cell", 33, language)
    panels = "".join(text_of(drawn.draw(shown, 110, 40)) for drawn in PANELS.values())
    for label in LABELS[language]:
        assert label in panels
        (line, *_) = execute(shown.session, f"p {label}", shown.scenario, language).lines
        assert plain([line]).strip()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("upstream", "∂L/∂a#2 = [-0.3344  0.1509]"),
        ("local", "h_prevᵀ = [0.5  -0.25]"),
        ("product - outer(da_2, h_prev)", "= ⎡0  0⎤"),
        ("np.outer(da_2, h_prev) - dW_hh", "= ⎡0  0⎤"),
        ("dL/da#2 - ∂L/∂a", "= [0  0]"),
        ("2 * dL/da - 2 * da", "= [0  0]"),
        ("∂L/∂c ⊙ ∂c/∂a − da", "= [0  0]"),
        ("a_1 - a#1", "= [0  0]"),
        ("∂L/∂W_hh[0,1]", "= 0.0835954"),
        ("upstream[0]", "= -0.334382"),
        ("W_hhᵀ - W_hh.T", "= ⎡0  0⎤"),
        ("W_hh.shape", "W_hh: (2×2)"),
        ("mse", "mean((a - target) ** 2)"),
        ("np.tanh", "tanh(a)"),
    ],
)
def test_what_words_stand_for(typed: str, answer: str) -> None:
    shown = view("rnn_cell", 33)
    assert answer in plain(execute(shown.session, f"p {typed}", shown.scenario).lines)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("dS - P * (dP - rowsum)", "⎡0  0  0  0⎤"),
        ("dS @ k / sqrt(2) - product", "⎡0  0⎤"),
        ("rowsum[1]", "[2]"),
    ],
)
def test_what_an_operator_names_on_the_way_has_a_value(typed: str, answer: str) -> None:
    shown = view("causal_attention", 3)
    assert answer in plain(execute(shown.session, f"p {typed}", shown.scenario).lines)
    before = view("causal_attention", 2)
    with pytest.raises(UsageError):
        execute(before.session, f"p {typed}", before.scenario)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("one_hot(species, 3)", "⎡1  0  0⎤"),
        ("one_hot", "one_hot(indices, classes)"),
        ("g - upstream", "⎡0  0  0⎤"),
    ],
)
def test_the_helpers_of_a_numpy_line(typed: str, answer: str) -> None:
    shown = view("softmax_classifier", 8)
    assert answer in plain(execute(shown.session, f"p {typed}", shown.scenario).lines)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("p one_hot(species)", "`one_hot` does not take these operands"),
        ("p one_hot(species, 0.5)", "the number of classes"),
        ("p one_hot(species, 1e9)", "the number of classes"),
        ("p ∂X/∂b", "b is not an operand of X: `why b`"),
        ("watch ∂zz/∂b", "`zz` is not defined"),
        ("watch dzz", "`dzz` is not defined"),
        ("why W[9,9]", "W is 4×3 and has no entry [9, 9]"),
    ],
)
def test_what_words_do_not_stand_for(typed: str, why: str) -> None:
    shown = view("softmax_classifier", 8)
    with pytest.raises(UsageError, match=re.escape(why)):
        execute(shown.session, typed, shown.scenario)


def test_a_step_without_a_gradient_has_no_upstream() -> None:
    shown = view("rnn_cell", 2)
    with pytest.raises(UsageError, match="this step has no upstream"):
        execute(shown.session, "p upstream", shown.scenario)
    assert "a#2 = " in plain(execute(shown.session, "p value", shown.scenario).lines)


def test_a_node_called_like_a_word_comes_first(tmp_path: Path) -> None:
    text = "inputs: {x: 2, dx: 3, upstream: 5}\nnodes: {L: x * dx * upstream}\n"
    shown = view_of(written(tmp_path, text), 7)
    for name, value in (
        ("x", "2"),
        ("dx", "3"),
        ("upstream", "5"),
        ("grad(x)", "15"),
        ("dx / upstream", "0.6"),
    ):
        (line,) = execute(shown.session, f"p {name}", shown.scenario).lines
        assert plain([line]).split("=")[1].split()[0] == value


@pytest.mark.parametrize("ask", ["why", "who"])
@pytest.mark.parametrize("typed", ["W_hh[0,1]", "dW_hh[0,1]", "∂L/∂W_hh[0,1]"])
def test_an_entry_has_its_own_paths_and_contributions(ask: str, typed: str) -> None:
    shown = view("rnn_cell", 33)
    answer = plain(execute(shown.session, f"{ask} {typed}", shown.scenario).lines)
    assert "W_hh[0,1]" in answer
    assert "0.0835954" in answer


def test_a_gradient_is_set_by_the_name_that_the_screen_has() -> None:
    shown = view("rnn_cell", 33)
    after = [
        execute(shown.session, f"set {name} = 1", shown.scenario).session
        for name in ("dh", "∂L/∂h", "grad(h)")
    ]
    assert len({str(session.branches.here.description) for session in after}) == 1


def test_words_can_be_watched() -> None:
    shown = view("rnn_cell", 33)
    lines = execute(shown.session, "watch norm(upstream) * dh[0] / ∂c/∂a", shown.scenario).lines
    assert "norm(upstream)" in plain(lines)


def test_the_sign_of_the_key_goes_to_the_next_trouble_at_the_prompt_too() -> None:
    assert command_of("!").name == command_of(":!").name == "trouble"
    assert command_of("!tt 3").name == "go"
