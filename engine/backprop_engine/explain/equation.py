"""The equation of a step, laid out as the equation it is.

A backward step reads product = upstream · local; an elementwise local gradient is joined with ⊙, a matrix
product with the factor on its own side, transposed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import structs

from backprop_engine.arrays import settle, shape_text
from backprop_engine.explain.blocks import Block
from backprop_engine.explain.columns import laid_out
from backprop_engine.explain.lines import Role
from backprop_engine.explain.symbols import derivative, formula, gradient_name, rule_text
from backprop_engine.explain.terms import Part, Sign, Term, shape_detail
from backprop_engine.explain.texts import say
from backprop_engine.frame import Frame
from backprop_engine.graph import Kind
from backprop_engine.local import DenseLocal, ElementwiseLocal, MapLocal, ScalarLocal, local_gradient
from backprop_engine.steps import Accumulate, Backward, Edge, Forward, Seed, Update

__all__ = ["equation"]

_HOLE = "operand_"


def equation(frame: Frame, language: str, width: int, height: int, *, tall: bool = False) -> Block:
    """The equation of the step that led to `frame`, in at most `width` cells; nothing at the start.

    Where it is to be `tall` and there is room, derivatives are fractions of three rows.
    """
    parts: list[Part]
    match frame.step:
        case Backward(edge=edge):
            parts = _backward(frame, edge, language)
        case Accumulate(edge=edge, count=count, of=of):
            parts = _accumulate(frame, edge, count, of, language)
        case Seed(node=node):
            gradient = frame.trace.gradients[node]
            name = gradient_name(frame.graph, frame.graph.nodes[node])
            parts = [Term(name, say("seed", language), shape_detail(gradient), gradient, Role.GRADIENT)]
        case Forward(node=node):
            parts = _forward(frame, node, language)
        case Update(node=node):
            parts = _update(frame, node, language)
        case _:
            return Block.of([])
    return laid_out(parts, width, height, tall=tall)


def _forward(frame: Frame, position: int, language: str) -> list[Part]:
    graph = frame.graph
    node = graph.nodes[position]
    assert node.op is not None
    value = frame.trace.values[position]
    result = Term(node.name, say("value", language), shape_detail(value), value, Role.VALUE)
    written = formula(graph, node, lambda one: one.text if one.kind is Kind.LITERAL else _HOLE)
    pieces = written.split(_HOLE)
    tensors = (one for one in node.operands if graph.nodes[one].kind is not Kind.LITERAL)
    parts: list[Part] = [result, Sign("=")]
    for piece, operand in zip(pieces, tensors, strict=False):
        parts += [Sign(piece.strip())] if piece.strip() else []
        operand_value = frame.trace.values[operand]
        name = graph.nodes[operand].name
        parts.append(Term(name, "", shape_detail(operand_value), operand_value, Role.VALUE))
    return [*parts, *([Sign(pieces[-1].strip())] if pieces[-1].strip() else [])]


def _update(frame: Frame, position: int, language: str) -> list[Part]:
    """A parameter after its update, before it, and the gradient; as an equation where the rule is one."""
    trace, node = frame.trace, frame.graph.nodes[position]
    training = trace.training
    assert training is not None
    before, gradient = trace.values[position], trace.gradients[position]
    after = Term(node.name, say("after", language), shape_detail(before), trace.updated[position], Role.VALUE)
    old = Term(node.name, say("before update", language), shape_detail(before), before, Role.VALUE)
    name = gradient_name(frame.graph, node)
    slope = Term(name, say("gradient", language), shape_detail(gradient), gradient, Role.GRADIENT)
    if training.optimizer.formulas(training.settings) == ("w = w - lr * g",):
        rate = settle(training.settings["lr"], np.dtype(np.float64))
        return [after, Sign("="), old, Sign("−"), Term("lr", "", "", rate, Role.LOCAL), Sign("·"), slope]
    return [after, Sign("←"), old, Sign(","), slope]


def _backward(frame: Frame, edge: Edge, language: str) -> list[Part]:
    graph, trace = frame.graph, frame.trace
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    contribution = trace.contributions[edge.index]
    upstream_value = trace.gradients[edge.node]
    assert upstream_value is not None
    local = local_gradient(trace, edge)
    product = Term(
        gradient_name(graph, operand),
        _product_word(frame, edge, language),
        shape_detail(contribution),
        contribution,
        Role.GRADIENT,
    )
    upstream = Term(
        gradient_name(graph, node),
        say("upstream", language),
        shape_detail(upstream_value),
        upstream_value,
        Role.GRADIENT,
    )
    name = derivative(node, operand)
    word = say("local", language)
    left: list[Part] = [product, Sign("=")]
    if edge.summed:
        axes = ", ".join(map(str, edge.summed))
        left.append(Sign(f"∑ {say('axis', language)} {axes}"))
    match local:
        case ScalarLocal():
            return [
                *left,
                upstream,
                Sign("·"),
                Term(name, word, rule_text(graph, edge, local.text), local.value, Role.LOCAL),
            ]
        case ElementwiseLocal():
            detail = rule_text(graph, edge, local.text)
            return [*left, upstream, Sign("⊙"), Term(name, word, detail, local.value, Role.LOCAL)]
        case DenseLocal():
            return [*left, _dense_term(local, name, word), Sign("·"), upstream]
        case MapLocal():
            return [*left, *_map_terms(frame, edge, local, upstream, language)]


def _product_word(frame: Frame, edge: Edge, language: str) -> str:
    """What the left side is: the gradient, or one of several contributions to it."""
    if not edge.shared:
        return say("product", language)
    count, of = frame.trace.schedule.turn(edge)
    return say("product of several", language, count=count, of=of)


def _dense_term(local: DenseLocal, name: str, word: str) -> Term:
    """Jᵀ, of the first sample where there is a batch."""
    shape = shape_text((*local.shape[:-2], local.shape[-1], local.shape[-2]))
    if local.value is None:
        return Term(f"({name})ᵀ", word, shape, None, Role.LOCAL, text=local.text)
    turned: Any = np.swapaxes(local.value, -1, -2)
    return Term(f"({name})ᵀ", word, shape, turned, Role.LOCAL)


def _map_terms(frame: Frame, edge: Edge, local: MapLocal, upstream: Term, language: str) -> list[Part]:
    """The upstream gradient and the rule's factor in the order of the product, or what the map does."""
    graph, word = frame.graph, say("local", language)
    if local.factor is None:
        name = derivative(graph.nodes[edge.node], graph.nodes[edge.operand])
        does = local.shown.in_language(language) if local.shown else rule_text(graph, edge, local.rule)
        return [upstream, Sign("·"), Term(name, word, "", None, Role.LOCAL, text=does)]
    upstream = structs.replace(upstream, row=local.upstream_as == "row")
    name = rule_text(graph, edge, local.text)
    factor = Term(name, word, shape_detail(local.factor), local.factor, Role.LOCAL)
    sign = Sign(local.sign)
    return [factor, sign, upstream] if local.before else [upstream, sign, factor]


def _accumulate(frame: Frame, edge: Edge, count: int, of: int, language: str) -> list[Part]:
    graph, trace = frame.graph, frame.trace
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    total = trace.arrived[edge.index]
    contribution = trace.contributions[edge.index]
    name = gradient_name(graph, operand)
    result = Term(
        name, say("sum so far", language, count=count, of=of), shape_detail(total), total, Role.GRADIENT
    )
    new = Term(
        say("through", language, node=node.name),
        say("contribution", language),
        shape_detail(contribution),
        contribution,
        Role.GRADIENT,
    )
    if count == 1:
        return [result, Sign("="), new]
    uses = trace.schedule.uses_of[edge.operand]
    before = trace.arrived[uses[count - 2]]
    so_far = Term(name, say("before", language), shape_detail(before), before, Role.GRADIENT)
    return [result, Sign("="), so_far, Sign("+"), new]
