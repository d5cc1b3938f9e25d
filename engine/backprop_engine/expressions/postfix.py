"""A plain expression's operators in the order of computing, found without tokens and without a tree.

An expression is *plain* if it consists of names, numbers, operators between operands, minus signs, brackets,
and calls with operands by position. What is between two of its operands, a *gap*, closes brackets, has an
operator or a comma, and opens brackets; few gaps differ in a file, however many of its expressions do. So
each gap is taken apart once, and an expression is read from operand to operand.

Nothing is refused here: for a text that is no plain expression the answer is None, and `parse` has the word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from backprop_engine.expressions.cursor import MAX_DEPTH, RESERVED
from backprop_engine.expressions.parse import PRECEDENCE

__all__ = ["NEGATION", "SPELLED_CALLS", "PostfixOperator", "TemplateSpan", "in_postfix"]

SPELLED_CALLS: Final = frozenset(("expand_dims", "eye", "one_hot", "ones", "zeros"))
"""Calls that may hold a number in place of an operand that is a setting: ``eye(3)``."""

NEGATION: Final = "neg"
"""The operator that a minus before an operand stands for."""

TemplateSpan: TypeAlias = tuple[int, int, int, int]
"""A stretch of a sample: its start, the first slot in it, its end, and the first slot after it.

Start and end count the characters outside slots.
"""
PostfixOperator: TypeAlias = tuple[str, tuple[int, ...], TemplateSpan]
"""The symbol or the name of an operator, the registers of its operands, and where it is with all of them.

Registers are numbered: names first, then numbers, then what the operators give, each in the text's order.
"""

# How tightly what stands before an operand holds it; `PRECEDENCE` has the levels between the first two.
_BRACKET: Final = 0
_MINUS: Final = max(PRECEDENCE.values()) + 1
_POWER: Final = _MINUS + 1
_LOOSEST: Final = min(PRECEDENCE.values())

_NAME: Final = "[A-Za-z_][A-Za-z0-9_]*+"
_GAP: Final = re.compile(
    rf"((?:\s*+\))*+) \s*+ (\*\*|[<>=!]=|[-+*/@<>,])?+ ((?:\s*+(?:{_NAME}\s*+\(|\(|-))*+) \s*+", re.VERBOSE
)
_OPENING: Final = re.compile(rf"({_NAME})\s*+\(|\(|-")
_MOST_GAPS: Final = 1024

_Gap: TypeAlias = tuple[tuple[tuple[int, int], ...], str, int, tuple[tuple[int, str, int], ...], int]
"""What is between two operands: for each closing bracket how tightly the operand before it must be held to go
to what is before, and where the bracket ends, and with a 0 for its end the same of the operator; the operator
or comma; how tightly that holds its right operand; for each bracket, call and minus sign that opens how
tightly it holds what follows, its name, and where it begins; and the gap's length.
"""


@lru_cache(maxsize=_MOST_GAPS)
def _gap(text: str) -> _Gap | None:
    """The gap that is written as `text`; None where no plain expression has it."""
    found = _GAP.fullmatch(text)
    if found is None:
        return None
    opening: list[tuple[int, str, int]] = []
    for one in _OPENING.finditer(text, found.start(3)):
        if one[1] in RESERVED or one[1] in SPELLED_CALLS:
            return None
        opening.append((_MINUS, NEGATION, one.start()) if one[0] == "-" else (_BRACKET, one[1], one.start()))
    closing = [(_LOOSEST, place + 1) for place in range(found.end(1)) if text[place] == ")"]
    symbol = found[2] or ""
    holds = _POWER if symbol == "**" else PRECEDENCE.get(symbol, _BRACKET)
    # A power on the left does not have the base of another: they go from right to left.
    needed = holds + 1 if symbol == "**" else max(holds, _LOOSEST)
    return (*closing, (needed, 0)), symbol, holds, tuple(opening), len(text)


def in_postfix(names: Sequence[bool], around: Sequence[str]) -> tuple[PostfixOperator, ...] | None:
    """The operators of a plain expression, each after its operands; None for any other text.

    `around` are the texts around its slots, which are for `names` or else for numbers.
    """
    if not names:
        return None
    found: list[PostfixOperator] = []
    operands: list[int] = []  # the registers of those that no operator has yet
    waiting: list[tuple[int, str, int, int, int]] = []  # what waits for its right operand, or its end
    name, number, result = 0, sum(names), len(names)
    numbers = range(number, result)
    before = -1  # characters before the gap
    begin = first = 0  # where the last operand begins
    for slot, text in enumerate(("," + around[0], *around[1:])):  # an operand follows, as after a comma
        gap = _gap(text)
        if gap is None:
            return None
        closing, symbol, holds, opening, length = gap
        if slot:
            end = before
            for needed, closed in closing:
                while waiting and waiting[-1][0] >= needed:
                    level, operator, _, begin, first = waiting.pop()
                    right = operands.pop()
                    if level != _MINUS:
                        taken: tuple[int, ...] = (operands.pop(), right)
                    elif right not in numbers:
                        taken = (right,)
                    else:
                        return None  # a number with its sign is a number
                    if level == holds == _LOOSEST and not closed:
                        return None  # comparisons do not chain
                    found.append((operator, taken, (begin, first, end, slot)))
                    operands.append(result)
                    result += 1
                if closed:
                    if not waiting:
                        return None
                    _, operator, kept, begin, first = waiting.pop()
                    end = before + closed
                    if operator:
                        found.append((operator, tuple(operands[kept:]), (begin, first, end, slot)))
                        operands[kept:] = [result]
                        result += 1
            if holds:
                waiting.append((holds, symbol, 0, begin, first))
            elif symbol:
                if not waiting or not waiting[-1][1]:
                    return None  # a comma outside a call
            elif slot < len(names):
                return None
        for level, operator, at in opening:
            waiting.append((level, operator, len(operands), before + at, slot))
        if len(waiting) > MAX_DEPTH:
            return None
        before += length
        if slot == len(names):
            return None if waiting else tuple(found)
        begin, first = before, slot
        if names[slot]:
            operands.append(name)
            name += 1
        else:
            operands.append(number)
            number += 1
    return None
