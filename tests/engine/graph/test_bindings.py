"""The numbers of a run: what fits a graph, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from graphs import Sketch


class TestBindings:
    graph = Sketch().inputs(x=(2,)).constants(k=())(f="mul x k").build()

    @pytest.mark.parametrize(
        ("values", "seed", "message"),
        [
            ({"x": [1, 2]}, 1, "the leaf k has no value"),
            ({"x": [1, 2], "k": 1, "z": 1}, 1, "no node called z"),
            ({"x": [1, 2], "k": 1, "f": [1, 2]}, 1, "f is computed, not a leaf"),
            ({"x": [1, 2, 3], "k": 1}, 1, "x has shape 2, but its value has shape 3"),
            ({"x": 1, "k": 1}, 1, "x has shape 2, but its value has shape ()"),
            ({"x": [1, 2], "k": 1}, None, "the output has shape 2, so a seed is required"),
            ({"x": [1, 2], "k": 1}, [1, 2, 3], "the seed has shape 3, but the output has shape 2"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, values: dict[str, Any], seed: Any, message: str) -> None:
        with pytest.raises(UsageError, match=re.escape(message)):
            Bindings.of(self.graph, values, seed)

    def test_a_number_is_a_seed_for_every_entry(self) -> None:
        assert Bindings.of(self.graph, {"x": [1, 2], "k": 1}, 3).seed.tolist() == [3.0, 3.0]

    def test_later_changes_to_the_callers_array_do_not_show(self) -> None:
        x, seed = np.array([1.0, 2.0]), np.array([1.0, 1.0])
        bindings = Bindings.of(self.graph, {"x": x, "k": 1}, seed)
        x[0] = seed[0] = 9.0
        assert bindings.leaves[0].tolist() == [1.0, 2.0]
        assert bindings.seed.tolist() == [1.0, 1.0]

    def test_one_leaf_is_exchanged(self) -> None:
        bindings = Bindings.of(self.graph, {"x": [1, 2], "k": 5}, 3)
        other = bindings.with_leaf(self.graph, "x", [7, 8])
        assert other.leaves[0].tolist() == [7.0, 8.0]
        assert (other.leaves[1], other.seed.tolist()) == (5.0, [3.0, 3.0])
        assert bindings.leaves[0].tolist() == [1.0, 2.0]

    def test_what_is_no_array_of_numbers_is_refused(self) -> None:
        class NoArray:
            def __array__(self, *_: Any, **__: Any) -> Any:
                raise RuntimeError("on a device")

        for value in (NoArray(), [[1], [2, 3]], "text", None, [1j, 2]):
            with pytest.raises(UsageError, match="the value for x is neither a number nor a regular list"):
                Bindings.of(self.graph, {"x": value, "k": 1}, 1)
