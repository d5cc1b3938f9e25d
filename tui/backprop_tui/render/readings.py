"""How a cell of a computed value was made: the cells of the operands that it reads, and its line in numbers.

Which cells, an elementwise operator says by broadcasting, and any other by its Jacobian: what has no slope
there was not read, such as all that is not the largest under a maximum.
"""

from __future__ import annotations

import re
from math import fsum, isclose, prod
from typing import Any

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.derivatives.jacobian import Cell, Origin
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import formula, operand_text
from backprop_engine.graph.graph import Node
from backprop_engine.ops import Elementwise, Linear
from backprop_engine.ops.rules import ONE
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import Line, Role, Span, line_width
from backprop_tui.render.origins import cell_text, sum_line

__all__ = ["Reading", "reading_lines", "readings"]

_MOST_CELLS = 2**16
"""The most cells of an operand that are looked at to find those that were read."""
_ROUNDING = 1e-9


class Reading(Struct, frozen=True, eq=False):
    """The cells that a cell of the output reads of its `argnum`-th operand, each with its slope.

    An elementwise operator's slopes are not asked for.
    """

    argnum: int
    cells: tuple[Cell, ...]
    slopes: tuple[float, ...] = ()


def readings(trace: Trace, node: Node, cell: Cell) -> tuple[Reading, ...]:
    """What one cell of the value of `node` reads, of each operand of which that can be told.

    Nothing where another value stands in place of the one that the operator gave.
    """
    if node.op is None or trace.values[node.position] is not trace.outs[node.position]:
        return ()
    elementwise = any(isinstance(rule, Elementwise) for rule in node.rules)
    found = []
    for argnum, (operand, rule) in enumerate(zip(node.operands, node.rules, strict=True)):
        shape = trace.graph.nodes[operand].shape
        if isinstance(rule, Elementwise) or (rule is None and elementwise):
            met = _broadcast_from(cell, shape)
            found += [] if met is None else [Reading(argnum, (met,))]
        elif rule is not None and rule.entries is not None and 0 < prod(shape) <= _MOST_CELLS:
            found.append(_by_slopes(trace, node, argnum, rule.entries, cell, shape))
    return tuple(found)


def _broadcast_from(cell: Cell, shape: Shape) -> Cell | None:
    """The cell of an operand of `shape` that was broadcast to `cell`."""
    if len(shape) > len(cell):
        return None
    last = cell[len(cell) - len(shape) :]
    met = tuple(0 if size == 1 else at for at, size in zip(last, shape, strict=True))
    return met if all(at < size for at, size in zip(met, shape, strict=True)) else None


def _by_slopes(trace: Trace, node: Node, argnum: int, entries: Any, cell: Cell, shape: Shape) -> Reading:
    operands = [trace.operand_values[one] for one in node.operands]
    places = np.unravel_index(np.arange(prod(shape)), shape) if shape else ()
    with np.errstate(all="ignore"):
        at = tuple(np.asarray(index) for index in cell)
        row = entries(at, places, trace.outs[node.position], *operands, **node.attributes)
    slopes = np.broadcast_to(np.asarray(row, dtype=np.float64), (prod(shape),))
    read = np.flatnonzero(slopes)
    cells = list(zip(*(axis[read].tolist() for axis in places), strict=True)) if shape else [()] * len(read)
    return Reading(argnum, tuple(cells), tuple(slopes[read].tolist()))


def reading_lines(
    trace: Trace, node: Node, cell: Cell, found: tuple[Reading, ...], width: int, language: str
) -> list[Line]:
    """The formula of a cell with its numbers, or the sum that it is; nothing where it is neither."""
    if node.op is None or not found:
        return []
    if all(rule is None or isinstance(rule, Elementwise) for rule in node.rules):
        return _formula_lines(trace, node, cell, found, width)
    value = float(trace.outs[node.position][cell])
    for reading in found:
        terms = _terms(trace, node, reading)
        added = [one for one in found if one is not reading and _is_added(node, one)]
        terms += [_alone(one.cells[0], _at(trace, node, one, 0)) for one in added]
        products = [term.product for term in terms]
        if terms and isclose(fsum(products), value, rel_tol=0, abs_tol=_ROUNDING * fsum(map(abs, products))):
            left = (Span(f"{node.name}{cell_text(cell)} = ", Role.VALUE),)
            line = sum_line(terms, value, width - line_width(left), language, (Role.VALUE, Role.VALUE))
            return [(*left, *line)]
    return []


def _is_added(node: Node, reading: Reading) -> bool:
    """Whether an operand is nothing but added, as a bias is."""
    return node.rules[reading.argnum] is ONE or reading.slopes == (1.0,)


def _alone(cell: Cell, value: float) -> Origin:
    """A term that is nothing but a number."""
    return Origin(cell, value, 1.0, value)


def _terms(trace: Trace, node: Node, reading: Reading) -> list[Origin]:
    """Slope times value in each cell read, where the slope does not depend on what it is the slope by."""
    rule = node.rules[reading.argnum]
    assert node.op is not None
    if not isinstance(rule, Linear):
        return []
    names = set(re.findall(r"\w+", re.sub(r"\b\w+\.shape\b", "", rule.text)))
    if names & {"out", node.op.names(len(node.operands))[reading.argnum]}:
        return []
    values = [_at(trace, node, reading, place) for place in range(len(reading.cells))]
    pairs = zip(values, reading.slopes, strict=True)
    if reading.argnum:  # the slope is what stands before it
        pairs = zip(reading.slopes, values, strict=True)
    factors = zip(reading.cells, pairs, strict=True)
    return [Origin(cell, one, other, one * other) for cell, (one, other) in factors]


def _at(trace: Trace, node: Node, reading: Reading, place: int) -> float:
    tensor: Tensor = trace.operand_values[node.operands[reading.argnum]]
    return float(tensor[reading.cells[place]])


def _formula_lines(
    trace: Trace, node: Node, cell: Cell, found: tuple[Reading, ...], width: int
) -> list[Line]:
    """``h[1] = tanh(a[1]) = tanh(0.5) = 0.4621``."""
    graph = trace.graph
    known = {node.operands[reading.argnum]: reading for reading in found}
    if set(known) != set(node.operands):
        return []

    def symbol(operand: Node) -> str:
        cells = known[operand.position].cells
        return f"{operand_text(operand)}{cell_text(cells[0]) if operand.name else ''}"

    def value(operand: Node) -> str:
        text = number(trace.values[operand.position][known[operand.position].cells[0]], 4)
        return f"({text})" if text.startswith("-") and node.op is not None and node.op.written else text

    written = f"{node.name}{cell_text(cell)} = {formula(graph, node, symbol)}"
    numbers = f" = {formula(graph, node, value)} = {number(float(trace.outs[node.position][cell]), 4)}"
    line: Line = (Span(written, Role.VALUE), Span(numbers, Role.VALUE))
    return [line] if line_width(line) <= width else [line[:1], line[1:]]
