"""Cases in which recorders of PyTorch go wrong: a model, and a step of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

__all__ = ["CASES", "Case"]

TOKENS = torch.arange(24).reshape(3, 8) % 11
PICTURES = torch.linspace(-1, 1, 144).reshape(2, 2, 6, 6)
INPUT = torch.linspace(-1, 1, 96).reshape(3, 4, 8)


class Case(NamedTuple):
    """What makes the model, and what runs it forward and backward."""

    model: Callable[[], nn.Module]
    step: Callable[[Any], object]


class Block(nn.Module):
    """Causal attention and a perceptron, each after a normalisation and beside a residual connection."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(8) for _ in range(2))
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x: Any) -> Any:
        heads = (
            part.unflatten(-1, (2, 4)).transpose(1, 2) for part in self.qkv(self.norms[0](x)).chunk(3, -1)
        )
        mixed = functional.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(-2))
        return x + self.down(functional.gelu(self.up(self.norms[1](x))))


class Language(nn.Module):
    """Two blocks between an embedding and the same embedding as the output layer."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(11, 8)
        self.blocks = nn.ModuleList(Block() for _ in range(2))

    def forward(self, tokens: Any) -> Any:
        x = self.tokens(tokens)
        for block in self.blocks:
            x = block(x)
        logits = x @ self.tokens.weight.T
        return functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())


class Checkpointed(nn.Module):
    """Blocks whose forward pass is computed again in the backward pass."""

    def __init__(self, *, reentrant: bool) -> None:
        super().__init__()
        self.blocks, self.first, self.reentrant = (
            nn.ModuleList(Block() for _ in range(2)),
            nn.Linear(8, 8),
            reentrant,
        )

    def forward(self, x: Any) -> Any:
        x = self.first(x)
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=self.reentrant)
        return x.square().mean()


class WritesInPlace(nn.Module):
    """Writes into views and into what views were taken of."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.linspace(-1, 1, 16).reshape(4, 4))

    def forward(self) -> Any:
        a = self.w * 2
        a[0] = 0
        a[:, 1].mul_(3)
        flat = a.T.contiguous().view(-1)
        flat += 1
        upper, lower = flat.chunk(2)
        return (upper * lower).sum() + a.add_(1).sum()


class SquareAndSum(torch.autograd.Function):
    """Two outputs, with a backward of its own."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x, x.sum()

    @staticmethod
    def backward(ctx: Any, square: Any, total: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * square + total


class OwnFunction(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self) -> Any:
        square, total = SquareAndSum.apply(self.layer(torch.ones(2, 4)))
        return square.sum() * total


def _autocast(model: Any) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(TOKENS)
    loss.backward()


def _twice(model: Any) -> None:
    loss = model(TOKENS)
    loss.backward(retain_graph=True)
    loss.backward()


def _gradient_of_a_gradient(model: Any) -> None:
    output = model(torch.ones(2, 4)).tanh().sum()
    gradients = torch.autograd.grad(output, list(model.parameters()), create_graph=True)
    sum(gradient.square().sum() for gradient in gradients).backward()


def _hooked(model: Any) -> None:
    hidden = model[0](torch.ones(2, 4))
    hidden.register_hook(lambda gradient: gradient.clamp(-0.1, 0.1))
    model[1](hidden).square().sum().backward()


def _convolutional() -> nn.Module:
    layers = (nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(16, 3))


CASES: Final = {
    "attention": Case(Language, lambda model: model(TOKENS).backward()),
    "dropout": Case(
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        lambda model: model(INPUT).square().mean().backward(),
    ),
    "LSTM": Case(lambda: nn.LSTM(8, 4, 2, batch_first=True), lambda model: model(INPUT)[0].sum().backward()),
    "batch norm and ReLU in place": Case(
        _convolutional,
        lambda model: model(torch.linspace(-1, 1, 144).reshape(2, 2, 6, 6)).logsumexp(1).sum().backward(),
    ),
    "in place on views": Case(WritesInPlace, lambda model: model().backward()),
    "a Function with two outputs": Case(OwnFunction, lambda model: model().backward()),
    "checkpoint": Case(lambda: Checkpointed(reentrant=False), lambda model: model(INPUT).backward()),
    "reentrant checkpoint": Case(lambda: Checkpointed(reentrant=True), lambda model: model(INPUT).backward()),
    "autocast": Case(Language, _autocast),
    "compile": Case(Language, lambda model: torch.compile(model, backend="eager")(TOKENS).backward()),
    "accumulation": Case(Language, lambda model: [model(TOKENS).backward() for _ in range(2)]),
    "one graph twice": Case(Language, _twice),
    "a gradient of a gradient": Case(lambda: nn.Linear(4, 4), _gradient_of_a_gradient),
    "a hook on a tensor": Case(lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), _hooked),
}
