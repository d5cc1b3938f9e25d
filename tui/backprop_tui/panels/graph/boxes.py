"""A unit in full: its box, its name and value above the wire, its gradient below."""

from __future__ import annotations

from backprop_engine.explain.lines import Role
from backprop_engine.graph import Node
from backprop_tui.panels.graph.cells import Cells, put
from backprop_tui.panels.graph.labels import short_name
from backprop_tui.panels.graph.marks import heavy, in_plain_ascii, leaf_mark
from backprop_tui.panels.graph.moment import Moment, State
from backprop_tui.panels.graph.units import Unit

__all__ = ["draw_box"]


def draw_box(
    cells: Cells, unit: Unit, left: int, row: int, moment: Moment, state: State, *, lit: bool
) -> None:
    """One of the three rows of a unit; its wire is `lit` where the step runs along it."""
    at = left
    if unit.box:
        text = _outline(unit, row, state)
        at = put(cells, at, in_plain_ascii(text) if moment.ascii else text, _outline_role(moment, state))
    if row == 0:
        _name_and_value(cells, unit, at, moment, state)
    elif row == 1:
        _wire(cells, unit, at, moment, lit=lit)
    elif moment.gets_gradient(unit.node):
        text, role = moment.gradient(unit.node, active=state is State.ACTIVE)
        put(cells, at + bool(unit.box), text, role)


def _outline(unit: Unit, row: int, state: State) -> str:
    inner = unit.box - 2
    if row == 0:
        text = f"╭{'─' * inner}╮"
    elif row == 1:
        text = f"│ {unit.sign} ├"
    else:
        text = f"╰{'─' * inner}╯"
    return heavy(text) if state is State.ACTIVE else text


def _outline_role(moment: Moment, state: State) -> Role:
    return {State.ACTIVE: moment.hot, State.AHEAD: Role.DIM, State.KNOWN: Role.OP}[state]


def _name_and_value(cells: Cells, unit: Unit, at: int, moment: Moment, state: State) -> None:
    node = unit.node
    at = put(cells, at + bool(unit.box), short_name(node.name), name_role(moment, node, state))
    text, role = moment.value(node, active=state is State.ACTIVE)
    put(cells, at + 1, text, role)


def name_role(moment: Moment, node: Node, state: State) -> Role:
    """What a node's name looks like."""
    if moment.selection == node.position:
        return Role.SELECTED
    return Role.DIM if state is State.AHEAD or moment.untouched(node) else Role.NAME


def _wire(cells: Cells, unit: Unit, at: int, moment: Moment, *, lit: bool) -> None:
    """The wire that leaves the unit, along its label."""
    label = unit.width - unit.box
    if not unit.box:
        mark = leaf_mark(unit.node.kind)
        at = put(cells, at, in_plain_ascii(mark) if moment.ascii else mark, Role.NAME)
        label -= 1
    known = moment.frame.value(unit.node) is not None
    line = heavy("─" * label) if lit else "─" * label
    role = moment.hot if lit else Role.TEXT if known else Role.DIM
    put(cells, at, in_plain_ascii(line) if moment.ascii else line, role)
