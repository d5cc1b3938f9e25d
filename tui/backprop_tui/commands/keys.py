"""Keys: how Textual names them, how they are shown, and those that the user chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import structs

from backprop_tui.commands.row import CommandRow

__all__ = ["KEY_NAMES", "key_text", "remapped"]

_SHOWN: Final[Mapping[str, str]] = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "slash": "/",
    "exclamation_mark": "!",
    "colon": ":",
    "question_mark": "?",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "plus": "+",
    "minus": "-",
    "full_stop": ".",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
}

KEY_NAMES: Final[Mapping[str, str]] = {shown: key for key, shown in _SHOWN.items()}
"""What Textual calls a key that people write as a sign."""


def key_text(key: str) -> str:
    """A key, as Textual names it, as people read it: ``Ctrl+P`` for ``ctrl+p``."""
    *held, last = key.split("+")
    shown = _SHOWN.get(last, last if len(last) == 1 else last.replace("_", " ").title())
    return "+".join(
        [*(modifier.title() for modifier in held), shown.upper() if held and len(shown) == 1 else shown]
    )


def remapped(commands: Iterable[CommandRow], keys: Mapping[str, tuple[str, ...]]) -> tuple[CommandRow, ...]:
    """The table with other keys for the commands that `keys` names."""
    return tuple(
        structs.replace(row, keys=keys[row.name], shown=" ".join(map(key_text, keys[row.name])))
        if row.name in keys
        else row
        for row in commands
    )
