"""A session: the same for a seed, other numbers after each try; a hint costs half."""

from __future__ import annotations

import pytest
from msgspec import structs

from backprop_engine import UsageError
from backprop_engine.practice import ChoiceQuestion, NumbersQuestion, ShapeQuestion
from backprop_engine.practice.session import (
    MOST_TRIES,
    Practice,
    answered,
    begin,
    current,
    hinted,
    results,
    score_of,
    skipped,
)
from practising import typed
from scenes import scenario


def right_answer(practice: Practice) -> str:
    match current(practice):
        case NumbersQuestion() as asked:
            return ", ".join(f"{float(asked.right[entry]):.6g}" for entry in asked.entries)
        case ShapeQuestion() as asked:
            return str(asked.right)
        case ChoiceQuestion() as asked:
            return str(asked.right + 1)


def test_a_seed_asks_the_same() -> None:
    first, again, other = (begin(scenario("rnn_cell"), seed, count=6) for seed in (1, 1, 2))
    assert first.places == again.places
    assert first.places != other.places
    assert len(first.places) == 6
    assert [place.position for place in first.places] == sorted(place.position for place in first.places)
    assert current(first).text == current(again).text


def test_kinds_and_operators_are_mixed() -> None:
    kinds = {place.kind for place in begin(scenario("iris_mlp"), 1, count=12).places}
    assert kinds >= {"product", "shape", "edges", "update", "order"}
    assert {place.kind for place in begin(scenario("iris_mlp"), 1, ["update"]).places} == {"update"}


def test_updates_are_asked_where_a_gradient_may_be_left_over() -> None:
    practice = begin(scenario("gradient_not_cleared"), 1, ["update"])
    asked = current(practice)
    assert isinstance(asked, NumbersQuestion)
    assert asked.place.iteration == 1
    assert "not_cleared" in [mutant.name for mutant in asked.told_apart]


def test_all_right() -> None:
    practice = begin(scenario("iris_mlp"), 3)
    while not practice.over:
        practice, grade = answered(practice, right_answer(practice))
        assert grade.right, grade.message
    found = results(practice)
    assert [result.credit for result in found] == [1.0] * len(found)
    with pytest.raises(UsageError):
        current(practice)


def wrong(practice: Practice, name: str) -> str:
    asked = current(practice)
    assert isinstance(asked, NumbersQuestion)
    answer = next(one.answer for one in asked.outcomes if one.mutant.name == name)
    return typed(answer, asked.entries)


def test_after_a_wrong_try_the_numbers_are_others_and_half_is_left() -> None:
    practice = begin(scenario("add_multiply"), 1, ["product"])
    before = current(practice)
    practice, grade = answered(practice, wrong(practice, "sign"))
    assert grade.mutant is not None
    after = current(practice)
    assert isinstance(before, NumbersQuestion)
    assert isinstance(after, NumbersQuestion)
    assert before.place == after.place
    assert [one.tensor for one in before.given] != [one.tensor for one in after.given]
    practice, grade = answered(practice, right_answer(practice))
    assert (grade.right, grade.credit, practice.number) == (True, 0.5, 1)
    assert results(practice)[0].misconceptions == ("sign",)


def test_a_hint_costs_half() -> None:
    practice = hinted(begin(scenario("add_multiply"), 1, ["product"]))
    practice, grade = answered(practice, right_answer(practice))
    assert grade.credit == 0.5
    practice, grade = answered(practice, right_answer(practice))
    assert grade.credit == 1.0


def test_after_the_last_try_it_goes_on() -> None:
    practice = begin(scenario("add_multiply"), 1, ["product"])
    for count in range(MOST_TRIES):
        assert practice.number == 0, count
        practice, _ = answered(practice, wrong(practice, "sign"))
    assert practice.number == 1
    assert results(practice)[0].credit == 0
    assert skipped(practice).number == 2


def test_what_cannot_be_drawn_anew_has_one_try() -> None:
    practice = begin(scenario("add_multiply"), 1, ["edges"])
    asked = current(practice)
    assert isinstance(asked, ChoiceQuestion)
    practice, grade = answered(practice, str((asked.right + 1) % len(asked.choices) + 1))
    assert (grade.right, practice.number) == (False, 1)


def test_what_is_no_answer_is_no_try() -> None:
    practice = begin(scenario("add_multiply"), 1, ["product"])
    with pytest.raises(UsageError):
        answered(practice, "what?")
    assert practice.tries == ()


def test_one_more_entry_is_graded_with_those_before() -> None:
    practice = begin(scenario("broadcast_bias"), 12, ["product"], 1)
    asked = current(practice)
    assert isinstance(asked, NumbersQuestion)
    first = ", ".join(f"{float(asked.right[entry]):.6g}" for entry in asked.entries)
    more = structs.replace(practice, entries=(asked.entries[0],), typed=first)
    after, grade = answered(more, f"{float(asked.right[asked.entries[0]]):.6g}")
    assert grade.right
    assert (after.entries, after.typed, after.number) == ((), "", 1)


def test_a_scenario_without_such_questions_says_so() -> None:
    with pytest.raises(UsageError):
        begin(scenario("add_multiply"), 1, ["update"])


def test_the_score_has_the_best_try_of_each_question_that_was_answered() -> None:
    practice = begin(scenario("add_multiply"), 1, ["product"])
    assert score_of(practice).credits == ()
    practice, _ = answered(practice, wrong(practice, "sign"))
    practice, _ = answered(practice, right_answer(practice))
    practice = skipped(practice)
    practice, _ = answered(practice, right_answer(practice))
    found = score_of(practice)
    assert (found.credits, found.credit) == ((0.5, 1.0), 1.5)
    assert found.mistakes == {"sign": 1}
    assert [result.credit for result in results(practice) if result.tries] == [0.5, 1.0]


@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell", "branch_and_merge"])
def test_it_begins_with_the_next_question_at_the_step_where_one_stands(stem: str) -> None:
    asked = scenario(stem)
    every = {place.position for place in begin(asked, 1, count=1000).places}
    first = begin(asked, 1, count=3)
    for at in range(1, max(every) + 2):
        practice = begin(asked, 1, count=3, at=at)
        following = [position for position in every if position >= at]
        assert practice.places[0].position == min(following or every)
        assert len(set(practice.places)) == len(practice.places) == len(first.places)
        positions = [place.position for place in practice.places]
        assert positions == sorted(positions, key=lambda position: (position < positions[0], position))
        assert len(set(practice.places) - set(first.places)) <= 1
