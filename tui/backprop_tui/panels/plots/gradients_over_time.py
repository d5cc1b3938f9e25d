"""The gradient norms of the states of a recurrent network, along time."""

from __future__ import annotations

import re
from math import exp, isfinite, log
from typing import Final

import numpy as np
from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.explain.numbers import number
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Role, Span
from backprop_tui.panels.plots.gradients_by_depth import without_gradients
from backprop_tui.plots.chart import Chart, Curve, chart
from backprop_tui.view import View

__all__ = ["gradients_over_time", "node_of_column", "recurrent_states"]

_FEWEST: Final = 3
"""With fewer instances, there is no trend to see."""
_MOST: Final = 4
"""The most states that are distinguished."""
_SHORT: Final = 5
"""The longest name of an output that is shown."""
_INSTANCE: Final = re.compile(r"(.+)\[(\d+)\]")
_KNOWN, _AHEAD = "●▲■◆", "○△□◇"
_KNOWN_ASCII, _AHEAD_ASCII = "ABCD", "abcd"


class RecurrentState(Struct, frozen=True):
    """What an instance passes on to the next: its name, and its node in each instance."""

    name: str
    nodes: tuple[int, ...]


def recurrent_states(view: View) -> tuple[RecurrentState, ...]:
    """The states that are plotted; none inside a composite."""
    return () if view.session.levels else _states(view.session.run.graph)


@derived()
def _states(graph: Graph) -> tuple[RecurrentState, ...]:
    """Of each scan, the nodes that the next instance uses, if every instance has a gradient there."""
    scans: dict[str, list[range]] = {}
    for group in graph.groups:
        match = _INSTANCE.fullmatch(group.name)
        if match is not None and group.parent is None:
            scans.setdefault(match[1], []).append(range(group.start, group.stop))
    states = []
    for name, instances in scans.items():
        if len(instances) < _FEWEST:
            continue
        for offset in _passed_on(graph, instances):
            nodes = tuple(instance.start + offset for instance in instances)
            if all(map(graph.gets_gradient, nodes)):
                short = graph.nodes[nodes[0]].name.removeprefix(f"{name}[0].")
                states.append(RecurrentState(short, nodes))
    return tuple(states[:_MOST])


def _passed_on(graph: Graph, instances: list[range]) -> list[int]:
    """The offsets, in an instance, of the nodes that the next one uses; the same in all instances."""
    first, second = instances[:2]
    used = {
        operand - first.start for node in second for operand in graph.nodes[node].operands if operand in first
    }
    return sorted(used)


def gradients_over_time(view: View, width: int, height: int) -> Drawing:
    """Norms on a log scale, from the first instance to the last; hollow signs until they are complete."""
    if view.frame.trace.schedule.forward_only:
        return without_gradients(view, width, height)
    return Lines.of(_chart(view, width, height).lines)


def node_of_column(view: View, width: int, height: int, x: int) -> Node | None:
    """The state of the instance that a column stands for."""
    if view.frame.trace.schedule.forward_only:
        return None
    place = _chart(view, width, height).place_at(x)
    return None if place is None else view.graph.nodes[recurrent_states(view)[0].nodes[round(place)]]


def _chart(view: View, width: int, height: int) -> Chart:
    frame, states = view.frame, recurrent_states(view)
    known_signs, ahead_signs = (_KNOWN_ASCII, _AHEAD_ASCII) if view.ascii else (_KNOWN, _AHEAD)
    curves: list[Curve] = []
    for state, known_sign, ahead_sign in zip(states, known_signs, ahead_signs, strict=False):
        sizes = np.array([frame.trace.gradient_norms[node] for node in state.nodes])
        known = np.array([frame.complete(frame.graph.nodes[node]) for node in state.nodes])
        ahead = int(np.argmax(known)) if known.any() else len(known)
        places = np.arange(len(sizes), dtype=np.float64)
        label = (
            Span(f"‖∂{_output(frame.graph)}/∂{state.name}‖ ", Role.NAME),
            Span(f"{number(float(sizes[0]), 2)} … {number(float(sizes[-1]), 2)}", Role.DIM),
            Span(_factor(float(sizes[0]), float(sizes[-1]), len(sizes), view.language), Role.GRADIENT),
        )
        # Backwards in time, what is known begins where the rest ends: the two lines meet there.
        curves.append(Curve(places[ahead:], sizes[ahead:], label, Role.GRADIENT, known_sign))
        if ahead:
            curves.append(Curve(places[: ahead + 1], sizes[: ahead + 1], (), Role.DIM, ahead_sign))
    last = float(len(states[0].nodes) - 1)
    here = _instance(frame.node.position, states[0]) if frame.node is not None else None
    return chart(curves, (0.0, last), width, height, here=here, log=True, ascii_only=view.ascii)


def _factor(first: float, last: float, count: int, language: str) -> str:
    """The factor by which the gradient grows from an instance to the one before it, on average."""
    if not (isfinite(first) and isfinite(last) and first > 0 < last):
        return ""
    factor = number(exp((log(first) - log(last)) / (count - 1)), 3)
    return f"  {msg('×{factor} per step back', factor=factor).in_language(language)}"


def _output(graph: Graph) -> str:
    """The name of the output, if it is a short one such as ``L``."""
    name = graph.loss_name
    return name if len(name) <= _SHORT else ""


def _instance(position: int, state: RecurrentState) -> float | None:
    """The instance that a node belongs to; the nodes of an instance follow one another, its state last."""
    gap = state.nodes[1] - state.nodes[0]
    for instance, node in enumerate(state.nodes):
        if node - gap < position <= node:
            return float(instance)
    return None
