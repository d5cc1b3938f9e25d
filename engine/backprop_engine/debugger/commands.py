"""The commands of the debugger, as values; `update` carries them out."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from backprop_engine.arrays import Tensor

__all__ = [
    "Ahead",
    "Back",
    "Break",
    "Command",
    "Continue",
    "Delete",
    "Enable",
    "Fold",
    "Go",
    "Ignore",
    "Iterate",
    "NameBranch",
    "Redo",
    "RunTo",
    "Select",
    "Set",
    "StepBy",
    "StepInto",
    "StepOut",
    "StepOver",
    "SwitchBranch",
    "SwitchPass",
    "SwitchRank",
    "ToBackward",
    "ToEnd",
    "ToStart",
    "Undo",
    "Unwatch",
    "Watch",
]


class StepBy(Struct, frozen=True):
    """Move by `count` positions, back where it is negative."""

    count: int = 1


class StepOver(Struct, frozen=True):
    """Move over `count` nodes, each with all its edges, or folded groups; back where it is negative."""

    count: int = 1


class StepInto(Struct, frozen=True):
    """Step into the composite operator or the folded group of the step, or else the folded group ahead."""


class StepOut(Struct, frozen=True):
    """Step out: back to the composite operator, or to the end of the group."""


class Continue(Struct, frozen=True):
    """Move to the next hit of a breakpoint, or the previous one; without any, to the end of the run."""

    back: bool = False


class RunTo(Struct, frozen=True):
    """Move to the next step of a node, in this iteration or the next, or to its last if none is ahead."""

    node: int


class Iterate(Struct, frozen=True):
    """Move by `count` iterations, to the same place in another; back where it is negative."""

    count: int = 1


class Go(Struct, frozen=True):
    """Move to a position; one outside the run means its nearer end."""

    position: int


class ToStart(Struct, frozen=True):
    """Move to position 0, where nothing is computed."""


class ToBackward(Struct, frozen=True):
    """Move to where the backward pass of this iteration begins: only the output has a gradient."""


class ToEnd(Struct, frozen=True):
    """Move to the last position."""


class Back(Struct, frozen=True):
    """Go back to the position before the last jump, as in a browser."""


class Ahead(Struct, frozen=True):
    """Undo `Back`."""


class Select(Struct, frozen=True):
    """Choose a node by position, or none."""

    node: int | None


class Fold(Struct, frozen=True):
    """Fold a group, or unfold it; every group where none is named."""

    group: str = ""


class Break(Struct, frozen=True):
    """Set a breakpoint; with `once`, it is removed when it has stopped the run."""

    text: str
    once: bool = False


class Delete(Struct, frozen=True):
    """Delete a breakpoint by its number, or all of them."""

    number: int | None = None


class Enable(Struct, frozen=True):
    """Switch a breakpoint on or off."""

    number: int
    on: bool = True


class Ignore(Struct, frozen=True):
    """Let the first `count` hits of a breakpoint in each iteration pass."""

    number: int
    count: int


class Watch(Struct, frozen=True):
    """Watch an expression over nodes and gradients."""

    text: str


class Unwatch(Struct, frozen=True):
    """Remove a watch by its number, or all of them."""

    number: int | None = None


class Set(Struct, frozen=True, eq=False):
    """Put `tensor` in place of a leaf, a computed value, or (`gradient`) a completed gradient.

    With `entry`, the index of an entry, `tensor` is a number for that one alone.
    """

    node: str
    tensor: Tensor
    gradient: bool = False
    entry: tuple[int, ...] | None = None


class SwitchRank(Struct, frozen=True):
    """Switch to the same position on another rank, by default the next."""

    rank: int | None = None


class SwitchPass(Struct, frozen=True):
    """Switch to another backward pass at the same step of the program, by default the next."""

    number: int | None = None


class Undo(Struct, frozen=True):
    """Go back to the parent branch."""


class Redo(Struct, frozen=True):
    """Undo `Undo`."""


class SwitchBranch(Struct, frozen=True):
    """Go to a branch by name."""

    name: str


class NameBranch(Struct, frozen=True):
    """Rename the current branch."""

    name: str


Command: TypeAlias = (
    StepBy | StepOver | StepInto | StepOut | Continue | RunTo | Iterate | Go | ToStart | ToBackward | ToEnd
    | Back | Ahead | Select | Fold | Break | Delete | Enable | Ignore | Watch | Unwatch | Set | Undo | Redo
    | SwitchBranch | NameBranch | SwitchRank | SwitchPass
)  # fmt: skip
