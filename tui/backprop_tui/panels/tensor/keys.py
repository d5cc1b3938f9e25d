"""The keys of the viewer of tensors, once: its bindings, its footer, its help and the page on keys follow."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.text import cell_width

__all__ = ["KEYS", "key_line"]


class ViewerKey(Struct, frozen=True):
    """Keys with what they do: their actions on the screen, and how people read them.

    `label` is in the footer, `help` on the help's page. The first in the order of `footer` stay where the
    footer is short. Some are for tensors of more than two axes alone (`deep`).
    """

    name: str
    label: Message
    help: Message
    shown: str
    footer: int
    actions: tuple[tuple[str, str], ...]
    deep: bool = False


KEYS: Final[tuple[ViewerKey, ...]] = (
    ViewerKey(
        "move",
        msg("entry"),
        msg("move the cursor, by keys or with a click: its entry is shown in full, with how it was computed"),
        "↑ ↓ ← →",
        2,
        (("up", "move(-1, 0)"), ("down", "move(1, 0)"), ("left", "move(0, -1)"), ("right", "move(0, 1)")),
    ),
    ViewerKey(
        "page",
        msg("page"),
        msg("move by a screenful of rows or, with Shift and an arrow, of columns; the wheel scrolls"),
        "PgUp PgDn",
        10,
        (
            ("pageup,shift+up", "page(-1, 0)"),
            ("pagedown,shift+down", "page(1, 0)"),
            ("shift+left", "page(0, -1)"),
            ("shift+right", "page(0, 1)"),
        ),
    ),
    ViewerKey(
        "ends",
        msg("ends of the row"),
        msg("to either end of the row or, with Ctrl, to the first or last entry"),
        "Home End",
        12,
        (
            ("home", "ends(0, -1)"),
            ("end", "ends(0, 1)"),
            ("ctrl+home", "ends(-1, -1)"),
            ("ctrl+end", "ends(1, 1)"),
        ),
    ),
    ViewerKey(
        "subject",
        msg("value, gradient"),
        msg("the node's value, its gradient, and each contribution to the gradient"),
        "Tab",
        3,
        (("tab", "subject(1)"), ("shift+tab", "subject(-1)")),
    ),
    ViewerKey(
        "slice",
        msg("slice"),
        msg("the previous and next slice of a tensor with more than two axes"),
        ", .",
        4,
        (("comma", "slide(-1)"), ("full_stop", "slide(1)")),
        deep=True,
    ),
    ViewerKey(
        "axis",
        msg("slice axis"),
        msg("choose another axis to slice along"),
        "x",
        8,
        (("x", "axis"),),
        deep=True,
    ),
    ViewerKey("axes", msg("turn"), msg("choose other axes for rows and columns"), "t", 9, (("t", "turn"),)),
    ViewerKey(
        "heat",
        msg("heatmap"),
        msg(
            "switch between heatmap and numbers; a tensor with more entries than cells is shown whole "
            "until the cursor moves: each cell is the entry of largest magnitude in its block"
        ),
        "h",
        5,
        (("h", "heat"),),
    ),
    ViewerKey("counts", msg("histogram"), msg("show or hide the histogram"), "f", 6, (("f", "counts"),)),
    ViewerKey("copy", msg("copy"), msg("copy the matrix in NumPy syntax"), "y", 11, (("y", "copy"),)),
    ViewerKey("help", msg("help"), msg("this page"), "?", 7, (("question_mark,f1", "help"),)),
    ViewerKey("close", msg("close"), msg("back to the debugger"), "Esc", 1, (("escape,q,enter", "dismiss"),)),
)


def key_line(language: str, width: int, *, deep: bool) -> Drawing:
    """As many keys as fit, the most needed first, in the table's order."""
    wanted = [key for key in KEYS if deep or not key.deep]
    labels = {key.name: key.label.in_language(language) for key in wanted}
    chosen: set[str] = set()
    used = 1
    for key in sorted(wanted, key=lambda key: key.footer):
        used += cell_width(f"{key.shown} {labels[key.name]}  ")
        if used > width:
            break
        chosen.add(key.name)
    spans = [Span(" ")]
    for key in wanted:
        if key.name in chosen:
            spans += [Span(key.shown, Role.KEY), Span(f" {labels[key.name]}  ", Role.DIM)]
    return Lines.of([tuple(spans)])
