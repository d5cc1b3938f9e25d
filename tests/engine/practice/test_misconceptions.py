"""Every misconception is played through every step to which it applies, and named."""

from __future__ import annotations

import pytest

from backprop_engine.messages.translations import translations
from backprop_engine.practice import MUTANTS, NumbersQuestion, Question, questions
from backprop_engine.practice.drawing import drawn_run, previous_of
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.run import Run
from practising import Figures, Tally, fitting, play
from scenes import STEMS, scenario

FEW = ("add_multiply", "softmax_inside_out", "rnn_cell", "xor", "iris_mlp", "gradient_not_cleared")
NUMBERS = ("product", "accumulate", "update")


def asked(scenario: Scenario, seed: int = 1) -> list[Question]:
    """All questions about numbers, with numbers drawn anew; the second iteration of a training too."""
    found: list[Question] = []
    training = scenario.training
    for iteration in (0, 1) if training and training.steps > 1 else (0,):
        run: Run = drawn_run(scenario, seed, iteration=iteration)
        found += questions(run.trace(iteration), NUMBERS, previous_of(run, iteration))
    return found


def played(stems: tuple[str, ...]) -> tuple[list[Question], Tally]:
    tally, every = Tally(), []
    for stem in stems:
        for question in asked(scenario(stem)):
            assert isinstance(question, NumbersQuestion)
            every.append(question)
            play(question, tally)
    return every, tally


@pytest.mark.parametrize("stem", FEW)
def test_a_misconception_is_named(stem: str) -> None:
    _, tally = played((stem,))
    assert tally.amiss == []
    assert tally.at_once >= 0.95 * tally.played


@pytest.mark.thorough
def test_in_the_library() -> None:
    """In all scenarios but the two longest, whose steps are all alike."""
    figures = Figures()
    for stem in STEMS:
        if len(scenario(stem).graph.edges) < 200:
            figures.add(scenario(stem))
    assert figures.steps > 1900
    assert figures.collisions == []
    assert figures.with_one >= 0.99 * figures.steps
    assert figures.with_three >= 0.85 * figures.steps
    assert figures.short >= 0.8 * figures.steps
    tally, raw = figures.tally, figures.raw
    assert tally.amiss == []
    assert tally.at_once >= 0.95 * tally.played
    assert tally.played > 7000
    assert raw["unnamed"] <= 0.002 * raw.total()
    with_numbers = {mutant.name for mutant in MUTANTS if mutant.use or mutant.sum or mutant.change}
    assert set(tally.by_mutant) == with_numbers


def test_at_most_six_numbers_are_asked() -> None:
    for question in asked(scenario("iris_mlp")):
        assert isinstance(question, NumbersQuestion)
        assert 1 <= len(question.entries) <= 6
        assert len(set(question.entries)) == len(question.entries)


def test_no_wrong_answer_is_the_right_one() -> None:
    seen = 0
    for question in asked(scenario("rnn_cell")):
        assert isinstance(question, NumbersQuestion)
        for outcome in fitting(question):
            seen += 1
            assert outcome.answer.tolist() != question.right.tolist()
    assert seen > 50


def test_each_says_why_in_both_languages() -> None:
    korean = translations("ko")
    said: dict[str, str] = {}
    for stem in (*FEW, "mean_squared_error", "broadcast_bias", "matrix_product", "softmax_twice"):
        for question in asked(scenario(stem)):
            assert isinstance(question, NumbersQuestion)
            assert question.task is not None
            for outcome in question.outcomes:
                said[outcome.mutant.name] = outcome.mutant.message(question.task)
    for mutant in MUTANTS:
        assert mutant.title in korean
    assert len(said) > 15
    for message in said.values():
        text = message.in_language("ko")  # type: ignore[attr-defined]
        assert text != message
        assert "{" not in text + message


@pytest.mark.filterwarnings("error")
def test_numbers_that_overflow_in_a_wrong_answer_are_not_warned_of() -> None:
    assert questions(scenario("nan_from_sqrt_zero").record(), NUMBERS) == ()
