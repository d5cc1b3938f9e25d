"""Small models with a fault each; the line that is at fault ends in `# here`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import torch
from torch import nn

__all__ = ["FAULTS", "Fault"]


class Fault(NamedTuple):
    """A training loop of three steps, and the kind of finding that names its fault."""

    kind: str
    train: Callable[[Any], None]
    """Runs the loop; gets the tape, or None."""
    model: Callable[[], nn.Module]


def _loop(model: nn.Module, tape: Any, loss_of: Callable[[int], Any], *, clear: bool = True) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(3):
        loss_of(step).backward()  # here
        optimizer.step()
        if clear:
            optimizer.zero_grad()
        if tape is not None:
            tape.step()


X = torch.linspace(-1, 1, 24).reshape(6, 4)
T = torch.linspace(0, 1, 12).reshape(6, 2)


class Net(nn.Module):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x: Any) -> Any:
        return self.second(torch.tanh(self.first(x)))


class LogOfZero(Net):
    def forward(self, x: Any) -> Any:
        p = torch.relu(super().forward(x))
        return p * torch.log(p)  # here


class RootOfZero(Net):
    def forward(self, x: Any) -> Any:
        h = super().forward(x) * 0
        return torch.sqrt(h)  # here


class ZeroTimesInfinity(Net):
    def forward(self, x: Any) -> Any:
        h = super().forward(x)
        far = 1 / (h.detach() * 0)
        return h * (far * 0)  # here


class MaskedRow(Net):
    def forward(self, x: Any) -> Any:
        scores = super().forward(x).masked_fill(torch.ones(6, 2, dtype=torch.bool), float("-inf"))
        return torch.softmax(scores, -1)  # here


class Deep(nn.Module):
    """Twelve layers whose weights are scaled."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(12))
        self.last = nn.Linear(4, 2)
        with torch.no_grad():
            for layer in self.layers:
                layer.weight.copy_(torch.eye(4) * scale)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)  # here
        return self.last(x)


class DeadRelu(Net):
    def forward(self, x: Any) -> Any:
        h = torch.relu(self.first(x) - 100)  # here
        return self.second(h)


class Detached(Net):
    def forward(self, x: Any) -> Any:
        h = torch.tanh(self.first(x)).detach()  # here
        return self.second(h)


class Clamped(Net):
    def forward(self, x: Any) -> Any:
        h = torch.tanh(self.first(x))  # here
        if h.requires_grad:
            h.register_hook(lambda gradient: gradient * 10)
        return self.second(h)


class Overflow(Net):
    def forward(self, x: Any) -> Any:
        return torch.exp(super().forward(x) * 1e4)  # here


class WrongSide(torch.autograd.Function):
    """The backward of a root, with infinity where it should have been guarded."""

    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        ctx.save_for_backward(a)
        return a.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (a,) = ctx.saved_tensors
        return g / (a - a)


class Function(Net):
    def forward(self, x: Any) -> Any:
        return WrongSide.apply(super().forward(x) + 5)  # here


def _mean(model: nn.Module) -> Callable[[int], Any]:
    return lambda _: (model(X) - T).square().mean()


def _fault(kind: str, make: Callable[[], nn.Module], *, clear: bool = True) -> Fault:
    def train(pair: Any) -> None:
        model, tape = pair
        _loop(model, tape, _mean(model), clear=clear)

    return Fault(kind, train, make)


FAULTS: Final = {
    "log of zero": _fault("forward-nan", LogOfZero),
    "root of zero": _fault("backward-inf", RootOfZero),
    "zero times infinity": _fault("forward-nan", ZeroTimesInfinity),
    "a row masked completely": _fault("forward-nan", MaskedRow),
    "vanishing": _fault("vanishing", lambda: Deep(0.3)),
    "exploding": _fault("exploding", lambda: Deep(3.0)),
    "dead relu": _fault("dead-relu", DeadRelu),
    "detached branch": _fault("no-gradient", Detached),
    "missing zero_grad": _fault("not-cleared", Net, clear=False),
    "a hook that changes a gradient": _fault("changed", Clamped),
    "overflow": _fault("forward-inf", Overflow),
    "a Function whose backward divides by zero": _fault("backward-inf", Function),
}
