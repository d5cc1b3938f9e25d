"""`check_function` on a `torch.autograd.Function`: its own backward is checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backprop_engine import UsageError, check_function
from backprop_engine.testing.assertions import assert_gradients


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


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return torch.sin(x @ w.T)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        through = torch.cos(x @ w.T) * g
        return through @ w, through.T @ x / 2


class SetUpApart(torch.autograd.Function):
    @staticmethod
    def forward(x: Any, w: Any) -> Any:
        return x * w

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, _ = ctx.saved_tensors
        return g, g * x


def _in_a_function(x: Any, w: Any) -> Any:
    return Halved.apply(x, w).sum()


@pytest.mark.parametrize("given", [Halved, Halved.apply, _in_a_function])
def test_a_function_of_torch_is_taken_as_people_write_it(given: Any) -> None:
    x, w = torch.ones(3, 4), torch.arange(8.0).reshape(2, 4) / 8
    for report in (check_function(given, [x, w]), check_function(given, args=[x, w])):
        assert [check.name for check in report.checks] == ["x", "w"]
        assert [check.name for check in report.bad] == ["w"]
        assert "2 times" in str(report)
    assert str(report).startswith("_in_a_function" if given is _in_a_function else "Halved")


def test_an_assertion_takes_a_function_of_torch_as_well() -> None:
    with pytest.raises(AssertionError, match=r"w\[.*: the gradient is"):
        assert_gradients(Halved, [torch.ones(3, 4), torch.ones(2, 4)])


def test_a_context_that_is_set_up_apart_is_not_an_argument() -> None:
    report = check_function(SetUpApart, [torch.ones(2), torch.tensor([2.0, -3.0])])
    assert [check.name for check in report.bad] == ["x"]
    assert "the factor w is missing" in str(report)


def test_a_function_of_arrays_without_a_gradient_is_refused() -> None:
    with pytest.raises(UsageError, match="give `vjp`"):
        check_function(np.sin, [np.ones(2)])
