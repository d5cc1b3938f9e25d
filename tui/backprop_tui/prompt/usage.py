"""How commands are written and what they do: all of them, one of them, or the one that is being typed."""

from __future__ import annotations

from typing import Final

from backprop_engine.debugger import Session
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span, wrap_line
from backprop_tui.cells.text import cell_width
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.prompt.outcome import Context
from backprop_tui.prompt.parse import command_named, command_of
from backprop_tui.queries import Help

__all__ = ["help_on", "hint"]

_MARGIN: Final = 28
"""Where the explanations of commands begin."""


def hint(typed: str, language: str) -> str:
    """How the command is written and what it does; the prompt's own keys while nothing is typed yet."""
    if not typed.strip():
        return msg("Tab completes, ↑ ↓ history, Enter runs, Esc closes; help lists the commands").in_language(
            language
        )
    try:
        command = command_of(typed)
    except UsageError:
        return ""
    return f"{command.usage.in_language(language)}   {command.help.in_language(language)}"


def _explained(command: CommandRow, language: str, width: int) -> list[Line]:
    """How a command is written, and beside it, or below where that is long, what it does."""
    usage = command.usage.in_language(language)
    margin = Span(" " * _MARGIN)
    helps = wrap_line((Span(command.help.in_language(language)),), max(_MARGIN, width - _MARGIN))
    room = _MARGIN - 4 - cell_width(usage)
    if room < 0:
        return [(Span("  "), Span(usage, Role.KEY)), *((margin, *line) for line in helps)]
    first: Line = (Span("  "), Span(usage, Role.KEY), Span(" " * (room + 2)), *helps[0])
    return [first, *((margin, *line) for line in helps[1:])]


def help_on(session: Session, query: Help, context: Context) -> list[Line]:
    """Every command that can be typed, or one of them."""
    name, (_, language, width) = query.name, context
    if not name:
        return [line for row in COMMANDS if row.prompt for line in _explained(row, language, width)]
    command = command_named(name)
    lines: list[Line] = [
        (Span(command.usage.in_language(language), Role.KEY),),
        (Span("  "), Span(command.help.in_language(language))),
    ]
    others = ", ".join(command.prompt[1:])
    if others:
        lines.append((Span(f"  {msg('also').in_language(language)} "), Span(others, Role.KEY)))
    if command.keys:
        lines.append((Span(f"  {msg('keys').in_language(language)} "), Span(command.shown, Role.KEY)))
    return lines
