"""The help of the debugger and of the tensor viewer: every key or command, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width, pad, wrap
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.panel_slots import slot_named
from backprop_tui.panels.tensor.keys import KEYS
from backprop_tui.screens.sheet import Sheet
from backprop_tui.signs import SCROLLING, SIGNS

__all__ = ["HelpScreen", "TensorHelpScreen", "help_lines"]

_TENSOR_SIGNS = (
    (
        "0.6",
        Role.LIT,
        msg(
            "beside a product: the entries of the upstream and the local gradient that made the cursor's "
            "entry"
        ),
    ),
    (
        "i…a · 1…9",
        Role.TEXT,
        msg("blue is below zero, orange above; without colours a to i and 1 to 9 say how far"),
    ),
    ("?  < >", Role.TROUBLE, msg("not a number; infinite")),
)


_OTHERS: Final = {
    "transcript": msg("The run so far as text to read from top to bottom; the step just taken comes last."),
    "gallery": msg(
        "The bundled scenarios by folder; more dots are harder. ↑ ↓ choose one, "
        "Enter opens it, / finds some by title, name or folder, t takes the tour. "
        "The keys below are for a scenario that is open."
    ),
}
"""What is shown elsewhere than in a panel, by the command that brings it."""


def help_lines(
    language: str, width: int, commands: tuple[CommandRow, ...] = COMMANDS, panel: str = ""
) -> list[Line]:
    """The help, from the table of commands, in lines of at most `width` cells where that can be.

    What the `panel` in focus shows comes first.
    """
    size = max(cell_width(command.called) for command in commands) + 2
    keys = [(command.called, Role.KEY, _what(command, language)) for command in commands]
    signs = [(sign, role, meaning.in_language(language)) for sign, role, meaning in SIGNS]
    lines = _about(panel, language, width) if panel else []
    lines.append((Span(msg("Keys").in_language(language), Role.HEADING),))
    lines += _two_columns(keys, size, width)
    lines += [
        (Span("  "), Span(piece, Role.DIM)) for piece in wrap(SCROLLING.in_language(language), width - 2)
    ]
    lines += [(Span(""),), (Span(msg("Signs").in_language(language), Role.HEADING),)]
    return lines + _two_columns(signs, size, width)


def _about(panel: str, language: str, width: int) -> list[Line]:
    """What a panel shows, under its name."""
    slot = slot_named(panel)
    if slot is not None:
        name, explained = slot.title, slot.help
    else:
        name, explained = next(row.label for row in COMMANDS if row.name == panel), _OTHERS[panel]
    title = name.in_language(language)
    heading: Line = (Span(msg("This panel: {panel}", panel=title).in_language(language), Role.HEADING),)
    words = wrap(explained.in_language(language), width - 2)
    return [heading, *((Span(f"  {piece}"),) for piece in words), (Span(""),)]


def _what(command: CommandRow, language: str) -> str:
    """What a command does, and how it is typed."""
    names = [f":{name}" for name in command.prompt if f":{name}" != command.called]
    return command.help.in_language(language) + (f"  ({' '.join(names)})" if names else "")


def _two_columns(rows: list[tuple[str, Role, str]], size: int, width: int) -> list[Line]:
    """A sign and what it means, wrapped in its own column."""
    lines: list[Line] = []
    for sign, role, meaning in rows:
        for number, piece in enumerate(wrap(meaning, max(10, width - size - 2))):
            lines.append((Span("  "), Span(pad("" if number else sign, size), role), Span(piece)))
    return lines


class HelpScreen(Sheet):
    """The help as a sheet."""

    def __init__(self, language: str, commands: tuple[CommandRow, ...] = COMMANDS, panel: str = "") -> None:
        super().__init__(msg("Help").in_language(language), language)
        self.commands, self.panel = commands, panel

    def lines(self, width: int) -> Sequence[Line]:
        """The help."""
        return help_lines(self.language, width, self.commands, self.panel)


class TensorHelpScreen(Sheet):
    """The help of the viewer as a sheet."""

    def __init__(self, language: str) -> None:
        super().__init__(msg("Tensors").in_language(language), language)

    def lines(self, width: int) -> Sequence[Line]:
        """The help."""
        language = self.language
        keys = [(key.shown, Role.KEY, key.help.in_language(language)) for key in KEYS]
        signs = [(sign, role, meaning.in_language(language)) for sign, role, meaning in _TENSOR_SIGNS]
        size = max(cell_width(sign) for sign, _, _ in [*keys, *signs]) + 2
        return [
            (Span(msg("Keys").in_language(language), Role.HEADING),),
            *_two_columns(keys, size, width),
            (Span(""),),
            (Span(msg("Signs").in_language(language), Role.HEADING),),
            *_two_columns(signs, size, width),
        ]
