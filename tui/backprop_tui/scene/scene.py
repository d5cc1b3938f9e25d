"""The fixed part of a picture: where the boxes are, and how wires run between them.

It depends on the run alone, so that nothing moves while one steps.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph
from backprop_engine.trace.trace import Trace
from backprop_tui.layout import Layout, Order, Route, order_in_stages, stretches
from backprop_tui.layout.buses import Buses, buses_of
from backprop_tui.layout.ordering import TRIES
from backprop_tui.layout.stages import Stages, finish
from backprop_tui.scene.boxes import LONGEST_NAME, MOST_OPERANDS, Density, NodeBox, measured_box
from backprop_tui.scene.dot_labels import dot_labels, lowered, widened
from backprop_tui.scene.folding import FoldedGraph, folded_graph
from backprop_tui.scene.placing import Draft, Room, fits
from backprop_tui.scene.wires import WireTiles

__all__ = ["LARGEST", "Scene", "SceneKey", "fits_in", "scene_in_stages"]

LARGEST = 160
"""The most boxes in a picture that is laid out while one waits; of more, a part is shown meanwhile."""
_FEW_TRIES = 8
"""How often the layout of a part, or of a large graph, tries to remove crossings."""
_ROOM = 7
"""The fewest cells for a number in a picture that serves several runs."""
_LONGEST = 30
"""The most columns that wires may pass on average: longer ones take long to lay out, and mislead the eye."""
_AT_ONCE = 100
"""The boxes that are measured in one step."""


class SceneKey(NamedTuple):
    """What the picture of all of a large graph depends on, which excludes the numbers of a run."""

    graph: Graph
    folded: tuple[str, ...]
    density: Density
    compared: bool
    """Whether differences are beside the numbers."""
    room: Room | None


class Scene(Struct, frozen=True, eq=False, dict=True, weakref=True):
    """The boxes and wires of one picture, laid out."""

    density: Density
    boxes: tuple[NodeBox, ...]
    ends: tuple[tuple[int, int, int], ...]
    """The (operand, node, argnum) of each wire."""
    layout: Layout
    """Where the boxes are, followed by the branches of buses."""
    buses: Buses
    wires: WireTiles
    rows: tuple[tuple[int, ...], ...]
    """For each row, the boxes that reach it, from left to right."""
    box_of: Mapping[int, int]
    """For each node that is shown, by position, its box."""
    wires_into: Mapping[int, range]
    """The wires that lead to each node that is shown."""
    wires_from: Mapping[int, Sequence[int]]
    """The wires that leave each box that has any."""
    labels: Mapping[int, Mapping[int, int]]
    """In each row the names that are above dots, by their first columns, as the boxes that they name."""
    key: SceneKey | None = None
    """Set where it shows all of a large graph."""

    def route(self, wire: int) -> Route:
        """The corners of a wire."""
        return self.buses.route(wire, self.layout.routes)

    def boxes_in(self, y: int, start: int, end: int) -> tuple[int, ...]:
        """The boxes that reach row `y` from column `start` up to `end`, from left to right."""
        if not 0 <= y < len(self.rows) or end <= start:
            return ()
        row, origins = self.rows[y], self.layout.origins
        first = bisect_right(row, start, key=lambda box: origins[box][0]) - 1
        if first < 0 or origins[row[first]][0] + self.boxes[row[first]].width <= start:
            first += 1
        last = bisect_right(row, end - 1, lo=first, key=lambda box: origins[box][0])
        return row[first:last]

    def labels_in(self, y: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The names in row `y` that reach columns `start` up to `end`: first columns and boxes."""
        row = self.labels.get(y)
        if row:
            columns = tuple(row)
            first = bisect_left(columns, start - LONGEST_NAME)
            for column in columns[first : bisect_left(columns, end)]:
                yield column, row[column]

    def rows_of_box(self, box: int) -> range:
        """The rows that a box takes, with that of a name above it."""
        left, top = self.layout.origins[box]
        named = self.labels.get(top - 1, {}).get(left) == box
        return range(top - named, top + self.boxes[box].height)

    def rows_of_wire(self, wire: int) -> set[int]:
        """The rows that a wire runs through."""
        rows: set[int] = set()
        for (_, y), (_, next_y) in stretches(self.route(wire)):
            rows.update(range(min(y, next_y), max(y, next_y) + 1))
        return rows

    @derived()
    def rows_of_wires_from(self, box: int) -> frozenset[int]:
        """The rows that the wires leaving a box run through."""
        return frozenset[int]().union(*map(self.rows_of_wire, self.wires_from.get(box, ())))


def scene_in_stages(
    trace: Trace,
    before: Trace | None,
    folded: tuple[str, ...],
    density: Density,
    start: int,
    stop: int,
    room: Room | None = None,
    key: SceneKey | None = None,
) -> Stages[Scene | None]:
    """The scene of the computed nodes from `start` up to `stop`, and of what they are computed from.

    `before` is the run without the changes that are in force, if there are any. Where it is too wide for its
    `room`, it is broken into rows. With a `key`, it is all of a large graph; None where that would be nearly
    all long wires.
    """
    plan = _plan(trace.graph, folded, start, stop)
    if key is None:
        draft = _draft(trace, before, folded, density, start, stop)
    elif plan.buses.average_length() > _LONGEST:
        return None
    else:
        order = yield from _order_in_stages(plan)
        draft = yield from _draft_in_stages(trace, before, folded, density, plan, order, _ROOM)
    placed = yield from draft.fitted(room)
    yield
    if density == "dots" and (room is None or placed.height < room[1]):
        placed = lowered(placed)
    tiles = WireTiles(placed.routes, plan.buses.sources, len(plan.ends))
    labels: Mapping[int, Mapping[int, int]] = {}
    if density == "dots":
        labels = dot_labels(draft.boxes, placed, tiles, None if room is None else room[0])
        placed = widened(placed, draft.boxes, labels)
    yield
    return Scene(
        density,
        draft.boxes,
        plan.ends,
        placed,
        plan.buses,
        tiles,
        _rows(placed, draft.boxes),
        plan.box_of,
        plan.wires_into,
        plan.wires_from,
        labels,
        key,
    )


class _Plan(Struct, frozen=True, eq=False):
    """What is in a scene, and what is joined with what: the same at every density."""

    indices: Sequence[int]
    """Those of the folded graph's nodes."""
    box_of: Mapping[int, int]
    ends: tuple[tuple[int, int, int], ...]
    wires_into: Mapping[int, range]
    wires_from: Mapping[int, Sequence[int]]
    operand_counts: Sequence[int]
    """The wires that lead to each box."""
    buses: Buses
    is_large: bool


@derived(limit=8)
def _plan(graph: Graph, folded: tuple[str, ...], start: int, stop: int) -> _Plan:
    shown = folded_graph(graph, folded)
    computed = range(shown.leaf_count + start, shown.leaf_count + stop)
    positions = [position for index in computed for position in shown.members[index]]
    indices = _with_operands(graph, shown, computed, positions)
    box_of = {position: box for box, index in enumerate(indices) for position in shown.members[index]}
    ends, wires_into = _ends(graph, positions, box_of)
    wires = [(box_of[operand], box_of[node]) for operand, node, _ in ends]
    counts = Counter(target for _, target in wires)
    wires_from: dict[int, list[int]] = {}
    for wire, (source, _) in enumerate(wires):
        wires_from.setdefault(source, []).append(wire)
    large = len(shown.nodes) > LARGEST
    buses = buses_of(len(indices), wires, wanted=large)
    operand_counts = [counts[box] for box in range(len(indices))]
    return _Plan(indices, box_of, tuple(ends), wires_into, wires_from, operand_counts, buses, large)


@derived(limit=8)
def _order(graph: Graph, folded: tuple[str, ...], start: int, stop: int) -> Order:
    """What is where, which takes nearly all of the time, once for all densities and all changes."""
    return finish(_order_in_stages(_plan(graph, folded, start, stop)))


def _order_in_stages(plan: _Plan) -> Stages[Order]:
    heights = [count if count <= MOST_OPERANDS else 1 for count in plan.operand_counts]
    heights += [1] * plan.buses.branches
    return order_in_stages(heights, plan.buses.edges, _FEW_TRIES if plan.is_large else TRIES)


@derived(limit=8)
def _draft(
    trace: Trace, before: Trace | None, folded: tuple[str, ...], density: Density, start: int, stop: int
) -> Draft:
    plan, order = _plan(trace.graph, folded, start, stop), _order(trace.graph, folded, start, stop)
    return finish(_draft_in_stages(trace, before, folded, density, plan, order))


def _draft_in_stages(
    trace: Trace,
    before: Trace | None,
    folded: tuple[str, ...],
    density: Density,
    plan: _Plan,
    order: Order,
    least: int = 0,
) -> Stages[Draft]:
    """The boxes with what is written at them, which gets `least` cells for a number."""
    shown, boxes = folded_graph(trace.graph, folded), list[NodeBox]()
    for index, operands in zip(plan.indices, plan.operand_counts, strict=True):
        if len(boxes) % _AT_ONCE == 0:
            yield
        box = measured_box(trace, before, shown.nodes[index], shown.cells[index], density, least)
        boxes.append(box.with_operands(operands, density))
    return Draft(trace.graph, order, boxes, plan.buses.branches, density)


def fits_in(
    trace: Trace, before: Trace | None, folded: tuple[str, ...], density: Density, room: Room
) -> bool:
    """Whether all of a graph that is not large fits into a room."""
    count = folded_graph(trace.graph, folded).computed_count
    draft = _draft(trace, before, folded, density, 0, count)
    return draft.can_fit(room) and fits(finish(draft.fitted(room)), room)


def _with_operands(
    graph: Graph, shown: FoldedGraph, computed: range, positions: Sequence[int]
) -> Sequence[int]:
    """The indices of what is in a scene: of what is computed, and of what that is computed from."""
    if len(computed) == shown.computed_count:
        return range(len(shown.nodes))
    used = (
        shown.index_of[operand]
        for position in positions
        for operand in graph.nodes[position].operands
        if operand in shown.index_of
    )
    return sorted({*used, *computed})


def _ends(
    graph: Graph, positions: Sequence[int], box_of: Mapping[int, int]
) -> tuple[list[tuple[int, int, int]], dict[int, range]]:
    """The ends of each wire, and the wires that lead to each node."""
    ends: list[tuple[int, int, int]] = []
    wires_into: dict[int, range] = {}
    for position in positions:
        first = len(ends)
        for argnum, operand in enumerate(graph.nodes[position].operands):
            if operand in box_of and box_of[operand] != box_of[position]:
                ends.append((operand, position, argnum))
        wires_into[position] = range(first, len(ends))
    return ends, wires_into


def _rows(placed: Layout, boxes: Sequence[NodeBox]) -> tuple[tuple[int, ...], ...]:
    """For each row, the boxes that reach it, from left to right."""
    rows: list[list[int]] = [[] for _ in range(placed.height)]
    for index in sorted(range(len(boxes)), key=lambda box: placed.origins[box][0]):
        top = placed.origins[index][1]
        for row in range(top, min(top + boxes[index].height, placed.height)):
            rows[row].append(index)
    return tuple(map(tuple, rows))
