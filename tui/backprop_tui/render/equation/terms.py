"""The parts of an equation, and how its columns may be headed where room is short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from msgspec import Struct, field, structs

from backprop_engine.arrays import Tensor, shape_text
from backprop_tui.cells.lines import Role
from backprop_tui.cells.tensors import Written
from backprop_tui.cells.text import cell_width, clip

__all__ = [
    "OVER",
    "Heading",
    "Headings",
    "Index",
    "Part",
    "Sign",
    "Term",
    "as_they_are",
    "briefly",
    "coarsely",
    "cut_short",
    "folded",
    "headings",
    "in_short",
    "lengthened",
    "names_alone",
    "narrow",
    "showing",
    "with_brackets",
    "without_rules",
]

OVER = "/∂"
"""What a name has that can be a fraction."""
_LONGEST_SYMBOLS = 22
"""In how many cells symbols are tried that do not fit as they are; they take more where that leaves room."""
_IS = "= "
"""What stands before a rule."""
_NO_OPERATORS = "=(,"
"""What a sign ends with that a negative number may follow as it is."""
_EXPONENTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻^"


class Term(Struct, frozen=True, eq=False, dict=True, weakref=True):
    """One column of an equation: its name, what it is, its shape, and its tensor."""

    name: str
    word: str
    shape: str
    tensor: Tensor | None
    role: Role
    row: bool = False
    rule: str = ""
    """Symbols for what its numbers are."""
    text: str = ""
    """What stands in place of a tensor."""
    fine: bool = False
    """Whether each of its numbers has as many digits as it takes to follow a product."""
    brief: bool = False
    """Whether its numbers have few digits, its text takes several lines, and a vector may lie down."""
    factor: bool = False
    """Whether a negative number is in brackets."""
    written: Written = field(default_factory=dict)
    """Its numbers as far as they were written out; a copy of the term with other settings shares them."""


class Sign(Struct, frozen=True):
    """What stands between two columns, in the line of names and in the middle of the numbers."""

    text: str


Part = Term | Sign


Index: TypeAlias = tuple[int | None, ...]
"""Where a vector or a matrix is in a larger tensor; None is for all along an axis."""


def showing(
    tensor: Tensor | None,
    name: str,
    word: str,
    role: Role,
    at: Index | None = None,
    *,
    row: bool = False,
    rule: str = "",
) -> Term:
    """The column of a tensor, or of what is `at` some place in it; of one with more axes, the first matrix.

    ``3×3×3 [0]`` says which one it is. A vector's shape is in brackets, as it stands near other numbers; a
    scalar's goes without saying.
    """
    if tensor is None or tensor.shape == ():
        return Term(name, word, "", tensor, role, rule=rule)
    if at is None and 0 not in tensor.shape:
        at = (0,) * (tensor.ndim - 2)
    shape = shape_text(tensor.shape) if tensor.ndim > 1 else f"({tensor.size})"
    if at:
        shape += f" [{', '.join(':' if one is None else str(one) for one in at).removesuffix(', :')}]"
        tensor = tensor[tuple(slice(None) if one is None else one for one in at)]
    return Term(name, word, shape, tensor, role, row=row, rule=rule)


def briefly(parts: list[Part]) -> list[Part]:
    """The parts with few digits, and texts in several lines."""
    return [structs.replace(part, brief=True) if isinstance(part, Term) else part for part in parts]


def coarsely(parts: list[Part]) -> list[Part]:
    """The parts without more digits than usual."""
    return [
        structs.replace(part, fine=False) if isinstance(part, Term) and part.fine else part for part in parts
    ]


def with_brackets(parts: list[Part]) -> list[Part]:
    """The parts with brackets around negative numbers that a sign stands before, or a power behind."""
    found = parts[:1]
    for before, part, behind in zip(parts, parts[1:], [*parts[2:], None], strict=False):
        if isinstance(part, Term) and part.tensor is not None and part.tensor.shape == ():
            after_sign = isinstance(before, Sign) and before.text[-1:] not in _NO_OPERATORS
            in_power = isinstance(behind, Sign) and behind.text[:1] in _EXPONENTS
            part = structs.replace(part, factor=True) if after_sign or in_power else part
        found.append(part)
    return found


class Heading(NamedTuple):
    """What stands over a column: its name, what it is, in one line or more, its shape, and its rule."""

    name: str
    word: str
    shape: str
    rule: str
    is_cut: bool = False
    """Whether not all of its symbols are there."""


Headings: TypeAlias = list[Heading | None]
"""One for each part of an equation; None for a sign."""


def headings(parts: list[Part], room: list[int]) -> Iterator[tuple[Headings, int]]:
    """How the columns may be headed, and how many empty rows follow: the best first.

    Words that are wider than the `room` over their numbers take two lines, rules stand beside the words, long
    symbols are cut, rules are left out, and at last shapes stand beside the words, some of them, or none.
    """
    kinds: list[Headings] = []
    for kind in _kinds(parts, room):
        if kind not in kinds:
            kinds.append(kind)
            yield kind, 1
    for kind in kinds:
        yield kind, 0
    cut = cut_short(parts)
    yield _each(cut, _shape_beside_the_word), 0
    yield in_short(cut), 0
    yield _with_shapes(cut, room), 0
    yield _each(cut, _bare), 0


def _kinds(parts: list[Part], room: list[int]) -> Iterator[Headings]:
    """The headings with shapes in a row of their own, one after the other: mostly the first will do."""
    full, cut = as_they_are(parts), cut_short(parts)
    for kind in (full, cut) if cut != full else (full,):
        yield kind
        lower = folded(kind, room)
        yield lower
        yield _each(kind, _rule_beside_the_word)
        yield _each(lower, _rule_beside_the_word)
    bare = without_rules(cut)
    yield bare
    yield folded(bare, room)


def as_they_are(parts: list[Part]) -> Headings:
    """How the columns are headed where there is room for everything."""
    return [
        Heading(part.name, part.word, part.shape, part.rule and f"{_IS}{part.rule}")
        if isinstance(part, Term)
        else None
        for part in parts
    ]


def _each(heads: Headings, change: Callable[[Heading], Heading]) -> Headings:
    return [head and change(head) for head in heads]


def cut_short(parts: list[Part]) -> Headings:
    """How the columns are headed where symbols are cut that are long: the words tell them in full."""
    return [
        _cut(head) if head and isinstance(part, Term) and part.role is Role.LOCAL else head
        for head, part in zip(as_they_are(parts), parts, strict=True)
    ]


def in_short(heads: Headings) -> Headings:
    """The same with shapes beside the words, and without rules."""
    return _each(without_rules(heads), _shape_beside_the_word)


def without_rules(heads: Headings) -> Headings:
    """The same without rules."""
    return [head and head._replace(rule="") for head in heads]


def _bare(head: Heading) -> Heading:
    """Without a rule, and without the shape where all numbers are there."""
    slice_alone = head.shape if "[" in head.shape else ""
    return _shape_beside_the_word(head._replace(rule="", shape=slice_alone))


def _with_shapes(heads: Headings, room: list[int]) -> Headings:
    """Rules and shapes beside the words where that makes no column wider."""
    return [head and _with_shape(head, cells) for head, cells in zip(heads, room, strict=True)]


def _with_shape(head: Heading, cells: int) -> Heading:
    full = _shape_beside_the_word(head)
    fits = cell_width(full.word) <= max(cells, _own(head), cell_width(head.word))
    return full if fits else _bare(head)


def narrow(heads: Headings, room: list[int]) -> Headings:
    """Words and shapes only where they are no wider than the names or the `room` of the numbers.

    Which part of a larger tensor it is stands there in any case.
    """
    return [head and _narrow(head, max(cells, _own(head))) for head, cells in zip(heads, room, strict=True)]


def names_alone(heads: Headings) -> Headings:
    """The same with nothing but names."""
    return [head and Heading(head.name, "", "", "", head.is_cut) for head in heads]


def _narrow(head: Heading, cells: int) -> Heading:
    slice_alone = head.shape if "[" in head.shape else ""
    full = _shape_beside_the_word(head).word if head.word else ""
    ways = (full, head.shape) if slice_alone else (full, head.word, head.shape)
    word = next((way for way in ways if way and cell_width(way) <= cells), slice_alone)
    return head._replace(word=word, shape="", rule="")


def _cut(head: Heading) -> Heading:
    name = _cut_name(head.name, _LONGEST_SYMBOLS)
    rule = clip(head.rule, len(_IS) + _LONGEST_SYMBOLS)
    return head._replace(name=name, rule=rule, is_cut=(name, rule) != (head.name, head.rule))


def _cut_name(name: str, cells: int) -> str:
    """A name that is no derivative in so many cells."""
    end = "ᵀ" if name.endswith("ᵀ") else ""  # without it, it would be another matrix
    return name if "∂" in name else clip(name.removesuffix(end), cells - len(end)) + end


def lengthened(head: Heading, term: Term, cells: int) -> Heading:
    """A head that is cut, with as many of its symbols as a column of so many cells has room for."""
    *words, last = head.word.split("\n")
    before, is_there, _ = last.partition(_IS)
    if is_there:  # the rule stands beside the word
        last = before + clip(f"{_IS}{term.rule}", cells - cell_width(before))
    rule = head.rule and clip(f"{_IS}{term.rule}", cells)
    return head._replace(name=_cut_name(term.name, cells), word="\n".join([*words, last]), rule=rule)


def folded(heads: Headings, room: Sequence[int] = ()) -> Headings:
    """The same with words in two lines where they are wider than the `room` of their column, and its name."""
    room = room or [0] * len(heads)
    return [
        head._replace(word=_in_two_lines(head.word)) if head and _is_wide(head, cells) else head
        for head, cells in zip(heads, room, strict=True)
    ]


def _is_wide(head: Heading, cells: int) -> bool:
    name = "" if OVER in head.name else head.name  # a fraction is narrow
    return cell_width(head.word) > max(cells, cell_width(name))


def _own(head: Heading) -> int:
    """How wide a column is at least, in a row of names."""
    return cell_width(head.name)


def _in_two_lines(word: str) -> str:
    """Several words in two lines, as even as can be."""
    words = word.split(" ")
    halves = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return "\n".join(min(halves, key=lambda both: max(map(cell_width, both)), default=(word,)))


def _rule_beside_the_word(head: Heading) -> Heading:
    """``local = y``."""
    return head._replace(word=f"{head.word} {head.rule}", rule="") if head.word and head.rule else head


def _shape_beside_the_word(head: Heading) -> Heading:
    """``product (4)``; of what has a rule, the rule alone."""
    if head.rule:
        return _rule_beside_the_word(head)._replace(shape="")
    if not (head.word and head.shape):
        return head
    return head._replace(word=f"{head.word} ({head.shape.strip('()')})", shape="")
