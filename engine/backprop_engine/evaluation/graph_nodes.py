"""Expressions -> nodes of a graph: every operator in one becomes a node of its own, operands first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from backprop_engine.arrays import Shape
from backprop_engine.errors import Code, Placed, ShapeError, code
from backprop_engine.evaluation.attributes import CallError
from backprop_engine.evaluation.calls import NO_OWN_OPERATORS
from backprop_engine.evaluation.derivative_operators import DERIVATIVE, DerivativeError, is_derivative
from backprop_engine.evaluation.execution_plans import ExecutionPlan, refusal
from backprop_engine.expressions import FilledTemplate, SourceSpan
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.ops import Op

__all__ = ["SHAPES", "Position", "add_expression", "apply_operator", "kind_of"]

SHAPES = code("shapes", msg("The shapes of an operator's operands do not match."))

Position: TypeAlias = int | None
"""Where an operand is in the graph; `None` where it is broken, which is reported elsewhere."""

T = TypeVar("T", contravariant=True)


class PartChecks(Protocol[T]):
    """What else is checked of the parts of an expression; `owner` is what the expression belongs to."""

    def check_constants(
        self, owner: T, op: Op, operands: Sequence[tuple[Position, SourceSpan]], name: str, /
    ) -> None:
        """Check the operands of the node to be called `name`, some of which must be constants."""

    def is_too_large(self, shape: Shape, /) -> bool:
        """Whether no run has the memory for a part of this shape."""
        ...

    def check_part_size(self, owner: T, name: str, shape: Shape, at: SourceSpan, /) -> None:
        """Check the shape of the node called `name`; `at` is a span of the expression's template."""


LONGEST_TEXT = 200
"""How much of an expression each of its parts keeps: all of it would be quadratic in a long one."""


def add_expression(
    builder: GraphBuilder,
    filled: FilledTemplate,
    plan: ExecutionPlan,
    operands: list[Position],
    name: str,
    place: Placed | None = None,
    known: Iterable[str] = (),
    operators: Mapping[str, Op] = NO_OWN_OPERATORS,
    checks: tuple[PartChecks[T], T] | None = None,
) -> Position:
    """Add the parts of an expression to the graph, the last as `name`, and give the last one's position.

    `operands` are the positions of the plan's names, then those of its numbers. A part with a broken operand
    is left out. `known` are the names of nodes, for the hint about a call of one, `operators`
    those that are not in the table; `checks` are made for the
    expression's owner, which is beside them. Raises `CallError` for a call that does not fit its operator
    and for shapes that do not fit together; its `at` is a span of the text.
    """
    row = operands
    written = filled.text
    harmless = written.isascii() and written.isprintable()
    short = harmless and len(written) <= LONGEST_TEXT
    broken = None in row
    lengths = filled.lengths()
    if plan.is_bare and short and not broken:  # as nearly all expressions of a long file
        given = len(row)
        try:
            builder.add_bare(plan.bare, row, name, written, lengths, place)  # type: ignore[arg-type]
        except ShapeError as error:
            _check_sizes(builder, plan, name, row[given:], checks)  # whose mistakes come first
            at = plan.steps[len(row) - given].at
            raise CallError(kind_of(error), error.message, filled.span(at), error.hint) from None
        if not builder.is_scalar:
            _check_sizes(builder, plan, name, row[given:], checks)
        return row[-1]
    apply, shape_of = apply_operator, builder.shape
    for step in plan.steps:
        op, attributes, own = step.op, step.attributes, name + step.mark
        parts = tuple([row[operand] for operand in step.operands])
        if step.checked and checks:
            checker, owner = checks
            places = map(filled.span, step.checked)
            checker.check_constants(owner, op, [*zip(parts, places, strict=True)], own)
        if broken and None in parts:
            row.append(None)
            continue
        if step.key is not None:
            attributes = {"key": filled.key(step.key)}
        start, first, end, stop = step.text
        start, end = start + lengths[first], end + lengths[stop]
        shown = written[start:end] if short else _clipped(written, start, end, harmless=harmless)
        try:
            position = apply(builder, op, cast("tuple[int, ...]", parts), own, attributes, shown, place)
        except ShapeError as error:
            raise CallError(kind_of(error), error.message, filled.span(step.at), error.hint) from None
        if checks and (shape := shape_of(position)):
            checker, owner = checks
            checker.check_part_size(owner, own, shape, step.at)
        row.append(position)
    if len(plan.steps) < plan.computed:
        raise refusal(written, len(plan.steps), known, operators)
    return row[-1]


def _check_sizes(
    builder: GraphBuilder,
    plan: ExecutionPlan,
    name: str,
    positions: Iterable[Position],
    checks: tuple[PartChecks[T], T] | None,
) -> None:
    """Check the shapes of the first parts of an expression."""
    if checks:
        checker, owner = checks
        shapes = builder.shapes(cast("Iterable[int]", positions))
        if any(map(checker.is_too_large, shapes)):
            for step, shape in zip(plan.steps, shapes, strict=False):
                checker.check_part_size(owner, name + step.mark, shape, step.at)


def apply_operator(
    builder: GraphBuilder,
    op: Op,
    operands: Sequence[int],
    name: str,
    attributes: Mapping[str, Any],
    text: str,
    place: Placed | None,
) -> int:
    """Add a computed node, or those of a derivative; `ShapeError` for what does not fit."""
    if not is_derivative(op):
        return builder.add(op, operands, name, attributes=attributes, text=text, place=place)
    from backprop_engine.evaluation.derivative_nodes import add_derivative  # which few graphs need

    return add_derivative(builder, op, operands, name, text=text, place=place)


def kind_of(error: ShapeError) -> Code:
    """The kind of mistake that a refused operator is."""
    return DERIVATIVE if isinstance(error, DerivativeError) else SHAPES


def _clipped(text: str, start: int, end: int, *, harmless: bool) -> str:
    """A part of an expression as written, made harmless, without line breaks; cut short, it ends with …"""
    part = text[start : min(end, start + LONGEST_TEXT)]
    shown = part if harmless else " ".join(clean(part).split())
    return f"{shown}…" if start + LONGEST_TEXT < end else shown
