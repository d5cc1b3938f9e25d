"""Where one cell of a gradient came from, as a sum of products: in symbols, and with the numbers put in."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_engine.explain.lines import Line, Role, Span
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import derivative, gradient_name
from backprop_engine.graph import Node
from backprop_engine.jacobian import Cell, Origin, Origins, node_origins
from backprop_engine.trace import Trace

__all__ = ["origin_lines"]

_LETTERS = "ijklmnpq"
_DIGITS = 4


def origin_lines(trace: Trace, node: Node, cell: Cell, most: int = 3) -> list[Line]:
    """For each contribution to a cell of the gradient of `node` two lines: the sum in symbols, and in numbers
    with at most `most` of its terms::

        ∂L/∂W[1,2] = ∑ i  ∂L/∂Y[i,2] · ∂Y[i,2]/∂W[1,2]
                   = -1.2 · 0.5 + 0.4 · 2 = 0.2
    """
    lines: list[Line] = []
    for origins in node_origins(trace, node, cell, most):
        lines += _sum(trace, origins)
    return lines


def _sum(trace: Trace, origins: Origins) -> list[Line]:
    graph = trace.graph
    node, operand = graph.nodes[origins.edge.node], graph.nodes[origins.edge.operand]
    place, letters = _pattern(origins)
    at = _cell(list(map(str, origins.cell)))
    left = f"{gradient_name(graph, operand)}{at}"
    sign = f"∑ {' '.join(letters)}  " if letters else ""
    symbols: Line = (
        Span(left, Role.GRADIENT),
        Span(f" = {sign}"),
        Span(f"{gradient_name(graph, node)}{place}", Role.GRADIENT),
        Span(" · "),
        Span(_local(node, operand, place, at), Role.LOCAL),
    )
    return [symbols, (Span(" " * len(left)), Span(" = "), *_numbers(origins))]


def _local(node: Node, operand: Node, place: str, at: str) -> str:
    """``∂Y[i,2]/∂W[1,2]``."""
    above, _, below = derivative(node, operand).partition("/")
    return f"{above}{place}/{below}{at}"


def _pattern(origins: Origins) -> tuple[str, list[str]]:
    """The upstream cells of all terms: an index where they have the same, else a letter; and the letters."""
    if not origins.terms:
        return "", []
    first = origins.terms[0].cell
    names = [
        letter if varies else str(index)
        for letter, index, varies in zip(_LETTERS, first, origins.varying, strict=False)
    ]
    return _cell(names), [name for name, varies in zip(names, origins.varying, strict=True) if varies]


def _cell(indices: Sequence[str]) -> str:
    return f"[{','.join(indices)}]" if indices else ""


def _numbers(origins: Origins) -> Line:
    spans: list[Span] = []
    for count, term in enumerate(origins.terms):
        spans += [Span(" + ")] if count else []
        spans += _product(term)
    if origins.rest:
        spans.append(Span(f" + … ({origins.rest} more: {number(origins.rest_sum, _DIGITS)})", Role.DIM))
    if not origins.terms:
        return (Span("0", Role.GRADIENT),)
    return (*spans, Span(" = "), Span(number(origins.value, _DIGITS), Role.GRADIENT))


def _product(term: Origin) -> tuple[Span, ...]:
    return (
        Span(_signed(term.upstream), Role.GRADIENT),
        Span(" · "),
        Span(_signed(term.factor), Role.LOCAL),
    )


def _signed(value: float) -> str:
    """A number as a factor: a negative one in brackets."""
    text = number(value, _DIGITS)
    return f"({text})" if text.startswith("-") else text
