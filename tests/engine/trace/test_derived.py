"""What is derived from an owner is remembered on it, and keeps neither it nor another one alive."""

from __future__ import annotations

from weakref import ref

import pytest

from backprop_engine.derived import derived


class Owner:
    """Anything with a `__dict__`."""


computed: list[int] = []


@derived(limit=2)
def doubled(owner: Owner, number: int) -> int:
    computed.append(number)
    return 2 * number


@derived()
def compared(owner: Owner, other: Owner | None) -> list[bool]:
    return [other is owner, other is None]


@derived()
def always_refused(owner: Owner) -> None:
    computed.append(0)
    raise ValueError("refused")


@pytest.fixture(autouse=True)
def nothing_computed() -> None:
    computed.clear()


def test_a_result_is_computed_once_for_each_owner() -> None:
    first, second = Owner(), Owner()
    assert [doubled(owner, 3) for owner in (first, second, first, second)] == [6] * 4
    assert computed == [3, 3]


def test_the_results_used_last_are_remembered() -> None:
    owner = Owner()
    for number in (1, 2, 1, 3, 1, 2):
        doubled(owner, number)
    assert computed == [1, 2, 3, 2]


def test_an_error_is_not_remembered() -> None:
    owner = Owner()
    for _ in range(2):
        with pytest.raises(ValueError, match="refused"):
            always_refused(owner)
    assert computed == [0, 0]


def test_an_owner_is_not_kept_by_its_results() -> None:
    owner = Owner()
    for other in (None, owner, Owner()):
        compared(owner, other)
    del other
    gone = ref(owner)
    del owner
    assert gone() is None


def test_another_owner_is_not_kept_by_what_it_is_compared_with() -> None:
    owner, other = Owner(), Owner()
    results = [compared(owner, against) for against in (other, owner, None, other)]
    assert results == [[False, False], [True, False], [False, True], [False, False]]
    assert results[0] is results[3]
    gone = ref(other)
    del other
    assert gone() is None
    assert compared(owner, Owner()) == [False, False]
