"""What if: changes of leaves and overrides of values and gradients, as a tree of named branches.

A branch holds all changes in force on it. Undo goes to its parent, redo to the branch that was undone last.
Nothing is lost: another change after an undo starts another branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from backprop_engine.arrays import Tensor
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened

__all__ = ["BASELINE", "Branch", "Branches", "Override"]

BASELINE = "baseline"


class Override(Struct, frozen=True, eq=False):
    """A tensor in place of what the run gives: of kind `leaf`, `value` or `gradient`."""

    kind: str
    node: str
    tensor: Tensor


class Branch(Struct, frozen=True, eq=False):
    """All overrides in force, by (kind, node), and the name of the parent branch."""

    name: str
    parent: str | None
    overrides: Mapping[tuple[str, str], Override]
    description: Hint = ""
    """The change that made it, in words."""

    def own(self) -> tuple[Override, ...]:
        """The change that made it; the others are its ancestors'."""
        return tuple(self.overrides.values())[-1:]


MOST_NUMBERS = 2**26
"""How many numbers the changes of all branches may hold together: 512 MiB."""


class Branches(Struct, frozen=True, eq=False):
    """Every branch by name, the current one, and where redo leads from each."""

    every: Mapping[str, Branch]
    current: str = BASELINE
    redo: Mapping[str, str] = {}

    @classmethod
    def start(cls) -> Branches:
        """The baseline alone."""
        return cls({BASELINE: Branch(BASELINE, None, {})})

    @property
    def here(self) -> Branch:
        """The current branch."""
        return self.every[self.current]

    def grown(self, override: Override, description: Message) -> Branches:
        """With another change, on a new branch."""
        kept = sum(override.tensor.size for branch in self.every.values() for override in branch.own())
        if kept + override.tensor.size > MOST_NUMBERS:
            raise UsageError(
                msg("there is no room for another branch: the changes already hold too many numbers")
            )
        number = 1
        while f"b{number}" in self.every:
            number += 1
        name = f"b{number}"
        key = (override.kind, override.node)
        overrides = {old: known for old, known in self.here.overrides.items() if old != key} | {key: override}
        branch = Branch(name, self.current, overrides, description)
        return Branches({**self.every, name: branch}, name, {**self.redo, self.current: name})

    def undone(self) -> Branches:
        """On the parent branch; raises `UsageError` on the baseline."""
        parent = self.here.parent
        if parent is None:
            raise UsageError(msg("there is nothing to undo: this is the baseline"))
        return structs.replace(self, current=parent, redo={**self.redo, parent: self.current})

    def redone(self) -> Branches:
        """On the branch that was left by undo."""
        following = self.redo.get(self.current)
        if following is None:
            raise UsageError(msg("there is nothing to redo"))
        return structs.replace(self, current=following)

    def switched(self, name: str) -> Branches:
        """On the branch called `name`."""
        if name not in self.every:
            raise UsageError(
                msg("there is no branch {name}", name=shortened(clean(name), 40)),
                msg("available: {names}", names=", ".join(self.every)),
            )
        return structs.replace(self, current=name)

    def renamed(self, name: str) -> Branches:
        """With another name for the current branch."""
        name = name.strip()
        if not name.isidentifier() or len(name) > 40:
            raise UsageError(
                msg("{name} is not a valid name: use letters, digits and _", name=shortened(clean(name), 40))
            )
        if name in self.every or self.current == BASELINE:
            raise UsageError(
                msg("the baseline keeps its name")
                if self.current == BASELINE
                else msg("there is already a branch {name}", name=name)
            )
        old = self.current

        def new(branch: Any) -> Any:
            return name if branch == old else branch

        every = {
            new(key): structs.replace(branch, name=new(branch.name), parent=new(branch.parent))
            for key, branch in self.every.items()
        }
        return Branches(every, name, {new(key): new(value) for key, value in self.redo.items()})
