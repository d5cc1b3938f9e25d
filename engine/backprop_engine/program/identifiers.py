"""Names that a program gives to the values and the gradients of a graph's nodes.

They are Python's, readable, and unique within the graph: ``h_2`` and ``dh_2`` for ``states[2].h``, ``a_1``
for the part ``a#1`` of a node. Where the last names of two paths meet, every name of the graph keeps one more
part of its path; where a name means something else in a program, an underscore follows it.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable, Set
from functools import lru_cache
from itertools import count
from typing import Final

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.program.helpers import helpers_of

__all__ = ["identifiers"]

_INDEX: Final = re.compile(r"\[(\d+)\]")
_RESERVED: Final = frozenset((*keyword.kwlist, *dir(builtins), "np", "math", "inf", "nan"))


class Identifiers(Struct, frozen=True, eq=False):
    """The names of values and of gradients, by position; a literal is called by its number."""

    values: tuple[str, ...]
    gradients: tuple[str, ...]
    taken: frozenset[str]

    def free(self, wanted: str) -> str:
        """A name like `wanted` that nothing in the program has."""
        return _unused(wanted, self.taken)


@derived()
def identifiers(graph: Graph) -> Identifiers:
    """The names for `graph`."""
    named = {node.position: node.name for node in graph.nodes if node.kind is not Kind.LITERAL}
    reserved = _RESERVED.union(helpers_of(graph))
    found = _names(named, reserved)
    values = tuple(found.get(node.position, node.text) for node in graph.nodes)
    taken = reserved.union(found.values())
    prefix = next(
        candidate
        for candidate in _prefixes()
        if taken.isdisjoint(candidate + name for name in found.values())
    )
    gradients = tuple(prefix + name for name in values)
    return Identifiers(values, gradients, taken.union(gradients))


def _prefixes() -> Iterable[str]:
    """``d``, and what else a gradient's name may begin with where a value has such a name already."""
    yield from ("d", "grad_")
    yield from (f"grad{number}_" for number in count(2))


def _names(named: dict[int, str], reserved: Set[str]) -> dict[int, str]:
    """An identifier for each name, with as few parts of the paths as keep them apart."""
    parts = {position: _Parts.of(name) for position, name in named.items()}
    longest = max((len(name.path) for name in parts.values()), default=1)
    tried = ({position: name.written(kept) for position, name in parts.items()} for kept in range(1, longest))
    full = {position: name.written(longest) for position, name in parts.items()}
    return _apart(next((names for names in tried if _distinct(names, parts)), full), parts, reserved)


def _distinct(names: dict[int, str], parts: dict[int, _Parts]) -> bool:
    """Whether no two nodes have one name; parts of nodes do not count, they give way."""
    wholes = [name for position, name in names.items() if not parts[position].number]
    return len(set(wholes)) == len(wholes)


def _apart(found: dict[int, str], parts: dict[int, _Parts], reserved: Set[str]) -> dict[int, str]:
    """The names, each used once; what its author has named keeps its name, and parts give way."""
    taken = set(reserved)
    names: dict[int, str] = {}
    for position in sorted(found, key=lambda position: (bool(parts[position].number), position)):
        names[position] = _unused(found[position], taken)
        taken.add(names[position])
    return names


def _unused(wanted: str, taken: frozenset[str] | set[str]) -> str:
    while wanted in taken:
        wanted += "_"
    return wanted


class _Parts(Struct, frozen=True):
    """A node's name, taken apart: its path, the indices on the way, and which part of a node it is."""

    path: tuple[str, ...]
    indices: tuple[str, ...]
    number: str

    @classmethod
    def of(cls, name: str) -> _Parts:
        whole, _, number = name.rpartition("#")
        if not number.isdigit():  # the name of what is inside a part: f#1/p
            whole, number = name, ""
        if "[" not in whole:
            return cls(_path(whole), (), number)
        return cls(_path(_INDEX.sub("", whole)), tuple(_INDEX.findall(whole)), number)

    def written(self, kept: int) -> str:
        """The last `kept` names of the path, then the indices and the part's number."""
        return "_".join((*self.path[-kept:], *self.indices, *([self.number] if self.number else [])))


@lru_cache(maxsize=1024)
def _path(name: str) -> tuple[str, ...]:
    """The names on the way to a node, each as an identifier; instances of a scan have the same."""
    return tuple(map(_valid, re.split(r"[./]", name)))


def _valid(name: str) -> str:
    """`name` as an identifier, in the form in which Python compares them."""
    letters = (
        letter if f"a{letter}".isidentifier() else "_" for letter in unicodedata.normalize("NFKC", name)
    )
    found = "".join(letters)
    return found if found.isidentifier() else f"_{found}"
