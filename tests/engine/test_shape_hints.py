"""What shape rules say of operands that do not fit: every hint is legal, and every operand is named.

Random shapes, most of them nearly right, go through every operator. What a hint proposes is taken at its
word: another operand must fit, another expression must have a shape.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from ill_shaped import errors

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.evaluation.evaluate import infer_shape
from backprop_engine.expressions import parse
from backprop_engine.ops import OPS, Op

each_op = pytest.mark.parametrize("op", [op for op in OPS.values() if op.operands], ids=lambda op: op.name)


def refusals(op: Op) -> list[tuple[tuple[Shape, ...], dict[str, Any], str, str]]:
    """Shapes and settings that the operator refuses, with its message and its hint."""
    return [(shapes, attributes, error.message, error.hint) for shapes, attributes, error in errors(op)]


def shape_of(text: str, shapes: tuple[Shape, ...]) -> Shape:
    """The shape of an expression over operands called o0, o1, …"""
    found = infer_shape(parse(text), lambda name: shapes[int(name[1:])], lambda name: None)
    assert found is not None
    return found


@each_op
def test_what_a_hint_proposes_fits(op: Op) -> None:
    for shapes, attributes, message, hint in refusals(op):
        about = (op.name, shapes, attributes, message, hint)
        for part in hint.split("; "):
            if expression := re.fullmatch(r"did you mean (.+)\?|for .+? write (.+)", part):
                assert shape_of(expression[1] or expression[2], shapes) is not None, about
            elif setting := re.fullmatch(r"(\w+)=(\d+) would fit", part):
                op.shape(*shapes, **attributes | {setting[1]: int(setting[2])})
            elif operand := re.fullmatch(r"((?:(?:un)?squeeze\()?o(\d)(?:\.T|, axis=\d+\))) would fit", part):
                other = list(shapes)
                other[int(operand[2])] = shape_of(operand[1], shapes)
                op.shape(*other, **attributes)


@each_op
def test_a_message_names_what_does_not_fit_with_its_shape(op: Op) -> None:
    for shapes, attributes, message, _ in refusals(op):
        about = (op.name, shapes, attributes, message)
        if message.startswith(("subscripts", "the letter")):  # they do not fit whatever the operands are
            continue
        named = {int(argnum) for argnum in re.findall(r"\bo(\d)", message)}
        assert named, about
        for argnum in named:
            assert f"o{argnum} is {shape_text(shapes[argnum])}" in message, about


def test_most_refusals_have_a_hint() -> None:
    hints = Counter(bool(hint) for op in OPS.values() for *_, hint in refusals(op))
    assert hints[True] > 4 * hints[False], hints
