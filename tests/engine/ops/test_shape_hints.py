"""What shape rules say of operands that do not fit: every hint is legal, and every operand is named.

Random shapes, most of them nearly right, go through every operator. What a hint proposes is taken at its
word: another operand must fit, another expression must have a shape.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from asserting import asserts
from backprop_engine.arrays import Shape, shape_text
from backprop_engine.evaluation.evaluate import infer_shape
from backprop_engine.expressions import parse
from backprop_engine.ops import OPS, Op
from ill_shaped import errors


@cache
def refusals(op: Op) -> list[tuple[tuple[Shape, ...], dict[str, Any], str, str]]:
    """Shapes and settings that the operator refuses, with its message and its hint."""
    return [(shapes, attributes, error.message, error.hint) for shapes, attributes, error in errors(op)]


def shape_of(text: str, shapes: tuple[Shape, ...]) -> Shape:
    """The shape of an expression over operands called o0, o1, …"""
    found = infer_shape(parse(text), lambda name: shapes[int(name[1:])], lambda name: None)
    assert found is not None
    return found


PROPOSES = re.compile(
    r"did you mean (.+)\?|for .+? write (.+)|(\w+)=(\d+) would fit"
    r"|((?:(?:un)?squeeze\()?o(\d)(?:\.T|, axis=\d+\))) would fit"
)
"""Another expression, another setting, another operand."""
OF_LETTERS = ("subscripts", "the letter")
"""What does not fit whatever the operands are."""
REFUSING = [op for op in OPS.values() if op.operands]


@pytest.mark.parametrize("start", range(0, len(REFUSING), 24))
def test_what_a_hint_proposes_fits(start: int) -> None:
    for op in REFUSING[start : start + 24]:
        if any(map(PROPOSES.search, (hint for *_, hint in refusals(op)))):
            with asserts(op.name):
                what_its_hints_propose_fits(op)


def what_its_hints_propose_fits(op: Op) -> None:
    for shapes, attributes, message, hint in refusals(op):
        about = (op.name, shapes, attributes, message, hint)
        for found in filter(None, map(PROPOSES.fullmatch, hint.split("; "))):
            mended, written, setting, number, operand, argnum = found.groups()
            if setting:
                assert op.shape(*shapes, **attributes | {setting: int(number)}) is not None, about
            elif operand:
                other = list(shapes)
                other[int(argnum)] = shape_of(operand, shapes)
                assert op.shape(*other, **attributes) is not None, about
            else:
                assert shape_of(mended or written, shapes) is not None, about


@pytest.mark.parametrize("start", range(0, len(REFUSING), 24))
def test_a_message_names_what_does_not_fit_with_its_shape(start: int) -> None:
    for op in REFUSING[start : start + 24]:
        refused = [one for one in refusals(op) if not one[2].startswith(OF_LETTERS)]
        if refused:
            with asserts(op.name):
                its_messages_name_what_does_not_fit(op)


def its_messages_name_what_does_not_fit(op: Op) -> None:
    for shapes, attributes, message, _ in refusals(op):
        about = (op.name, shapes, attributes, message)
        if message.startswith(OF_LETTERS):
            continue
        named = {int(argnum) for argnum in re.findall(r"\bo(\d)", message)}
        assert named, about
        for argnum in named:
            shape = re.escape(shape_text(shapes[argnum]))
            assert re.search(rf"\bo{argnum} (is|has shape|has probabilities of shape) {shape}", message), (
                about
            )


@pytest.mark.thorough
def test_most_refusals_have_a_hint() -> None:
    hints = Counter(bool(hint) for op in OPS.values() for *_, hint in refusals(op))
    assert hints[True] > 4 * hints[False], hints
