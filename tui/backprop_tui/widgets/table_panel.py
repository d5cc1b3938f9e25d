"""A panel whose rows can be chosen."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from backprop_tui.widgets.panel import Panel

__all__ = ["TablePanel"]


class TablePanel(Panel, inherit_bindings=False):
    """The arrows choose a row, and the screen says which one that is; the panel scrolls after it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.choose(-1)", show=False),
        Binding("down", "screen.choose(1)", show=False),
        Binding("pageup", "screen.choose(-10)", show=False),
        Binding("pagedown", "screen.choose(10)", show=False),
        Binding("shift+left", "scroll_left", show=False),
        Binding("shift+right", "scroll_right", show=False),
    ]
