"""The help of the viewer of tensors: its keys, and what its colours and signs mean."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.panels.tensor_keys import KEYS
from backprop_tui.screens.help import two_columns
from backprop_tui.screens.sheet import Sheet

__all__ = ["TensorHelpScreen"]

_SIGNS = (
    (
        "0.6",
        Role.LIT,
        msg("beside a product: the cells of the upstream and the local gradient that made the cursor's cell"),
    ),
    (
        "i…a · 1…9",
        Role.TEXT,
        msg("blue is below zero, orange above; without colours a to i and 1 to 9 say how far"),
    ),
    ("?  < >", Role.WARNING, msg("not a number; infinite")),
)


class TensorHelpScreen(Sheet):
    """The help of the viewer as a sheet."""

    def __init__(self, language: str) -> None:
        super().__init__(msg("Tensors").in_language(language), language)

    def lines(self, width: int) -> Sequence[Line]:
        """The help."""
        language = self.language
        keys = [(key.shown, Role.KEY, key.help.in_language(language)) for key in KEYS]
        signs = [(sign, role, meaning.in_language(language)) for sign, role, meaning in _SIGNS]
        size = max(cell_width(sign) for sign, _, _ in [*keys, *signs]) + 2
        return [
            (Span(msg("Keys").in_language(language), Role.HEADING),),
            *two_columns(keys, size, width),
            (Span(""),),
            (Span(msg("Signs").in_language(language), Role.HEADING),),
            *two_columns(signs, size, width),
        ]
