"""What stands above the prompt while a line is typed: how the command that it begins with is written."""

from __future__ import annotations

from backprop_engine.errors import UsageError
from backprop_tui.prompt.parse import command_of
from backprop_tui.texts import text

__all__ = ["hint"]


def hint(typed: str, language: str) -> str:
    """How the command is written and what it does; the prompt's own keys while nothing is typed yet."""
    if not typed.strip():
        return text("prompt.hint", language)
    try:
        command = command_of(typed)
    except UsageError:
        return ""
    return f"{command.usage.in_language(language)}   {command.help(language)}"
