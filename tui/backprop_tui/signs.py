"""Signs on the screen, once: the help and the page on keys say what they mean."""

from __future__ import annotations

from typing import Final

from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Role
from backprop_tui.cells.summaries import ABSENT

__all__ = ["SCROLLING", "SIGNS"]

SIGNS: Final = (
    ("12", Role.VALUE, msg("green, above the wire: a value, going forward ▶")),
    ("-4", Role.GRADIENT, msg("red, below the wire: a gradient, going backward ◀")),
    ("2", Role.LOCAL, msg("violet: a local gradient")),
    ("-8", Role.PRODUCT, msg("bold and brightest (darkest on white): the product of the two")),
    (
        "NaN",
        Role.TROUBLE,
        msg("trouble: a number that is not finite, or a failed check; ! goes to where NaN or inf arises"),
    ),
    (ABSENT, Role.DIM, msg("has not arrived yet; this is not zero")),
    ("━━▶", Role.HEADING, msg("heavy lines: the node and the edge of this step")),
    (
        "▶ ◀",
        Role.KEY,
        msg("in a table: the operator that ran, and the node that received a number, in reverse video"),
    ),
    ("▷ ◁", Role.DIM, msg("the same, for the previous step")),
    ("╌╌▷", Role.DIM, msg("dashed lines and hollow arrows: steps still to come")),
    ("○ ◇ □", Role.NAME, msg("an input, a parameter, a constant")),
    (
        "(3×4) ‖2‖",
        Role.VALUE,
        msg("a tensor, abbreviated: its shape and ‖its norm‖, the square root of the sum of squares"),
    ),
    (
        "5/9 true",
        Role.VALUE,
        msg("5 of 9 truth values are true; short lists are shown as [1 0], 1 for true and 0 for false"),
    ),
    ("-4 ∑ 1/2", Role.GRADIENT, msg("a gradient that is the sum of 2 contributions; 1 has arrived so far")),
    (
        "3 Δ+5",
        Role.VALUE,
        msg(
            "on a branch: how much your change moved a number; for a tensor, Δ‖5‖ is the norm of the "
            "difference"
        ),
    ),
)
"""Each with its role, and what it means."""

SCROLLING: Final = msg(
    "↑ ↓ PgUp PgDn scroll the focused panel; with Shift, ← → PgUp PgDn scroll it sideways (← → alone "
    "step through the run). In the graph, H J K L and Ctrl+arrows scroll in large steps, and the mouse "
    "drags it; click a node to choose it. The thick part of a border shows what is in view; drag it to "
    "scroll"
)
"""How the panels are scrolled."""
