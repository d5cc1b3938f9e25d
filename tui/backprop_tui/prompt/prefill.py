"""What the prompt begins with where a key opens it: a node's own value, ready to be changed."""

from __future__ import annotations

from typing import Any, Final

from backprop_engine.arrays import Tensor
from backprop_engine.debugger import Session
from backprop_tui.prompt.parse import here

__all__ = ["assignment"]

_MOST_CELLS: Final = 12


def assignment(session: Session) -> str:
    """``set W = [[1, 2], [3, 4]]`` for the node that one is at; its first cell alone where it has many."""
    node = here(session)
    if node is None or session.levels:
        return "set "
    value = session.outer_trace.values[node.position]
    if value.size > _MOST_CELLS:
        first = (0,) * value.ndim
        return f"set {node.name}[{','.join(map(str, first))}] = {_written(value[first])}"
    return f"set {node.name} = {_written(value)}"


def _written(value: Tensor) -> str:
    """Numbers as they are typed, to the last digit."""

    def spelled(entry: Any) -> str:
        if isinstance(entry, list):
            return f"[{', '.join(map(spelled, entry))}]"
        number = float(entry)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    return spelled(value.tolist())
