"""The equations of an update: the optimiser's lines for one parameter, with the numbers of this step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from backprop_engine.explain.facts import ComputedLine, UpdateFacts
from backprop_tui.cells.blocks import Block, text
from backprop_tui.cells.lines import Role
from backprop_tui.render.formulas.equations import (
    Column,
    Equation,
    Style,
    is_written_out,
    tensor_box,
    with_value,
)
from backprop_tui.render.formulas.naming import gradient, number_piece
from backprop_tui.render.formulas.trees import shows_cells
from backprop_tui.render.formulas.typeset import SIGN, TERM, Piece, Typesetter

__all__ = ["update_equations"]

_BECOMES: Final = Column(text(" ← "), sign=True, relation=True)


def update_equations(facts: UpdateFacts) -> Iterator[Equation]:
    """One for each line of the update; what a line computes stands in the lines after it."""
    title = facts.training.optimizer.name
    for line in facts.lines:
        yield _equation(facts, title, line)
        title = ""


def _equation(facts: UpdateFacts, title: str, line: ComputedLine) -> Equation:
    node, trace, (target, tree, before, after) = facts.node, facts.trace, line
    axes = {name: tensor.ndim for name, tensor in before.items()}
    roles: dict[str, Any] = {"w": Role.VALUE, "g": Role.GRADIENT}
    shown = not any(axes.values()) or shows_cells(tree, axes)
    changed = before["g"] is not facts.gradient.tensor

    def columns(style: Style) -> Sequence[Column]:
        def symbol(name: str) -> Piece | None:
            if name == "w":
                return Piece(text(node.name, Role.VALUE))
            if name == "g" and not changed:
                return Piece(gradient(trace, node, style), TERM if style.flat else SIGN)
            return Piece(text(name, roles.get(name, Role.LOCAL)))

        def numbers(name: str) -> Piece | None:
            return number_piece(before[name], roles.get(name, Role.LOCAL), style) if name in before else None

        left = text("g", Role.GRADIENT) if target == "g" else (symbol(target) or Piece(text(target))).box
        value = tensor_box(after, roles.get(target, Role.LOCAL), style)
        right = Typesetter(symbol, axes, style.flat, style.small).parts(tree)
        below: Sequence[Block | None] = [None] * len(right)
        if shown and style.numbers and all(is_written_out(tensor, style) for tensor in before.values()):
            below = Typesetter(numbers, axes, style.flat, style.small).parts(tree)
        sides = [Column(*pair, sign=at % 2 == 1) for at, pair in enumerate(zip(right, below, strict=True))]
        return with_value([Column(left, value), _BECOMES, *sides], value)

    return Equation(title, columns)
