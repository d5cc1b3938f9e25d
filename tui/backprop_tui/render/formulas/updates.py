"""The equations of an update: the optimiser's lines for one parameter, with the numbers of this step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Tensor, settle
from backprop_engine.evaluation.evaluate import evaluate
from backprop_engine.expressions import Expr, parse
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import Role
from backprop_tui.render.formulas.box import Box, text
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

__all__ = ["update_equations", "update_values"]

_BECOMES: Final = Column(text(" ← "), sign=True, relation=True)


def update_equations(trace: Trace, position: int) -> Iterator[Equation]:
    """One for each line of the update; what a line computes stands in the lines behind it."""
    assert trace.training is not None
    title = trace.training.optimizer.name
    for target, tree, before, after in update_values(trace, position):
        yield _equation(trace, position, title, target, tree, before, after)
        title = ""


def update_values(trace: Trace, position: int) -> Iterator[tuple[str, Expr, dict[str, Tensor], Tensor]]:
    """For each line its target, its right side, what is known before it, and what the target is then."""
    training, dtype = trace.training, trace.graph.dtype
    assert training is not None
    gradient_ = trace.gradients[position]
    assert gradient_ is not None
    state, _ = trace.remembered[position]
    known: dict[str, Tensor] = {
        "w": trace.values[position],
        "g": gradient_,
        "t": settle(trace.iteration + 1, np.dtype(np.float64)),
        **state.memory,
    }
    for symbol in training.optimizer.symbols(training.settings):
        if symbol.value is not None:
            known[symbol.name] = settle(symbol.value, np.dtype(np.float64))
    for line in training.optimizer.formulas(training.settings):
        target, _, right = line.partition(" = ")
        tree = parse(right)
        with np.errstate(all="ignore"):
            value = evaluate(tree, known.get, known.get, dtype)
        assert value is not None
        yield target, tree, dict(known), value
        known[target] = value


def _equation(
    trace: Trace, position: int, title: str, target: str, tree: Expr, before: dict[str, Tensor], after: Tensor
) -> Equation:
    node = trace.graph.nodes[position]
    axes = {name: tensor.ndim for name, tensor in before.items()}
    roles: dict[str, Any] = {"w": Role.VALUE, "g": Role.GRADIENT}
    shown = not any(axes.values()) or shows_cells(tree, axes)
    changed = before["g"] is not trace.gradients[position]

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
        below: Sequence[Box | None] = [None] * len(right)
        if shown and style.numbers and all(is_written_out(tensor, style) for tensor in before.values()):
            below = Typesetter(numbers, axes, style.flat, style.small).parts(tree)
        sides = [Column(*pair, sign=at % 2 == 1) for at, pair in enumerate(zip(right, below, strict=True))]
        return with_value([Column(left, value), _BECOMES, *sides], value)

    return Equation(title, columns)
