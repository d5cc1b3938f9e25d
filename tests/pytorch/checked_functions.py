"""Functions with a backward of their own, wrong ones and right ones; the line at fault ends in `# here`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import torch
from torch import nn

__all__ = ["RIGHT", "WRONG", "Wrong"]


class Wrong(NamedTuple):
    """A step of a model, the operand whose gradient is wrong, and what the finding says of it."""

    step: Callable[[nn.Module], None]
    operand: str
    said: str


X = torch.linspace(-1.2, 1.7, 20).reshape(5, 4)
W = torch.linspace(-1, 1, 12).reshape(3, 4).requires_grad_()
B = torch.zeros(3, requires_grad=True)


class SigmoidGelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(1.702 * x)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:  # here
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(1.702 * x)
        return g * (gate + x * gate * (1 - gate))


class Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any, b: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x @ w.T + b

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:  # here
        x, w = ctx.saved_tensors
        return g @ w, g.T @ x, g.mean(0)


class Remembers(torch.autograd.Function):
    """What it keeps, it keeps for all calls: the last one wins."""

    kept: Any

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        Remembers.kept = x
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:  # here
        return 2 * Remembers.kept * g


class MaskOfGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:  # here
        return g * (g > 0)


class Product(torch.autograd.Function):
    @staticmethod
    def forward(a: Any, b: Any) -> Any:
        return a * b

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:  # here
        a, _ = ctx.saved_tensors
        return g * a, g * a


class Power(torch.autograd.Function):
    """Right, with an argument that is no tensor, a kink where entries are 0, and a context set up apart."""

    @staticmethod
    def forward(x: Any, n: int) -> Any:
        return x.clamp(min=0) ** n

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.n = inputs[1]

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * (x > 0) * ctx.n * x ** (ctx.n - 1), None


class Noise(torch.autograd.Function):
    """Right, and it draws: the second time as the first."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        keep = torch.rand(x.shape) > 0.5
        ctx.save_for_backward(keep)
        return x * keep

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (keep,) = ctx.saved_tensors
        return g * keep


LIBRARY: Final = torch.library.Library("backprop_tests", "DEF")
LIBRARY.define("gelu(Tensor x) -> Tensor")
LIBRARY.impl("gelu", torch.nn.functional.gelu, "CPU")


def _wrong_gelu(ctx: Any, g: Any) -> Any:  # here
    return g * torch.sigmoid(1.702 * ctx.saved_tensors[0])


torch.library.register_autograd(
    "backprop_tests::gelu",
    _wrong_gelu,
    setup_context=lambda ctx, inputs, output: ctx.save_for_backward(inputs[0]),
    lib=LIBRARY,
)
_gelu = SigmoidGelu.apply
IN_PYTHON: Final = isinstance(vars(torch.autograd.Function).get("apply"), classmethod)
"""Whether a call under a name that was kept, as `_gelu`, is heard of: not where `apply` is written in C."""


def _through_data(model: nn.Module) -> None:
    hidden = model(X)
    square = hidden * hidden  # here
    hidden.data.mul_(2)
    square.sum().backward()


WRONG: Final = {
    "a factor inside": Wrong(
        lambda model: SigmoidGelu.apply(model(X)).sum().backward(), "x", "the gradient of x is off by"
    ),
    "a mean for a sum": Wrong(
        lambda model: Layer.apply(model(X), W, B).square().sum().backward(),
        "b",
        "5 times too small: a mean instead of a sum",
    ),
    "kept in the class": Wrong(
        lambda model: (Remembers.apply(model(X)) * Remembers.apply(X @ W.T @ W)).sum().backward(), "x", "x"
    ),
    "the mask of the gradient": Wrong(
        lambda model: MaskOfGradient.apply(model(X)).sin().sum().backward(), "x", "of its size"
    ),
    "its own operand": Wrong(
        lambda model: Product.apply(model(X).exp(), model(X).cos()).sum().backward(),
        "a",
        "the factor a instead of b",
    ),
    "an operator of a library": Wrong(
        lambda model: torch.ops.backprop_tests.gelu(model(X)).sum().backward(),
        "x",
        "the gradient of x is off by",
    ),
    "changed through .data": Wrong(_through_data, "", "without autograd noticing"),
    **(
        {
            "under a name that was kept": Wrong(
                lambda model: _gelu(model(X)).sum().backward(), "x", "the gradient of x is off by"
            )
        }
        if IN_PYTHON
        else {}
    ),
}
RIGHT: Final = {
    "at a kink": lambda model: (
        Power.apply(torch.cat([model(X), torch.zeros(1, 4)]), 3).sin().sum().backward()
    ),
    "drawing numbers": lambda model: Noise.apply(model(X)).square().sum().backward(),
    "saturated": lambda model: torch.log_softmax(model(X) * 1e3, -1)[:, 0].sum().backward(),
    "in halves": lambda model: model.bfloat16()(X.bfloat16()).softmax(-1)[:, 0].sum().backward(),
    "of NaN": lambda model: (model(X) * float("nan")).sum().backward(),
}
