"""Names that texts, expectations and the output may use, once all nodes are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from backprop_engine.expressions import normalised
from backprop_engine.graph.paths import absolute, root
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.scenario.lower.lowering import Lowering
from backprop_engine.scenario.lower.resolve import undefined

__all__ = ["DefinedNames"]


class DefinedNames:
    """The names of leaves and nodes, those in instances by their paths.

    A name whose definition has a mistake counts as known: that is reported where it is, and nothing further
    is.
    """

    def __init__(self, lowering: Lowering, definitions: Collection[str], broken: Collection[str]) -> None:
        self._lowering, self._definitions, self._broken = lowering, definitions, broken

    def canonical(self, name: str) -> str:
        """`name` as the graph has it: normalised, with indices that count from the start."""
        return absolute(normalised(name.strip()), self._lowering.lengths)

    def __contains__(self, name: object) -> bool:
        """Whether the canonical `name`, without the number of a part, is known."""
        if not isinstance(name, str):
            return False
        name = name.partition("#")[0]
        return name in self._lowering.positions or root(name) in self._broken

    def is_instance(self, name: str) -> bool:
        """Whether the canonical `name` is that of an instance, or of all instances of a scan."""
        positions = self._lowering.positions
        return name in self._definitions and any(
            other.startswith((f"{name}.", f"{name}[")) for other in positions
        )

    def is_computed(self, name: str) -> bool:
        """Whether the canonical `name` is a node that is computed, or broken."""
        position = self._lowering.positions.get(name)
        if position is None:
            return name in self._lowering.positions or (root(name) in self._broken)
        return self._lowering.builder.node(position).op is not None

    def sinks(self) -> list[str]:
        """The computed nodes that feed no other."""
        return self._lowering.builder.sinks()

    def passes_gradient(self, name: str) -> bool:
        """Whether gradient can flow from a node to an input or a parameter."""
        return self._lowering.builder.passes_gradient(name)

    def computed(self) -> list[str]:
        """The names under `nodes`, for suggestions."""
        return list(self._definitions)

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._lowering.positions, *self._definitions, *sorted(self._broken)))

    def _first(self, definition: str) -> str:
        """The last name inside an instance, as an example of a path."""
        return [name for name in self if name.startswith((f"{definition}.", f"{definition}["))][-1]

    def undefined(self, name: str, among: Collection[str] | None = None) -> tuple[Message, Hint]:
        """The message and the hint for a name that is not known."""
        if self.is_instance(root(name)):
            if name in self._definitions:
                return (
                    msg("`{name}` refers to instances of a cell, not to a tensor", name=name),
                    msg("such as `{text}`", text=self._first(name)),
                )
            scan = name[: name.rindex("[")] if "[" in name else root(name)
            length = self._lowering.lengths.get(scan)
            if length is not None and name.startswith(f"{scan}["):
                index = name[len(scan) + 1 : name.find("]", len(scan))]
                if not index.isdecimal() or int(index) >= length:
                    return msg(
                        "`{name}` is out of range: `{scan}` has {count} instances",
                        name=name,
                        scan=scan,
                        count=length,
                    ), ""
            if length is not None and name.startswith(f"{scan}."):
                return (
                    msg("`{name}` exists only where a node uses it", name=name),
                    msg("one instance is `{name}`", name=self._first(scan)),
                )
            inside = [path for path in self if path.startswith((f"{root(name)}.", f"{root(name)}["))]
            shown = ", ".join(f"`{path}`" for path in inside[:4])
            return (
                msg("`{name}` is not defined", name=name),
                msg("available: {names}", names=shown + (", …" if len(inside) > 4 else "")) if inside else "",
            )
        return undefined(name, list(self) if among is None else among)
