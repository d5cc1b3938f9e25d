"""How large the gradients of a recurrent network's states are, along time."""

from __future__ import annotations

import re
from math import exp, isfinite, log
from typing import Final

import numpy as np
from msgspec import Struct

from backprop_engine.derived import derived
from backprop_engine.explain.numbers import number
from backprop_engine.graph.graph import Graph, Node
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cells.text import clip
from backprop_tui.plots.chart import Chart, Curve, chart
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = ["State", "node_of_column", "over_time", "time"]

_FEWEST: Final = 3
"""With fewer instances there is no course to see."""
_MOST: Final = 4
_SHORT: Final = 5
_INSTANCE: Final = re.compile(r"(.+)\[(\d+)\]")
_KNOWN, _AHEAD = "●▲■◆", "○△□◇"
_KNOWN_ASCII, _AHEAD_ASCII = "ABCD", "abcd"


class State(Struct, frozen=True):
    """What is handed on from instance to instance: its name, and its node in each of them."""

    name: str
    nodes: tuple[int, ...]


def over_time(view: View) -> tuple[State, ...]:
    """The states whose gradients have a course; none inside of what one has stepped into."""
    if view.session.levels:
        return ()
    return _states(view.session.run.graph)


@derived()
def _states(graph: Graph) -> tuple[State, ...]:
    """Of each row of instances, the nodes that the next instance uses, with a gradient in every instance."""
    rows: dict[str, list[range]] = {}
    for group in graph.groups:
        match = _INSTANCE.fullmatch(group.name)
        if match is not None and group.parent is None:
            rows.setdefault(match[1], []).append(range(group.start, group.stop))
    found = []
    for name, instances in rows.items():
        if len(instances) < _FEWEST:
            continue
        for offset in _handed_on(graph, instances):
            nodes = tuple(one.start + offset for one in instances)
            if all(graph.active[node] and graph.differentiable[node] for node in nodes):
                short = graph.nodes[nodes[0]].name.removeprefix(f"{name}[0].")
                found.append(State(short, nodes))
    return tuple(found[:_MOST])


def _handed_on(graph: Graph, instances: list[range]) -> list[int]:
    """Where in an instance the nodes are that the following one uses; as in the first, so in all others."""
    first, second = instances[:2]
    used = {
        operand - first.start for node in second for operand in graph.nodes[node].operands if operand in first
    }
    return sorted(used)


def time(view: View, width: int, height: int) -> Drawing:
    """Their norms by magnitude, from the first instance to the last; hollow signs while they are ahead."""
    if view.frame.trace.schedule.forward_only:
        return Lines.of([(Span(clip(text("plot.no_gradient", view.language), width), Role.DIM),)])
    return Lines.of(_chart(view, width, height).lines)


def node_of_column(view: View, width: int, height: int, x: int) -> Node | None:
    """The state of the instance that a column stands for."""
    if view.frame.trace.schedule.forward_only:
        return None
    place = _chart(view, width, height).place_at(x)
    return None if place is None else view.graph.nodes[over_time(view)[0].nodes[round(place)]]


def _chart(view: View, width: int, height: int) -> Chart:
    frame, states = view.frame, over_time(view)
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
    """By what the gradient is multiplied from an instance to the one before, on average."""
    if not (isfinite(first) and isfinite(last) and first > 0 < last):
        return ""
    factor = number(exp((log(first) - log(last)) / (count - 1)), 3)
    return f"  {text('plot.factor', language, factor=factor)}"


def _output(graph: Graph) -> str:
    """The output's name where it is a short one, such as the `L` of a loss."""
    name = graph.nodes[graph.output].name
    return name if len(name) <= _SHORT else ""


def _instance(position: int, state: State) -> float | None:
    """Which of the instances a node belongs to: nodes of an instance follow each other up to its last."""
    gap = state.nodes[1] - state.nodes[0]
    for number_, node in enumerate(state.nodes):
        if node - gap < position <= node:
            return float(number_)
    return None
