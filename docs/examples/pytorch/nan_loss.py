"""A classifier that is rewarded for the entropy of what it says, and cools down: its loss turns NaN."""

import torch
from torch import nn

from backprop_tui.torch import record

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, labels = torch.linspace(-1, 1, 24).reshape(6, 4).sin(), torch.arange(6) % 3


def entropy(p: torch.Tensor) -> torch.Tensor:
    return -(p * p.log()).sum(-1).mean()


with record("run", model) as tape:
    for step in range(60):
        logits = model(x) / 0.9**step
        loss = nn.functional.cross_entropy(logits, labels) - 0.01 * entropy(logits.softmax(-1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        tape.step()
print(f"loss after {step + 1} steps: {loss.item()}")
