"""The fixed part of a picture: where the boxes stand, and how wires run between them.

It depends on the run alone, so that nothing moves while one steps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from backprop_engine.graph.graph import Graph
from backprop_engine.trace.trace import Trace
from backprop_tui.layout import Layout, Route, layout_in_stages
from backprop_tui.layout.buses import Buses, buses_of
from backprop_tui.layout.ordering import TRIES
from backprop_tui.layout.stages import Stages
from backprop_tui.scene.boxes import Density, Unit, unit
from backprop_tui.scene.folding import Plan, plan_of
from backprop_tui.scene.wires import WireTiles

__all__ = ["LARGEST", "Reach", "Scene", "Whole", "scene_in_stages"]

LARGEST = 160
"""The most units in a picture that is laid out while one waits; of more, a part is shown meanwhile."""
_FEW_TRIES = 8
"""How hard the layout of a part, or of a large graph, tries to have fewer crossings."""
_ROOM = 7
"""The cells that a number gets at least in a picture that serves for several runs."""
_LONGEST = 30
"""The most columns that wires may pass on the average: they take long to lay out, and nobody can follow."""
_AT_ONCE = 100
"""So many units are measured in one step."""


class Whole(NamedTuple):
    """What the picture of all of a large graph depends on: not on the numbers of a run."""

    graph: Graph
    folded: tuple[str, ...]
    density: Density
    compared: bool
    """Whether differences stand beside the numbers."""


class Scene(Struct, frozen=True, eq=False):
    """Units and wires of the nodes in one picture; `ends` are (operand, node, argnum) of each wire."""

    density: Density
    units: tuple[Unit, ...]
    ends: tuple[tuple[int, int, int], ...]
    layout: Layout
    """Where the units stand, and behind them the branches of buses."""
    buses: Buses
    wires: WireTiles
    rows: tuple[tuple[int, ...], ...]
    """For each row, the units that reach it, from left to right."""
    unit_of: Mapping[int, int]
    """For each node that is shown, by position, its unit."""
    wires_into: Mapping[int, range]
    """The wires that lead to each node that is shown."""
    reach: Reach
    whole: Whole | None = None
    """All of which large graph it shows, if it does."""

    def route(self, wire: int) -> Route:
        """The corners of a wire."""
        return self.buses.route(wire, self.layout.routes)

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


def scene_in_stages(
    trace: Trace,
    before: Trace | None,
    folded: tuple[str, ...],
    density: Density,
    start: int,
    stop: int,
    whole: Whole | None = None,
) -> Stages[Scene | None]:
    """The scene of the computed units from `start` up to `stop`, and of what they are computed from.

    None where the `whole` of a large graph would be nearly all long wires, which nobody could follow.
    """
    graph, plan = trace.graph, plan_of(trace.graph, folded)
    computed = range(plan.leaves + start, plan.leaves + stop)
    inside = [position for place in computed for position in plan.members[place]]
    places = _places(graph, plan, computed, inside)
    unit_of = {position: index for index, place in enumerate(places) for position in plan.members[place]}
    units: list[Unit] = []
    for place in places:
        if len(units) % _AT_ONCE == 0:
            yield
        room = 0 if whole is None else _ROOM
        units.append(unit(trace, before, plan.standing[place], plan.cells[place], density, room))
    ends, wires_into = _ends(graph, inside, unit_of)
    wires = [(unit_of[operand], unit_of[node]) for operand, node, _ in ends]
    arriving = Counter(target for _, target in wires)
    units = [one.fed_by(arriving[index], density) for index, one in enumerate(units)]
    large = len(plan.standing) > LARGEST
    buses = buses_of(len(units), wires, wanted=large)
    if whole is not None and buses.length() > _LONGEST:
        return None
    sizes = [(one.width, one.height) for one in units] + [(1, 1)] * buses.branches
    placed = yield from layout_in_stages(sizes, buses.edges, _FEW_TRIES if large else TRIES)
    yield
    placed = _trimmed(graph, placed, units, density)
    tiles = WireTiles(placed.routes, buses.sources, len(wires))
    yield
    rows = _rows(placed, units)
    routes = partial(buses.route, routes=placed.routes)
    taken = [range(y, y + one.height) for one, (_, y) in zip(units, placed.origins, strict=False)]
    reach = Reach([source for source, _ in wires], routes, taken)
    return Scene(
        density, tuple(units), tuple(ends), placed, buses, tiles, rows, unit_of, wires_into, reach, whole
    )


def _places(graph: Graph, plan: Plan, computed: range, inside: Sequence[int]) -> Sequence[int]:
    """What stands in a scene, by its number in the plan: what is computed, and what that is computed from."""
    if len(computed) == plan.computed:
        return range(len(plan.standing))
    used = (
        plan.place_of[operand]
        for position in inside
        for operand in graph.nodes[position].operands
        if operand in plan.place_of
    )
    return sorted({*used, *computed})


def _ends(
    graph: Graph, inside: Sequence[int], unit_of: Mapping[int, int]
) -> tuple[list[tuple[int, int, int]], dict[int, range]]:
    """The ends of each wire, and the wires that lead to each node."""
    ends: list[tuple[int, int, int]] = []
    wires_into: dict[int, range] = {}
    for position in inside:
        first = len(ends)
        for argnum, operand in enumerate(graph.nodes[position].operands):
            if operand in unit_of and unit_of[operand] != unit_of[position]:
                ends.append((operand, position, argnum))
        wires_into[position] = range(first, len(ends))
    return ends, wires_into


def _trimmed(graph: Graph, placed: Layout, units: Sequence[Unit], density: Density) -> Layout:
    """A layout without the rows at its bottom and the column at its right in which nothing is ever written.

    A leaf to which no gradient comes has nothing below its wire, and what is written at a unit ends before
    its last cell, which keeps it apart from the next.
    """
    width = height = 0
    for one, (left, top) in zip(units, placed.origins, strict=False):
        at = one.node.position
        bare = density == "full" and not one.box and not (graph.active[at] and graph.differentiable[at])
        width = max(width, left + one.width - (density != "dots"))
        height = max(height, top + one.height - bare)
    corners = [corner for route in placed.routes for corner in route]
    width = max(width, max((x + 1 for x, _ in corners), default=0))
    return replace(placed, width=width, height=max(height, max((y + 1 for _, y in corners), default=0)))


def _rows(placed: Layout, units: Sequence[Unit]) -> tuple[tuple[int, ...], ...]:
    """For each row, the units that reach it, from left to right."""
    rows: list[list[int]] = [[] for _ in range(placed.height)]
    for index in sorted(range(len(units)), key=lambda one: placed.origins[one][0]):
        top = placed.origins[index][1]
        for row in range(top, min(top + units[index].height, placed.height)):
            rows[row].append(index)
    return tuple(map(tuple, rows))


class Reach:
    """Rows of a picture, worked out where somebody steps.

    `sources` are the units that wires leave, `route` gives the corners of a wire, and `taken` are the rows
    that units stand in.
    """

    def __init__(self, sources: Iterable[int], route: Callable[[int], Route], taken: Sequence[range]) -> None:
        self._route, self._taken = route, taken
        self._leaving: dict[int, list[int]] = {}
        for wire, source in enumerate(sources):
            self._leaving.setdefault(source, []).append(wire)
        self._onward: dict[int, frozenset[int]] = {}

    def own(self, unit: int) -> range:
        """The rows that a unit takes."""
        return self._taken[unit]

    def along(self, wire: int) -> set[int]:
        """The rows that a wire runs through."""
        rows: set[int] = set()
        for (_, y), (_, next_y) in pairwise(self._route(wire)):
            rows.update(range(min(y, next_y), max(y, next_y) + 1))
        return rows

    def onward(self, unit: int) -> frozenset[int]:
        """The rows that the wires leaving a unit run through."""
        known = self._onward.get(unit)
        if known is None:
            rows = (self.along(wire) for wire in self._leaving.get(unit, ()))
            known = self._onward[unit] = frozenset[int]().union(*rows)
        return known
