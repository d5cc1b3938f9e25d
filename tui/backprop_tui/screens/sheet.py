"""A sheet of lines on top of another screen: scrolled with the arrows, closed with Escape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Lines
from backprop_tui.cells.lines import Line, wrap_lines
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.widgets.panel import Panel

__all__ = ["Sheet"]


class Sheet(ModalScreen[None], SteadyScreen[None]):
    """Lines to read, which subclasses give for a width."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "dismiss", show=False, priority=True)
    ]

    FIRST: ClassVar[str] = "#sheet"
    """What has the focus at first."""

    def __init__(self, title: str, language: str) -> None:
        super().__init__()
        self.sheet_title, self.language = title, language

    def lines(self, width: int) -> Sequence[Line]:
        """What is on the sheet."""
        return ()

    def compose(self) -> ComposeResult:
        """One panel."""
        with Vertical(classes="sheet"):
            panel = Panel(lambda width, height: self._wrapped(max(10, width)), id="sheet")
            panel.border_title = Content(self.sheet_title)
            panel.border_subtitle = Content(msg("Esc closes").in_language(self.language))
            yield panel

    def on_mount(self) -> None:
        """The focus is set from the start; the panel's arrows scroll it."""
        self.set_class(self.app.has_class("-ascii"), "-ascii")
        self.query_one(self.FIRST).focus()

    def _wrapped(self, width: int) -> Lines:
        """The lines, wrapped to the panel."""
        return Lines.of(wrap_lines(self.lines(width), width))
