"""Answers about a word on the screen that has no value: an operator, a function, a cell."""

from __future__ import annotations

from typing import Final

from backprop_engine.debugger import Session
from backprop_engine.debugger.screen_words import named_tensor
from backprop_engine.evaluation.calls import signature
from backprop_engine.explain.symbols import loss_name
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.messages.message import msg
from backprop_engine.ops import OPS, Op
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import summary
from backprop_tui.prompt.outcome import Context, one_line, table

__all__ = ["described_word"]

_MOST: Final = 20


def described_word(typed: str, session: Session, context: Context) -> list[Line]:
    """What `typed` is, if it is anything on the screen; else nothing."""
    graph, word = session.graph, typed.strip().removeprefix("np.")
    op = _operator(word, graph)
    if op is not None:
        lesson = op.lesson.in_language(context.language)
        return [one_line(f"{signature(op)} = {op.formula}", Role.CODE), one_line(lesson)]
    source = _function(word, graph)
    if source:
        return [one_line(line, Role.CODE) for line in source.splitlines()]
    if word == loss_name(graph):
        output = graph.nodes[graph.output].name
        said = msg("{loss} stands for the loss that follows {output}", loss=word, output=output)
        return [one_line(said.in_language(context.language))]
    if word == "g":
        return [one_line(msg("in a rule, g stands for the upstream gradient").in_language(context.language))]
    named, _, attribute = word.rpartition(".")
    found = named_tensor(named, graph) if attribute == "shape" else None
    if found is not None:
        return [one_line(f"{named}: {shape_label(found.node.shape)}")]
    rows = [
        (
            Span(node.name, Role.NAME),
            Span(summary(session.frame.value(node), 40), Role.VALUE),
            Span(summary(session.frame.gradient(node), 40), Role.GRADIENT),
        )
        for node in _nodes_of(word, graph)[:_MOST]
    ]
    return table(rows)


def _operator(word: str, graph: Graph) -> Op | None:
    """The operator of this name, or of the sign in a box of the graph."""
    if word in graph.operators or word in OPS:
        return graph.operators.get(word) or OPS[word]
    return next((node.op for node in graph.nodes if node.op is not None and node.op.sign == word), None)


def _function(word: str, graph: Graph) -> str:
    """The source of a function that NumPy lines call and NumPy does not have."""
    from backprop_engine.program.helpers import helpers_of  # only an unknown word waits for it

    by_operator = {
        name: source for node in graph.nodes if node.op for name, source in node.op.helpers.items()
    }
    return {**by_operator, **helpers_of(graph)}.get(word, "")


def _nodes_of(word: str, graph: Graph) -> list[Node]:
    """The nodes of an instance of a cell, or those that are called so in several of them."""
    named = [node for node in graph.nodes if node.kind is not Kind.LITERAL]
    name = word.rpartition("/∂")[2]
    inside = [node for node in named if f".{node.name}".find(f".{name}.") >= 0 or f"{name}[" in node.name]
    return inside or [node for node in named if node.name.endswith(f".{name}")]
