"""The help of the debugger and of the tensor viewer: every key or command, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width, pad, wrap
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS, GROUPS
from backprop_tui.panel_slots import slot_named
from backprop_tui.panels.tensor.keys import KEYS
from backprop_tui.screens.sheet import Sheet
from backprop_tui.signs import SCROLLING, SIGNS
from backprop_tui.widgets.panel import Panel

__all__ = ["HelpScreen", "TensorHelpScreen", "help_lines"]

_TENSOR_SIGNS = (
    (
        "0.6",
        Role.LIT,
        msg(
            "next to a product: the entries of the upstream and local gradients that make up the entry "
            "at the cursor"
        ),
    ),
    (
        "i…a 0 1…9",
        Role.TEXT,
        msg("blue is negative, orange is positive; without colours, a to i and 1 to 9 show how far"),
    ),
    ("?  < >", Role.TROUBLE, msg("not a number; infinite")),
)


_CLOSING: Final = ("q", "question_mark")
"""The signs that close the help where nothing has been typed."""
_OTHERS: Final = {
    "transcript": msg("The run so far as text, to be read from top to bottom; the latest step comes last."),
    "gallery": msg(
        "The bundled scenarios, by folder; more dots mean harder. ↑ ↓ choose one, Enter opens it, / "
        "searches titles, names and folders, t starts the tour, T lists the tracks and your practice "
        "scores. The keys below work once a scenario is open."
    ),
    "beside": msg(
        "Two branches at the same step. The graph shows the numbers of one branch, with Δ for the "
        "difference from the other; below it are the step on each branch and the nodes that differ so "
        "far. The timeline marks each step that differs. Both branches move together."
    ),
}
"""What is shown outside the panels, by the command that opens it."""


def help_lines(
    language: str,
    width: int,
    commands: tuple[CommandRow, ...] = COMMANDS,
    panel: str = "",
    sought: str = "",
) -> list[Line]:
    """The help, from the table of commands, in lines of at most `width` cells if possible.

    What the `panel` in focus shows comes first, then the commands by purpose. If something is `sought`, only
    the commands and signs that match it are listed, those with such a key or name first.
    """
    size = max(cell_width(command.called) for command in commands) + 2
    known = {command.name: command for command in commands}
    groups = [(title, [known[row.name] for row in rows if row.name in known]) for title, rows in GROUPS]
    if sought:
        called = [row for _, rows in groups for row in rows if _is_called(row, sought)]
        rest = [
            (title, [row for row in rows if row not in called and _fits(row, sought, language)])
            for title, rows in groups
        ]
        groups = [(msg("By name or key"), called), *rest]
    lines = _about(panel, language, width) if panel and not sought else []
    for title, rows in groups:
        if rows:
            lines.append((Span(title.in_language(language), Role.HEADING),))
            lines += _two_columns([(row.called, Role.KEY, _what(row, language)) for row in rows], size, width)
    signs = [(sign, role, meaning.in_language(language)) for sign, role, meaning in SIGNS]
    found = [
        sign for sign in signs if all(word in f"{sign[0]} {sign[2]}".casefold() for word in _words(sought))
    ]
    if found:
        lines.append((Span(msg("Signs").in_language(language), Role.HEADING),))
        lines += _two_columns(found, size, width)
    if not sought:
        lines += [
            (Span("  "), Span(piece, Role.DIM)) for piece in wrap(SCROLLING.in_language(language), width - 2)
        ]
    if not lines:
        lines.append((Span(msg("No matches found").in_language(language), Role.DIM),))
    return lines


def _words(sought: str) -> list[str]:
    return sought.casefold().split()


def _is_called(row: CommandRow, sought: str) -> bool:
    """Whether a command has a key or a name at the prompt that is `sought`."""
    return sought in (*row.keys, *row.shown.split(), *row.prompt)


def _fits(row: CommandRow, sought: str, language: str) -> bool:
    """Whether each word that is sought is in the texts about a command, in `language` or in English."""
    said = " ".join(
        [
            *row.prompt,
            row.shown,
            *(text.in_language(one) for text in (row.label, row.help) for one in (language, "en")),
        ]
    ).casefold()
    return all(word in said for word in _words(sought))


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


class _Filter(Input):
    """The line that filters the help."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text: where nothing has been typed, those that close the help are not."""
        return (bool(self.value) or key not in _CLOSING) and super().check_consume_key(key, character)


class HelpScreen(Sheet):
    """The help as a sheet; what is typed there filters it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(("escape", "enter", "f1", *_CLOSING)), "dismiss", show=False, priority=True),
        *(
            Binding(key, f"scroll('{how}')", show=False, priority=True)
            for key, how in (("up", "up"), ("down", "down"), ("pageup", "page_up"), ("pagedown", "page_down"))
        ),
    ]

    FIRST = "#filter Input"

    def __init__(self, language: str, commands: tuple[CommandRow, ...] = COMMANDS, panel: str = "") -> None:
        super().__init__(msg("Help").in_language(language), language)
        self.commands, self.panel = commands, panel
        self.sought = ""

    def compose(self) -> ComposeResult:
        """The sheet, and the line that filters it."""
        yield from super().compose()
        with Horizontal(id="filter"):
            yield Static(Content(f" {msg('type to find').in_language(self.language)} "))
            field = _Filter(compact=True)
            field.cursor_blink = False
            yield field

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches."""
        event.stop()
        self.sought = event.value.strip()
        panel = self.query_one("#sheet", Panel)
        panel.redraw()
        panel.scroll_to(0, 0)

    def action_scroll(self, how: str) -> None:
        """Scroll the sheet."""
        panel = self.query_one("#sheet", Panel)
        moves = {
            "up": panel.scroll_up,
            "down": panel.scroll_down,
            "page_up": panel.scroll_page_up,
            "page_down": panel.scroll_page_down,
        }
        moves[how]()

    def lines(self, width: int) -> Sequence[Line]:
        """The help."""
        return help_lines(self.language, width, self.commands, self.panel, self.sought)


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
