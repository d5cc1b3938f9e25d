"""Expressions as they are typed at the prompt: numbered parts of nodes (`f#1`) are names there too."""

from __future__ import annotations

import re
from typing import Final

from backprop_engine.errors import UsageError
from backprop_engine.expressions import Expr, ExprError, parse
from backprop_engine.messages.message import Hint, Message, msg, rewritten
from backprop_engine.messages.plain_text import clean, shortened

__all__ = ["about", "named", "typed", "with_hint"]

_STAND_IN: Final = "\u01c2"
"""A letter in place of the `#` of a numbered part while an expression is parsed."""
_MARK: Final = re.compile(r"(?<=\w)#(?=\d)")


def typed(text: str) -> Expr:
    """The expression that `text` spells; raises `UsageError` if it is not one."""
    try:
        return parse(_MARK.sub(_STAND_IN, text))
    except ExprError as error:
        raise about(text, error.message, error.hint) from None


def about(text: str, message: Message, hint: Hint) -> UsageError:
    """What is wrong with a typed expression."""
    described = msg("{text}: {problem}", text=shortened(clean(text), 60), problem=with_hint(message, hint))
    return UsageError(rewritten(described, named))


def with_hint(message: Message, hint: Hint) -> Message:
    """A message, and its hint in brackets where there is one."""
    return msg("{message} ({hint})", message=message, hint=hint) if hint else message


def named(name: str) -> str:
    """A name in a `typed` expression as the user wrote it; also within a longer text."""
    return name.replace(_STAND_IN, "#")
