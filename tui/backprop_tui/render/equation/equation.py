"""The equation of a step, laid out as the equation it is.

A backward step reads product = upstream · local; an elementwise local gradient is joined with ⊙, a matrix
product with the factor on its own side, transposed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import structs

from backprop_engine.arrays import Tensor, settle, shape_text
from backprop_engine.derivatives.local_gradients import (
    DenseLocal,
    ElementwiseLocal,
    MapLocal,
    ScalarLocal,
    has_cells,
    local_gradient,
    worked_along,
)
from backprop_engine.explain.symbols import as_factor, derivative, formula, gradient_name, rule_text
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward, Edge, Forward, Seed, Update
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Role
from backprop_tui.cells.tensors import is_multiplied
from backprop_tui.render.equation.columns import laid_out
from backprop_tui.render.equation.terms import Index, Part, Sign, Term, showing
from backprop_tui.render.formulas.naming import gives_row, is_row
from backprop_tui.render.overrides import computed_gradient, computed_value
from backprop_tui.render.texts import say

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
            gradient, computed = frame.trace.gradients[node], computed_gradient(frame)
            name = gradient_name(frame.graph, frame.graph.nodes[node])
            seed = gradient if computed is None else computed
            parts = [showing(seed, name, say("seed", language), Role.GRADIENT)]
        case Forward(node=node):
            parts = _forward(frame, node, language)
        case Update(node=node):
            parts = _update(frame, node, language)
        case _:
            return Block.of([])
    if frame.trace.edits:
        parts = _instead(frame, parts, language)
    return laid_out(parts, width, height, tall=tall)


def _instead(frame: Frame, parts: list[Part], language: str) -> list[Part]:
    """Where what the step gives is overridden, that before the equation, which says what was computed."""
    trace = frame.trace
    given: Tensor | None = None
    match frame.step:
        case Forward(node=node) if computed_value(trace, node) is not None:
            given = trace.values[node]
        case Seed(node=node) if computed_gradient(frame) is not None:
            given = trace.gradients[node]
        case Backward(edge=edge) | Accumulate(edge=edge) if computed_gradient(frame) is not None:
            given = trace.arrived[edge.index]
    result = parts[0]
    if given is None or not isinstance(result, Term):
        return parts
    word = say("override", language)
    return [showing(given, result.name, word, result.role, row=result.row), Sign("←"), *parts]


def _forward(frame: Frame, position: int, language: str) -> list[Part]:
    graph = frame.graph
    node = graph.nodes[position]
    assert node.op is not None
    computed = computed_value(frame.trace, position)
    value = frame.trace.values[position] if computed is None else computed
    result = showing(value, node.name, say("value", language), Role.VALUE, row=gives_row(graph, node))
    written = formula(graph, node, lambda one: one.text if one.kind is Kind.LITERAL else _HOLE)
    pieces = written.split(_HOLE)
    tensors = (one for one in node.operands if graph.nodes[one].kind is not Kind.LITERAL)
    parts: list[Part] = [result, Sign("=")]
    for piece, operand in zip(pieces, tensors, strict=False):
        parts += [Sign(piece.strip())] if piece.strip() else []
        one = graph.nodes[operand]
        parts.append(showing(frame.trace.values[operand], one.name, "", Role.VALUE, row=is_row(node, one)))
    return [*parts, *([Sign(pieces[-1].strip())] if pieces[-1].strip() else [])]


def _update(frame: Frame, position: int, language: str) -> list[Part]:
    """A parameter after its update, before it, and the gradient; as an equation where the rule is one."""
    trace, node = frame.trace, frame.graph.nodes[position]
    training = trace.training
    assert training is not None
    before, gradient = trace.values[position], trace.gradients[position]
    after = showing(trace.updated[position], node.name, say("after", language), Role.VALUE)
    old = showing(before, node.name, say("before update", language), Role.VALUE)
    name = gradient_name(frame.graph, node)
    slope = showing(gradient, name, say("gradient", language), Role.GRADIENT)
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
    at = _sample(local, node, upstream_value) if isinstance(local, DenseLocal) else None
    product = showing(
        contribution,
        gradient_name(graph, operand),
        _product_word(frame, edge, language),
        Role.GRADIENT,
        at,
        row=is_row(node, operand),
    )
    upstream = showing(
        upstream_value, gradient_name(graph, node), say("upstream", language), Role.GRADIENT, at
    )
    name, word = derivative(node, operand), say("local", language)
    left: list[Part] = [product, Sign("=")]
    if edge.summed:
        axes = ", ".join(map(str, edge.summed))
        left.append(Sign(f"∑ {say('axis', language, axes=axes)}"))
    match local:
        case ScalarLocal():
            rule = rule_text(graph, edge, local.text)
            return [*left, upstream, Sign("·"), showing(local.value, name, word, Role.LOCAL, rule=rule)]
        case ElementwiseLocal():
            rule = rule_text(graph, edge, local.text)
            slope = showing(local.value, name, word, Role.LOCAL, rule=rule)
            parts = [*left, upstream, Sign("⊙"), slope]
        case DenseLocal():
            rule = rule_text(graph, edge, local.text)
            parts = [*left, _dense_term(local, name, word, rule, at), Sign("·"), upstream]
        case MapLocal():
            parts = [*left, *_map_terms(frame, edge, local, upstream, language)]
    return [*map(_fine, parts)] if has_cells(local) else parts


def _fine(part: Part) -> Part:
    """With so many digits that the reader can multiply with each cell, where there are few."""
    few = isinstance(part, Term) and part.tensor is not None and is_multiplied(part.tensor)
    return structs.replace(part, fine=True) if few else part


def _product_word(frame: Frame, edge: Edge, language: str) -> str:
    """What the left side is: the gradient, or one of several contributions to it."""
    if not edge.shared:
        return say("product", language)
    count, of = frame.trace.schedule.turn(edge)
    return say("product of several", language, count=count, of=of)


def _sample(local: DenseLocal, node: Node, upstream: Tensor) -> Index | None:
    """Where the sample of a batch is that is shown: the first that a gradient reaches, or the first."""
    batch = local.shape[:-2]
    if local.value is None or not batch or 0 in batch:
        return None
    axis = worked_along(node)
    reached: Any = np.moveaxis(np.asarray(upstream), axis, -1).any(axis=-1)
    found: list[int | None] = [int(one) for one in np.unravel_index(int(reached.argmax()), batch)]
    return (*found[:axis], None, *found[axis:])


def _dense_term(local: DenseLocal, name: str, word: str, rule: str, at: Index | None) -> Term:
    """Jᵀ, of one sample where there is a batch; the rule of J where J is too large."""
    shape = (*local.shape[:-2], local.shape[-1], local.shape[-2])
    if local.value is None:
        return Term(f"({name})ᵀ", word, shape_text(shape), None, Role.LOCAL, text=rule)
    turned: Any = np.swapaxes(local.value, -1, -2)
    batch = None if at is None else tuple(one for one in at if one is not None)
    return showing(turned, f"({name})ᵀ", word, Role.LOCAL, batch)


def _map_terms(frame: Frame, edge: Edge, local: MapLocal, upstream: Term, language: str) -> list[Part]:
    """The upstream gradient and the rule's factor in the order of the product, or what the map does."""
    graph, word = frame.graph, say("local", language)
    if local.factor is None:
        name = derivative(graph.nodes[edge.node], graph.nodes[edge.operand])
        does = local.shown.in_language(language) if local.shown else rule_text(graph, edge, local.rule)
        return [upstream, Sign("·"), Term(name, word, "", None, Role.LOCAL, text=does)]
    upstream = structs.replace(upstream, row=local.upstream_as == "row")
    name = rule_text(graph, edge, local.text)
    factor = showing(local.factor, as_factor(name, first=local.before), word, Role.LOCAL)
    sign = Sign(local.sign)
    return [factor, sign, upstream] if local.before else [upstream, sign, factor]


def _accumulate(frame: Frame, edge: Edge, count: int, of: int, language: str) -> list[Part]:
    graph, trace = frame.graph, frame.trace
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    computed = computed_gradient(frame)
    total = trace.arrived[edge.index] if computed is None else computed
    contribution = trace.contributions[edge.index]
    name, row = gradient_name(graph, operand), is_row(node, operand)
    arrived = say("sum so far", language, count=count, of=of)
    result = showing(total, name, arrived, Role.GRADIENT, row=row)
    through = say("through", language, node=node.name)
    new = showing(contribution, through, say("contribution", language), Role.GRADIENT, row=row)
    if count == 1:
        return [result, Sign("="), new]
    uses = trace.schedule.uses_of[edge.operand]
    before = trace.arrived[uses[count - 2]]
    so_far = showing(before, name, say("before", language), Role.GRADIENT, row=row)
    return [result, Sign("="), so_far, Sign("+"), new]
