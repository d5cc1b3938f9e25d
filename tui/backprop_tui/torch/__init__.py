"""Record a PyTorch run where the model runs, to debug it here, or turn a small model into a scenario.

>>> from backprop_tui.torch import record
>>> with record("run/", model) as tape:  # doctest: +SKIP
...     for x, y in data:
...         loss = criterion(model(x), y)
...         loss.backward()
...         optimizer.step()
...         optimizer.zero_grad()
...         tape.step()

>>> from backprop_tui.torch import from_torch
>>> from_torch(model, x, "model.yaml", loss=criterion, target=y)  # doctest: +SKIP

PyTorch is imported when one of them is first used, not before. What is recorded is what autograd did:
gradients are the same to the last bit with and without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_tui.torch.exporting import from_torch
    from backprop_tui.torch.tape import Tape, record

__all__ = ["Tape", "from_torch", "record"]

HOMES = {"Tape": "tape", "from_torch": "exporting", "record": "tape"}
"""Which file of this folder each public name is in."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
