"""How a unit is drawn at each density: as a box with numbers around it, as one line, or as a dot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from backprop_tui.cells.lines import Role
from backprop_tui.cells.text import clip
from backprop_tui.panels.changes import faded
from backprop_tui.panels.graph.cells import Cells, draw, enclose, put
from backprop_tui.panels.graph.labels import short_name
from backprop_tui.panels.graph.marks import State, brackets, dot, leaf_mark, lines
from backprop_tui.panels.graph.moment import Moment
from backprop_tui.panels.graph.units import Unit
from backprop_tui.view import Density

__all__ = ["DRAW"]

Draw: TypeAlias = Callable[[Cells, Unit, int, int, Moment, State, bool], None]
"""Writes a row of a unit from a column on; the last says whether the step runs along its wire."""


def _box(cells: Cells, unit: Unit, left: int, row: int, moment: Moment, state: State, lit: bool) -> None:
    """A box, the name and the value above its wire, and the gradient below."""
    node, at = unit.node, left
    if unit.box:
        outline = lines(_outline(unit, row), state)
        write = enclose if row == unit.middle else draw
        at = write(cells, at, moment.drawn(outline), _outline_role(moment, state))
    if row == unit.middle:
        enclose(cells, left + 2, unit.sign, _outline_role(moment, state))
        if not unit.box:
            at = draw(cells, at, moment.drawn(leaf_mark(node.kind)), Role.NAME)
        _wire(cells, unit, at, left + unit.width, moment, lit)
    elif row == unit.middle - 1:
        at = put(cells, at + bool(unit.box), short_name(node.name), moment.name_role(node, state))
        text, role = moment.value(node, active=state is State.ACTIVE)
        put(cells, at + 1, clip(text, left + unit.width - at - 1), role)
    elif row == unit.middle + 1 and moment.gets_gradient(node):
        text, role = moment.gradient(node, active=state is State.ACTIVE)
        at += bool(unit.box)
        for part, look in faded(clip(text, left + unit.width - at), role):
            at = put(cells, at, part, look)


def _outline(unit: Unit, row: int) -> str:
    """A row of a box; that of a folded group has a double border."""
    corners, across, upright, port = ("╔╗╚╝", "═", "║", "╟") if unit.group else ("╭╮╰╯", "─", "│", "├")
    if 0 < row < unit.height - 1:
        return f"{upright}{' ' * (unit.box - 2)}{port if row == unit.middle else upright}"
    ends = corners[:2] if row == 0 else corners[2:]
    return f"{ends[0]}{across * (unit.box - 2)}{ends[1]}"


def _outline_role(moment: Moment, state: State) -> Role:
    return {State.ACTIVE: moment.hot, State.AHEAD: Role.DIM, State.KNOWN: Role.OP}[state]


def _wire(cells: Cells, unit: Unit, start: int, end: int, moment: Moment, lit: bool) -> None:
    """The wire that leaves the unit, along its label."""
    known = moment.frame.value(unit.node) is not None
    state = State.ACTIVE if lit else State.KNOWN if known else State.AHEAD
    draw(cells, start, moment.drawn(lines("─" * (end - start), state)), moment.wire_role(state))


def _line(cells: Cells, unit: Unit, left: int, row: int, moment: Moment, state: State, lit: bool) -> None:
    """A small box, the name, and the value, which gives way to the gradient, in the row of the wire.

    Each operand arrives in a row of its own, the first at the top, on a line that leads to the box.
    """
    node, end, active = unit.node, left + unit.width, state is State.ACTIVE
    if row != unit.middle:
        joint = "╮" if row == 0 else "╯" if row == unit.height - 1 else "┤"
        draw(cells, left, moment.drawn(lines(joint, state)), _outline_role(moment, state))
        return
    if unit.box:
        ends = brackets(state, group=unit.group, ascii=moment.ascii)
        role = _outline_role(moment, state)
        at = enclose(cells, left, f"{ends[:1]}{unit.sign}{ends[1:]}", role)
    else:
        at = draw(cells, left, moment.drawn(leaf_mark(node.kind)), Role.NAME)
    at = put(cells, at + 1, short_name(node.name), moment.name_role(node, state)) + 1
    if moment.shows_gradient(node):
        text, role = moment.gradient(node, active=active, brief=True)
        at = draw(cells, at, moment.drawn("◀"), role)
    else:
        text, role = moment.value(node, active=active, brief=True)
    _wire(cells, unit, put(cells, at, clip(text, end - at), role) + 1, end, moment, lit)


def _dot(cells: Cells, unit: Unit, left: int, row: int, moment: Moment, state: State, lit: bool) -> None:
    """One cell."""
    node = unit.node
    gradient = moment.shows_gradient(node)
    mark = dot(state, gradient=gradient, group=unit.group)
    draw(cells, left, moment.drawn(mark), moment.dot_role(node, state, gradient=gradient))


DRAW: Final[Mapping[Density, Draw]] = {"full": _box, "compact": _line, "dots": _dot}
