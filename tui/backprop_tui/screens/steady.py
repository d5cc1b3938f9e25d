"""What all screens have in common: late keys and clicks do no harm."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final, TypeVar

from textual.await_complete import AwaitComplete
from textual.geometry import Offset
from textual.widget import Widget

from backprop_tui.textual_private import CSSPathType, ScreenOfItsSize

__all__ = ["WINDOWS", "SteadyScreen"]

WINDOWS: Final = Path(__file__).with_name("windows.tcss")
"""The styles of all screens but the debugger's, which no first screen of a run waits for."""

Result = TypeVar("Result")


class SteadyScreen(ScreenOfItsSize[Result]):
    """A screen that closes only once, and on which a click never hits a removed widget.

    Keys typed ahead ask it to close again when another screen is in front, which Textual would close instead;
    and until Textual lays out again, it finds widgets that were removed.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = WINDOWS

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close this screen, if it is in front."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """The widget in a cell, and the place in its content; none where that was removed."""
        widget, offset = super().get_widget_and_offset_at(x, y)
        return (None, None) if widget is not None and widget.parent is None else (widget, offset)
