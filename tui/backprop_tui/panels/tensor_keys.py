"""The keys of the viewer of tensors, once: its bindings, its footer, its help and the page on keys follow."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.texts import text

__all__ = ["KEYS", "Key", "key_line"]


class Key(Struct, frozen=True):
    """Keys with what they do: their actions on the screen, and how people read them.

    The texts ``tensor.key.<name>`` and ``tensor.key.<name>.help`` say what that is. The first in the order of
    `footer` stay where the footer is short. Some are for tensors of more than two axes alone (`deep`).
    """

    name: str
    shown: str
    footer: int
    actions: tuple[tuple[str, str], ...]
    deep: bool = False


KEYS: Final[tuple[Key, ...]] = (
    Key(
        "move",
        "↑ ↓ ← →",
        2,
        (("up", "move(-1, 0)"), ("down", "move(1, 0)"), ("left", "move(0, -1)"), ("right", "move(0, 1)")),
    ),
    Key(
        "page",
        "PgUp PgDn",
        10,
        (
            ("pageup,shift+up", "page(-1, 0)"),
            ("pagedown,shift+down", "page(1, 0)"),
            ("shift+left", "page(0, -1)"),
            ("shift+right", "page(0, 1)"),
        ),
    ),
    Key(
        "ends",
        "Home End",
        12,
        (
            ("home", "ends(0, -1)"),
            ("end", "ends(0, 1)"),
            ("ctrl+home", "ends(-1, -1)"),
            ("ctrl+end", "ends(1, 1)"),
        ),
    ),
    Key("subject", "Tab", 3, (("tab", "subject(1)"), ("shift+tab", "subject(-1)"))),
    Key("slice", ", .", 4, (("comma", "slide(-1)"), ("full_stop", "slide(1)")), deep=True),
    Key("axis", "x", 8, (("x", "axis"),), deep=True),
    Key("axes", "t", 9, (("t", "turn"),)),
    Key("heat", "h", 5, (("h", "heat"),)),
    Key("counts", "f", 6, (("f", "counts"),)),
    Key("copy", "y", 11, (("y", "copy"),)),
    Key("help", "?", 7, (("question_mark,f1", "help"),)),
    Key("close", "Esc", 1, (("escape,q,enter", "dismiss"),)),
)


def key_line(language: str, width: int, *, deep: bool) -> Drawing:
    """As many keys as fit, the most needed first, in the table's order."""
    wanted = [key for key in KEYS if deep or not key.deep]
    labels = {key.name: text(f"tensor.key.{key.name}", language) for key in wanted}
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
