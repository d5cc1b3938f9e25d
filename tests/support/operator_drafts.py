"""Operators that a scenario defines, at random: operands, formula, rules, shapes and words."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

from yaml_styles import Number

__all__ = ["OwnOperator", "own_operator"]

Shape: TypeAlias = tuple[int, ...]

OPERANDS: Final = ("a", "q", "z", "값", "ü")
"""Names of operands, none of which is a name of a draft."""
SIGNS: Final = ("×2", "ƒ", "°", "twelve signs", "-")


class OwnOperator(NamedTuple):
    """One operator: what stands in its file, and the shapes that it takes and gives."""

    parts: dict[str, Any]
    operands: tuple[Shape, ...]
    out: Shape


def own_operator(
    random: Random,
    shapes: tuple[Shape, ...],
    formula: Callable[[dict[str, Shape], Shape], str],
    texts: Callable[[], Any],
) -> OwnOperator:
    """An operator of operands and an output with some of `shapes`.

    `formula` gives an expression of a shape over names with shapes, a number among them.
    """
    names = random.sample(OPERANDS, random.randrange(1, 4))
    env: dict[str, Shape] = {name: random.choice(shapes) for name in names}
    env[names[0]] = ()
    out = random.choice(shapes)
    parts: dict[str, Any] = {"inputs": list(env), "forward": formula(env, out)}
    rules: dict[str, Any] = {
        name: formula({**env, "g": out, "out": out}, shape) if random.random() < 0.8 else Number("null")
        for name, shape in env.items()
        if random.random() < 0.3
    }
    if rules:
        parts["backward"] = rules
        if random.random() < 0.3:
            parts["wrong"] = Number("true")
    if random.random() < 0.4:
        parts["shape"] = {name: _axes(random, shape) for name, shape in {**env, "out": out}.items()}
    if random.random() < 0.3:
        parts["sign"] = random.choice(SIGNS)
    if random.random() < 0.3:
        parts["lesson"] = texts()
    return OwnOperator(parts, tuple(env.values()), out)


def _axes(random: Random, shape: Shape) -> list[Any]:
    """The axes of a shape: an axis has one name for each size, or is a number."""
    return [random.choice((f"n{size}", Number(str(size)))) for size in shape]
