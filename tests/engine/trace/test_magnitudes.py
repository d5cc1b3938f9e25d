"""The scale of a run's gradients: its largest at the top, and no difference looks larger than it is."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.arrays import Figures, Tensor
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.lazy_tensors import LazyTensors, Supply
from backprop_engine.trace.magnitudes import MagnitudeScale, contribution_norm, gradient_magnitudes
from covering import SHOWN
from scenes import trace


def test_a_gradient_that_vanishes_goes_down_the_scale() -> None:
    run = trace("vanishing_sigmoids")
    scale = gradient_magnitudes(run)
    shares = [scale.share(run.gradient_norms[run.graph.position(f"h{at}")]) for at in range(10, 0, -1)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1
    assert shares[-1] < 0.1


def test_gradients_of_much_the_same_size_look_alike() -> None:
    run = trace("add_multiply")
    scale = gradient_magnitudes(run)
    assert scale.high - scale.low >= 3
    assert min(scale.share(size) for size in (1.0, 3.0, 4.0)) > 0.75


def test_the_first_gradient_counts_as_the_others_do() -> None:
    found = load_source(Source("case.yaml", "params: {w: 2}\nnodes: {L: w * 1000000}\n")).record()
    assert gradient_magnitudes(found) == MagnitudeScale(0, 6)


@pytest.mark.parametrize("stem", SHOWN)
def test_every_gradient_of_a_run_has_a_place(stem: str) -> None:
    run = trace(stem)
    scale = gradient_magnitudes(run)
    assert scale is gradient_magnitudes(run)
    for size in run.gradient_norms:
        assert 0 <= scale.share(size) <= 1


@given(sizes=st.lists(st.floats(1e-300, 1e300), min_size=2, max_size=2).map(sorted))
def test_a_larger_norm_is_no_further_down(sizes: list[float]) -> None:
    scale = MagnitudeScale(-3, 2)
    assert scale.share(sizes[0]) <= scale.share(sizes[1])


def test_the_ends() -> None:
    scale = MagnitudeScale(-2, 2)
    assert [scale.share(size) for size in (0.0, 1e-9, 1e-2, 1.0, 1e2, 1e9, inf, nan)] == [
        0,
        0,
        0,
        0.5,
        1,
        1,
        1,
        1,
    ]


@pytest.mark.parametrize("figures", [Figures(3.0), Figures(None, nan=1), Figures(None, inf=2)])
def test_no_contribution_is_made_whose_size_is_known(figures: Figures) -> None:
    def make() -> Tensor:
        raise AssertionError("it was made")

    run = trace("add_multiply")
    lazy = replace(run, contributions=LazyTensors([Supply(make, figures)] * len(run.contributions)))
    expected = 3.0 if figures.norm else nan if figures.nan else inf
    assert contribution_norm(lazy, 0) == pytest.approx(expected, nan_ok=True)
