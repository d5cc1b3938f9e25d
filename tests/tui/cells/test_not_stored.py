"""What was not stored is told by its norm, and what is computed from it is not known."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine.arrays import Figures, Measured, is_finite, is_stored, norm, settle
from backprop_engine.ops import OPS
from backprop_tui.cells.lines import Role, line_text
from backprop_tui.cells.summaries import summary
from backprop_tui.cells.tensors import tensor_block

SINGLE = np.dtype(np.float32)


def test_a_tensor_without_entries_is_told_by_its_norm() -> None:
    tensor = Measured.without_entries((3, 4), SINGLE, Figures(2.5))
    assert summary(tensor) == "(3×4) ‖2.5‖"
    assert [line_text(line) for line in tensor_block(tensor, Role.VALUE).lines] == ["‖2.5‖"]
    assert summary(Measured.without_entries((), SINGLE, Figures(1.5))) == "‖1.5‖"
    assert summary(Measured.without_entries((2,), SINGLE, None), shape=False) == "‖?‖"


@pytest.mark.parametrize(
    ("figures", "size"), [(Figures(2.0), 2.0), (Figures(None, 1), np.nan), (Figures(None, 0, 2), np.inf)]
)
def test_figures_say_what_entries_would(figures: Figures, size: float) -> None:
    tensor = Measured.without_entries((5,), SINGLE, figures)
    np.testing.assert_equal(norm(tensor), size)
    assert is_finite(tensor) == bool(np.isfinite(size))
    np.testing.assert_equal(OPS["norm"].forward(tensor, axis=None, keepdims=False, ord=2.0), size)


def test_what_is_computed_from_it_is_not_known_either() -> None:
    tensor = Measured.without_entries((2, 3), SINGLE, Figures(2.0))
    for made in (tensor + 1, np.exp(tensor), tensor.sum(), tensor @ np.ones((3, 2)), tensor[0], tensor.T):
        assert not is_stored(made)
        assert not isinstance(made, Measured) or made.figures is None
    assert not is_stored(settle(tensor.max(axis=0), np.dtype(np.float64)))
    assert norm(tensor[()]) == 2.0


def test_what_is_computed_from_entries_is_an_array_like_any() -> None:
    tensor = Measured.of(np.arange(4.0), Figures(3.7))
    assert norm(tensor) == 3.7
    assert type(tensor * 2) is np.ndarray
    assert isinstance(tensor.sum(), np.float64)
    assert norm(tensor[1:]) == pytest.approx(np.sqrt(14))
