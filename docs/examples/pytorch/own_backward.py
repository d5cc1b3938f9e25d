"""A layer with a backward of its own: the loss falls, but more slowly than with PyTorch's layer."""

from typing import Any

import torch
from torch import nn

from backprop_tui.torch import record


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, w)
        return x @ w.T + b

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x, w = ctx.saved_tensors
        return g @ w, g.T @ x, g.mean(0)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(Affine.apply(x, self.first.weight, self.first.bias))
        return Affine.apply(hidden, self.second.weight, self.second.bias)


torch.manual_seed(0)
model = Model()
x = torch.linspace(-1, 1, 24).reshape(6, 4).sin()

with record("run", model, check=True):
    (model(x) - 1).square().mean().backward()
