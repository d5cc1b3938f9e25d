"""Assertions about gradients of functions; those of modules are compared where PyTorch is installed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backprop_engine.errors import UsageError
from backprop_engine.testing.assertions import assert_gradients

POINT = np.array([[0.5, -1.0], [2.0, 0.25]])


def test_right_gradients_pass() -> None:
    assert assert_gradients(np.tanh, lambda g, x: g * (1 - np.tanh(x) ** 2), [POINT]) is None  # type: ignore[func-returns-value]


def test_a_wrong_one_is_named_with_its_entry_and_its_mistake() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_gradients(
            lambda a, b: a @ b, lambda g, a, b: (g @ b.T, a @ g), [POINT, POINT + 1], names=["a", "b"]
        )
    told = str(caught.value)
    assert "1 of 2 gradients differ" in told
    assert re.search(r"^  b\[\d, \d\]: the gradient is \S+, but \S+ \S+ gives ", told, re.M)


def test_arguments_that_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="leave out `vjp` and `args`"):
        assert_gradients(np.sin, np.cos, [POINT], scenario="add_multiply")
    with pytest.raises(UsageError, match="`names` maps names in the module to leaves"):
        assert_gradients(np.sin, scenario="add_multiply", names=["x"])
