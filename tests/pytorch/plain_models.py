"""Networks as people write them, in plain PyTorch on synthetic data, each with a training step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import torch
from recorded_models import Case
from torch import nn
from torch.nn import functional

__all__ = ["GPT", "MODELS", "PICTURES", "TOKENS", "Block", "Diffusion", "LanguageLSTM", "ResNet", "Residual"]


class Block(nn.Module):
    """Causal attention and a perceptron, each after a normalisation and beside a residual connection."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Any) -> Any:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.qkv(self.first(x)).chunk(3, -1)
        )
        x = x + self.out(self.attend(q, k, v).transpose(1, 2).flatten(-2))
        return x + self.mlp(self.second(x))

    def attend(self, q: Any, k: Any, v: Any) -> Any:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)


class GPT(nn.Module):
    """Tokens and positions, blocks, and an output layer that shares the embedding."""

    def __init__(
        self,
        vocabulary: int = 65,
        width: int = 32,
        heads: int = 4,
        layers: int = 2,
        length: int = 16,
        block: Callable[[int, int], nn.Module] = Block,
    ) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens: Any) -> Any:
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Residual(nn.Module):
    """Two convolutions beside what came in, which is made to fit where it does not."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(outside) for _ in range(2))
        self.beside = (
            nn.Identity() if inside == outside else nn.Conv2d(inside, outside, 1, stride, bias=False)
        )

    def forward(self, x: Any) -> Any:
        h = functional.relu(self.norms[0](self.first(x)), inplace=True)
        return functional.relu(self.norms[1](self.second(h)) + self.beside(x))


class ResNet(nn.Module):
    """A stem, four stages of two residual blocks each as in ResNet-18, a mean over places, a linear layer."""

    def __init__(self, width: int = 8, classes: int = 10) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        widths = [width, width, 2 * width, 4 * width, 8 * width]
        stages = pairwise(widths)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(
                    Residual(inside, outside, 1 + (inside != outside)), Residual(outside, outside, 1)
                )
                for inside, outside in stages
            )
        )
        self.head = nn.Linear(8 * width, classes)

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(functional.relu(self.norm(self.stem(x))), 3, 2, 1)
        return self.head(self.stages(x).mean((2, 3)))


class LanguageLSTM(nn.Module):
    """An embedding, two layers of LSTM with dropout between them, and an output layer."""

    def __init__(self, vocabulary: int = 50, width: int = 16) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width, 2, batch_first=True, dropout=0.2)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens: Any) -> Any:
        return self.head(self.lstm(self.tokens(tokens))[0])


class Diffusion(nn.Module):
    """A UNet of one level that is told the time, as in diffusion models."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.inside, self.outside = nn.Conv2d(3, width, 3, 1, 1), nn.Conv2d(2 * width, 3, 3, 1, 1)
        self.down, self.up = (
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
        )
        self.time, self.middle = nn.Linear(8, 2 * width), nn.Conv2d(2 * width, 2 * width, 3, 1, 1)
        self.norms = nn.ModuleList([nn.GroupNorm(4, width), nn.GroupNorm(4, 2 * width)])

    def forward(self, x: Any, time: Any) -> Any:
        above = functional.silu(self.norms[0](self.inside(x)))
        below = self.down(above) + self.time(time)[:, :, None, None]
        below = functional.silu(self.norms[1](self.middle(below)))
        return self.outside(torch.cat([above, self.up(below)], 1))


TOKENS = torch.arange(48).reshape(3, 16) * 7 % 50
PICTURES = torch.linspace(-1, 1, 3 * 3 * 32 * 32).reshape(3, 3, 32, 32).sin()


def _next_token(model: Any) -> None:
    functional.cross_entropy(model(TOKENS)[:, :-1].flatten(0, 1), TOKENS[:, 1:].flatten()).backward()


def _classify(model: Any) -> None:
    functional.cross_entropy(model(PICTURES + 0.1 * torch.randn(3, 3, 32, 32)), torch.arange(3)).backward()


def _denoise(model: Any) -> None:
    noise, times = torch.randn(PICTURES.shape), torch.rand(3, 8)
    functional.mse_loss(model(PICTURES + noise, times), noise).backward()


MODELS: Final = {
    "GPT": Case(GPT, _next_token),
    "ResNet": Case(ResNet, _classify),
    "LSTM language model": Case(LanguageLSTM, _next_token),
    "diffusion UNet": Case(Diffusion, _denoise),
}
