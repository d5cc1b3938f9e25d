"""Operands that do not fit: random shapes, most of them nearly right, through every operator."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.ops import Op

__all__ = ["errors", "variations"]

SIZES = (0, 1, 1, 2, 2, 3, 3, 4)
ROUNDS = 400


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


def errors(op: Op) -> list[tuple[tuple[Shape, ...], dict[str, Any], ShapeError]]:
    """Shapes and settings that the operator refuses, with what it says, operands called o0, o1, …"""
    found = []
    for shapes, attributes in variations(op):
        names = [f"o{argnum}" for argnum in range(len(shapes))]
        try:
            op.shape(*shapes, **attributes)
        except ShapeError as error:
            message, hint = error.message.format(*names), error.hint.format(*names)
            found.append((shapes, attributes, ShapeError(message, hint)))
    return found
