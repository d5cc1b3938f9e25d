"""The help of the viewer of tensors: its keys, and what its colours and signs mean."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.panels.tensor_keys import KEYS
from backprop_tui.screens.help import two_columns
from backprop_tui.screens.sheet import Sheet
from backprop_tui.texts import text

__all__ = ["TensorHelpScreen"]

_SIGNS = (
    ("0.6", Role.LIT, "tensor.help.lit"),
    ("i…a · 1…9", Role.TEXT, "tensor.help.scale"),
    ("?  < >", Role.WARNING, "tensor.help.marks"),
)


class TensorHelpScreen(Sheet):
    """The help of the viewer as a sheet."""

    def __init__(self, language: str) -> None:
        super().__init__(text("tensor.help.title", language), language)

    def lines(self, width: int) -> Sequence[Line]:
        """The help."""
        language = self.language
        keys = [(key.shown, Role.KEY, text(f"tensor.key.{key.name}.help", language)) for key in KEYS]
        signs = [(sign, role, text(key, language)) for sign, role, key in _SIGNS]
        size = max(cell_width(sign) for sign, _, _ in [*keys, *signs]) + 2
        return [
            (Span(text("help.keys", language), Role.HEADING),),
            *two_columns(keys, size, width),
            (Span(""),),
            (Span(text("help.signs", language), Role.HEADING),),
            *two_columns(signs, size, width),
        ]
