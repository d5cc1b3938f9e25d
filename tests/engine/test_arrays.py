"""Tensors are read-only whatever they are made from; a norm does not depend on the layout in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_engine.arrays import norm, settle

DOUBLE = np.dtype(np.float64)
DTYPES = [np.float16, np.float32, np.float64, np.int64, np.bool_]
BASE = np.arange(24.0).reshape(4, 6)
GIVEN: dict[str, Any] = {
    "its own memory": BASE.copy(),
    "in Fortran's order": np.asfortranarray(BASE.copy()),
    "a part of other memory": BASE[1:3, ::2],
    "transposed": BASE.T,
    "empty": np.zeros((0, 3)),
    "of no dimension": np.array(2.0),
    "a number": 2.0,
    "a list": [1.0, 2.0],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", GIVEN)
def test_what_is_settled_is_read_only_and_has_the_type_asked_for(form: str, dtype: type) -> None:
    value = GIVEN[form]
    if isinstance(value, np.ndarray) and value.base is None:
        value = value.copy(order="K")  # what is given is frozen itself
    tensor: Any = settle(value, np.dtype(dtype))
    assert tensor.dtype == dtype
    assert np.array_equal(tensor, np.asarray(value).astype(dtype))
    if np.ndim(value) == 0:
        assert isinstance(tensor, np.generic)
        return
    assert not tensor.flags.writeable
    assert not np.may_share_memory(tensor, BASE)


def test_an_array_with_memory_of_its_own_is_not_copied() -> None:
    value = BASE.copy()
    assert settle(value, DOUBLE) is value
    assert not value.flags.writeable


@given(
    array=hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]),
        hnp.array_shapes(max_dims=3, max_side=5),
        elements=st.floats(-100, 100, width=16),
    )
)
def test_a_norm_is_taken_in_double_precision(array: np.ndarray) -> None:
    wide = array.astype(np.float64)
    assert norm(array) == norm(wide) == norm(np.asfortranarray(array))
    assert norm(array) == pytest.approx(float(np.sqrt(np.sum(wide * wide))), rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_norm_of_what_is_not_finite(dtype: type) -> None:
    assert norm(np.array([1.0, np.inf], dtype)) == np.inf
    assert np.isnan(norm(np.array([np.inf, np.nan], dtype)))
    assert norm(np.zeros((2, 3), dtype)) == norm(np.zeros((0,), dtype)) == 0
    assert norm(np.array([3e200, 4e200])) == pytest.approx(5e200, rel=1e-15)
    assert norm(np.array([3e-200, 4e-200])) == pytest.approx(5e-200, rel=1e-15)
