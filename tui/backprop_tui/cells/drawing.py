"""What a panel shows: a grid of cells that gives any stretch of any of its rows on demand."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import NamedTuple, Protocol, runtime_checkable

from msgspec import Struct

from backprop_tui.cells.lines import Line, crop_line, line_width

__all__ = ["Area", "Diffable", "Drawing", "Lines"]


class Area(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


class Drawing(Protocol):
    """A picture in cells, of which only the cells in view are drawn."""

    @property
    def width(self) -> int:
        """The width in cells."""
        ...

    @property
    def height(self) -> int:
        """The number of rows."""
        ...

    @property
    def focus(self) -> Area | None:
        """What should be in view, if anything in particular."""
        ...

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        ...


@runtime_checkable
class Diffable(Protocol):
    """A drawing that can tell where it differs from an earlier one, without drawing either."""

    def changed_rows(self, before: Drawing) -> Set[int] | None:
        """The rows that may differ; None if any may."""
        ...


class Lines(Struct, frozen=True):
    """A drawing whose lines are all made in advance."""

    lines: tuple[Line, ...]
    width: int
    focus: Area | None = None

    @classmethod
    def of(cls, lines: Iterable[Line], focus: Area | None = None) -> Lines:
        """A drawing of `lines`."""
        lines = tuple(lines)
        return cls(lines, max(map(line_width, lines), default=0), focus)

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.lines)

    def row(self, y: int, x: int, width: int) -> Line:
        """The cells from `x` up to `x + width` of row `y`."""
        if not 0 <= y < len(self.lines):
            return ()
        line = self.lines[y]
        fits = x == 0 and (self.width <= width or line_width(line) <= width)
        return line if fits else crop_line(line, x, width)
