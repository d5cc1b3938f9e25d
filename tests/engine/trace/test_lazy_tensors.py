"""Tensors that are made when they are asked for, and not before: not for their number or their figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.arrays import Figures, Measured
from backprop_engine.trace.lazy_tensors import LazyTensors, SuppliedLeaves, Supply, figures_at


class Made:
    """Supplies, and which of them were asked for, in order."""

    def __init__(self) -> None:
        self.order: list[int] = []

    def supply(self, number: int, figures: Any = None) -> Supply:
        def make() -> Any:
            self.order.append(number)
            return np.array([number, number + 0.5])

        return Supply(make, figures)


def test_a_tensor_is_made_when_it_is_asked_for() -> None:
    made = Made()
    tensors = LazyTensors([made.supply(0), None, made.supply(2)])
    assert len(tensors) == 3
    assert made.order == []
    assert tensors[2].tolist() == [2.0, 2.5]
    assert tensors[1] is None
    assert tensors[-3].tolist() == [0.0, 0.5]
    assert made.order == [2, 0]


def test_a_slice_makes_what_is_in_it() -> None:
    made = Made()
    tensors = LazyTensors([made.supply(number) for number in range(5)])
    assert [one.tolist() for one in tensors[1:4:2]] == [[1.0, 1.5], [3.0, 3.5]]
    assert tensors[5:] == []
    assert [one[0] for one in tensors[::-1]] == [4, 3, 2, 1, 0]
    assert made.order == [1, 3, 4, 3, 2, 1, 0]


def test_figures_are_known_without_the_tensor() -> None:
    made = Made()
    known = Figures(5.0)
    tensors = LazyTensors([made.supply(0, known), made.supply(1), None])
    assert figures_at(tensors, 0) is known
    assert figures_at(tensors, 1) is None
    assert figures_at(tensors, 2) is None
    assert made.order == []


def test_tensors_that_are_there_have_the_figures_that_were_recorded_of_them() -> None:
    known = Figures(5.0)
    tensors = [Measured.of(np.array([3.0, -4.0]), known), None, np.array([3.0, -4.0])]
    assert [figures_at(tensors, at) for at in range(3)] == [known, None, None]


def test_leaves_are_made_when_they_are_asked_for() -> None:
    made = Made()
    leaves = SuppliedLeaves({7: made.supply(7), 3: made.supply(3)})
    assert ([*leaves], len(leaves), 7 in leaves, leaves.get(5)) == ([7, 3], 2, True, None)
    assert leaves[3].tolist() == [3.0, 3.5]
    assert 3 in made.order
