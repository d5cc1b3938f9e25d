"""The fixed part of a picture: where the units stand, and how wires run between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from backprop_engine.trace import Trace
from backprop_tui.layout import Layout, layout
from backprop_tui.panels.graph.folding import plan_of
from backprop_tui.panels.graph.units import HEIGHTS, Unit, unit
from backprop_tui.panels.graph.wires import WireTiles
from backprop_tui.view import Density, View

__all__ = ["Scene", "part_shown", "scene_of"]

LARGEST = 160
"""The most units in one picture."""
_STRETCH = 80


class Scene(Struct, frozen=True, eq=False):
    """Units and wires of the nodes in one picture; `ends` are (operand, node, argnum) of each wire."""

    density: Density
    units: tuple[Unit, ...]
    ends: tuple[tuple[int, int, int], ...]
    layout: Layout
    wires: WireTiles
    rows: tuple[tuple[int, ...], ...]
    """For each row, the units that reach it, from left to right."""
    unit_of: Mapping[int, int]
    """For each node that is shown, by position, its unit."""
    wires_into: Mapping[int, range]
    """The wires that lead to each node that is shown."""

    def units_in(self, y: int, start: int, end: int) -> tuple[int, ...]:
        """The units that reach row `y` from column `start` up to `end`, from left to right."""
        if not 0 <= y < len(self.rows) or end <= start:
            return ()
        row, origins = self.rows[y], self.layout.origins
        first = bisect_right(row, start, key=lambda one: origins[one][0]) - 1
        if first < 0 or origins[row[first]][0] + self.units[row[first]].width <= start:
            first += 1
        last = bisect_right(row, end - 1, lo=first, key=lambda one: origins[one][0])
        return row[first:last]


def scene_of(view: View) -> Scene:
    """The scene that the reader stands in."""
    session = view.session
    return _scene(session.trace, session.compared, _folded(view), view.density, *_stretch(view))


def part_shown(view: View) -> str:
    """Which of the computed units are shown; empty where it is all of them."""
    start, stop = _stretch(view)
    count = plan_of(view.graph, _folded(view)).computed
    return "" if stop - start == count else f"{start + 1}–{stop} / {count}"


def _folded(view: View) -> tuple[str, ...]:
    return () if view.session.levels else view.session.folded


def _stretch(view: View) -> tuple[int, int]:
    """The computed units to show, as numbers in the order of computing."""
    plan = plan_of(view.graph, _folded(view))
    if len(plan.standing) <= LARGEST:
        return 0, plan.computed
    at = plan.place_of.get(view.frame.node.position, 0) if view.frame.node else 0
    start = max(0, (at - plan.leaves) // _STRETCH * _STRETCH - _STRETCH // 4)
    return start, min(plan.computed, start + _STRETCH * 3 // 2)


@lru_cache(maxsize=12)
def _scene(
    trace: Trace, before: Trace | None, folded: tuple[str, ...], density: Density, start: int, stop: int
) -> Scene:
    """The scene of the computed units from `start` up to `stop`, and of what they are computed from."""
    graph, plan = trace.graph, plan_of(trace.graph, folded)
    computed = range(plan.leaves + start, plan.leaves + stop)
    inside = [position for place in computed for position in plan.members[place]]
    if len(computed) == plan.computed:
        places: Sequence[int] = range(len(plan.standing))
    else:
        used = (
            plan.place_of[operand]
            for position in inside
            for operand in graph.nodes[position].operands
            if operand in plan.place_of
        )
        places = sorted({*used, *computed})
    unit_of = {position: index for index, place in enumerate(places) for position in plan.members[place]}
    units = tuple(unit(trace, before, plan.standing[place], plan.cells[place], density) for place in places)
    ends: list[tuple[int, int, int]] = []
    wires_into: dict[int, range] = {}
    for position in inside:
        first = len(ends)
        for argnum, operand in enumerate(graph.nodes[position].operands):
            if operand in unit_of and unit_of[operand] != unit_of[position]:
                ends.append((operand, position, argnum))
        wires_into[position] = range(first, len(ends))
    sources = [unit_of[operand] for operand, _, _ in ends]
    targets = [unit_of[node] for _, node, _ in ends]
    placed = layout(
        [(one.width, HEIGHTS[density]) for one in units], list(zip(sources, targets, strict=True))
    )
    wires = WireTiles(placed.routes, sources)
    return Scene(
        density, units, tuple(ends), placed, wires, _rows(placed, HEIGHTS[density]), unit_of, wires_into
    )


def _rows(placed: Layout, height: int) -> tuple[tuple[int, ...], ...]:
    """For each row, the units that reach it, from left to right."""
    rows: list[list[int]] = [[] for _ in range(placed.height)]
    for index in sorted(range(len(placed.origins)), key=lambda one: placed.origins[one][0]):
        top = placed.origins[index][1]
        for row in range(top, top + height):
            rows[row].append(index)
    return tuple(map(tuple, rows))
