"""The entries that are asked for tell wrong answers from the right one, and from each other."""

from __future__ import annotations

import numpy as np

from backprop_engine.practice.entries import MOST_ENTRIES_ASKED, telling_apart, telling_entries


def test_of_a_large_tensor_no_more_are_asked_than_may_be() -> None:
    right = np.arange(1.0, 21.0).reshape(4, 5)
    wrong = []
    for at in range(10):
        other = right.copy()
        other.flat[2 * at] += 100
        wrong.append(other)
    found = telling_entries(right, wrong)
    assert len(found) == MOST_ENTRIES_ASKED
    assert all(any(tensor[entry] != right[entry] for tensor in wrong) for entry in found)


def test_an_entry_that_differs_is_found_among_those_not_asked_for() -> None:
    left, right = np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 6.0])
    assert telling_apart(left, right, []) == (1,)
    assert telling_apart(left, right, [(1,)]) == (2,)
    assert telling_apart(left, right, [(1,), (2,)]) is None


def test_an_infinity_differs_from_a_number_and_nan_from_nothing_else() -> None:
    left, right = np.array([np.nan, np.inf, -np.inf, 1.0]), np.array([np.nan, np.inf, 2.0, 1.0])
    assert telling_apart(left, right, []) == (2,)
    assert telling_apart(left, left, []) is None
