"""Expressions as they are typed at the prompt: numbered parts of nodes (`f#1`) are names there too."""

from __future__ import annotations

import re
from typing import Final

from backprop_engine.errors import UsageError
from backprop_engine.expr import Expr, ExprError, parse
from backprop_engine.text import clean, clip

__all__ = ["named", "typed"]

_STAND_IN: Final = "\u01c2"
"""A letter that stands for the mark of a numbered part while an expression is parsed."""
_MARK: Final = re.compile(r"(?<=\w)#(?=\d)")


def typed(text: str) -> Expr:
    """The expression that `text` spells; `UsageError` where it is none."""
    try:
        return parse(_MARK.sub(_STAND_IN, text))
    except ExprError as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise UsageError(named(f"{clip(clean(text), 60)}: {error.message}{hint}")) from None


def named(name: str) -> str:
    """The name that is meant by one in a `typed` expression; any text with such names in it."""
    return name.replace(_STAND_IN, "#")
