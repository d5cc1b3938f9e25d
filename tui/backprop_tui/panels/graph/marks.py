"""The characters of the picture, and what stands for them where a step is, ahead of it, and in ASCII."""

from __future__ import annotations

from typing import Final

from backprop_engine.graph import Kind

__all__ = ["backward", "heavy", "in_plain_ascii", "leaf_mark"]

_LEAVES: Final = {Kind.INPUT: "○", Kind.PARAM: "◇", Kind.CONSTANT: "□"}
_HEAVY = str.maketrans("─│╭╮╰╯├┤┬┴┼", "━┃┏┓┗┛┣┫┳┻╋")
_ASCII = str.maketrans("─│╭╮╰╯├┤┬┴┼━┃┏┓┗┛┣┫┳┻╋▶◀○◇□", "-|+++++++++=#+++++++++><o*#")
_BACK = str.maketrans("▶", "◀")


def leaf_mark(kind: Kind) -> str:
    """The sign of an input, a parameter or a constant."""
    return _LEAVES[kind]


def heavy(drawn: str) -> str:
    """Lines of the step's own node and wires."""
    return drawn.translate(_HEAVY)


def backward(drawn: str) -> str:
    """Arrows of a step that runs backward."""
    return drawn.translate(_BACK)


def in_plain_ascii(drawn: str) -> str:
    """Lines and marks in ASCII."""
    return drawn.translate(_ASCII)
