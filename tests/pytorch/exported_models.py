"""Small models that are written as scenarios, each with arguments and a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional


class Model(NamedTuple):
    make: Callable[[], nn.Module]
    args: Callable[[], tuple[Any, ...]]
    loss: Any = None
    target: Any = None


class Perceptron(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(4, 5), nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.hidden(x))
        return self.out(h)


class Pictures(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 3, 3, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(3)
        self.out = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(functional.gelu(self.conv1(x)), 2)
        x = functional.relu(self.norm(self.conv2(x)), inplace=True)
        return self.out(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Sequences(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.out = Cell(2, 3), nn.Linear(3, 1)

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        h = xs.new_zeros(3)
        for x in xs.unbind():
            h = self.cell(x, h)
        return self.out(h)


class Cell(nn.Module):
    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.input, self.state = nn.Linear(size, hidden), nn.Linear(hidden, hidden, bias=False)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        a = self.input(x) + self.state(h)
        return torch.tanh(a)


class Layers(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], **settings: Any) -> None:
        super().__init__()
        self.layers, self.out = kind(3, 2, **settings), nn.Linear(2, 1)

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        states, _ = self.layers(xs)
        return self.out(states[-1]).square().sum()


class Block(nn.Module):
    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.qkv, self.proj = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.mlp = nn.Sequential(nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count, length, size = x.shape
        q, k, v = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        q, k, v = (one.view(count, length, self.heads, -1).transpose(1, 2) for one in (q, k, v))
        scores = q @ k.transpose(-2, -1) / (size // self.heads) ** 0.5
        mask = torch.ones(length, length, dtype=torch.bool).tril()
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
        heads = (weights @ v).transpose(1, 2).reshape(count, length, size)
        x = x + self.proj(heads)
        return x + self.mlp(self.norm2(x))


class Language(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(7, 4), nn.Embedding(5, 4)
        self.blocks = nn.Sequential(Block(4, 2), Block(4, 2))
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        logits = self.head(self.blocks(x))
        return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out, _ = self.attention(x, y, y, need_weights=False)
        return out.square().mean()


def _numbers(*shape: int) -> torch.Tensor:
    return torch.randn(*shape)


MODELS: Mapping[str, Model] = {
    "perceptron": Model(
        Perceptron, lambda: (_numbers(6, 4),), functional.cross_entropy, torch.tensor([0, 1, 2, 0, 1, 2])
    ),
    "sequential": Model(
        lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Dropout(0.0), nn.Linear(3, 1), nn.Flatten(0)),
        lambda: (_numbers(4, 2),),
        nn.MSELoss(),
        torch.tensor([0.5, 1.0, -1.0, 0.0], dtype=torch.float64),
    ),
    "pictures": Model(
        lambda: Pictures().eval(),
        lambda: (_numbers(2, 1, 8, 8),),
        nn.CrossEntropyLoss(label_smoothing=0.1),
        torch.tensor([0, 1]),
    ),
    "recurrent cell": Model(Sequences, lambda: (_numbers(4, 2),), lambda out: out.square().sum()),
    "lstm": Model(lambda: Layers(nn.LSTM, num_layers=2), lambda: (_numbers(3, 2, 3),)),
    "gru": Model(lambda: Layers(nn.GRU), lambda: (_numbers(3, 2, 3),)),
    "rnn": Model(lambda: Layers(nn.RNN, nonlinearity="relu"), lambda: (_numbers(3, 2, 3),)),
    "language": Model(Language, lambda: (torch.tensor([[0, 3, 2, 6, 1], [4, 4, 5, 0, 2]]),)),
    "attention": Model(Attention, lambda: (_numbers(1, 3, 4), _numbers(1, 5, 4))),
}
