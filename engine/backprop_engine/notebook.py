"""What a notebook shows of graphs and runs: tables in HTML, made of nothing but text.

A notebook asks an object for `_repr_html_`; nothing of Jupyter is needed for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.metadata import entry_points
from itertools import islice
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg

__all__ = ["MOST_ROWS", "player", "table", "tensor_text"]

MOST_ROWS: Final = 100
"""A table has no more; a last row says how many are missing."""

_MOST_NUMBERS: Final = 12
_DIGITS: Final = 4
_PLAYERS: Final = "backprop_engine.players"
"""The entry points that make a player of a run: the engine itself draws nothing."""


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], count: int) -> str:
    """A table of `count` rows, of which only the first are asked for; texts are escaped."""
    shown = [_row("td", row) for row in islice(rows, MOST_ROWS)]
    if count > len(shown):
        missing = escape(f"… {count - len(shown)} more")
        shown.append(f'<tr><td colspan="{len(heads)}">{missing}</td></tr>')
    head = _row("th", heads)
    caption = f"<caption>{escape(title)}</caption>"
    return f"<table>{caption}<thead>{head}</thead><tbody>{''.join(shown)}</tbody></table>"


def _row(cell: str, texts: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{cell}>{escape(text)}</{cell}>' for text in texts)}</tr>"


def tensor_text(tensor: Tensor | None) -> str:
    """The numbers of a small tensor, the least, the largest and the norm of a large one, nothing for None."""
    if tensor is None:
        return ""
    numbers = np.asarray(tensor)
    if numbers.shape == ():
        return f"{numbers[()]:.{_DIGITS}g}"
    if numbers.size <= _MOST_NUMBERS:
        return np.array2string(numbers, precision=_DIGITS, separator=", ", suppress_small=False)
    with np.errstate(all="ignore"):
        least, largest = np.min(numbers), np.max(numbers)
        norm = np.linalg.norm(numbers.astype(np.float64).ravel())
    return f"{least:.{_DIGITS}g} … {largest:.{_DIGITS}g}, ‖·‖ = {norm:.{_DIGITS}g}"


def player(trace: Any, position: int) -> Any:
    """What a notebook shows to step through a run; `UsageError` where nothing that draws is installed."""
    for found in entry_points(group=_PLAYERS):
        return found.load()(trace, at=position)
    raise UsageError(msg("no viewer is installed: `pip install backprop-tui`"))
