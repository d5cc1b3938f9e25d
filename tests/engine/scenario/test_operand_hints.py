"""What is proposed for an operand that must be a constant."""

from __future__ import annotations

import pytest

from backprop_engine import ScenarioError
from mutating import loaded

POSITIONS = ("argsort(a)", "argmax(a, axis=0)", "argmin(a, axis=0)")


@pytest.mark.parametrize("computed", [*POSITIONS, "2 * a"])
def test_positions_that_are_computed_are_replaced_by_a_mask(computed: str) -> None:
    text = f"inputs: {{a: [3, 1, 2]}}\nnodes:\n  i: {computed}\n  y: sum(index_select(a, i, axis=0))\n"
    with pytest.raises(ScenarioError) as told:
        loaded(text.encode())
    hint = "one-hot mask" if computed in POSITIONS else "under `constants`"
    assert hint in str(told.value)
