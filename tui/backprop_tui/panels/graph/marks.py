"""The characters of the picture: what is ahead is dashed or hollow, what the step is about is heavy."""

from __future__ import annotations

from enum import Enum
from typing import Final

from backprop_engine.graph.graph import Kind

__all__ = ["State", "backward", "brackets", "dot", "in_plain_ascii", "leaf_mark", "lines"]


class State(Enum):
    """How far the run is with a node, or with the wires that leave it."""

    AHEAD = "ahead"
    KNOWN = "known"
    ACTIVE = "active"


_LEAVES: Final = {Kind.INPUT: "○", Kind.PARAM: "◇", Kind.CONSTANT: "□"}
_LINES: Final = {
    State.AHEAD: str.maketrans("─│═║╟▶", "╌┆╌┆├▷"),
    State.KNOWN: {},
    State.ACTIVE: str.maketrans("─│╭╮╰╯├┤┬┴┼═║╔╗╚╝╟", "━┃┏┓┗┛┣┫┳┻╋━┃┏┓┗┛┣"),
}
_ASCII = str.maketrans(
    "─│╭╮╰╯├┤┬┴┼━┃┏┓┗┛┣┫┳┻╋╌┆═║╔╗╚╝╟▶◀▷○◇□●◆◉■◈", "-|+++++++++=#+++++++++.:-|@@@@+><>o*#*%@#$"
)
_BRACKETS: Final = {State.AHEAD: "┆┆", State.KNOWN: "┤├", State.ACTIVE: "┫┣"}
_BRACKETS_ASCII: Final = {State.AHEAD: "::", State.KNOWN: "[]", State.ACTIVE: "##"}
_BACK = str.maketrans("▶", "◀")


def lines(drawn: str, state: State) -> str:
    """Lines as they look in a state."""
    return drawn.translate(_LINES[state])


def backward(drawn: str) -> str:
    """Arrows of a step that runs backward."""
    return drawn.translate(_BACK)


def leaf_mark(kind: Kind) -> str:
    """The sign of an input, a parameter or a constant."""
    return _LEAVES[kind]


def brackets(state: State, *, group: bool, ascii: bool) -> str:
    """What stands on both sides of an operator's sign where its box has one row."""
    if group and state is State.KNOWN:
        return "{}" if ascii else "╣╠"
    return (_BRACKETS_ASCII if ascii else _BRACKETS)[state]


def dot(state: State, *, gradient: bool, group: bool) -> str:
    """A node in one cell: hollow while it is ahead, full with a value, a diamond with a gradient."""
    if state is State.ACTIVE:
        return "◉"
    if state is State.AHEAD:
        return "□" if group else "○"
    return ("◈" if group else "◆") if gradient else ("■" if group else "●")


def in_plain_ascii(drawn: str) -> str:
    """Lines and marks in ASCII."""
    return drawn.translate(_ASCII)
