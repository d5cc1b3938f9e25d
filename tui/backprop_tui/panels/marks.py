"""The signs that tables put beside a node."""

from __future__ import annotations

from backprop_tui.cells.lines import Role, Span

__all__ = ["breakpoint_sign"]

_BREAKPOINTS, _BREAKPOINTS_ASCII = ("●", "○"), ("*", "o")
"""A breakpoint that stops the run, and one that is switched off."""


def breakpoint_sign(enabled: bool | None, *, ascii: bool) -> Span:
    """The sign of a breakpoint, `enabled` or not; the room for one where there is none."""
    if enabled is None:
        return Span(" ")
    on, off = _BREAKPOINTS_ASCII if ascii else _BREAKPOINTS
    return Span(on, Role.WARNING) if enabled else Span(off, Role.DIM)
