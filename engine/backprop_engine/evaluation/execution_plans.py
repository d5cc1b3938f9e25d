"""What lowering does for all expressions of one form, worked out once: its operators and their operands.

A plan works on a row of registers. The names that operands are taken from are first, then the numbers; each
step appends the result of one operator, and the last one is the value of the expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from msgspec import Struct

from backprop_engine.evaluation.calls import (
    NO_OWN_OPERATORS,
    BoundCall,
    CallError,
    bind,
    find_op,
    in_operators,
    is_operand,
    named_arguments,
    operands_first,
)
from backprop_engine.evaluation.derivative_operators import DERIVATIVE, DERIVATIVES, is_derivative
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Call,
    Expr,
    FilledTemplate,
    Name,
    Number,
    SourceSpan,
    Subscript,
    Template,
    Transpose,
    Unary,
    parse,
)
from backprop_engine.expressions.postfix import TemplateSpan
from backprop_engine.expressions.templates import LONGEST, MAX_TEMPLATES
from backprop_engine.graph.builder import BareStep, Pick
from backprop_engine.messages.message import msg
from backprop_engine.ops import OPS, Op

__all__ = ["ExecutionPlan", "forget_plans", "plan_of", "refusal"]

_NONE: Mapping[str, Any] = {}


class PlanStep(Struct, frozen=True, eq=False):
    """One operator, with what is known of it before the text is; spans are the sample's."""

    mark: str
    """What follows the expression's name in the result's name; empty for the whole expression."""
    op: Op
    operands: tuple[int, ...]
    """Their registers."""
    attributes: Mapping[str, Any]
    text: TemplateSpan
    """What the result is written as."""
    at: SourceSpan
    """Where to point if the operands do not fit together."""
    key: Subscript | None = None
    """The subscript that has the attribute `key`."""
    checked: tuple[SourceSpan, ...] = ()
    """Where the operands are, if some of them must be constants."""


class WorkedOut(Struct, frozen=True, eq=False):
    """The parts of a tree, and what to do for each that is computed."""

    names: tuple[Name | Attribute, ...]
    """The names and paths of operands, as often as they are there."""
    numbers: tuple[Number, ...]
    steps: tuple[PlanStep, ...]
    """The steps of all others; they end before the first call that does not fit its operator."""
    computed: int
    """How many others there are."""


class ExecutionPlan(Struct, frozen=True, eq=False, dict=True):
    """What to do for the expressions of a template; `own` are operators that are not in the table."""

    template: Template
    own: Mapping[str, Op]
    names_written: tuple[int, ...] | None
    """The slots that the names are in; None where a name is more than what is in a slot."""
    names_alone: bool
    """Whether each slot has a name, in their order."""
    numbers_written: tuple[tuple[int, int | float], ...]
    """For each number, its slot and sign, or -1 and the number itself if it has no slot."""
    computed: int
    """How many parts are neither; none where the expression is just a name or a number."""
    parts: int
    """How many parts an expression has."""
    is_refused: bool
    """Whether a call does not fit its operator."""
    is_bare: bool
    """Whether all calls fit, and no operator has settings, wants constants, or is a derivative."""
    bare: tuple[BareStep, ...]
    """The steps, without what a call with settings, constants or derivatives needs."""

    @cached_property
    def worked_out(self) -> WorkedOut:
        """The plan in detail, which a plain expression needs only for what is wrong with it."""
        return _worked_out(self.template, self.own)

    @property
    def names(self) -> tuple[Name | Attribute, ...]:
        """The names and paths of operands, as often as they are there."""
        return self.worked_out.names

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The numbers."""
        return self.worked_out.numbers

    @property
    def steps(self) -> tuple[PlanStep, ...]:
        """What is computed; the steps end before the first call that does not fit its operator."""
        return self.worked_out.steps

    def values(self, filled: FilledTemplate) -> list[int | float]:
        """The numbers of an expression."""
        given = filled.numbers
        return [value if slot < 0 else given[slot] * value for slot, value in self.numbers_written]


def plan_of(template: Template, own: Mapping[str, Op] = NO_OWN_OPERATORS) -> ExecutionPlan:
    """The plan for the expressions of `template`; `own` are operators that are not in the table."""
    # A template without slots belongs to a single text: keeping its plan would only push others out.
    if not template.names or (own and _calls_any(template, own)):
        return _plan(template, own)
    return _kept(template)


def _calls_any(template: Template, own: Mapping[str, Op]) -> bool:
    if template.operators is not None:
        return any(name in own for name, _, _ in template.operators)
    return any(isinstance(part, Call) and part.name in own for part in operands_first(template.tree))


def refusal(
    text: str, number: int, nodes: Iterable[str], own: Mapping[str, Op] = NO_OWN_OPERATORS
) -> CallError:
    """What is wrong with the call that is the computed part at `number` of `text`, in the text's own words.

    A plan cannot say it, since it has the sample's names and places; `nodes` are called so far.
    """
    parts = operands_first(in_operators(parse(text), own))
    call = [part for part in parts if not isinstance(part, Name | Attribute | Number)][number]
    assert isinstance(call, Call)  # all other parts fit their operators
    try:
        _bound(call, _registers(*_sorted_parts(parts)), nodes, own)
    except CallError as error:
        return error
    raise AssertionError(f"{call.name} is refused in a template only")


def _plan(template: Template, own: Mapping[str, Op] = NO_OWN_OPERATORS) -> ExecutionPlan:
    plan = _plain_plan(template)
    if plan is not None and not own:
        return plan
    found = _worked_out(template, own)
    steps = found.steps
    names = _names_written(template, found.names)
    is_refused = len(steps) < found.computed
    plan = ExecutionPlan(
        template,
        own,
        names,
        names == (*range(len(template.names)),),
        tuple([(_slot(template, part), part.value) for part in found.numbers]),
        found.computed,
        len(found.names) + len(found.numbers) + found.computed,
        is_refused,
        not is_refused and not any(map(_has_more, steps)),
        tuple([(step.mark, step.op, _pick(step.operands), step.text) for step in steps]),
    )
    vars(plan)["worked_out"] = found
    return plan


def _plain_plan(template: Template) -> ExecutionPlan | None:
    """The plan for plain expressions; None for others, and where a call needs a closer look."""
    operators = template.operators
    if operators is None:
        return None
    names = template.names
    computed, slots, alone = len(operators), len(names), all(names)
    bare: list[BareStep] = []
    for number, (name, operands, text) in enumerate(operators, 1):
        op = _bare_operator(name, len(operands))
        if op is None:
            return None
        bare.append((_MARKS[number] if number < computed else "", op, _pick(operands), text))
    return ExecutionPlan(
        template,
        NO_OWN_OPERATORS,
        tuple(range(slots)) if alone else tuple([slot for slot, is_name in enumerate(names) if is_name]),
        alone,
        () if alone else tuple([(slot, 1) for slot in template.numbers]),
        computed,
        slots + computed,
        False,
        True,
        tuple(bare),
    )


@lru_cache(maxsize=4 * MAX_TEMPLATES)
def _pick(places: tuple[int, ...]) -> Pick:
    """Takes the entries at `places` out of a row."""
    if len(places) == 1:  # for a single one `itemgetter` gives no tuple
        (place,) = places
        return lambda row: (row[place],)
    return itemgetter(*places) if places else lambda row: ()


_MARKS: Final = tuple(f"#{number}" for number in range(LONGEST))


@lru_cache(maxsize=MAX_TEMPLATES)
def _bare_operator(name: str, count: int) -> Op | None:
    """The operator with this name or symbol, if `count` operands are all that it can be given."""
    op = OPS.get(name) if name.isidentifier() else OPS.by_symbol(name)
    if op is None or name in DERIVATIVES or op.attributes or op.constants or op.conflict is not None:
        return None
    return op if op.takes_only(count) else None


def _worked_out(template: Template, own: Mapping[str, Op]) -> WorkedOut:
    parts = operands_first(in_operators(template.tree, own))
    names, numbers, computed = _sorted_parts(parts)
    registers = _registers(names, numbers, computed)
    marks = [f"#{number}" for number in range(1, len(computed))] + [""] * bool(computed)
    steps: list[PlanStep] = []
    with suppress(CallError):
        # The call that does not fit ends the steps; those before it are kept.
        steps += (
            _step(template, part, mark, registers, own) for part, mark in zip(computed, marks, strict=True)
        )
    return WorkedOut(tuple(names), tuple(numbers), tuple(steps), len(computed))


def _has_more(step: PlanStep) -> bool:
    """Whether a step is more than an operator and its operands."""
    return bool(step.op.attributes or step.op.constants) or is_derivative(step.op)


_kept = lru_cache(maxsize=MAX_TEMPLATES)(_plan)


def forget_plans() -> None:
    """Forget all plans: the table has lost an operator that they may call."""
    _kept.cache_clear()
    _bare_operator.cache_clear()


def _sorted_parts(parts: Iterable[Expr]) -> tuple[list[Name | Attribute], list[Number], list[Expr]]:
    """The names and paths, the numbers, and what is computed, each in the order of `parts`."""
    names: list[Name | Attribute] = []
    numbers: list[Number] = []
    computed: list[Expr] = []
    for part in parts:
        if isinstance(part, (Name, Attribute)):  # a union of types would be made again for each part
            names.append(part)
        elif isinstance(part, Number):
            numbers.append(part)
        else:
            computed.append(part)
    return names, numbers, computed


def _registers(*kinds: Iterable[Expr]) -> dict[int, int]:
    """The register of each part, by the part's identity."""
    return {id(part): register for register, part in enumerate(chain(*kinds))}


def _names_written(template: Template, names: Iterable[Name | Attribute]) -> tuple[int, ...] | None:
    slots = [_slot(template, part) if isinstance(part, Name) else -1 for part in names]
    return None if -1 in slots else tuple(slots)


def _slot(template: Template, part: Name | Number) -> int:
    """The slot of a name, or of a number without its sign; -1 if it has none."""
    inside = template.inside(part.span)
    return inside[0] if inside else -1


def _step(
    template: Template, part: Expr, mark: str, registers: Mapping[int, int], own: Mapping[str, Op]
) -> PlanStep:
    """The step that computes `part`; `CallError` for a call that does not fit its operator."""
    text = template.stretch(part.span)
    if isinstance(part, Binary):
        operands = registers[id(part.left)], registers[id(part.right)]
        return PlanStep(mark, OPS.by_symbol(part.op), operands, _NONE, text, part.op_span)
    if isinstance(part, Unary):
        return PlanStep(mark, OPS["neg"], (registers[id(part.operand)],), _NONE, text, part.span)
    if isinstance(part, Transpose):
        return PlanStep(mark, OPS["transpose"], (registers[id(part.value)],), _NONE, text, part.span)
    if isinstance(part, Subscript):
        brackets = SourceSpan(part.value.span.end, part.span.end)
        return PlanStep(mark, OPS["index"], (registers[id(part.value)],), _NONE, text, brackets, part)
    assert isinstance(part, Call)  # names and numbers are not computed
    op, bound = _bound(part, registers, (), own)
    taken = tuple([register for register, _ in bound.operands])
    checked = tuple(at for _, at in bound.operands) if op.constants else ()
    return PlanStep(mark, op, taken, bound.attributes, text, part.name_span, None, checked)


def _bound(
    call: Call, registers: Mapping[int, int], nodes: Iterable[str], own: Mapping[str, Op]
) -> tuple[Op, BoundCall[tuple[int, SourceSpan]]]:
    """The operator that `call` names, and its operands, each as its register and its place."""
    if call.name in DERIVATIVES:
        refuse_unnamed(call)
    args = [((registers[id(arg)], arg.span), arg.span) for arg in call.args]
    values = [keyword.value for keyword in call.keywords if is_operand(call, keyword)]
    op = DERIVATIVES.get(call.name) or find_op(call.name, call.name_span, nodes, own)
    named = named_arguments(call, [(registers[id(value)], value.span) for value in values])
    return op, bind(op, call.name_span, args, named, written=call.args)


def refuse_unnamed(call: Call) -> None:
    """Refuse a derivative with respect to anything but a name: a new node is nothing that `f` depends on."""
    given = dict(zip(("f", "x"), call.args, strict=False)) | {one.name: one.value for one in call.keywords}
    x = given.get("x")
    if x is not None and not isinstance(x, Name | Attribute):
        message = msg("`{op}` is taken with respect to a leaf or node: write its name", op=call.name)
        hint = msg("give the expression a node of its own, and compute `f` from that")
        raise CallError(DERIVATIVE, message, x.span, hint)
