"""The update of a parameter as lines of NumPy: ``W -= 0.1 * dW``, or with what an optimiser remembers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from backprop_engine.expressions import Binary, Expr, Name, parse, render
from backprop_engine.graph.graph import Graph
from backprop_engine.program.identifiers import identifiers
from backprop_engine.program.spelling import numpy_tree
from backprop_engine.trace.run import Training

__all__ = ["counter", "update_lines"]

_HATS: Final = {"m̂": "m_hat", "v̂": "v_hat"}


def counter(graph: Graph) -> str:
    """What the number of an update is called."""
    return identifiers(graph).free("t")


def update_lines(graph: Graph, position: int, training: Training) -> list[str]:
    """The lines that update the parameter at `position`; its gradient stays as it is."""
    known, optimizer, settings = identifiers(graph), training.optimizer, training.settings
    parameter, gradient = known.values[position], known.gradients[position]
    names = {"w": parameter, "g": gradient, "t": counter(graph)}
    names |= {one.name: repr(one.value) for one in optimizer.symbols(settings) if one.value is not None}
    lines = []
    for line in optimizer.formulas(settings):
        target, _, text = line.partition(" = ")
        tree = numpy_tree(parse(text))
        own = names["w"] if target == "w" else known.free(f"{_HATS.get(target, target)}_{parameter}")
        for name in _unknown(text, names):
            names[name] = known.free(f"{_HATS.get(name, name)}_{parameter}")
        lines.append(_assignment(own, tree, names))
        names[target] = own
    return lines


def _unknown(text: str, names: Mapping[str, str]) -> list[str]:
    """What is remembered from the update before."""
    found = re.findall(r"[^\W\d]\w*\u0302?(?!\w*\()", text)
    return [name for name in found if name not in names]


def _assignment(target: str, tree: Expr, names: Mapping[str, str]) -> str:
    """``w = w - x`` is ``w -= x``, and so with a sum."""
    match tree:
        case Binary(op="+" | "-" as op, left=Name() as left, right=right) if names.get(left.name) == target:
            if not (isinstance(right, Binary) and right.op in "+-"):
                return f"{target} {op}= {render(right, names)}"
    return f"{target} = {render(tree, names)}"
