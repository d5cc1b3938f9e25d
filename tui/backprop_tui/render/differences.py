"""What changes to a run have changed: the difference beside a number, and the nodes that are as before."""

from __future__ import annotations

import numpy as np

from backprop_engine.arrays import Tensor, same
from backprop_engine.explain.numbers import number
from backprop_engine.explain.statistics import norm
from backprop_engine.graph.graph import Node
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import Role
from backprop_tui.cells.summaries import SUMMED, summary
from backprop_tui.cells.text import cell_width, clip, pad

__all__ = ["change", "faded", "in_short", "is_unchanged", "padded"]

_SIGN = " Δ"


def change(now: Tensor | None, before: Tensor | None) -> str:
    """By how much a number differs from what it was before, with its sign; for a tensor, the norm of the
    difference, in the bars that every norm has.
    """
    if now is None or before is None or now is before:
        return ""
    with np.errstate(all="ignore"):
        difference = np.asarray(now, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not np.any(difference != 0):
        return ""
    if difference.ndim:
        return f"{_SIGN}‖{number(np.float64(norm(difference)), 3)}‖"
    shown = number(np.float64(difference), 3)
    return f"{_SIGN}{shown}" if shown.startswith("-") else f"{_SIGN}+{shown}"


def in_short(now: Tensor | None, before: Tensor | None, room: int, part: str = "") -> str:
    """A tensor, its `part` of all contributions and its `change`, in `room` cells if that is enough."""
    suffix = part + change(now, before)
    return summary(now, room - cell_width(suffix), shape=False) + suffix


def padded(shown: str, width: int) -> str:
    """A number and its `change` in a column; where that is too narrow, the number is cut, not the change."""
    now, sign, by = shown.rpartition(_SIGN)
    room = width - cell_width(sign + by)
    if not sign or room < 2:
        return pad(shown, width)
    return pad(clip(now, room) + sign + by, width)


def faded(shown: str, role: Role) -> tuple[tuple[str, Role], ...]:
    """A gradient in its role; the number of contributions that it is the sum of is dimmed."""
    now, summed, rest = shown.partition(SUMMED)
    if not summed or role is Role.DIM:
        return ((shown, role),)
    part, sign, by = rest.partition(_SIGN)
    return (now, role), (summed + part, Role.DIM), (sign + by, role)


def is_unchanged(trace: Trace, before: Trace, node: Node) -> bool:
    """Whether the changes in force leave the node's value and gradient as they were `before`."""
    at = node.position
    return same(trace.values[at], before.values[at]) and same(trace.gradients[at], before.gradients[at])
