"""What is said of a tensor as a whole, against NumPy, and that it is worked out once."""

from __future__ import annotations

import gc
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backprop_engine.arrays import settle
from backprop_engine.explain import statistics
from backprop_engine.explain.statistics import facts, histogram, norm

FLOAT64 = np.dtype(np.float64)
SHAPES = st.lists(st.integers(0, 5), max_size=3).map(tuple)
TENSORS = arrays(np.float64, SHAPES, elements=st.floats() | st.sampled_from([0.0, -0.0, 1.0, -2.0]))
FINITE = arrays(np.float64, SHAPES, elements=st.floats(-1e6, 1e6))


@given(tensor=TENSORS)
def test_what_is_counted(tensor: np.ndarray) -> None:
    known = facts(tensor)
    assert known.shape == tensor.shape
    assert known.dtype == "float64"
    assert known.zeros == int(np.sum(tensor == 0))
    assert known.nans == int(np.sum(np.isnan(tensor)))
    assert known.infinities == int(np.sum(np.isinf(tensor)))
    finite = tensor[np.isfinite(tensor)]
    assert known.least == (finite.min() if finite.size else None)
    assert known.greatest == (finite.max() if finite.size else None)
    assert known.whole == bool(np.all(finite == np.round(finite)))
    assert known.largest == np.max(np.abs(finite), initial=0.0)


@given(tensor=FINITE)
def test_mean_and_norm(tensor: np.ndarray) -> None:
    known = facts(tensor)
    exact = tensor.ravel().tolist()
    if not exact:
        assert math.isnan(known.mean)
        assert known.norm == 0
        return
    assert known.mean == pytest.approx(math.fsum(exact) / len(exact), rel=1e-12, abs=1e-12 * known.largest)
    assert known.norm == pytest.approx(math.hypot(*exact), rel=1e-14)


@pytest.mark.parametrize(
    ("values", "mean", "norm"),
    [
        ([1e300, 1e300], 1e300, math.sqrt(2) * 1e300),
        ([3e-200, 4e-200], 3.5e-200, 5e-200),
        ([math.inf, 1.0], math.inf, math.inf),
        ([math.inf, -math.inf], math.nan, math.inf),
        ([math.nan, 1.0], math.nan, math.nan),
    ],
)
def test_numbers_at_the_edges(values: list[float], mean: float, norm: float) -> None:
    known = facts(np.asarray(values))
    assert known.mean == pytest.approx(mean, rel=1e-15, nan_ok=True)
    assert known.norm == pytest.approx(norm, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(
    ("tensor", "dtype", "least", "greatest"),
    [
        (np.asarray([True, False, True]), "bool", 0.0, 1.0),
        (np.asarray([[3, -7]]), "int64", -7.0, 3.0),
        (np.float64(2.5), "float64", 2.5, 2.5),
        (np.zeros((0, 4)), "float64", None, None),
        (np.asarray([0.5], dtype=np.float32), "float32", 0.5, 0.5),
    ],
)
def test_every_kind_of_tensor(
    tensor: np.ndarray, dtype: str, least: float | None, greatest: float | None
) -> None:
    known = facts(tensor)
    assert (known.dtype, known.least, known.greatest) == (dtype, least, greatest)


def test_slices_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = np.random.default_rng(0).standard_normal((40, 25))
    tensor[3, 4], tensor[30, 1], tensor[7, 7] = np.nan, 0.0, np.inf
    whole, counted = facts(tensor), histogram(tensor, 9)
    monkeypatch.setattr(statistics, "SLICE_SIZE", 17)
    in_parts = facts(tensor)
    for name in ("least", "greatest", "zeros", "nans", "infinities", "whole"):
        assert getattr(in_parts, name) == getattr(whole, name)
    assert histogram(tensor, 9) == counted


@given(tensor=TENSORS, most=st.integers(1, 30))
def test_every_finite_entry_is_in_one_interval(tensor: np.ndarray, most: int) -> None:
    found = histogram(tensor, most)
    finite = tensor[np.isfinite(tensor)]
    if found is None:
        assert finite.size == 0
        return
    assert sum(found.counts) == finite.size
    assert 1 <= len(found.counts) == len(found.edges) - 1 <= most
    assert list(found.edges) == sorted(found.edges)
    assert found.edges[0] <= finite.min()
    assert finite.max() <= found.edges[-1]


@given(tensor=FINITE, most=st.integers(1, 12))
def test_the_counts_are_those_of_the_intervals(tensor: np.ndarray, most: int) -> None:
    found = histogram(tensor, most)
    if found is not None and found.edges[0] < found.edges[-1]:
        assert list(found.counts) == np.histogram(tensor, np.asarray(found.edges))[0].tolist()


@pytest.mark.parametrize(
    ("values", "most", "edges", "counts"),
    [
        ([0, 1, 1, 3], 8, (-0.5, 0.5, 1.5, 2.5, 3.5), (1, 2, 0, 1)),
        ([True, True, False], 8, (-0.5, 0.5, 1.5), (1, 2)),
        ([0.0, 1.0, 0.25], 2, (0.0, 0.5, 1.0), (2, 1)),
        ([0.5, 0.5], 8, (0.5, 0.5), (2,)),
        ([-1.5e308, 1.5e308], 2, (-1.5e308, 0.0, 1.5e308), (1, 1)),
    ],
)
def test_intervals(values: list[float], most: int, edges: tuple[float, ...], counts: tuple[int, ...]) -> None:
    found = histogram(np.asarray(values), most)
    assert found is not None
    assert (found.edges, found.counts) == (edges, counts)


class TestOnce:
    def test_a_tensor_that_cannot_change_is_looked_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        looked: list[int] = []
        real = statistics._facts

        def counted(tensor: np.ndarray) -> statistics.Facts:
            looked.append(1)
            return real(tensor)

        monkeypatch.setattr(statistics, "_facts", counted)
        tensor = settle(np.arange(12.0).reshape(3, 4), FLOAT64)
        assert facts(tensor) is facts(tensor)
        assert histogram(tensor, 5) is histogram(tensor, 5)
        assert histogram(tensor, 4) is not histogram(tensor, 5)
        assert sum(looked) == 1

    def test_a_view_made_anew_is_the_same_tensor(self) -> None:
        tensor = settle(np.arange(12.0).reshape(3, 4).copy(), FLOAT64)
        assert facts(tensor.T) is facts(tensor.T)
        assert facts(tensor.T).shape == (4, 3)
        assert facts(tensor[1]) is facts(tensor[1]) is not facts(tensor[2])
        assert facts(tensor[2]).least == 8.0

    def test_the_norm_of_a_large_tensor_is_worked_out_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        worked: list[int] = []
        monkeypatch.setattr(statistics, "_plain_norm", lambda tensor: float(worked.append(1) or 1.5))
        tensor = settle(np.arange(2000.0), FLOAT64)
        assert norm(tensor) == norm(tensor) == 1.5
        assert sum(worked) == 1

    def test_one_that_can_is_looked_at_again(self) -> None:
        tensor = np.zeros(3)
        assert facts(tensor).zeros == 3
        tensor[0] = 1.0
        assert facts(tensor).zeros == 2

    def test_nothing_is_kept_of_a_tensor_that_is_gone(self) -> None:
        before = len(statistics._kept)
        tensor = settle(np.arange(5.0), FLOAT64)
        histogram(tensor, 3)
        assert len(statistics._kept) == before + 2
        del tensor
        gc.collect()
        assert len(statistics._kept) == before


def test_a_view_that_cannot_be_written_to_of_memory_that_can_is_looked_at_again() -> None:
    memory = np.array([1.0, 2.0])
    view = memory[:]
    view.flags.writeable = False
    assert facts(view).greatest == 2.0
    memory[1] = 5.0
    assert facts(view).greatest == 5.0
