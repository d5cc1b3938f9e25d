"""Role-tagged lines on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from backprop_tui.cells.lines import Line, Role, line_text

__all__ = ["print_lines"]

_COLOURS = {
    Role.VALUE: "32",
    Role.ACTIVE_VALUE: "32",
    Role.GOOD: "32",
    Role.GRADIENT: "31",
    Role.ACTIVE_GRADIENT: "31",
    Role.WARNING: "31",
    Role.LOCAL: "33",
    Role.NAME: "34",
    Role.HEADING: "1",
    Role.DIM: "2",
    Role.CODE: "35",
}


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines; in colour where standard output is a terminal that wants it."""
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    for line in lines:
        if coloured:
            text = "".join(
                f"\x1b[{_COLOURS[role]}m{part}\x1b[0m" if role in _COLOURS else part for part, role in line
            )
        else:
            text = line_text(line)
        sys.stdout.write(text.rstrip() + "\n")
