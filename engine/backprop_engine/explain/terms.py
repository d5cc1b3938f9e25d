"""The parts of an equation, and how its columns may be headed where room is short."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from msgspec import Struct, structs

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.lines import Role
from backprop_engine.text import cell_width, clip

__all__ = [
    "Heading",
    "Headings",
    "Part",
    "Sign",
    "Term",
    "briefly",
    "cut_short",
    "folded",
    "headings",
    "shape_detail",
]

_LONGEST_SYMBOLS = 22


class Term(Struct, frozen=True, eq=False):
    """One column of an equation: its name, what it is, a detail such as its shape, and its tensor."""

    name: str
    word: str
    detail: str
    tensor: Tensor | None
    role: Role
    row: bool = False
    text: str = ""
    """What stands in place of a tensor."""
    brief: bool = False
    """Whether its numbers have few digits, its text takes several lines, and a vector may lie down."""


class Sign(Struct, frozen=True):
    """What stands between two columns, in the line of names and in the middle of the numbers."""

    text: str


Part = Term | Sign


def shape_detail(tensor: Tensor | None) -> str:
    """A tensor's shape; a scalar's goes without saying. ``[0]`` says that the first matrix stands for all."""
    if tensor is None or tensor.shape == ():
        return ""
    return shape_text(tensor.shape) + f" [{', '.join('0' * (tensor.ndim - 2))}]" * (tensor.ndim > 2)


def briefly(parts: list[Part]) -> list[Part]:
    """The parts with few digits, and texts in several lines."""
    return [structs.replace(part, brief=True) if isinstance(part, Term) else part for part in parts]


class Heading(NamedTuple):
    """What stands over a column: its name, what it is, in one line or more, and a detail."""

    name: str
    word: str
    detail: str


Headings: TypeAlias = list[Heading | None]
"""One for each part of an equation; None for a sign."""


def headings(parts: list[Part]) -> Iterator[tuple[Headings, int]]:
    """How the columns may be headed, and how many empty rows follow: the best first.

    Words take two lines, long symbols are cut, and at last details stand beside the words.
    """
    full = [_map(part, lambda term: Heading(term.name, term.word, term.detail)) for part in parts]
    cut = cut_short(parts)
    kinds = [full, folded(full), cut, folded(cut)]
    seen: list[tuple[Headings, int]] = []
    for one in (*((kind, 1) for kind in kinds), *((kind, 0) for kind in kinds), (_joined(parts), 0)):
        if one not in seen:
            seen.append(one)
            yield one


def cut_short(parts: list[Part]) -> Headings:
    """How the columns are headed where symbols are cut that are long: the words tell them in full."""
    return [_map(part, _cut) for part in parts]


def _map(part: Part, head: Callable[[Term], Heading]) -> Heading | None:
    return head(part) if isinstance(part, Term) else None


def _cut(term: Term) -> Heading:
    if term.role is not Role.LOCAL:
        return Heading(term.name, term.word, term.detail)
    end = "ᵀ" if term.name.endswith("ᵀ") else ""  # without it, it would be another matrix
    short = clip(term.name.removesuffix(end), _LONGEST_SYMBOLS - len(end)) + end
    name = term.name if "∂" in term.name else short
    return Heading(name, term.word, clip(term.detail, _LONGEST_SYMBOLS))


def folded(heads: Headings) -> Headings:
    """The same with words in two lines."""
    return [head and head._replace(word=_in_two_lines(head.word)) for head in heads]


def _in_two_lines(word: str) -> str:
    """Several words in two lines, as even as can be."""
    words = word.split(" ")
    halves = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return "\n".join(min(halves, key=lambda both: max(map(cell_width, both)), default=(word,)))


def _joined(parts: list[Part]) -> Headings:
    """The detail behind the word: a shape as it is, symbols as what it is equal to."""
    return [_map(part, _beside_the_word) for part in parts]


def _beside_the_word(term: Term) -> Heading:
    head = _cut(term)
    if not head.detail or not head.word:
        return head
    sign = " " if head.detail == shape_detail(term.tensor) else " = "
    return Heading(head.name, f"{head.word}{sign}{head.detail}", "")
