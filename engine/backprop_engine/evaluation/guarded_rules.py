"""Texts of rules where they divide 0 by 0 or take its logarithm, written so that nodes give the same answer.

A rule's function chooses its answer there; its text says the formula that holds everywhere else. Each guard
keeps the formula from the point, on both ways through it, so that derivatives of it are finite as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["guarded"]

_NORM: Final = (r"\bout\b", "where(out == 0, 1, out)")
_RADIUS: Final = (r"\(x \*\* 2 \+ y \*\* 2\)", "where(x ** 2 + y ** 2 == 0, 1, x ** 2 + y ** 2)")

GUARDS: Final[Mapping[tuple[str, int], tuple[tuple[str, str], ...]]] = {
    ("norm", 0): (_NORM,),
    ("std", 0): (_NORM,),
    ("pow", 0): ((r"\ba\b", "where((a == 0) * (b == 0), 1, a)"),),
    ("pow", 1): ((r"\ba\b", "where((a == 0) * (b >= 0), 1, a)"),),
    ("atan2", 0): (_RADIUS,),
    ("atan2", 1): (_RADIUS,),
    ("bce", 0): (
        (r"/ \(1 - p\)", "/ where((p == 1) * (target == 1), 1, 1 - p)"),
        (r"/ p\b", "/ where((p == 0) * (target == 0), 1, p)"),
    ),
}
"""What is put in place of parts of a rule's text, by operator and operand."""


def guarded(op: str, argnum: int, text: str) -> str:
    """The text of a rule as it is written out."""
    for part, guard in GUARDS.get((op, argnum), ()):
        text = re.sub(part, guard, text)
    return text
