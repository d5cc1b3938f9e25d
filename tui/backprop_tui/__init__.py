"""The terminal wing of the debugger for backpropagation; `debug` opens it on what a Python program made."""

from __future__ import annotations

import os
from importlib import import_module

from backprop_engine.messages.translations import add_languages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from backprop_tui.from_python import debug

__all__ = ["debug"]
__version__ = "0.2.0"

add_languages(os.path.join(os.path.dirname(__file__), "languages"))


def __getattr__(name: str) -> Any:
    if name != "debug":  # loaded only when it is used
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.from_python").debug
