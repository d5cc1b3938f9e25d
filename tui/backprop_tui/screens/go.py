"""Ask for a position."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from backprop_engine.messages.message import msg
from backprop_tui.prompt.values import parse_position
from backprop_tui.screens.steady import SteadyScreen

__all__ = ["GoScreen"]


class GoScreen(ModalScreen[int | None], SteadyScreen[int | None]):
    """A line to type a position into; returns the position, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, last: int, language: str) -> None:
        super().__init__()
        self.last, self.language = last, language

    def compose(self) -> ComposeResult:
        """The line, and below it what is wrong with the input."""
        with Vertical(classes="window") as window:
            window.border_title = Content(
                msg("Go to a position, 0 to {last}, or a percentage", last=self.last).in_language(
                    self.language
                )
            )
            field = Input(id="position", compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Static("", id="problem", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go there, or say why that is not possible."""
        position = parse_position(event.value, self.last)
        if position is None:
            self.query_one("#problem", Static).update(
                Content(
                    msg(
                        "a position is a number from 0 to {last}, or a percentage", last=self.last
                    ).in_language(self.language)
                )
            )
        else:
            self.dismiss(position)
