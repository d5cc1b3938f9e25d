"""What ranks make of their gradients: whether it is their mean or their sum, how far apart they are, and what
another gradient of one of them would change.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan, nan
from typing import Any

import numpy as np
import pytest

from backprop_engine.arrays import Measured, is_stored
from backprop_engine.trace.reduction import GradientReduction


def reduction(contributions: Mapping[int, Any], result: Any, rank: int = 0) -> GradientReduction:
    tensors = {of: np.asarray(tensor, np.float64) for of, tensor in contributions.items()}
    return GradientReduction(tensors, np.asarray(result, np.float64), rank)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ([2.0, 20.0], "mean"),
        ([4.0, 40.0], "sum"),
        ([4.0, 20.0], None),
        ([1.0, 10.0], None),  # one rank's own
        ([2.0, 20.19], "mean"),  # within 1 % of the largest entry
        ([2.0, 20.21], None),
        ([4.39, 40.0], "sum"),
        ([4.41, 40.0], None),
    ],
)
def test_the_kind_is_told_by_the_numbers(result: list[float], kind: str | None) -> None:
    assert reduction({0: [1.0, 10.0], 1: [3.0, 30.0]}, result).kind == kind


@pytest.mark.parametrize("kind", ["mean", "sum"])
def test_what_is_not_finite_has_to_be_so_in_both(kind: str) -> None:
    total = np.array([inf, nan, 8.0])
    result = total / 2 if kind == "mean" else total
    contributions = {0: [inf, nan, 3.0], 1: [1.0, 1.0, 5.0]}
    assert reduction(contributions, result).kind == kind
    assert reduction(contributions, np.where(np.isnan(result), 0.0, result)).kind is None
    assert reduction(contributions, np.where(np.isinf(result), 0.0, result)).kind is None


def test_of_a_single_rank_the_mean_is_said() -> None:
    assert reduction({0: 3.0}, 3.0).kind == "mean"


def test_what_was_not_stored_or_is_not_there_has_no_kind_and_no_distance() -> None:
    missing = Measured.without_entries((2,), np.dtype(np.float64), None)
    numbers = np.array([1.0, 2.0])
    some = GradientReduction({0: numbers, 1: missing}, numbers, 0)
    assert some.kind is None
    assert isnan(some.distance(0))
    of_none = GradientReduction({}, numbers, 0)
    assert of_none.kind is None
    assert isnan(of_none.distance(0))
    no_result = GradientReduction({0: numbers, 1: numbers}, missing, 0)
    assert no_result.kind is None
    assert no_result.distance(0) == 0


def test_the_distance_is_relative_to_the_mean() -> None:
    apart = reduction({0: [3.0, 0.0], 1: [0.0, 4.0], 2: [3.0, 8.0]}, [2.0, 4.0])
    size = np.sqrt(20)
    assert apart.distance(0) == pytest.approx(np.sqrt(17) / size, rel=1e-15)
    assert apart.distance(1) == pytest.approx(2 / size, rel=1e-15)
    assert apart.distance(2) == pytest.approx(np.sqrt(17) / size, rel=1e-15)
    assert isnan(reduction({0: [1.0], 1: [-1.0]}, [0.0]).distance(0))


@pytest.mark.parametrize(("kind", "result"), [("mean", [3.0, 4.0]), ("sum", [6.0, 8.0])])
def test_another_gradient_of_this_rank_changes_the_result_as_it_was_made(
    kind: str, result: list[float]
) -> None:
    before = reduction({0: [5.0, 2.0], 1: [1.0, 6.0]}, result, rank=1)
    after = before.with_own(np.array([-5.0, 10.0]))
    assert before.kind == after.kind == kind
    assert after.contributions[0].tolist() == [5.0, 2.0]
    assert after.contributions[1].tolist() == [-5.0, 10.0]
    assert after.result.tolist() == ([0.0, 6.0] if kind == "mean" else [0.0, 12.0])
    assert before.contributions[1].tolist() == [1.0, 6.0]


def test_the_result_keeps_its_dtype_and_its_rank_and_rows() -> None:
    half = np.array([1.0, 2.0], np.float16)
    before = GradientReduction({0: half, 1: half}, half, 1, range(2, 4))
    after = before.with_own(np.array([3.0, 4.0], np.float16))
    assert (after.result.dtype, after.result.tolist()) == (np.float16, [2.0, 3.0])
    assert (after.rank, after.rows) == (1, range(2, 4))


def test_where_it_is_not_known_how_the_result_was_made_there_is_none_of_another_gradient() -> None:
    odd = reduction({0: [1.0], 1: [3.0]}, [17.0]).with_own(np.array([5.0]))
    assert not is_stored(odd.result)
    assert (odd.result.shape, odd.result.dtype) == ((1,), np.float64)
    missing = Measured.without_entries((1,), np.dtype(np.float64), None)
    unknown = reduction({0: [1.0], 1: [3.0]}, [2.0]).with_own(missing)
    assert not is_stored(unknown.result)
