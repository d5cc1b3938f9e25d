"""A search for a hidden bug: few guesses, half the credit after a wrong one, and what is kept of it."""

from __future__ import annotations

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.practice.bug_search import HIDEABLE, MOST_GUESSES, BugSearch, begin_search, guessed
from scenes import scenario


def search() -> BugSearch:
    return begin_search(scenario("add_multiply"), seed=1)


def right(search: BugSearch) -> str:
    return f"{search.edge}, {search.bug.mutant.name}"


def wrong_mistake(search: BugSearch) -> str:
    """The right edge with a mistake that would change nothing there, or something else."""
    return f"{search.edge}, wrong_axes"


def wrong_edge(search: BugSearch) -> str:
    graph = search.scenario.graph
    return f"{next(graph.edge_name(edge) for edge in graph.edges if edge != search.bug.edge)}, sign"


def test_a_bug_is_hidden_and_found() -> None:
    begun = search()
    at = begun.bug.edge.index
    assert begun.faulty.record().contributions[at] != begun.scenario.record().contributions[at]
    assert (begun.over, begun.told, begun.score.credits) == (False, None, ())
    found = guessed(begun, right(begun))
    assert (found.over, found.right, found.credit) == (True, True, 1.0)
    assert (found.score.credits, found.score.bugs, dict(found.score.mistakes)) == ((1.0,), 1, {})
    assert guessed(found, wrong_edge(found)) is found


def test_a_guess_by_number() -> None:
    begun = search()
    number = HIDEABLE.index(begun.bug.mutant) + 1
    assert guessed(begun, f"{begun.edge}, {number}").right


def test_a_wrong_guess_costs_half_and_the_best_one_counts() -> None:
    begun = search()
    half = guessed(begun, wrong_mistake(begun))
    assert (half.right, half.credit) == (False, 0.5)
    assert guessed(half, right(half)).credit == 0.5
    none = guessed(begun, wrong_edge(begun))
    assert guessed(none, wrong_mistake(none)).credit == 0.25
    assert guessed(half, wrong_edge(half)).credit == 0.5


def test_the_guesses_are_used_up_and_the_mistake_is_kept() -> None:
    left = search()
    for count in range(MOST_GUESSES):
        assert not left.over, count
        left = guessed(left, wrong_edge(left))
    assert left.over
    assert not left.right
    assert left.score.credits == (0.0,)
    assert left.score.mistakes == {left.bug.mutant.name: 1}
    assert left.score.bugs == 0
    assert left.answer == f"It was {left.edge}: {left.bug.mutant.title}."


def test_what_names_nothing_costs_nothing() -> None:
    begun = search()
    with pytest.raises(UsageError, match="write the edge and the mistake"):
        guessed(begun, "somewhere")
    assert begun.guesses == 0
