"""Signs on the screen, once: the help and the page on keys say what they mean."""

from __future__ import annotations

from typing import Final

from backprop_tui.cells.lines import Role

__all__ = ["SIGNS"]

SIGNS: Final = (
    ("12", Role.VALUE, "help.value"),
    ("-4", Role.GRADIENT, "help.gradient"),
    ("·", Role.DIM, "help.absent"),
    ("━━▶", Role.HEADING, "help.heavy"),
    ("╌╌▷", Role.DIM, "help.ahead"),
    ("○ ◇ □", Role.NAME, "help.leaves"),
    ("3×4 ‖2‖", Role.VALUE, "help.norm"),
    ("5/9 true", Role.VALUE, "help.truth"),
    ("-4 ∑ 1/2", Role.GRADIENT, "help.sum"),
    ("3 Δ+5", Role.VALUE, "help.change"),
)
"""Each with its role, and the key of the text that explains it."""
