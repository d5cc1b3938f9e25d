# pyright: reportMissingImports=false
"""Calls of `torch.autograd.Function` classes, and the operators that some of them stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

__all__ = ["ApplyHook", "Registered", "bare_apply", "registered"]


class ApplyHook:
    """Replaces the `apply` of every Function by a call of `instead` with the class and the arguments.

    If PyTorch implements it in Python, the call is intercepted in an internal base class, however it is made.
    If not, as in PyTorch 2.15, a reference to `apply` that user code took before is not intercepted.
    """

    def __init__(self, instead: Callable[[Any, tuple[Any, ...]], Any]) -> None:
        public, below = torch.autograd.Function, torch.autograd.function._SingleLevelFunction
        self._class = below if isinstance(vars(public).get("apply"), classmethod) else public
        self._before = vars(self._class).get("apply")

        def apply(called: Any, *given: Any, **named: Any) -> Any:
            return bare_apply(called)(*given, **named) if named else instead(called, given)

        self._class.apply = classmethod(apply)

    def restore(self) -> None:
        """Restore the original `apply`."""
        if self._before is None:
            del self._class.apply
        else:
            self._class.apply = self._before


def bare_apply(function: Any) -> Callable[..., Any]:
    """The original `apply` of a Function, even while an `ApplyHook` replaces it."""
    found: Callable[..., Any] = super(torch.autograd.function._SingleLevelFunction, function).apply
    return found


class Registered(NamedTuple):
    """An operator of `torch.library`, and the backward that is registered for it."""

    operator: Any
    backward: Any


def registered(called: Any) -> Registered | None:
    """The operator for whose registered backward PyTorch generated a Function; None for other classes."""
    if not isinstance(called, type) or not called.__name__.startswith("GeneratedBackwardFor_"):
        return None
    function: Any = called
    operator, about = _captured(function.forward, "op"), _captured(function.backward, "info")
    backward = getattr(about, "_backward_fn", None)
    return None if operator is None or backward is None else Registered(operator, backward)


def _captured(function: Any, name: str) -> Any:
    """The value of a free variable of `function`; None if it has no such variable."""
    names = function.__code__.co_freevars
    return function.__closure__[names.index(name)].cell_contents if name in names else None
