"""The chain rule of an edge on one line, in symbols and, between scalars, in numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backprop_engine.derivatives.local_gradients import MapLocal, ScalarLocal, local_gradient
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import formula, gradient_name, rule_text
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import Jacobian, Linear
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.render.texts import say

__all__ = ["as_number", "chain_rule"]

_JOINED = re.compile(r"( [·⊙] )(.+)")
_NAMES = re.compile(r"((?:\d+e-\d+|\[[\d, :\[\]]*\]|[\w.#=])+)|([^\w.#=\[]+|\[)")


def chain_rule(frame: Frame, edge: Edge, language: str) -> list[Line]:
    """The node, and the chain rule of one of its edges."""
    graph, node = frame.graph, frame.graph.nodes[edge.node]
    named: Line = (Span(node.name, Role.NAME), Span(f" = {formula(graph, node)}"))
    return [named, _chain_line(frame, edge, language)]


def _chain_line(frame: Frame, edge: Edge, language: str) -> Line:
    """The chain rule of this edge; behind it, which of several contributions it is."""
    if not edge.shared:
        return _chain(frame, edge, language)
    count, of = frame.trace.schedule.turn(edge)
    said = say("product of several", language, count=count, of=of)
    return (*_chain(frame, edge, language), Span(f"  ({said})", Role.DIM))


def _chain(frame: Frame, edge: Edge, language: str) -> Line:
    """The chain rule of this edge in symbols, and in numbers between scalars."""
    graph = frame.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    upstream = gradient_name(graph, node)
    behind = Span(upstream, Role.GRADIENT)
    local = local_gradient(frame.trace, edge)
    spans = [Span(gradient_name(graph, operand), Role.GRADIENT), Span(" = ")]
    if isinstance(local, ScalarLocal):
        symbols = _in_brackets(rule_text(graph, edge, local.text))
        return (*spans, behind, Span(" · "), Span(symbols, Role.LOCAL), *_in_numbers(frame, edge, local))
    if isinstance(local, MapLocal) and edge.rule.text.startswith("outer("):  # as the equation has it
        factor = (Span(rule_text(graph, edge, local.text), Role.LOCAL), Span(" · "))
        return (*spans, *factor, behind) if local.before else (*spans, behind, *reversed(factor))
    if isinstance(edge.rule, Linear | Jacobian):
        return (*spans, *_coloured(rule_text(graph, edge, edge.rule.text, upstream), upstream))
    symbols = _in_brackets(rule_text(graph, edge, edge.rule.text))
    chain = (behind, Span(" ⊙ "), Span(symbols, Role.LOCAL))
    if edge.summed:
        along = say("axis", language, axes=", ".join(map(str, edge.summed)))
        return (*spans, Span(f"∑ {along} ("), *chain, Span(")"))
    return (*spans, *chain)


def _in_numbers(frame: Frame, edge: Edge, local: ScalarLocal) -> Line:
    """The product of two numbers, and what it comes to."""
    gradient = frame.trace.gradients[edge.node]
    assert gradient is not None
    return (
        Span(" = "),
        Span(as_number(number(gradient)), Role.GRADIENT),
        Span(" · "),
        Span(as_number(number(local.value)), Role.LOCAL),
        Span(" = "),
        Span(number(frame.trace.contributions[edge.index]), Role.GRADIENT),
    )


def _coloured(text: str, upstream: str) -> Iterator[Span]:
    """A rule: the upstream gradient, and what it is multiplied with, each in its colour."""
    before, *behind = pieces = text.split(upstream)
    if len(pieces) == 2 and not before and (joined := _JOINED.fullmatch(behind[0])):
        yield from (Span(upstream, Role.GRADIENT), Span(joined[1]), Span(joined[2], Role.LOCAL))
        return
    for index, piece in enumerate(pieces):
        if index:
            yield Span(upstream, Role.GRADIENT)
        for name, sign in _NAMES.findall(piece):
            yield Span(name, Role.LOCAL) if name else Span(sign)


def _in_brackets(symbols: str) -> str:
    """A factor in brackets where it has a sign of its own; one call or one name has none."""
    depth = 0
    if symbols.startswith(("-", "−")):
        return f"({symbols})"
    for sign in symbols:
        depth += (sign in "([") - (sign in ")]")
        if sign == " " and not depth:
            return f"({symbols})"
    return symbols


def as_number(text: str) -> str:
    """A number as a factor: a negative one in brackets."""
    return f"({text})" if text.startswith("-") else text
