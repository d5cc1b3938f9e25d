"""The columns of an equation: terms, which have numbers, and the signs between them.

The numbers of a term are written in full, few among zeros, lying down, or as a heatmap.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import TypeAlias

from msgspec import Struct, field, structs

from backprop_engine.arrays import Tensor, is_stored
from backprop_engine.derived import derived
from backprop_engine.explain.local_facts import SampleIndex
from backprop_engine.explain.numbers import number
from backprop_engine.explain.statistics import facts
from backprop_tui.cells.blocks import Block, beside
from backprop_tui.cells.lines import Role
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.tensors import WrittenColumns, heat_block, mostly_zero_block, tensor_block
from backprop_tui.cells.text import cell_width

__all__ = [
    "DIAGONAL",
    "NARROWEST",
    "UNLIMITED",
    "Part",
    "Sign",
    "Term",
    "briefly",
    "coarsely",
    "on_one_scale",
    "showing",
    "with_brackets",
]

DIAGONAL = "diagonal"
"""What takes the diagonal of a Jacobian, as a vector; `diag` makes a matrix of a vector."""
UNLIMITED = 10_000
NARROWEST = 8
"""The cells that a column has at least."""
_SMALL = 1000
"""As many numbers are written out in full before it is known whether they fit."""
_LONGEST = 100
"""No row or column of more numbers would."""
_NO_OPERATORS = "=(,"
"""What a sign ends with that a negative number may follow as it is."""
_EXPONENTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻^"


class Sign(Struct, frozen=True):
    """What is between two columns, in the line of names; and in the middle of the numbers the same, or
    what is `below`.
    """

    text: str
    below: str | None = None
    leads: bool = False
    """Whether it is at the left edge."""

    @property
    def block(self) -> Block:
        """The sign between names, with a space on each side, but none at the edge."""
        return self._spaced(self.text)

    @property
    def between_numbers(self) -> Block:
        """The sign between numbers."""
        return self._spaced(self.text if self.below is None else self.below)

    def _spaced(self, sign: str) -> Block:
        return Block.text(f"{'' if self.leads else ' '}{sign} ", Role.TEXT)

    @property
    def width(self) -> int:
        """How many cells it takes."""
        return cell_width(self.text) + 2 - self.leads


class Term(Struct, frozen=True, eq=False, dict=True, weakref=True):
    """One column of an equation: its name, what it is, its shape, and its tensor."""

    name: str
    word: str
    shape: str
    tensor: Tensor | None
    role: Role
    row: bool = False
    rule: str = ""
    """Symbols for what its numbers are, after an equals sign, or what to say about them."""
    fine: bool = False
    """Whether each of its numbers has as many digits as it takes to follow a product."""
    brief: bool = False
    """Whether its numbers have few digits, and a vector may lie down."""
    factor: bool = False
    """Whether a negative number is in brackets."""
    scale: float | None = None
    """The magnitude at which the colours of its heatmap end; None for that of its largest entry."""
    written: WrittenColumns = field(default_factory=dict)
    """Its numbers as far as they were written out; a copy of the term with other settings shares them."""

    @cached_property
    def in_full(self) -> Block:
        """A number, or all those of a small tensor, with as many digits as differ."""
        assert self.tensor is not None
        if self.tensor.shape != ():
            return self._whole(row=self.row, brief=self.brief)
        written = number(self.tensor)
        return Block.text(f"({written})" if self.factor and written.startswith("-") else written, self.role)

    @cached_property
    def lying(self) -> Block:
        """A vector as a row, with a sign that it is transposed."""
        return beside(self._whole(row=True, brief=True), Block.text("ᵀ", self.role))

    @cached_property
    def _narrowest(self) -> int:
        """How wide its numbers are with the fewest digits."""
        return self._whole(row=self.row, brief=True, fine=False).width

    def _whole(self, *, row: bool, brief: bool, fine: bool | None = None) -> Block:
        tensor, written = self.tensor, self.written
        assert tensor is not None
        fine = self.fine if fine is None else fine
        size = (UNLIMITED, UNLIMITED)
        return tensor_block(tensor, self.role, *size, row=row, brief=brief, fine=fine, written=written)

    def may_be_whole(self, width: int, height: int) -> bool:
        """Whether all numbers of its tensor may fit, before any of them is written out."""
        tensor = self.tensor
        if tensor is None or max(tensor.shape[-2:], default=1) > _LONGEST or prod(tensor.shape[-2:]) > _SMALL:
            return False
        if tensor.ndim > 1:
            rows, columns = map(int, tensor.shape[-2:])
            return rows <= height and 3 * columns <= width
        if tensor.ndim == 0:
            return True
        lies = 3 * tensor.size <= width
        return lies if self.row else tensor.size <= height or (self.brief and lies)

    def is_picture(self, width: int, height: int) -> bool:
        """Whether it is certainly a heatmap: a matrix with more numbers than fit."""
        matrix = self.tensor is not None and self.tensor.ndim > 1 and self.tensor.size > 0
        return matrix and not self.may_be_whole(width, height)

    def may_lie(self, height: int) -> bool:
        """Whether it is an upright vector that is too high, and may lie down."""
        upright = self.tensor is not None and self.tensor.ndim == 1 and not self.row
        return self.brief and upright and self.in_full.height > height

    def upright_or_lying(self, height: int) -> Block:
        """All its numbers, which lie down where they may and are higher."""
        return self.lying if self.may_lie(height) else self.in_full

    def numbers(self, width: int, height: int) -> Block:
        """Its numbers in at most `width` × `height` cells; nothing where it has none."""
        if self.tensor is None:
            return Block.blank(1)
        if self.tensor.shape == ():
            return self.in_full
        if self.may_be_whole(width, height):
            whole = self.upright_or_lying(height)
            if whole.width <= width and whole.height <= height:
                return whole
        return self._in_part(max(NARROWEST, width), height)

    @derived(limit=64)
    def _in_part(self, width: int, height: int) -> Block:
        """A tensor that does not fit in full: as few numbers among zeros, or as a heatmap."""
        tensor = self.tensor
        assert tensor is not None
        few = mostly_zero_block(tensor, self.role, width, height, row=self.row)
        if few is not None:
            return few
        lies = tensor.ndim == 1 and not self.row and 2 * height < min(tensor.size, width)
        whole = self.may_be_whole(width, height) and self._narrowest <= width
        if lies or (tensor.size and not whole):
            return heat_block(tensor, self.role, width, height, row=self.row, lying=lies, scale=self.scale)
        return tensor_block(tensor, self.role, width, height, row=self.row, shape=False, written=self.written)


Part: TypeAlias = Term | Sign


def showing(
    tensor: Tensor,
    name: str,
    word: str,
    role: Role,
    at: SampleIndex | None = None,
    *,
    row: bool = False,
    rule: str = "",
) -> Term:
    """The column of a tensor, or of what is `at` some index of it; of one with more axes, the first matrix.

    ``(3×3×3) [0]`` says which one it is. A scalar's shape goes without saying.
    """
    if tensor.shape == ():
        return Term(name, word, "", tensor, role, rule=rule)
    if not is_stored(tensor):
        return Term(name, word, shape_label(tensor.shape), tensor, role, row=row, rule=rule)
    if at is None and 0 not in tensor.shape:
        at = (0,) * (tensor.ndim - 2)
    shape = shape_label(tensor.shape)
    if at:
        shape += f" [{', '.join(':' if index is None else str(index) for index in at).removesuffix(', :')}]"
        tensor = tensor[tuple(slice(None) if index is None else index for index in at)]
    return Term(name, word, shape, tensor, role, row=row, rule=rule)


def briefly(parts: list[Part]) -> list[Part]:
    """The parts with few digits."""
    return [structs.replace(part, brief=True) if isinstance(part, Term) else part for part in parts]


def coarsely(parts: list[Part]) -> list[Part]:
    """The parts without more digits than usual."""
    return [
        structs.replace(part, fine=False) if isinstance(part, Term) and part.fine else part for part in parts
    ]


def on_one_scale(parts: Sequence[Part]) -> list[Part]:
    """The parts with heatmaps whose colours can be compared: of a scale that holds the entries of all."""
    tensors = [part.tensor for part in parts if isinstance(part, Term) and part.tensor is not None]
    scale = max((facts(tensor).largest for tensor in tensors), default=0.0)
    return [structs.replace(part, scale=scale) if isinstance(part, Term) else part for part in parts]


def with_brackets(parts: list[Part]) -> list[Part]:
    """The parts with brackets around negative numbers that follow a sign, or have an exponent."""
    found = parts[:1]
    for before, part, after in zip(parts, parts[1:], [*parts[2:], None], strict=False):
        if isinstance(part, Term) and part.tensor is not None and part.tensor.shape == ():
            after_sign = isinstance(before, Sign) and before.text[-1:] not in _NO_OPERATORS
            in_power = isinstance(after, Sign) and after.text[:1] in _EXPONENTS
            part = structs.replace(part, factor=True) if after_sign or in_power else part
        found.append(part)
    return found
