"""Plots: what a run looks like from afar, as far as it is computed: no iteration is for a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from msgspec import Struct

from backprop_engine.explain.numbers import number
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.trace.run import Run
from backprop_engine.trace.training_history import TrackedNumber, TrainingHistory
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.panels.plots.gradient_norms import iteration_of_column, norms
from backprop_tui.panels.plots.gradients_by_depth import depth, node_of_row
from backprop_tui.panels.plots.gradients_over_time import node_of_column, over_time, time
from backprop_tui.plots.chart import SIGNS, SIGNS_ASCII, Chart, Curve, chart
from backprop_tui.plots.plane import Plane, plane
from backprop_tui.texts import text
from backprop_tui.view import View

__all__ = [
    "KINDS",
    "iteration_at",
    "kind_after",
    "kinds",
    "node_at",
    "plots",
    "plots_title",
    "shown_kind",
]

_MOST: Final = 8
"""So many parameters are told apart."""
_ROLES: Final = (Role.VALUE, Role.NAME, Role.LOCAL, Role.CODE)


class _Kind(Struct, frozen=True):
    """A kind of plot: how it is drawn, and where there is one."""

    draw: Callable[[View, int, int], Drawing]
    is_there: Callable[[View], bool]


def plots(view: View, width: int, height: int) -> Drawing:
    """The plot that its reader chose."""
    view.session.outer_trace  # noqa: B018 - what one looks at is computed, and nothing else
    return _KINDS[shown_kind(view)].draw(view, width, height)


def plots_title(view: View) -> str:
    """What is plotted."""
    return f"{text('panel.plots', view.language)} ─ {text(f'plot.{shown_kind(view)}', view.language)}"


def kinds(view: View) -> list[str]:
    """The plots that there are of this run."""
    return [name for name, kind in _KINDS.items() if kind.is_there(view)]


def shown_kind(view: View) -> str:
    """The plot that is shown: the chosen one, or else the first that there is."""
    there = kinds(view)
    return view.plot if view.plot in there else there[0]


def kind_after(view: View, by: int) -> str:
    """The plot that comes `by` places behind the one that is shown."""
    there = kinds(view)
    return there[(there.index(shown_kind(view)) + by) % len(there)]


def iteration_at(view: View, width: int, height: int, x: int, y: int) -> int | None:
    """The iteration that a cell of the plot stands for."""
    place: float | None = None
    match shown_kind(view):
        case "loss":
            place = _loss_chart(view, width, height).place_at(x)
        case "parameters":
            place = _parameters_chart(view, width, height).place_at(x)
        case "norms":
            place = iteration_of_column(view, width, x)
        case "plane":
            point = _plane_chart(view, width, height).nearest(x, y)
            place = None if point is None else point * view.session.run.history.every
    return None if place is None else round(place)


def node_at(view: View, width: int, height: int, x: int, y: int) -> Node | None:
    """The node that a cell of the plot is about."""
    match shown_kind(view):
        case "gradients":
            return node_of_row(view, y)
        case "time":
            return node_of_column(view, width, height, x)
        case _:
            return None


# The loss


def _loss(view: View, width: int, height: int) -> Drawing:
    return Lines.of(_loss_chart(view, width, height).lines)


def _loss_chart(view: View, width: int, height: int) -> Chart:
    session = view.session
    curves = []
    if session.baseline is not session.run:
        curves.append(_loss_curve(view, session.baseline, "b" if view.ascii else "○", Role.DIM))
    sign = ("a" if view.ascii else "●") if curves else ""
    curves.insert(0, _loss_curve(view, session.run, sign, Role.VALUE))
    return _over_iterations(view, curves, width, height)


def _loss_curve(view: View, run: Run, sign: str, role: Role) -> Curve:
    losses, here = run.history.losses, view.session.iteration
    branch = view.session.branches.current if run is view.session.run else "baseline"
    name = run.graph.nodes[run.graph.output].name
    label: list[Span] = [Span(f"{branch}: " if sign else "", Role.DIM), Span(name, Role.NAME)]
    if here < len(losses):
        label.append(Span(f" = {number(float(losses[here]), 4)}", Role.VALUE))
    return Curve(np.arange(len(losses), dtype=np.float64), losses, (*label, *_unknown(view, run)), role, sign)


def _unknown(view: View, run: Run) -> Line:
    """How many iterations are computed, while there are others."""
    history = run.history
    if history.count == history.iterations:
        return ()
    told = text("plot.computed", view.language, count=history.count, of=history.iterations)
    return (Span(f"  {told}", Role.DIM),)


def _over_iterations(
    view: View, curves: list[Curve], width: int, height: int, *, log: bool | None = None
) -> Chart:
    session = view.session
    ends = (0.0, float(max(1, session.run.iterations - 1)))
    here = float(session.iteration)
    return chart(curves, ends, width, height, here=here, log=log, ascii_only=view.ascii)


# The parameters


def _parameters(view: View, width: int, height: int) -> Drawing:
    return Lines.of(_parameters_chart(view, width, height).lines)


def _parameters_chart(view: View, width: int, height: int) -> Chart:
    run = view.session.run
    signs = SIGNS_ASCII if view.ascii else SIGNS
    curves = [
        _path(run.graph, run.history, at, view.session.iteration, signs[at % len(signs)])
        for at in range(min(_MOST, len(run.history.tracks)))
    ]
    return _over_iterations(view, curves, width, height, log=False)


def _path(graph: Graph, history: TrainingHistory, at: int, iteration: int, sign: str) -> Curve:
    rows = history.paths
    places = np.arange(len(rows), dtype=np.float64) * history.every
    label: list[Span] = [Span(track_name(graph, history.tracks[at]), Role.NAME)]
    row = iteration // history.every
    if row < len(rows):
        label.append(Span(f" {number(float(rows[row, at]), 3)}", Role.VALUE))
    return Curve(places, rows[:, at], tuple(label), _ROLES[at % len(_ROLES)], sign)


def track_name(graph: Graph, track: TrackedNumber) -> str:
    """``w[0]`` for a number of a parameter, ``‖W‖`` for its norm."""
    name = graph.nodes[track.parameter].name
    if track.cell is None:
        return f"‖{name}‖"
    return f"{name}[{', '.join(map(str, track.cell))}]" if track.cell else name


# Two parameters in the plane


def _plane(view: View, width: int, height: int) -> Drawing:
    return Lines.of(_plane_chart(view, width, height).lines)


def _plane_chart(view: View, width: int, height: int) -> Plane:
    run = view.session.run
    rows = run.history.paths
    here = view.session.iteration // run.history.every
    legend: list[Span] = []
    for at, sign in enumerate(("->", "^") if view.ascii else ("→", "↑")):
        legend += [Span(f"{sign} ", Role.DIM), Span(track_name(run.graph, run.history.tracks[at]), Role.NAME)]
        if here < len(rows):
            legend.append(Span(f" {number(float(rows[here, at]), 3)}", Role.VALUE))
        legend.append(Span("  "))
    return plane(
        rows[:, 0], rows[:, 1], here, (*legend, *_unknown(view, run)), width, height, ascii_only=view.ascii
    )


def _are_two(view: View) -> bool:
    """Whether exactly two numbers are trained."""
    tracks = view.session.run.history.tracks
    return len(tracks) == 2 and all(track.cell is not None for track in tracks)


def _trains(view: View) -> bool:
    return bool(view.session.run.history.parameters)


_KINDS: Final[Mapping[str, _Kind]] = {
    "loss": _Kind(_loss, lambda view: view.session.run.training is not None),
    "time": _Kind(time, lambda view: bool(over_time(view))),
    "gradients": _Kind(depth, lambda view: True),
    "norms": _Kind(norms, _trains),
    "parameters": _Kind(_parameters, _trains),
    "plane": _Kind(_plane, _are_two),
}
KINDS: Final = tuple(_KINDS)
"""The kinds of plots by their names at the prompt."""
