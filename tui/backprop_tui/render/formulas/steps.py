"""The equations of a step: what a node is, its local gradients, and the chain rule; from the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import structs

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.derivatives.local_gradients import (
    DenseLocal,
    ElementwiseLocal,
    LocalGradient,
    MapLocal,
    ScalarLocal,
    has_cells,
    local_gradient,
    worked_along,
)
from backprop_engine.explain.numbers import ABSENT, number
from backprop_engine.explain.symbols import operand_text
from backprop_engine.expressions import Name
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Accumulate, Backward, Edge, Forward, Seed, Update
from backprop_engine.trace.trace import Frame, Trace
from backprop_tui.cells.lines import Role
from backprop_tui.render.formulas.axes import letters
from backprop_tui.render.formulas.box import Box, fenced, row, superscript, text
from backprop_tui.render.formulas.equations import (
    EQUALS,
    Column,
    Equation,
    Style,
    tensor_box,
    with_value,
)
from backprop_tui.render.formulas.naming import Naming, gives_row, gradient, is_row, partial
from backprop_tui.render.formulas.trees import node_trees, rule_tree
from backprop_tui.render.formulas.typeset import TERM
from backprop_tui.render.overrides import computed_gradient
from backprop_tui.render.texts import say

__all__ = ["step_equations"]

_DOTS: Final = Column(text("…"), sign=True)
_MOST_TERMS: Final = 3
"""Contributions that are shown of a sum."""
_MOST_LOCALS: Final = 6
"""Operands whose local gradients are shown in a forward step."""


def step_equations(frame: Frame, language: str) -> Iterator[Equation]:
    """The equations of the step, in the order of reading."""
    trace = frame.trace
    match frame.step:
        case Forward(node=node):
            yield _node(trace, node, language)
            for index in trace.schedule.edges_of.get(node, range(0))[:_MOST_LOCALS]:
                yield _local(trace, trace.graph.edges[index], language)
        case Backward(edge=edge):
            yield _node(trace, edge.node, language)
            yield _local(trace, edge, language)
            yield _chain(trace, edge, language)
        case Seed(node=node):
            yield _seed(trace, node, computed_gradient(frame), language)
        case Accumulate(edge=edge, count=count):
            computed = computed_gradient(frame)
            arrived = trace.arrived[edge.index] if computed is None else computed
            yield _sum(trace, edge, count, arrived, language)
        case Update(node=node):
            from backprop_tui.render.formulas.updates import update_equations

            yield from update_equations(trace, node)
        case _:
            return


def _node(trace: Trace, position: int, language: str) -> Equation:
    """``q = x · y``; an operator that has a name is written by it first, and in full behind that."""
    node = trace.graph.nodes[position]
    naming, trees = Naming(trace, node, language=language), node_trees(trace.graph, node)
    upright = not gives_row(trace.graph, node)

    def columns(style: Style) -> Sequence[Column]:
        value = tensor_box(trace.outs[position], Role.VALUE, style, upright=upright)
        sides: list[Column] = []
        for tree in trees if style.named else trees[-1:]:
            numbers = style.numbers and not (sides and naming.has_tensors)  # once is enough
            sides += [EQUALS, *naming.right(tree, structs.replace(style, numbers=numbers))]
        return with_value([Column(text(node.name, Role.VALUE), value), *sides], value)

    return Equation(say("formula node", language), columns)


def _local(trace: Trace, edge: Edge, language: str) -> Equation:
    """``∂q/∂x = y``: the local gradient; of a linear map, what it makes of a gradient ``g``.

    A Jacobian of a batch is that of one row.
    """
    graph = trace.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    local = local_gradient(trace, edge)
    at = _row(node) if isinstance(local, DenseLocal) else ""
    naming = Naming(trace, node, "g", row=at, language=language)
    tree = rule_tree(graph, node, local.rule if isinstance(local, MapLocal) else local.text)

    def columns(style: Style) -> Sequence[Column]:
        left = partial(node.name + at, operand_text(operand) + at, Role.LOCAL, style)
        if isinstance(local, MapLocal):
            made = naming.symbols(style).parts(tree)
            if local.factor is not None:  # as in the chain rule
                made[::2] = [part.painted(Role.LOCAL, but=Role.GRADIENT) for part in made[::2]]
            maps = row(text("g", Role.GRADIENT), text(" ↦ "), *made)
            return [Column(left), Column(text(" : "), relation=True), Column(maps)]
        value = tensor_box(local.value, Role.LOCAL, style)
        if isinstance(tree, Name):  # numbers below would say the same twice
            named = [Column(left), EQUALS, Column(naming.symbols(style).box(tree))]
            below = naming.numbers(style).box(tree) if naming.shows(tree, style) else None
            return with_value(named, below and below.painted(Role.LOCAL))
        if not naming.varies(tree):
            return [Column(left), EQUALS, Column(naming.symbols(style).box(tree).painted(Role.LOCAL))]
        return with_value([Column(left, value), EQUALS, *naming.right(tree, style)], value)

    return Equation(say("formula local", language), columns, rank=1, fine=has_cells(local))


def _row(node: Node) -> str:
    """``ᵢ``: the letters of one row, or column, of those that a node works along; none for a vector."""
    return letters(one for one in range(len(node.shape)) if one != worked_along(node))


def _chain(trace: Trace, edge: Edge, language: str) -> Equation:
    """The chain rule: the gradient of the operand is the upstream gradient times the local one."""
    graph = trace.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    local, upright = local_gradient(trace, edge), not is_row(node, operand)

    def columns(style: Style) -> Sequence[Column]:
        contribution = trace.contributions[edge.index]
        product = tensor_box(contribution, Role.GRADIENT, style, upright=upright)
        left = [Column(gradient(trace, operand, style), product), EQUALS]
        if edge.summed:
            left.append(Column(text(f"∑{letters(edge.summed)} ", Role.OP), sign=True))
        return with_value([*left, *_product(trace, edge, local, style, language)], product)

    title = say("formula chain", language)
    if edge.shared:
        count, of = trace.schedule.turn(edge)
        title += f" ─ {say('product of several', language, count=count, of=of)}"
    return Equation(title, columns, rank=0, fine=has_cells(local))


def _product(trace: Trace, edge: Edge, local: LocalGradient, style: Style, language: str) -> list[Column]:
    """The right side of the chain rule, in the order of its factors."""
    graph = trace.graph
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    as_row = isinstance(local, MapLocal) and local.upstream_as == "row"
    upstream = Column(
        gradient(trace, node, style),
        tensor_box(trace.gradients[edge.node], Role.GRADIENT, style, upright=not as_row),
    )
    slope = partial(node.name, operand_text(operand), Role.LOCAL, style)
    match local:
        case ScalarLocal() | ElementwiseLocal():
            sign = " · " if isinstance(local, ScalarLocal) else " ⊙ "
            value = tensor_box(local.value, Role.LOCAL, style)
            return [upstream, Column(text(sign), sign=True), Column(slope, value and _factor(value))]
        case DenseLocal():
            turned = superscript(fenced(slope), "ᵀ").painted(Role.LOCAL)
            matrix = None if local.value is None else local.value.swapaxes(-1, -2)
            value = tensor_box(matrix, Role.LOCAL, style)
            return [Column(turned, value), Column(text(" · "), sign=True), upstream]
        case MapLocal(factor=None):
            naming = Naming(trace, node, language=language)
            return naming.right(rule_tree(graph, node, local.rule), style)
        case MapLocal():
            symbols = Naming(trace, node, language=language).symbols(style)
            factor = symbols.within(rule_tree(graph, node, local.text), TERM + 1)
            if factor.reading.startswith("-") and not local.before:
                factor = fenced(factor)
            value = tensor_box(local.factor, Role.LOCAL, style)
            other, sign_ = (
                Column(factor.painted(Role.LOCAL), value),
                Column(text(f" {local.sign} "), sign=True),
            )
            return [other, sign_, upstream] if local.before else [upstream, sign_, other]


def _factor(box: Box) -> Box:
    """A number behind a sign: a negative one in brackets."""
    return fenced(box) if box.height == 1 and box.lines[0][0].text.startswith("-") else box


def _seed(trace: Trace, position: int, computed: Tensor | None, language: str) -> Equation:
    node = trace.graph.nodes[position]
    seed = trace.gradients[position] if computed is None else computed
    assert seed is not None
    short = text(number(seed), Role.GRADIENT) if seed.shape == () else text(shape_text(seed.shape), Role.DIM)

    def columns(style: Style) -> Sequence[Column]:
        value = tensor_box(seed, Role.GRADIENT, style)
        return [Column(gradient(trace, node, style)), EQUALS, Column(value or short, value=value is not None)]

    return Equation(say("seed", language), columns)


def _sum(trace: Trace, edge: Edge, count: int, arrived: Tensor, language: str) -> Equation:
    """The gradient of a value that is used several times: a sum over its uses, as far as it has come."""
    graph = trace.graph
    operand, uses = graph.nodes[edge.operand], trace.schedule.uses_of[edge.operand]
    first = max(0, min(count, len(uses) - 1) - _MOST_TERMS + 1)

    def term(index: int, style: Style) -> Column:
        node = graph.nodes[graph.edges[uses[index]].node]
        slope = partial(node.name, operand_text(operand), Role.LOCAL, style)
        symbols = row(gradient(trace, node, style), text(" · "), slope)
        if index >= count:
            return Column(symbols, text(ABSENT, Role.DIM))
        value = tensor_box(trace.contributions[uses[index]], Role.GRADIENT, style)
        return Column(symbols, value and (_factor(value) if index > first else value))

    def columns(style: Style) -> Sequence[Column]:
        total = tensor_box(arrived, Role.GRADIENT, style)
        parts = [_DOTS] * (first > 0)
        parts += [term(index, style) for index in range(first, min(len(uses), first + _MOST_TERMS))]
        parts += [_DOTS] * (first + _MOST_TERMS < len(uses))
        plus = Column(text(" + "), sign=True)
        joined = [part for one in parts for part in (plus, one)][1:]
        return [Column(gradient(trace, operand, style), total), EQUALS, *joined]

    return Equation(say("formula sum", language, count=count, of=len(uses)), columns)
