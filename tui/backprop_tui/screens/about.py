"""What a file is about, on a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical

from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line
from backprop_tui.panels.run_pages import about
from backprop_tui.screens.sheet import Sheet
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel

__all__ = ["AboutScreen"]


class AboutScreen(Sheet):
    """The title, the description and the source of a file, and what it computes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("I", "dismiss", show=False, priority=True)]

    def __init__(self, view: View) -> None:
        super().__init__(msg("about").in_language(view.language), view.language)
        self._view = view

    def on_resize(self) -> None:
        """As high as its text, if that fits."""
        panel, sheet = self.query_one("#sheet", Panel), self.query_one(Vertical)
        sheet.styles.height = self._wrapped(panel.size.width).height + panel.gutter.height

    def lines(self, width: int) -> Sequence[Line]:
        """What to say about the whole run."""
        return about(self._view, width)
