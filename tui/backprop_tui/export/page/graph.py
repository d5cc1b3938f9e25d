"""The graph as an SVG picture, and what changes in it from step to step.

It is arranged as in the terminal, on the same cells: values above the wires, gradients below.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from backprop_engine.explain.symbols import formula
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Clear
from backprop_engine.trace.trace import Frame, Trace, nodes_of
from backprop_tui.cells.shades import Flow
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.export.limits import within_limits
from backprop_tui.layout import Point, Route, corners, is_jump, unbroken
from backprop_tui.layout.stages import finish
from backprop_tui.panels.graph.appearance import Appearance, leaf_mark, wires_along
from backprop_tui.panels.graph.river import River, Stream
from backprop_tui.render.words import KIND_NAMES
from backprop_tui.scene.boxes import NodeBox, short_name
from backprop_tui.scene.folding import folded_graph
from backprop_tui.scene.scene import Scene, scene_in_stages
from backprop_tui.scene.wires import CARRIED, CONTINUED

__all__ = ["BELOW", "DrawnGraph", "picture"]

_ROOM = 120, 10_000
"""The columns and rows of the picture: what is wider is broken into rows."""
_COLUMN, _ROW, _MARGIN = 10, 20, 10
"""The width and the height of a cell, and the margin, in pixels."""
NONE, DRY, TROUBLE = -1, 8, 9
"""What is no flow of a gradient."""
BELOW = 2 * _ROW
"""How far below the name of a node its gradient is, in pixels."""
_BEND, _HEAD = 6, 7
"""The radius of a corner of a wire, and the length of its arrow, in pixels."""

_ARROW = (
    '<defs><marker id="head" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" refX="0" refY="4"'
    ' orient="auto"><path d="M0 0L7 4L0 8Z"/></marker></defs>'
)

_Changes: TypeAlias = list[list[Any]]
"""What is shown from some position on: the position, and the texts and classes."""
_Place: TypeAlias = tuple[float, float]
"""In pixels."""


class _Shown(NamedTuple):
    """A node: its name, what it is, its shape, and its value and its gradient, if it ever gets one, from each
    position on at which they are there.
    """

    name: str
    told: str
    shape: str
    value: _Changes
    gradient: _Changes | None


class DrawnGraph(Struct, frozen=True, eq=False):
    """The picture before the first step, what changes in its nodes and wires, and what each step is about.

    Wires that share a part have it as one leg.
    """

    svg: str
    nodes: list[_Shown]
    sources: list[int]
    """The node that each leg of a wire comes from, by their order in the picture."""
    feeders: list[int]
    """The leg that each leg goes on from, or -1."""
    legs: list[_Changes]
    active: list[list[list[int]]]
    """For each position the nodes, by their order in the picture, and the last legs of wires."""


def picture(trace: Trace) -> DrawnGraph:
    """The picture of a run; `UsageError` for a graph that is too large for a page."""
    count = folded_graph(trace.graph, ()).computed_count
    with within_limits(trace.graph):
        scene = finish(scene_in_stages(trace, None, (), "full", 0, count, _ROOM))
    assert scene is not None  # only the whole of a graph that has a key can be too long
    return DrawnGraph(
        "\n".join(_svg(scene)),
        _nodes(trace, scene),
        list(scene.buses.sources),
        [scene.buses.feeders.get(source, -1) for source, _ in scene.buses.edges],
        _legs(trace, scene),
        [_active(trace.frame(position), scene) for position in range(trace.schedule.last + 1)],
    )


# What changes


def _look(frame: Frame) -> Appearance:
    return Appearance(frame, None, None, frozenset(), False)


def _nodes(trace: Trace, scene: Scene) -> list[_Shown]:
    """Each node: its name, what it is, its shape, and its value and gradient from each position on."""
    found = [_named(trace, box.node) for box in scene.boxes]
    for position in range(trace.schedule.last + 1):
        frame = trace.frame(position)
        look, river, step = _look(frame), River(frame, scene), frame.step
        everything = step is None or isinstance(step, Clear)
        touched = range(len(scene.boxes)) if everything else _boxes(frame, scene)
        for box in touched:
            node, (*_, values, gradients) = scene.boxes[box].node, found[box]
            value, _ = look.value(node, active=False)
            _note(values, position, value)
            if gradients is not None:
                gradient, _ = look.gradient(node, active=False)
                _note(gradients, position, gradient, _stream(river.beside(node)))
    return found


def _named(trace: Trace, node: Node) -> _Shown:
    told = formula(trace.graph, node) if node.op is not None else KIND_NAMES[node.kind]
    gets = trace.graph.gets_gradient(node.position)
    return _Shown(node.name, told, shape_label(node.shape), [], [] if gets else None)


def _boxes(frame: Frame, scene: Scene) -> list[int]:
    """The boxes of the nodes that a step is about."""
    if frame.step is None:
        return []
    return [scene.box_of[node] for node in nodes_of(frame.step) if node in scene.box_of]


def _note(changes: _Changes, position: int, *what: str | int) -> None:
    """Note what is shown from a position on, where that is something else than before, or than nothing."""
    if changes[-1][1:] != list(what) if changes else what[0] not in (ABSENT, NONE):
        changes.append([position, *what])


def _legs(trace: Trace, scene: Scene) -> list[_Changes]:
    """How much of a gradient has come back along each leg, from each position on."""
    found: list[_Changes] = [[] for _ in scene.layout.routes]
    for position in range(trace.schedule.last + 1):
        frame = trace.frame(position)
        river = River(frame, scene)
        cleared = isinstance(frame.step, Clear)
        for leg in range(len(found)) if cleared else _legs_along(frame, scene):
            _note(found[leg], position, _stream(river.along((leg,))))
    return found


def _legs_along(frame: Frame, scene: Scene) -> list[int]:
    """The legs of the wires that a step runs along."""
    wires = wires_along(frame.step, scene)
    return list(dict.fromkeys(leg for wire in wires for leg in scene.buses.legs(wire)))


def _stream(stream: Stream | None) -> int:
    """How much of a gradient flows, from 0, quiet, to 7, loud; or that it is zero, not finite, or absent."""
    if stream is None:
        return NONE
    if stream.size == 0:
        return DRY
    return stream.tint.level if isinstance(stream.tint, Flow) else TROUBLE


def _active(frame: Frame, scene: Scene) -> list[list[int]]:
    return [_boxes(frame, scene), list(wires_along(frame.step, scene))]


# The picture


def _svg(scene: Scene) -> Iterator[str]:
    """The lines of the picture, wires first, then what feeds them; nothing in it is lit yet."""
    width = scene.layout.width * _COLUMN + 2 * _MARGIN
    height = scene.layout.height * _ROW + 2 * _MARGIN
    yield f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
    yield _ARROW
    wires = len(scene.ends)
    for kind, legs in (("wires", range(wires)), ("feeders", range(wires, len(scene.layout.routes)))):
        yield f'<g class="{kind}">'
        yield from (f'<path d="{_path(scene, leg)}"/>' for leg in legs)
        yield "</g>"
    yield '<g class="jumps">'
    yield from dict.fromkeys(mark for route in scene.layout.routes for mark in _jumps(route))
    yield '</g>\n<g class="nodes">'
    yield from (_drawn_node(scene, box) for box in range(len(scene.boxes)))
    yield "</g>\n</svg>"


def _x(column: float) -> str:
    return f"{_MARGIN + column * _COLUMN:g}"


def _y(row: float) -> str:
    return f"{_MARGIN + row * _ROW:g}"


def _middle(point: Point) -> _Place:
    """The middle of a cell, in pixels."""
    return _MARGIN + (point[0] + 0.5) * _COLUMN, _MARGIN + (point[1] + 0.5) * _ROW


def _path(scene: Scene, leg: int) -> str:
    """A leg from the label of its source to its target, with round corners; it may go on in the next row."""
    route = scene.layout.routes[leg]
    source, target = scene.buses.edges[leg]
    pieces = [list(map(_middle, piece)) for piece in unbroken(route)]
    first, last = pieces[0][0], pieces[-1][-1]
    if source < scene.buses.count:
        box = scene.boxes[source]
        pieces[0].insert(0, (_MARGIN + (scene.layout.origins[source][0] + box.width) * _COLUMN, first[1]))
    else:
        pieces[0].insert(0, _middle(scene.layout.origins[source]))
    if target < scene.buses.count:
        pieces[-1].append((_arrow(scene, target) - _HEAD, last[1]))
    else:
        pieces[-1].append(_middle(scene.layout.origins[target]))
    return "".join(_rounded(corners(piece)) for piece in pieces)


def _arrow(scene: Scene, target: int) -> int:
    """Where the arrows to a box end."""
    return _MARGIN + scene.layout.origins[target][0] * _COLUMN


def _rounded(turns: list[_Place]) -> str:
    """A line through some turns, which are round."""
    path = f"M{turns[0][0]:g} {turns[0][1]:g}"
    for before, corner, after in zip(turns, turns[1:], turns[2:], strict=False):
        radius = min(_BEND, *(_length(corner, other) / 2 for other in (before, after)))
        (x, y), (along, down) = _way(before, corner), _way(corner, after)
        path += _straight((corner[0] - radius * x, corner[1] - radius * y), before)
        path += f"q{radius * x:g} {radius * y:g} {radius * (x + along):g} {radius * (y + down):g}"
    return path + (_straight(turns[-1], turns[-2]) if len(turns) > 1 else "")


def _straight(place: _Place, before: _Place) -> str:
    """A line to a place, across or down."""
    return f"V{place[1]:g}" if place[0] == before[0] else f"H{place[0]:g}"


def _length(place: _Place, other: _Place) -> float:
    return abs(place[0] - other[0]) + abs(place[1] - other[1])


def _way(place: _Place, following: _Place) -> tuple[int, int]:
    """Where a line goes: -1, 0 or 1 across, and down."""
    across, down = following[0] - place[0], following[1] - place[1]
    return (across > 0) - (across < 0), (down > 0) - (down < 0)


def _jumps(route: Route) -> Iterator[str]:
    """Signs where a wire goes on in another row."""
    for corner, following in pairwise(route):
        if is_jump(corner, following):
            for sign, (column, row) in ((CARRIED, corner), (CONTINUED, following)):
                yield f'<text x="{_x(column + (sign == CARRIED))}" y="{_y(row + 0.75)}">{sign}</text>'


def _drawn_node(scene: Scene, box: int) -> str:
    """An operator in a border, or the mark of a leaf; its wire, and its name above that."""
    shown = scene.boxes[box]
    left, top = scene.layout.origins[box]
    middle = top + shown.middle
    label = _x(left + (shown.operator_width + 1 if shown.operator_width else 0))
    wire = f"M{_x(left + (shown.operator_width or 1.4))} {_y(middle + 0.5)}H{_x(left + shown.width)}"
    name = escape(short_name(shown.node.name))
    return (
        f'<g>{_mark(shown, left, top)}<path d="{wire}"/>'
        f'<text x="{label}" y="{_y(middle - 0.25)}">{name}</text></g>'
    )


def _mark(box: NodeBox, left: int, top: int) -> str:
    """The border of an operator and its sign, or the sign of a leaf."""
    row = top + box.middle
    if not box.operator_width:
        mark = leaf_mark(box.node.kind)
        return f'<text x="{_x(left)}" y="{_y(row + 0.75)}">{mark}</text>'
    size = f'width="{box.operator_width * _COLUMN}" height="{(box.height - 0.6) * _ROW:g}"'
    x = _x(left + box.operator_width / 2)
    return (
        f'<rect x="{_x(left)}" y="{_y(top + 0.3)}" {size}/>'
        f'<text x="{x}" y="{_y(row + 0.75)}">{escape(box.sign)}</text>'
    )
