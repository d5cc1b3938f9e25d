"""The help: every command with its keys, and what the signs on the screen mean."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_engine.explain.lines import Line, Role, Span
from backprop_engine.text import cell_width, pad
from backprop_tui.commands import COMMANDS
from backprop_tui.screens.sheet import Sheet
from backprop_tui.texts import text

__all__ = ["HelpScreen", "help_lines"]

_SIGNS = (
    ("12", Role.VALUE, "help.value"),
    ("-4", Role.GRADIENT, "help.gradient"),
    ("·", Role.DIM, "help.absent"),
    ("━━▶", Role.HEADING, "help.heavy"),
    ("○ ◇ □", Role.NAME, "help.leaves"),
    ("3×4 ‖2‖", Role.VALUE, "help.norm"),
)


def help_lines(language: str) -> list[Line]:
    """The help, from the table of commands."""
    size = max(cell_width(command.shown) for command in COMMANDS) + 2
    lines: list[Line] = [(Span(text("help.keys", language), Role.HEADING),)]
    lines += [
        (Span("  "), Span(pad(command.shown, size), Role.KEY), Span(command.help(language)))
        for command in COMMANDS
    ]
    lines += [(Span("  "), Span(text("help.scroll", language), Role.DIM)), (Span(""),)]
    lines.append((Span(text("help.signs", language), Role.HEADING),))
    lines += [
        (Span("  "), Span(pad(sign, size), role), Span(text(key, language))) for sign, role, key in _SIGNS
    ]
    return lines


class HelpScreen(Sheet):
    """The help as a sheet."""

    def __init__(self, language: str) -> None:
        super().__init__(text("help.title", language), language)

    def lines(self, width: int) -> Sequence[Line]:
        """The help."""
        return help_lines(self.language)
