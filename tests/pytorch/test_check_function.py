"""`check_function` on a `torch.autograd.Function`: its own backward is checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from backprop_engine import check_function


def test_the_functions_of_torch_are_checked_by_their_own_backward() -> None:
    class Cube(torch.autograd.Function):
        factor = 3.0

        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            ctx.save_for_backward(a)
            return a**3

        @classmethod
        def backward(cls, ctx: Any, g: Any) -> Any:
            (a,) = ctx.saved_tensors
            return Cube.factor * g * a * a

    assert check_function(Cube, args=[torch.tensor([0.5, -2.0])])
    Cube.factor = 1.5
    report = check_function(Cube, args=[np.array([0.5, -2.0])])
    assert "it is 2 times too small" in str(report)
