"""Bars that end at an eighth of a cell."""

from __future__ import annotations

from typing import Final

__all__ = ["bar"]

_PARTS: Final = "▏▎▍▌▋▊▉█"
_PARTS_ASCII: Final = "-=#"


def bar(share: float, cells: int, *, ascii: bool = False) -> str:
    """A bar of `share`, 0 to 1, of `cells` cells; never so short that nothing is seen of it."""
    parts = _PARTS_ASCII if ascii else _PARTS
    whole, rest = divmod(max(1, round(min(1.0, max(0.0, share)) * cells * len(parts))), len(parts))
    return parts[-1] * whole + (parts[rest - 1] if rest else "")
