"""A panel that scrolls its own content: the wheel is reported, and nothing moves by itself."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from backprop_tui.widgets.panel import Panel

__all__ = ["TensorPanel"]


class TensorPanel(Panel, inherit_bindings=False):
    """Shows what is in view of a tensor too large to be a drawing."""

    BINDINGS: ClassVar[list[BindingType]] = []

    class Wheel(Message):
        """The wheel was turned by a number of notches, down and to the right."""

        def __init__(self, down: int, across: int) -> None:
            super().__init__()
            self.down, self.across = down, across

    def _turned(self, event: events.MouseEvent, down: int, across: int) -> None:
        event.stop()
        event.prevent_default()
        if event.shift:
            down, across = across, down
        self.post_message(self.Wheel(down, across))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Report it; with Shift it goes sideways."""
        self._turned(event, 1, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Report it."""
        self._turned(event, -1, 0)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Report it."""
        self._turned(event, 0, 1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Report it."""
        self._turned(event, 0, -1)
