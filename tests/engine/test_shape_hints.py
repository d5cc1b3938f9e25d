"""What shape rules say of operands that do not fit: every hint is legal, and every operand is named.

Random shapes, most of them nearly right, go through every operator. What a hint proposes is taken at its
word: another operand must fit, another expression must have a shape.
"""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.expr import parse
from backprop_engine.ops import OPS, Op
from backprop_engine.scenario.evaluate import infer_shape

SIZES = (0, 1, 1, 2, 2, 3, 3, 4)
ROUNDS = 400

each_op = pytest.mark.parametrize("op", [op for op in OPS.values() if op.operands], ids=lambda op: op.name)


def variations(op: Op) -> list[tuple[tuple[Shape, ...], dict[str, Any]]]:
    """Operands and settings of the samples, with some sizes and some numbers of axes changed."""
    random = Random(op.name)
    found = []
    for _ in range(ROUNDS):
        sample = random.choice(op.samples)
        shapes = [np.shape(one) if not isinstance(one, tuple) else one for one in sample.operands]
        attributes = {one.name: one.default for one in op.attributes} | dict(sample.attributes)
        changed = tuple(_changed(shape, random) if random.random() < 0.6 else shape for shape in shapes)
        if "axis" in attributes and isinstance(attributes["axis"], int) and random.random() < 0.3:
            attributes["axis"] = random.randint(-5, 5)
        found.append((changed, attributes))
    return found


def _changed(shape: Shape, random: Random) -> Shape:
    sizes = list(shape)
    match random.randrange(5):
        case 0 if sizes:
            sizes[random.randrange(len(sizes))] = random.choice(SIZES)
        case 1 if sizes:
            sizes.pop(random.randrange(len(sizes)))
        case 2:
            sizes.insert(random.randint(0, len(sizes)), random.choice(SIZES))
        case 3:
            sizes.reverse()
        case _:
            sizes = [random.choice(SIZES) for _ in range(random.randint(0, 4))]
    return tuple(sizes)


def refusals(op: Op) -> list[tuple[tuple[Shape, ...], dict[str, Any], str, str]]:
    """Shapes and settings that the operator refuses, with its message and hint, operands called o0, o1, …"""
    found = []
    for shapes, attributes in variations(op):
        names = [f"o{argnum}" for argnum in range(len(shapes))]
        try:
            op.shape(*shapes, **attributes)
        except ShapeError as error:
            found.append((shapes, attributes, error.message.format(*names), error.hint.format(*names)))
    return found


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
