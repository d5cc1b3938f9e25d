"""What is over the columns of an equation, and in how few rows and cells it may where room is short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from backprop_tui.cells.blocks import Block, above, fenced, fraction, row, superscript, text
from backprop_tui.cells.lines import Role
from backprop_tui.cells.text import cell_width, clip_formula
from backprop_tui.render.equation.terms import DIAGONAL, Part, Term

__all__ = [
    "Headings",
    "cut_short",
    "head_block",
    "headings",
    "headings_of_heatmaps",
    "is_derivative",
    "least_width",
    "lengthened",
    "narrow",
    "narrow_headings",
    "rows_of_heads",
    "tall_name",
]

_OVER = "/∂"
"""What a name has that can be a fraction."""
_LONGEST_SYMBOLS = 22
"""In how many cells symbols are tried that do not fit as they are; they take more where that leaves room."""
_IS = "= "
"""What is before a rule."""


class Heading(NamedTuple):
    """What is over a column: its name, what it is, in one line or more, its shape, and its rule."""

    name: str
    word: str
    shape: str
    rule: str
    is_cut: bool = False
    """Whether not all of its symbols are there."""

    @property
    def slice_alone(self) -> str:
        """The shape where it says which part of a larger tensor it is."""
        return self.shape if "[" in self.shape else ""


Headings: TypeAlias = list[Heading | None]
"""One for each part of an equation; None for a sign."""


# Ways to head the columns


def headings(parts: list[Part], room: list[int], *, tall: bool) -> Iterator[tuple[Headings, int, bool]]:
    """How the columns may be headed, how many empty rows follow, and whether derivatives are fractions.

    The best comes first. Words that are wider than the `room` over their numbers take two lines, rules are
    beside the words, long symbols are cut, rules are left out, and at last shapes are beside the words,
    some of them, or none.
    """
    for fractions in (True, False) if tall else (False,):
        kinds: list[Headings] = []
        for kind in _kinds(parts, room):
            if kind not in kinds:
                kinds.append(kind)
                yield kind, 1, fractions
        if fractions:
            continue
        for kind in kinds:
            yield kind, 0, False
        cut = cut_short(parts)
        yield _each(cut, _shape_beside_the_word), 0, False
        yield _in_short(cut), 0, False
        yield _with_shapes(cut, room), 0, False
        yield _each(cut, _bare), 0, False


def narrow_headings(
    parts: list[Part], room: list[int], *, stacked: bool
) -> Iterator[tuple[Headings, int, bool]]:
    """The same where no head is to take room from the numbers; beside the product's any would."""
    cut = cut_short(parts)
    heads = narrow(cut, [0, *room[1:]] if stacked else room)
    yield from ((heads, gap, False) for gap in (1, 0))
    if not stacked and not any(head and head.slice_alone for head in cut):
        yield [head and Heading(head.name, "", "", "", head.is_cut) for head in cut], 0, False


def headings_of_heatmaps(parts: list[Part], cut: Headings) -> Iterator[tuple[Headings, Headings]]:
    """What is tried over heatmaps, the best first, and what that is where nothing is folded."""
    whole, bare, short = _as_they_are(parts), _without_rules(cut), _in_short(cut)
    for heads in ([whole] if whole != cut else []) + [cut] + ([bare] if bare != cut else []):
        yield heads, heads
        if _folded(heads) != heads:
            yield _folded(heads), heads
    yield short, short


def _kinds(parts: list[Part], room: list[int]) -> Iterator[Headings]:
    """The headings with shapes in a row of their own, one after the other: mostly the first will do."""
    full, cut = _as_they_are(parts), cut_short(parts)
    for kind in (full, cut) if cut != full else (full,):
        yield kind
        lower = _folded(kind, room)
        yield lower
        yield _each(kind, _rule_beside_the_word)
        yield _each(lower, _rule_beside_the_word)
        yield _folded(_each(kind, _rule_beside_the_word), room, unbroken=True)
        yield _folded(_each(kind, _rule_beside_the_word), room)
    bare = _without_rules(cut)
    yield bare
    yield _folded(bare, room)


def _as_they_are(parts: list[Part]) -> Headings:
    """How the columns are headed where there is room for everything."""
    return [
        Heading(part.name, part.word, part.shape, part.rule) if isinstance(part, Term) else None
        for part in parts
    ]


def cut_short(parts: list[Part]) -> Headings:
    """How the columns are headed where long symbols are cut: the words tell them in full."""
    return [
        _cut(head) if head and isinstance(part, Term) and part.role is Role.LOCAL else head
        for head, part in zip(_as_they_are(parts), parts, strict=True)
    ]


def narrow(heads: Headings, room: list[int]) -> Headings:
    """Words and shapes only where they are not wider than the names or the `room` of the numbers.

    Which part of a larger tensor it is is there in any case.
    """
    return [
        head and _narrow(head, max(cells, cell_width(head.name)))
        for head, cells in zip(heads, room, strict=True)
    ]


def _each(heads: Headings, change: Callable[[Heading], Heading]) -> Headings:
    return [head and change(head) for head in heads]


def _in_short(heads: Headings) -> Headings:
    """The same with shapes beside the words, and without rules."""
    return _each(_without_rules(heads), _shape_beside_the_word)


def _without_rules(heads: Headings) -> Headings:
    return [head and head._replace(rule="") for head in heads]


def _with_shapes(heads: Headings, room: list[int]) -> Headings:
    """Rules and shapes beside the words where that makes no column wider."""
    return [head and _with_shape(head, cells) for head, cells in zip(heads, room, strict=True)]


def _folded(heads: Headings, room: Sequence[int] = (), *, unbroken: bool = False) -> Headings:
    """The same with words in two lines where they are wider than the `room` of their column, and its name.

    What is `unbroken` has its brackets each in one line, and no sign at the end of one.
    """
    room = room or [0] * len(heads)
    return [
        head._replace(word=_in_two_lines(head.word, unbroken=unbroken))
        if head and _is_wide(head, cells)
        else head
        for head, cells in zip(heads, room, strict=True)
    ]


# One heading


def _bare(head: Heading) -> Heading:
    """Without a rule, and without the shape where all numbers are there."""
    return _shape_beside_the_word(head._replace(rule="", shape=head.slice_alone))


def _with_shape(head: Heading, cells: int) -> Heading:
    full = _shape_beside_the_word(head)
    fits = cell_width(full.word) <= max(cells, cell_width(head.name), cell_width(head.word))
    return full if fits else _bare(head)


def _narrow(head: Heading, cells: int) -> Heading:
    full = _shape_beside_the_word(head).word if head.word else ""
    ways = (full, head.shape) if head.slice_alone else (full, head.word, head.shape)
    word = next((way for way in ways if way and cell_width(way) <= cells), head.slice_alone)
    return head._replace(word=word, shape="", rule="")


def _cut(head: Heading) -> Heading:
    name = _cut_name(head.name, _LONGEST_SYMBOLS)
    is_symbols = head.rule.startswith(_IS)  # words are not cut: they are there whole, or not at all
    rule = clip_formula(head.rule, len(_IS) + _LONGEST_SYMBOLS) if is_symbols else head.rule
    return head._replace(name=name, rule=rule, is_cut=(name, rule) != (head.name, head.rule))


def _cut_name(name: str, cells: int) -> str:
    """A name that is not a derivative, in at most that many cells."""
    end = "ᵀ" if name.endswith("ᵀ") else ""  # without it, it would be another matrix
    return name if "∂" in name else clip_formula(name.removesuffix(end), cells - len(end)) + end


def lengthened(head: Heading, term: Term, cells: int) -> Heading:
    """A head that is cut, with as many of its symbols as a column of `cells` has room for."""
    *words, last = head.word.split("\n")
    before, is_there, _ = last.partition(_IS)
    if is_there:  # the rule is beside the word
        last = before + clip_formula(term.rule, cells - cell_width(before))
    rule = head.rule and (clip_formula(term.rule, cells) if head.rule.startswith(_IS) else head.rule)
    return head._replace(name=_cut_name(term.name, cells), word="\n".join([*words, last]), rule=rule)


def _is_wide(head: Heading, cells: int) -> bool:
    name = "" if is_derivative(head.name) else head.name  # a fraction is narrow
    return cell_width(head.word) > max(cells, cell_width(name))


def _in_two_lines(word: str, *, unbroken: bool = False) -> str:
    """Several words in two lines, as even as can be."""
    words = word.split(" ")
    halves = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    if unbroken:
        halves = [
            both
            for both in halves
            if both[0].count("(") == both[0].count(")") and both[0][-1] not in "=+−-·⊙@/"
        ]
    return "\n".join(min(halves, key=lambda both: max(map(cell_width, both)), default=(word,)))


def _rule_beside_the_word(head: Heading) -> Heading:
    """``local = y``, or ``local: what it does``."""
    if not (head.word and head.rule):
        return head
    sign = " " if head.rule.startswith(_IS) else ": "
    return head._replace(word=f"{head.word}{sign}{head.rule}", rule="")


def _shape_beside_the_word(head: Heading) -> Heading:
    """``product (4)``; of what has a rule, the rule alone."""
    if head.rule:
        return _rule_beside_the_word(head)._replace(shape="")
    if not (head.word and head.shape):
        return head
    return head._replace(word=f"{head.word} {head.shape}", shape="")


# Drawn


class _Rows(NamedTuple):
    """How many rows the words, the shapes and the rules of an equation take."""

    word: int
    shape: int
    rule: int

    @property
    def total(self) -> int:
        """With that of the names."""
        return 1 + self.word + self.shape + self.rule


def rows_of_heads(heads: Headings) -> _Rows:
    """How many rows heads take together."""
    word = shape = rule = 0
    for head in heads:
        if head is not None:
            word = max(word, 1 + head.word.count("\n") if head.word else 0)
            shape, rule = shape or bool(head.shape), rule or bool(head.rule)
    return _Rows(word, int(shape), int(rule))


def is_derivative(name: str) -> bool:
    """Whether a name can be a fraction."""
    return _OVER in name


@lru_cache(maxsize=256)
def least_width(head: Heading | None, *, tall: bool) -> int:
    """How wide a head is at least; a name that is a fraction is narrow."""
    if head is None:
        return 0
    name = "" if tall and is_derivative(head.name) else head.name
    return max(map(cell_width, (name, head.shape, head.rule, *head.word.split("\n"))))


@lru_cache(maxsize=256)
def head_block(role: Role, heading: Heading, rows: _Rows, *, tall: bool) -> Block:
    """A column's name, word, shape and rule, each in as many rows as it takes in any column."""
    name = tall_name(heading.name, role) if tall else text(heading.name, role)
    words = [text(line, Role.DIM) for line in heading.word.split("\n")][: rows.word]
    shape = [text(heading.shape, Role.DIM)][: rows.shape]
    rule = [text(heading.rule, Role.DIM)][: rows.rule]
    return above(name, *words, Block.blank(rows.word - len(words)), *shape, *rule)


@lru_cache(maxsize=64)
def tall_name(name: str, role: Role) -> Block:
    """The name in three rows: a derivative as a fraction, anything else in the middle."""
    is_diagonal = name.startswith(f"{DIAGONAL}(") and name.endswith(")")
    written = name.removesuffix("ᵀ").strip("()") if name.endswith(")ᵀ") else name
    if is_diagonal:
        written = name.removeprefix(f"{DIAGONAL}(").removesuffix(")")
    top, sign, bottom = written.partition(_OVER)
    if not sign:
        return above(Block.blank(1), text(name, role), Block.blank(1))
    derivative = fraction(text(top, role), text(f"∂{bottom}", role), role)
    if is_diagonal:
        return row(text(DIAGONAL, role), fenced(derivative, role=role))
    return superscript(fenced(derivative, role=role), "ᵀ") if written != name else derivative
