"""Names that texts, expectations and the output may use, once all nodes are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from backprop_engine.paths import absolute, root
from backprop_engine.scenario.lower import Lowering
from backprop_engine.scenario.names import normalised
from backprop_engine.scenario.resolve import undefined

__all__ = ["Known"]


class Known:
    """The names of leaves and nodes, those in instances by their paths.

    What has a mistake counts as known: it is reported where it stands, and everything below it is quiet.
    """

    def __init__(self, lowering: Lowering, units: Collection[str], broken: Collection[str]) -> None:
        self._lowering, self._units, self._broken = lowering, units, broken

    def canonical(self, name: str) -> str:
        """`name` as the graph has it: normalised, with indices that count from the start."""
        return absolute(normalised(name.strip()), self._lowering.lengths)

    def __contains__(self, name: object) -> bool:
        """Whether the canonical `name`, without the number of a part, is known."""
        if not isinstance(name, str):
            return False
        name = name.partition("#")[0]
        return name in self._lowering.positions or root(name) in self._broken

    def is_computed(self, name: str) -> bool:
        """Whether the canonical `name` is a node that is computed, or broken."""
        position = self._lowering.positions.get(name)
        if position is None:
            return name in self._lowering.positions or (root(name) in self._broken)
        return self._lowering.builder.node(position).op is not None

    def sinks(self) -> list[str]:
        """The computed nodes that feed no other."""
        return self._lowering.builder.sinks()

    def computed(self) -> list[str]:
        """The names under `nodes`, for suggestions."""
        return list(self._units)

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._lowering.positions, *self._units, *sorted(self._broken)))

    def undefined(self, name: str, among: Collection[str] | None = None) -> tuple[str, str]:
        """The message and the hint for a name that is none of the known."""
        if root(name) != name and root(name) in self._units:
            inside = [one for one in self if one.startswith((f"{root(name)}.", f"{root(name)}["))]
            shown = ", ".join(f"`{one}`" for one in inside[:4])
            return (
                f"`{name}` is not defined",
                f"there is {shown}{', …' if len(inside) > 4 else ''}" if inside else "",
            )
        return undefined(name, list(self) if among is None else among)
