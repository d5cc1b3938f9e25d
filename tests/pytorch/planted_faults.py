"""Twelve faults in networks as people write them; the line at fault ends in `# here`.

A thirteenth, one rank's bad batch, is in `ranked_training`, as it takes several processes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from plain_models import GPT, PICTURES, TOKENS, Block, Diffusion, LanguageLSTM, Residual, ResNet
from torch import nn
from torch.nn import functional

from backprop_engine.recordings.finding import Finding
from backprop_engine.recordings.findings import find
from backprop_engine.recordings.recording import open_recording
from backprop_tui.torch import record

__all__ = ["PLANTED", "Planted", "at_fault", "found"]


class Planted(NamedTuple):
    """A model, the loss of a step, and the kind of finding that names the fault."""

    model: Callable[[], nn.Module]
    loss: Callable[[Any, int], Any]
    kind: str
    check: bool = False
    clear: bool = True

    def train(self, tape: Any, model: nn.Module, steps: int = 2) -> None:
        """A training loop; `tape` may be None."""
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for step in range(steps):
            self.loss(model, step).backward()  # here
            optimizer.step()
            if self.clear:
                optimizer.zero_grad()
            if tape is not None:
                tape.step()


# Language models


def _next_token(model: Any, step: int) -> Any:
    logits = model((TOKENS + step) % 50)
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), TOKENS[:, 1:].flatten())


def _entropy(model: Any, step: int) -> Any:
    loss = _next_token(model, step)
    p = torch.softmax(1e3 * model(TOKENS), -1)
    return loss + 0.01 * (p * p.log()).sum(-1).mean()  # here


def _padded(model: Any, _: int) -> Any:
    logits = model(TOKENS)
    logits = logits.masked_fill(torch.arange(logits.shape[-1]) == 0, float("-inf"))  # never the padding
    targets = TOKENS.clone()
    targets[:, -4:] = 0
    each = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return (each * (targets.flatten() != 0)).mean()  # here


class MaskedBlock(Block):
    """Attention that leaves padding out, of which the first sequence has nothing else."""

    def attend(self, q: Any, k: Any, v: Any) -> Any:
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        padding = torch.zeros(len(q), 1, 1, q.shape[-2], dtype=torch.bool)
        padding[0] = True
        return torch.softmax(scores.masked_fill(padding, float("-inf")), -1) @ v  # here


class Gelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(1.702 * x)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:  # here
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(1.702 * x)
        return g * gate * (1 + x * (1 - gate))


class OwnGelu(nn.Module):
    def forward(self, x: Any) -> Any:
        return Gelu.apply(x)


def _with_own_gelu() -> nn.Module:
    model = GPT()
    model.blocks[1].mlp[1] = OwnGelu()
    return model


def _scaled_twice(model: Any, step: int) -> Any:
    scale = torch.tensor(1024.0)
    loss = _next_token(model, step) * scale
    return loss * scale  # here


class Recurrent(nn.Module):
    """A recurrent language model without gates, whose weights are far too large."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.recurrent, self.head = nn.Embedding(50, 16), nn.Linear(16, 16), nn.Linear(16, 50)
        nn.init.orthogonal_(self.recurrent.weight, 3.0)

    def forward(self, tokens: Any) -> Any:
        h, states = torch.zeros(len(tokens), 16), []
        for x in self.tokens(tokens).unbind(1):
            h = x + self.recurrent(h)  # here
            states.append(h)
        return self.head(torch.stack(states, 1))


# Networks on pictures


class Deep(nn.Module):
    """Twelve layers of sigmoids."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(12, 12) for _ in range(12))
        self.head = nn.Linear(12, 3)

    def forward(self, x: Any) -> Any:
        x = x.flatten(1)[:, :12]
        for layer in self.layers:
            x = torch.sigmoid(layer(x))  # here
        return self.head(x)


def _classified(model: Any, _: int) -> Any:
    return functional.cross_entropy(model(PICTURES), torch.arange(3))


class DeadBlock(Residual):
    """Its first normalisation was given a bias far below zero."""

    def forward(self, x: Any) -> Any:
        h = functional.relu(self.norms[0](self.first(x)))  # here
        return functional.relu(self.norms[1](self.second(h)) + self.beside(x))


def _with_dead_block() -> nn.Module:
    model = ResNet()
    model.stages[1][1] = DeadBlock(16, 16, 1)
    nn.init.constant_(model.stages[1][1].norms[0].bias, -50)
    return model


def _regressed(model: Any, _: int) -> Any:
    heights = torch.tensor([1.5, 2.5, 2.0])
    return (model(PICTURES) - heights).square().mean()  # here


class Rescaled(Diffusion):
    """Its last layer begins with zeros, and what it gives is divided by its size."""

    def __init__(self) -> None:
        super().__init__()
        nn.init.zeros_(self.outside.weight)
        nn.init.zeros_(self.outside.bias)

    def forward(self, x: Any, time: Any) -> Any:
        h = super().forward(x, time)
        size = h.square().mean((1, 2, 3), keepdim=True).sqrt()  # here
        return h / (size + 1e-6)


class Detached(Diffusion):
    """What the lower level gives takes no part in the learning."""

    def forward(self, x: Any, time: Any) -> Any:
        above = functional.silu(self.norms[0](self.inside(x)))
        below = self.down(above) + self.time(time)[:, :, None, None]
        below = functional.silu(self.norms[1](self.middle(below)))
        return self.outside(torch.cat([above, self.up(below.detach())], 1))  # here


def _denoised(model: Any, _: int) -> Any:
    return functional.mse_loss(model(PICTURES, torch.ones(3, 8)), PICTURES)


PLANTED: Final = {
    "the logarithm of 0": Planted(GPT, _entropy, "forward-inf"),
    "the root of 0": Planted(Rescaled, _denoised, "backward-nan"),
    "0 times infinity": Planted(LanguageLSTM, _padded, "forward-nan"),
    "a row that is masked completely": Planted(lambda: GPT(block=MaskedBlock), _next_token, "forward-nan"),
    "exploding": Planted(Recurrent, _next_token, "exploding"),
    "vanishing": Planted(Deep, _classified, "vanishing"),
    "a dead ReLU": Planted(_with_dead_block, _classified, "dead-relu"),
    "a detached branch": Planted(Detached, _denoised, "no-gradient"),
    "no zero_grad": Planted(LanguageLSTM, _next_token, "not-cleared", clear=False),
    "a wrong Function.backward": Planted(_with_own_gelu, _next_token, "wrong-backward", check=True),
    "a wrong broadcast": Planted(lambda: ResNet(classes=1), _regressed, "broadcast"),
    "a loss scaled twice": Planted(GPT, _scaled_twice, "scaled-twice"),
}
"""The faults that the doctor is to name, by name."""


def found(planted: Planted, folder: Path) -> list[Finding]:
    """What the doctor says of a recorded training."""
    torch.manual_seed(0)
    model = planted.model()
    with record(folder, model, check=planted.check) as tape:
        planted.train(tape, model)
    return find(open_recording(folder))


def at_fault(file: str, line: int) -> bool:
    """Whether a line is one at fault."""
    return file == __file__ and Path(file).read_text(encoding="utf-8").splitlines()[line - 1].endswith(
        "# here"
    )
