"""The drawn wires: what each cell of the grid shows, grouped by row for a painter of a window."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

Point = tuple[int, int]
Route = tuple[Point, ...]

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
ALL_ARMS = LEFT | RIGHT | UP | DOWN


class WireCell(Struct, frozen=True):
    """What is drawn in one cell."""

    arms: int
    """The sides that the wires of this cell reach: a sum of LEFT, RIGHT, UP and DOWN."""
    edges: tuple[int, ...]
    """Every edge that passes through, in ascending order."""
    over: tuple[int, ...]
    """The edges whose wire is seen: all of them, or at a crossing those of the vertical wire."""
    crossing: bool = False
    """Two wires pass each other without meeting."""
    head: bool = False
    """The arrow head before a target."""

    @property
    def junction(self) -> bool:
        """Whether wires fork or merge here."""
        return not self.crossing and self.arms.bit_count() > 2


class Wires(Struct, frozen=True):
    """All wire cells: `rows[y]` maps the x of each drawn cell of a row to what it shows."""

    rows: tuple[Mapping[int, WireCell], ...]

    def at(self, x: int, y: int) -> WireCell | None:
        """The wire cell at a place, if there is one (any place may be asked for)."""
        return self.rows[y].get(x) if 0 <= y < len(self.rows) else None


_GLYPHS = {
    LEFT: "─",
    RIGHT: "─",
    UP: "│",
    DOWN: "│",
    LEFT | RIGHT: "─",
    UP | DOWN: "│",
    LEFT | DOWN: "╮",
    LEFT | UP: "╯",
    RIGHT | DOWN: "╭",
    RIGHT | UP: "╰",
    LEFT | RIGHT | DOWN: "┬",
    LEFT | RIGHT | UP: "┴",
    RIGHT | UP | DOWN: "├",
    LEFT | UP | DOWN: "┤",
    ALL_ARMS: "┼",
}
_ASCII = str.maketrans("─│╮╭╯╰┬┴├┤┼▶", "-|..''+++++>")


def glyph(cell: WireCell, *, ascii: bool = False) -> str:
    """The character of a wire cell.

    A `┼` is always a junction. At a crossing the vertical wire is drawn unbroken and the horizontal one dives
    under it (`─│─`), so that no two wires look joined that are not.
    """
    drawn = "▶" if cell.head else "│" if cell.crossing else _GLYPHS[cell.arms]
    return drawn.translate(_ASCII) if ascii else drawn


def draw_wires(routes: Sequence[Route], height: int) -> Wires:
    """Lay all routes over each other.

    An edge set is a bit mask. What leaves a cell on the right enters the next one from the left, so it is
    enough to know, for each cell, the edges that go on to its right and those that go on below it.
    """
    rightward, downward = _runs(routes)
    right: list[dict[int, int]] = [{} for _ in range(height)]
    down: list[dict[int, int]] = [{} for _ in range(height + 1)]  # the last one serves as row -1 too: empty
    for y, toggles in rightward.items():
        right[y] = _fill(toggles)
    for x, toggles in downward.items():
        for y, mask in _fill(toggles).items():
            down[y][x] = mask
    heads = dict.fromkeys(route[-1] for route in routes)
    starts: dict[Point, int] = {}
    for edge, route in enumerate(routes):
        starts[route[0]] = starts.get(route[0], 0) | 1 << edge
    known: dict[tuple[int, int, int, int, bool], WireCell] = {}
    rows: list[dict[int, WireCell]] = []
    for y in range(height):
        cells: dict[int, WireCell] = {}
        for x in sorted({**right[y], **down[y], **down[y - 1]}):
            left = right[y].get(x - 1, 0) | starts.get((x, y), 0)
            key = (left, right[y].get(x, 0), down[y - 1].get(x, 0), down[y].get(x, 0), (x, y) in heads)
            if key not in known:
                known[key] = _cell(*key)
            cells[x] = known[key]
        rows.append(cells)
    return Wires(tuple(rows))


def _runs(routes: Sequence[Route]) -> tuple[dict[int, dict[int, int]], dict[int, dict[int, int]]]:
    """Where edges begin and cease to go rightward, by row, and up or down, by column: masks to toggle."""
    rightward: dict[int, dict[int, int]] = {}
    downward: dict[int, dict[int, int]] = {}
    for edge, route in enumerate(routes):
        last_x, last_y = route[-1]
        spans = [(rightward.setdefault(last_y, {}), last_x, last_x + 1)]  # into the target
        for (x, y), (next_x, next_y) in pairwise(route):
            if y == next_y:
                spans.append((rightward.setdefault(y, {}), x, next_x))
            else:
                spans.append((downward.setdefault(x, {}), min(y, next_y), max(y, next_y)))
        for toggles, start, end in spans:
            for place in (start, end):
                toggles[place] = toggles.get(place, 0) ^ 1 << edge
    return rightward, downward


def _fill(toggles: Mapping[int, int]) -> dict[int, int]:
    """The mask at every place where it is not empty."""
    masks: dict[int, int] = {}
    mask = 0
    for start, end in pairwise(sorted(toggles)):
        mask ^= toggles[start]
        if mask:
            masks.update(dict.fromkeys(range(start, end), mask))
    return masks


def _cell(left: int, right: int, up: int, down: int, head: bool) -> WireCell:
    arms = LEFT * bool(left) | RIGHT * bool(right) | UP * bool(up) | DOWN * bool(down)
    crossing = arms == ALL_ARMS and left == right and up == down
    edges = _edges(left | right | up | down)
    return WireCell(arms, edges, _edges(up) if crossing else edges, crossing, head)


def _edges(mask: int) -> tuple[int, ...]:
    """The numbers of the bits that are set, in ascending order."""
    edges: list[int] = []
    while mask:
        lowest = mask & -mask
        edges.append(lowest.bit_length() - 1)
        mask ^= lowest
    return tuple(edges)
