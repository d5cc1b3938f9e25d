"""The scenarios that stand for all have everything that any has, and none too many of them."""

from __future__ import annotations

import pytest

from covering import COVERING, features, greedy
from scenes import STEMS, trace


@pytest.mark.thorough
def test_they_have_every_feature() -> None:
    missing = {stem: features(stem).difference(*map(features, COVERING)) for stem in STEMS}
    assert {stem: found for stem, found in missing.items() if found} == {}


@pytest.mark.thorough
def test_they_are_few_and_no_two_are_the_same() -> None:
    assert len(set(COVERING)) == len(COVERING) <= 24
    assert set(greedy()[3:]).isdisjoint(greedy()[:3])


def test_what_a_scenario_has_is_told_by_what_is_in_it() -> None:
    """Whoever takes the only scenario with something away is found out."""
    for stem, feature in {
        "vanishing_over_time": "a picture of a part",
        "conv_3x3": "convolution with a local gradient of form map",
        "stacked_cells": "an instance of a cell in another",
    }.items():
        others = [one for one in COVERING if one != stem]
        assert feature in features(stem).difference(*map(features, others))


def test_every_family_that_a_scenario_has_is_among_the_features() -> None:
    def families(stems: tuple[str, ...]) -> set[str]:
        return {node.op.family for stem in stems for node in trace(stem).graph.nodes if node.op}

    assert families(COVERING) == families(STEMS)
    assert len(families(STEMS)) >= 10
