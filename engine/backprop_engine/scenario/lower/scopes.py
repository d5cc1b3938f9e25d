"""Where a name that stands in a unit is looked up: at the top of the file, or inside an instance first."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from backprop_engine.graph.paths import absolute, root
from backprop_engine.scenario.nodes.cells import Cell

__all__ = ["TOP", "Scope"]


class Scope(Struct, frozen=True, eq=False):
    """An instance of `cell`, whose nodes are called `prefix` and their names; without both, the top."""

    prefix: str = ""
    cell: Cell | None = None

    def full(self, name: str, lengths: Mapping[str, int]) -> str:
        """The name in the graph of what `name` means here."""
        if self.cell is not None and self.cell.has(root(name)):
            name = self.prefix + name
        return absolute(name, lengths)


TOP = Scope()
