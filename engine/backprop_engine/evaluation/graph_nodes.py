"""Expressions -> nodes of a graph: every operator in one becomes a node of its own, operands first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from backprop_engine.arrays import Shape
from backprop_engine.errors import Place, ShapeError, code
from backprop_engine.evaluation.attributes import CallError
from backprop_engine.evaluation.execution_plans import ExecutionPlan, refusal
from backprop_engine.expressions import FilledTemplate, SourceSpan
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.ops import Op

__all__ = ["SHAPES", "ConstantCheck", "Position", "SizeCheck", "add_expression"]

SHAPES = code("shapes", msg("The shapes of an operator's operands do not fit together."))

Position: TypeAlias = int | None
"""Where an operand is in the graph; `None` where it is broken, which is reported elsewhere."""

ConstantCheck: TypeAlias = Callable[[Op, Sequence[tuple[Position, SourceSpan]], str], None]
"""Called with an operator some of whose operands must be constants, its operands, and its node's name."""

SizeCheck: TypeAlias = Callable[[str, Shape, SourceSpan], None]
"""Called with a node's name, its shape, and where to point if that is too large."""

LONGEST_TEXT = 200
"""How much of an expression each of its parts keeps: all of it would be quadratic in a long one."""


def add_expression(
    builder: GraphBuilder,
    filled: FilledTemplate,
    plan: ExecutionPlan,
    operands: list[Position],
    name: str,
    *,
    place: Place | None = None,
    known: Iterable[str] = (),
    check_constants: ConstantCheck | None = None,
    check_size: SizeCheck | None = None,
) -> Position:
    """Add the parts of an expression to the graph, the last as `name`, and give the last one's position.

    `operands` are the positions of the plan's names, then those of its numbers. A part with a broken operand
    is left out. `known` are the names of nodes, for the hint about a call of one. Raises `CallError` for a
    call that does not fit its operator and for shapes that do not fit together; `at` is a span of the text.
    """
    row = operands
    written, lengths = filled.text, filled.lengths()
    harmless = written.isascii() and written.isprintable()
    short = harmless and len(written) <= LONGEST_TEXT
    broken = None in row
    apply, shape_of = builder.apply, builder.shape
    # Loading a long file spends its time here: what can be settled once for an expression, or for all of its
    # form, stands above, or in the plan.
    for mark, op, pick, attributes, text, at, key, checked in plan.steps:
        own = name + mark
        parts = pick(row)
        if checked and check_constants is not None:
            check_constants(op, [*zip(parts, map(filled.span, checked), strict=True)], own)
        if broken and None in parts:
            row.append(None)
            continue
        if key is not None:
            attributes = {"key": filled.key(key)}
        start, first, end, stop = text
        start, end = start + lengths[first], end + lengths[stop]
        shown = written[start:end] if short else _clipped(written, start, end, harmless=harmless)
        try:
            position = apply(op, parts, own, attributes=attributes, text=shown, place=place)
        except ShapeError as error:
            raise CallError(SHAPES, error.message, filled.span(at), error.hint) from None
        if check_size is not None and (shape := shape_of(position)):
            check_size(own, shape, at)
        row.append(position)
    if len(plan.steps) < plan.computed:
        raise refusal(written, len(plan.steps), known)
    return row[-1]


def _clipped(text: str, start: int, end: int, *, harmless: bool) -> str:
    """A part of an expression as it is written, not too long, and made harmless, without line breaks."""
    part = text[start : min(end, start + LONGEST_TEXT)]
    return part if harmless else " ".join(clean(part).split())
