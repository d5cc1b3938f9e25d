"""A scenario that is being drafted: leaves, and operators applied to them, with their places in a program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct, field

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError, UsageError
from backprop_engine.expressions.cursor import RESERVED
from backprop_engine.expressions.tokens import TRANSPOSED
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.ops import OPS, Op

__all__ = [
    "DraftLeaf",
    "DraftOperand",
    "DraftStep",
    "LeafRef",
    "LeafSection",
    "ModelDraft",
    "ModuleCall",
    "ProgramPlace",
    "StepRef",
    "identifier",
    "refusal",
    "spelt",
]

_SETS: Final = re.compile(r"([^\W\d]\w*(?:, [^\W\d]\w*)*) = ")
_MOST_STEPS: Final = 5_000
_LONGEST: Final = 56
"""A name has at most 64 characters, and a number may follow this one."""

LeafSection: TypeAlias = Literal["inputs", "params", "constants"]


class StepRef(Struct, frozen=True):
    """The result of a step, by the step's number."""

    step: int


class LeafRef(Struct, frozen=True):
    """A leaf, by name."""

    leaf: str


DraftOperand: TypeAlias = StepRef | LeafRef | float
"""What an operator is applied to; a number stands for itself."""


class ModuleCall(Struct, frozen=True):
    """A call of a module: what tells it from other calls, its path, and its class."""

    key: str
    path: str
    kind: str


class ProgramPlace(Struct, frozen=True):
    """Where in a program something is computed: the calls of modules, from the outermost, and the line.

    `frame` tells one line of code from another, in a library's files too; `file` and `line` are the user's
    own, and `text` is what is in the line. `item` is the number of one of several results.
    """

    modules: tuple[ModuleCall, ...] = ()
    file: str = ""
    line: int = 0
    text: str = ""
    frame: str = ""
    item: int | None = None

    @property
    def variable(self) -> str:
        """The variable that the line sets; of several, that of this result."""
        match = _SETS.match(self.text)
        names = match[1].split(", ") if match else []
        if self.item is None:
            return names[0] if len(names) == 1 else ""
        return names[self.item] if self.item < len(names) > 1 else ""


class DraftLeaf(Struct, frozen=True, eq=False):
    """A leaf with its numbers; `path` is that of a parameter or a buffer in its module."""

    section: LeafSection
    value: np.ndarray[Any, Any]
    path: str = ""


class DraftStep(Struct, frozen=True, eq=False):
    """An operator that is applied."""

    op: Op
    operands: tuple[DraftOperand, ...]
    attributes: Mapping[str, Any]
    shape: Shape
    origin: ProgramPlace


def refusal(origin: ProgramPlace, message: Message, hint: Hint = "") -> UsageError:
    """An error at a line of the program."""
    if not origin.file:
        return UsageError(message, hint)
    place = msg("{path}:{line}: {problem}", path=clean(origin.file), line=origin.line, problem=message)
    return UsageError(place, hint)


class ModelDraft(Struct, eq=False):
    """Leaves by name, and steps in the order of computing; `origin` is the place in the program of what is
    added next.
    """

    leaves: dict[str, DraftLeaf] = field(default_factory=dict)
    steps: list[DraftStep] = field(default_factory=list)
    origin: ProgramPlace = ProgramPlace()

    def leaf(self, name: str, leaf: DraftLeaf) -> LeafRef:
        """Add a leaf under `name`, or under one like it that is free."""
        name, number = identifier(name), 2
        free = name
        while free in self.leaves:
            free, number = f"{name}_{number}", number + 1
        self.leaves[free] = leaf
        return LeafRef(free)

    def apply(
        self, op: str, *operands: DraftOperand, gives: Shape | None = None, **attributes: Any
    ) -> StepRef:
        """Apply an operator; `gives` is the expected shape, if it is known.

        Raises `UsageError`, at the line of the program, if the operator does not accept such operands.
        """
        if len(self.steps) >= _MOST_STEPS:
            raise UsageError(
                msg("the model computes more than {most} nodes, too many for a scenario", most=_MOST_STEPS),
                msg("record the run instead: backprop_tui.torch.record"),
            )
        found = OPS[op]
        given = {one.name: attributes.get(one.name, one.default) for one in found.attributes}
        shapes = tuple(map(self.shape, operands))
        try:
            made = found.shape_for(shapes, given)
        except ShapeError as error:
            problem = error.message.format(*map(self._called, operands))
            raise refusal(self.origin, msg("{op}: {problem}", op=op, problem=problem)) from None
        if gives is not None and made != gives:
            message = msg(
                "{op} gives {made} here, but {expected} in PyTorch",
                op=op,
                made=shape_text(made),
                expected=shape_text(gives),
            )
            raise refusal(self.origin, message)
        self.steps.append(DraftStep(found, operands, given, made, self.origin))
        return StepRef(len(self.steps) - 1)

    def shape(self, operand: DraftOperand) -> Shape:
        """The shape of an operand."""
        match operand:
            case StepRef(step=step):
                return self.steps[step].shape
            case LeafRef(leaf=leaf):
                return tuple(self.leaves[leaf].value.shape)
        return ()

    def _called(self, operand: DraftOperand) -> str:
        match operand:
            case StepRef(step=step):
                return self.steps[step].op.name
            case LeafRef(leaf=leaf):
                return leaf
        return str(operand)

    def drop_unused(self) -> None:
        """Drop the leaves that no step uses."""
        used = {one.leaf for step in self.steps for one in step.operands if isinstance(one, LeafRef)}
        self.leaves = {name: leaf for name, leaf in self.leaves.items() if name in used}


def spelt(path: str, within: str, kinds: Mapping[str, str]) -> str:
    """A path relative to the module around it; a leading number follows its module's class: `linear0`."""
    rest = path.removeprefix(within).removeprefix(".") if within else path
    first = rest.partition(".")[0]
    kind = kinds.get(f"{within}.{first}" if within else first, "")
    return f"{kind.lower()}{rest}" if first.isdigit() else rest


def identifier(name: str) -> str:
    """`name` as a scenario spells it: `blocks.0.weight` is `blocks_0_weight`."""
    known = (letter if f"a{letter}".isidentifier() and letter != TRANSPOSED else "_" for letter in name)
    spelt = "".join(known)[:_LONGEST]
    if not spelt.isidentifier():
        spelt = f"_{spelt}"
    return f"{spelt}_" if spelt in RESERVED else spelt
