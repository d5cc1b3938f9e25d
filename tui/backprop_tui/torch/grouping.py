"""Which steps of a draft are parts of one expression, and which belong to one call of a module.

A step becomes part of the expression of its only user where both are in one line of one module. What is
left of a module's call is a group, if there are at least two steps in it and others use nothing that a
group within it makes: it becomes the instance of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isfinite
from typing import Final, TypeAlias

from msgspec import Struct

from backprop_engine.evaluation.written_calls import UnsayableError, application
from backprop_engine.expressions import Name, SourceSpan
from backprop_tui.torch.draft import DraftStep, ModelDraft, ModuleCall, StepRef

__all__ = ["DraftItem", "ModuleGroup", "grouped", "homes", "is_sayable"]

_LONGEST: Final = 5
"""How long an expression gets at most, where each operand of an operator beyond its first counts."""


class ModuleGroup(Struct, frozen=True, eq=False):
    """A call of a module: its steps by number, and the groups within it, in the order of computing."""

    module: ModuleCall
    depth: int
    items: tuple[DraftItem, ...]

    def steps(self) -> Iterator[int]:
        """All steps, those of groups within it too."""
        for item in self.items:
            if isinstance(item, ModuleGroup):
                yield from item.steps()
            else:
                yield item


DraftItem: TypeAlias = "int | ModuleGroup"


def is_sayable(step: DraftStep) -> bool:
    """Whether a step can be written as an expression."""
    if any(isinstance(operand, float) and not isfinite(operand) for operand in step.operands):
        return False
    try:
        application(step.op, [Name("a", SourceSpan(0, 0))] * len(step.operands), step.attributes)
    except UnsayableError:
        return False
    return True


def homes(draft: ModelDraft, output: StepRef) -> list[int]:
    """For each step, the one whose expression it is in: itself, or the one that it is a part of."""
    users = _users(draft)
    lengths = [max(1, len(step.operands) - 1) for step in draft.steps]
    homes = list(range(len(draft.steps)))
    for number, step in enumerate(draft.steps):
        for operand in step.operands:
            if not isinstance(operand, StepRef) or operand == output or users[operand.step] != [number]:
                continue
            made, length = draft.steps[operand.step], lengths[number] + lengths[operand.step]
            if _together(made, step) and length <= _LONGEST and is_sayable(made) and is_sayable(step):
                homes[operand.step], lengths[number] = number, length
    for number in reversed(range(len(homes))):
        homes[number] = homes[homes[number]]
    return homes


def _users(draft: ModelDraft) -> list[list[int]]:
    """Who uses each step, once for each use."""
    users: list[list[int]] = [[] for _ in draft.steps]
    for number, step in enumerate(draft.steps):
        for operand in step.operands:
            if isinstance(operand, StepRef):
                users[operand.step].append(number)
    return users


def _together(first: DraftStep, second: DraftStep) -> bool:
    """Whether two steps are in one line of one call of a module."""
    one, other = first.origin, second.origin
    return bool(one.frame) and one.frame == other.frame and one.modules == other.modules


def grouped(draft: ModelDraft, homes: Sequence[int], output: StepRef) -> tuple[DraftItem, ...]:
    """The steps that are not parts of others, in groups."""
    users = [{homes[user] for user in found} for found in _users(draft)]
    users[output.step].add(-1)

    def is_closed(group: ModuleGroup) -> bool:
        """Whether others use only what is in the group itself."""
        steps = set(group.steps())
        inner = (item for item in group.items if isinstance(item, ModuleGroup))
        return all(users[step] <= steps for one in inner for step in one.steps())

    def build(numbers: Sequence[int], depth: int) -> tuple[DraftItem, ...]:
        items: list[DraftItem] = []
        for module, run in groupby(numbers, lambda number: _module(draft.steps[number], depth)):
            if module is None:
                items += run
                continue
            group = ModuleGroup(module, depth, build(list(run), depth + 1))
            has_own = any(isinstance(item, int) for item in group.items)
            if len(group.items) > 1 and has_own and is_closed(group):
                items.append(group)
            else:
                items += group.items
        return tuple(items)

    return build([number for number, home in enumerate(homes) if number == home], 0)


def _module(step: DraftStep, depth: int) -> ModuleCall | None:
    return step.origin.modules[depth] if len(step.origin.modules) > depth else None
