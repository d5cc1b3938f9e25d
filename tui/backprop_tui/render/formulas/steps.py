"""The equations of a step: what a node is, its local gradients, and the chain rule; from the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import structs

from backprop_engine.explain.common_facts import gives_row
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ClearFacts,
    ForwardFacts,
    ReduceFacts,
    SeedFacts,
    StartFacts,
    StepFacts,
    UpdateFacts,
)
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import operand_text
from backprop_engine.explain.update_facts import ComputedLine
from backprop_engine.expressions import Name
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import msg
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block, fenced, row, superscript, text
from backprop_tui.cells.lines import Role
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.render.formulas.axes import letters
from backprop_tui.render.formulas.equations import (
    EQUALS,
    PLUS_EQUALS,
    Column,
    Equation,
    Style,
    is_written_out,
    tensor_box,
    with_value,
)
from backprop_tui.render.formulas.naming import Naming, gradient, number_piece, partial
from backprop_tui.render.formulas.trees import node_trees, rule_tree, shows_entries
from backprop_tui.render.formulas.typeset import SIGN, TERM, Piece, Typesetter
from backprop_tui.render.words import turn_text

__all__ = ["step_equations"]

_BECOMES: Final = Column(text(" ← "), sign=True, relation=True)
_DOTS: Final = Column(text("…"), sign=True)
_MOST_TERMS: Final = 3
"""Contributions that are shown of a sum."""
_MOST_LOCALS: Final = 6
"""Operands whose local gradients are shown in a forward step."""


def step_equations(facts: StepFacts, language: str) -> Iterator[Equation]:
    """The equations of the step, in the order of reading."""
    match facts:
        case ForwardFacts(node=node):
            yield structs.replace(
                _node(facts.trace, node, language), in_columns=len(node_trees(facts.graph, node)) == 1
            )
            for local in facts.locals[:_MOST_LOCALS]:
                yield _local(local, language)
        case BackwardFacts(node=node, local=local):
            yield _node(facts.trace, node, language)
            in_columns = _is_in_columns(local)
            yield structs.replace(_local(local, language), in_columns=in_columns)
            yield _chain(facts, language)
        case SeedFacts():
            yield _seed(facts, language)
        case AccumulateFacts():
            yield _sum(facts, language)
        case UpdateFacts():
            yield from _update(facts)
        case ReduceFacts() | ClearFacts() | StartFacts():
            return


def _node(trace: Trace, node: Node, language: str) -> Equation:
    """``q = x · y``; an operator that has a name is written by it first, and then in full."""
    naming, trees = Naming(trace, node, language=language), node_trees(trace.graph, node)
    upright = not gives_row(trace.graph, node)

    def columns(style: Style) -> Sequence[Column]:
        value = tensor_box(trace.outs[node.position], Role.VALUE, style, upright=upright)
        sides: list[Column] = []
        for tree in trees if style.named else trees[-1:]:
            numbers = style.numbers and not (sides and naming.has_tensors)  # once is enough
            sides += [EQUALS, *naming.right(tree, structs.replace(style, numbers=numbers))]
        return with_value([Column(text(node.name, Role.VALUE), value), *sides], value)

    return Equation(msg("the node").in_language(language), columns)


def _local(local: LocalFacts, language: str) -> Equation:
    """``∂q/∂x = y``: the local gradient; of a linear map its adjoint, ``(∂q/∂x)ᵀ : g ↦ …``.

    A Jacobian of a batch is that of one row.
    """
    node, operand = local.node, local.operand
    row_letters = letters(local.batch_axes)  # ᵢ: of a Jacobian of a batch, that of one row
    naming = Naming(local.trace, node, "g", row=row_letters, language=language)
    tree = rule_tree(local.trace.graph, node, local.expression)

    def columns(style: Style) -> Sequence[Column]:
        left = partial(node.name + row_letters, operand_text(operand) + row_letters, Role.LOCAL, style)
        if local.is_map:
            made = naming.symbols(style).parts(tree)
            if local.factor.tensor is not None:  # as in the chain rule
                made[::2] = [part.painted(Role.LOCAL, but=Role.GRADIENT) for part in made[::2]]
            maps = row(text("g", Role.GRADIENT), text(" ↦ "), *made)
            adjoint = text(f"(∂{node.name}/∂{operand_text(operand)})ᵀ", Role.LOCAL)
            return [Column(adjoint), Column(text(" : "), relation=True), Column(maps)]
        value = tensor_box(local.value, Role.LOCAL, style)
        if isinstance(tree, Name):  # numbers below would say the same twice
            named = [Column(left), EQUALS, Column(naming.symbols(style).box(tree))]
            below = naming.numbers(style).box(tree) if naming.shows(tree, style) else None
            return with_value(named, below and below.painted(Role.LOCAL))
        if not naming.varies(tree):
            return [Column(left), EQUALS, Column(naming.symbols(style).box(tree).painted(Role.LOCAL))]
        return with_value([Column(left, value), EQUALS, *naming.right(tree, style)], value)

    return Equation(msg("local gradient").in_language(language), columns, rank=1, fine=local.has_entries)


def _is_in_columns(local: LocalFacts) -> bool:
    """Whether the chain rule in columns tells all of a local gradient: its factor, its name or its number."""
    if local.is_map:
        return local.factor.tensor is not None
    tree = rule_tree(local.trace.graph, local.node, local.expression)
    return isinstance(tree, Name) or not Naming(local.trace, local.node, "g").varies(tree)


def _chain(facts: BackwardFacts, language: str) -> Equation:
    """The chain rule: the gradient of the operand is the upstream gradient times the local one."""
    product = facts.product

    def columns(style: Style) -> Sequence[Column]:
        numbers = tensor_box(product.tensor, Role.PRODUCT, style, upright=not product.is_row)
        relation = PLUS_EQUALS if facts.turn else EQUALS
        left = [Column(gradient(facts.trace, facts.operand, style, Role.PRODUCT), numbers), relation]
        if facts.summed_axes:
            left.append(Column(text(f"∑{letters(facts.summed_axes)} ", Role.OP), sign=True))
        return with_value([*left, *_product(facts, style, language)], numbers)

    title = msg("chain rule").in_language(language)
    if facts.turn:
        title += f" ─ {turn_text(facts, language)}"
    return Equation(title, columns, rank=0, fine=facts.local.has_entries, in_columns=True)


def _product(facts: BackwardFacts, style: Style, language: str) -> list[Column]:
    """The right side of the chain rule, in the order of its factors."""
    trace, node, local = facts.trace, facts.node, facts.local
    factor = local.factor
    if factor.written == "rule":
        tree = rule_tree(trace.graph, node, local.expression)
        return Naming(trace, node, language=language).right(tree, style)
    numbers = tensor_box(facts.upstream.tensor, Role.GRADIENT, style, upright=not factor.upstream_is_row)
    upstream = Column(gradient(trace, node, style), numbers)
    value = tensor_box(factor.tensor, Role.LOCAL, style)
    if factor.written == "formula":
        tree = rule_tree(trace.graph, node, local.factor_expression)
        symbols = Naming(trace, node, language=language).symbols(style).within(tree, TERM + 1)
        negative = symbols.reading.startswith("-") and not factor.comes_first
        symbols = (fenced(symbols) if negative else symbols).painted(Role.LOCAL)
    else:
        symbols = partial(node.name, operand_text(facts.operand), Role.LOCAL, style)
        if factor.written == "transpose":
            symbols = superscript(fenced(symbols), "ᵀ").painted(Role.LOCAL)
        else:
            value = value and _factor(value)
    beside, sign = Column(symbols, value), Column(text(f" {factor.sign} "), sign=True)
    return [beside, sign, upstream] if factor.comes_first else [upstream, sign, beside]


def _factor(box: Block) -> Block:
    """A number after a sign: a negative one in brackets."""
    return fenced(box) if box.height == 1 and box.lines[0][0].text.startswith("-") else box


def _seed(facts: SeedFacts, language: str) -> Equation:
    seed = facts.result.tensor
    short = text(number(seed), Role.GRADIENT) if seed.shape == () else text(shape_label(seed.shape), Role.DIM)

    def columns(style: Style) -> Sequence[Column]:
        value = tensor_box(seed, Role.GRADIENT, style)
        name = Column(gradient(facts.trace, facts.node, style))
        return [name, EQUALS, Column(value or short, value=value is not None)]

    return Equation(msg("seed").in_language(language), columns, in_columns=True)


def _sum(facts: AccumulateFacts, language: str) -> Equation:
    """The gradient of a value that is used several times: a sum over its uses, as far as it has come."""
    operand, uses, count = facts.operand, facts.uses, facts.turn.number
    first = max(0, min(count, len(uses) - 1) - _MOST_TERMS + 1)

    def term(at: int, style: Style) -> Column:
        node, contribution = facts.use(at)
        slope = partial(node.name, operand_text(operand), Role.LOCAL, style)
        symbols = row(gradient(facts.trace, node, style), text(" · "), slope)
        if contribution is None:
            return Column(symbols, text(ABSENT, Role.DIM))
        value = tensor_box(contribution, Role.GRADIENT, style)
        return Column(symbols, value and (_factor(value) if at > first else value))

    def columns(style: Style) -> Sequence[Column]:
        total = tensor_box(facts.result.tensor, Role.PRODUCT, style)
        parts = [_DOTS] * (first > 0)
        parts += [term(at, style) for at in range(first, min(len(uses), first + _MOST_TERMS))]
        parts += [_DOTS] * (first + _MOST_TERMS < len(uses))
        plus = Column(text(" + "), sign=True)
        joined = [part for column in parts for part in (plus, column)][1:]
        return [Column(gradient(facts.trace, operand, style, Role.PRODUCT), total), EQUALS, *joined]

    return Equation(msg("sum over the uses").in_language(language), columns)


def _update(facts: UpdateFacts) -> Iterator[Equation]:
    """One for each line of the update; what a line computes is in the lines after it."""
    title = facts.training.optimizer.name
    for line in facts.lines:
        yield _update_line(facts, title, line)
        title = ""


def _update_line(facts: UpdateFacts, title: str, line: ComputedLine) -> Equation:
    node, trace, (target, tree, before, after) = facts.node, facts.trace, line
    axes = {name: tensor.ndim for name, tensor in before.items()}
    roles: dict[str, Any] = {"w": Role.VALUE, "g": Role.GRADIENT}
    shown = not any(axes.values()) or shows_entries(tree, axes)
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

    return Equation(title, columns, in_columns=facts.learning_rate is not None)
