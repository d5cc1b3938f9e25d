"""How a wire is drawn: the sides of a cell that it reaches, and the character for them."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["DOWN", "LEFT", "RIGHT", "UP", "Point", "Route", "glyph"]

Point: TypeAlias = tuple[int, int]
Route: TypeAlias = tuple[Point, ...]

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8

_GLYPHS = {
    LEFT: "─",
    RIGHT: "─",
    UP: "│",
    DOWN: "│",
    LEFT | RIGHT: "─",
    UP | DOWN: "│",
    LEFT | DOWN: "╮",
    LEFT | UP: "╯",
    RIGHT | DOWN: "╭",
    RIGHT | UP: "╰",
    LEFT | RIGHT | DOWN: "┬",
    LEFT | RIGHT | UP: "┴",
    RIGHT | UP | DOWN: "├",
    LEFT | UP | DOWN: "┤",
    LEFT | RIGHT | UP | DOWN: "┼",
}


def glyph(arms: int, *, crossing: bool = False, head: bool = False) -> str:
    """The character of a cell whose wires reach these sides, a sum of LEFT, RIGHT, UP and DOWN.

    A `┼` is always a junction. At a crossing the vertical wire is drawn unbroken and the horizontal one dives
    under it (`─│─`), so that no two wires look joined that are not. `head` is the arrow before a target.
    """
    return "▶" if head else "│" if crossing else _GLYPHS[arms]
