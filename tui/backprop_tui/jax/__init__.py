"""Record a run of JAX, to be debugged here.

>>> from backprop_tui.jax import record
>>> with record("run/") as tape:  # doctest: +SKIP
...     value_and_grad = tape.value_and_grad(loss)
...     for x, y in data:
...         value, gradients = value_and_grad(parameters, x, y)
...         parameters = update(parameters, gradients)
...         tape.step()

JAX is imported when `record` is first used, not before. A function is traced as `jax.value_and_grad` would
trace it, and then computed an equation at a time, each with the derivative that JAX has for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_tui.jax.tape import JaxTape, record

__all__ = ["JaxTape", "record"]

HOMES = {"JaxTape": "tape", "record": "tape"}
"""Which file of this folder each public name is in."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
