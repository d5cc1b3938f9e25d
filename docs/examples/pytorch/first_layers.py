"""A network of twelve layers: its last layers learn, and its first ones hardly at all."""

import torch
from torch import nn

from backprop_tui.torch import record


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.linear(x))


torch.manual_seed(0)
model = nn.Sequential(*(Layer() for _ in range(12)), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.linspace(-1, 1, 128).reshape(8, 16).sin()

with record("run", model) as tape:
    for _ in range(3):
        loss = (model(x) - x.mean(1, keepdim=True)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        tape.step()
