"""Plots of a training run: the loss and the parameters over iterations, and two parameters in the plane."""

from __future__ import annotations

from typing import Final

import numpy as np

from backprop_engine.explain.numbers import number
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.trace.run import Run
from backprop_engine.trace.training_history import TrackedNumber
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.plots.chart import SIGNS, SIGNS_ASCII, Chart, Curve, chart
from backprop_tui.plots.plane import Plane, plane
from backprop_tui.view import View

__all__ = ["loss_chart", "parameter_plane", "parameters_chart", "rate_chart"]

_MOST: Final = 8
"""The most parameters that are distinguished."""
_MOST_RATES: Final = 500
"""Of a long training, the most updates whose rate is drawn, evenly spread."""
_ROLES: Final = (Role.VALUE, Role.NAME, Role.LOCAL, Role.CODE)


def loss_chart(view: View, width: int, height: int) -> Chart:
    """The loss over the iterations, beside that of the baseline where the current branch is another."""
    session = view.session
    curves = []
    if session.baseline is not session.run:
        curves.append(_loss_curve(view, session.baseline, "b" if view.ascii else "○", Role.DIM))
    sign = ("a" if view.ascii else "●") if curves else ""
    curves.insert(0, _loss_curve(view, session.run, sign, Role.VALUE))
    return _chart_over_iterations(view, curves, width, height)


def _loss_curve(view: View, run: Run, sign: str, role: Role) -> Curve:
    losses, here = run.history.losses, view.session.iteration
    branch = view.session.branches.current if run is view.session.run else "baseline"
    name = run.graph.nodes[run.graph.output].name
    label: list[Span] = [Span(f"{branch}: " if sign else "", Role.DIM), Span(name, Role.NAME)]
    if here < len(losses):
        label.append(Span(f" = {number(float(losses[here]), 4)}", Role.VALUE))
    label += _computed_so_far(view, run)
    return Curve(run.places(np.arange(len(losses))), losses, tuple(label), role, sign)


def _computed_so_far(view: View, run: Run) -> Line:
    """How many iterations are computed, as long as that is not all of them."""
    history = run.history
    if history.count == history.iterations:
        return ()
    note = msg("{count} of {of} computed", count=history.count, of=history.iterations).in_language(
        view.language
    )
    return (Span(f"  {note}", Role.DIM),)


def _chart_over_iterations(
    view: View, curves: list[Curve], width: int, height: int, *, log: bool | None = None
) -> Chart:
    session = view.session
    first, here, last = session.run.places(np.array([0, session.iteration, session.run.iterations - 1]))
    ends = (float(first), float(max(first + 1, last)))
    return chart(curves, ends, width, height, here=float(here), log=log, ascii_only=view.ascii)


def parameters_chart(view: View, width: int, height: int) -> Chart:
    """The tracked numbers of the parameters over the iterations."""
    run = view.session.run
    signs = SIGNS_ASCII if view.ascii else SIGNS
    curves = [
        _parameter_curve(run, at, view.session.iteration, signs[at % len(signs)])
        for at in range(min(_MOST, len(run.history.tracks)))
    ]
    return _chart_over_iterations(view, curves, width, height, log=False)


def _parameter_curve(run: Run, at: int, iteration: int, sign: str) -> Curve:
    history = run.history
    rows = history.paths
    places = run.places(np.arange(len(rows)) * history.every)
    label: list[Span] = [Span(_track_name(run.graph, history.tracks[at]), Role.NAME)]
    row = iteration // history.every
    if row < len(rows):
        label.append(Span(f" {number(float(rows[row, at]), 3)}", Role.VALUE))
    return Curve(places, rows[:, at], tuple(label), _ROLES[at % len(_ROLES)], sign)


def _track_name(graph: Graph, track: TrackedNumber) -> str:
    """``w[0]`` for a number of a parameter, ``‖W‖`` for its norm."""
    name = graph.nodes[track.parameter].name
    if track.entry is None:
        return f"‖{name}‖"
    return f"{name}[{', '.join(map(str, track.entry))}]" if track.entry else name


def rate_chart(view: View, width: int, height: int) -> Chart:
    """The learning rate of each update, which a schedule gives; no iteration has to be computed for it."""
    training, here = view.session.run.training, view.session.iteration
    assert training is not None
    places = np.unique(
        np.linspace(0, max(0, training.steps - 1), min(training.steps, _MOST_RATES), dtype=np.int64)
    )
    rates = np.array([training.settings_at(int(place))["lr"] for place in places])
    label: list[Span] = [Span("lr", Role.NAME)]
    if here < training.steps:
        label.append(Span(f" = {number(float(training.settings_at(here)['lr']), 4)}", Role.VALUE))
    curve = Curve(places.astype(np.float64), rates, tuple(label), Role.LOCAL, "")
    return _chart_over_iterations(view, [curve], width, height, log=False)


def parameter_plane(view: View, width: int, height: int) -> Plane:
    """The path of the two numbers that are trained, as points in the plane."""
    run = view.session.run
    rows = run.history.paths
    here = view.session.iteration // run.history.every
    legend: list[Span] = []
    for at, sign in enumerate(("->", "^") if view.ascii else ("→", "↑")):
        legend += [
            Span(f"{sign} ", Role.DIM),
            Span(_track_name(run.graph, run.history.tracks[at]), Role.NAME),
        ]
        if here < len(rows):
            legend.append(Span(f" {number(float(rows[here, at]), 3)}", Role.VALUE))
        legend.append(Span("  "))
    legend += _computed_so_far(view, run)
    return plane(rows[:, 0], rows[:, 1], here, tuple(legend), width, height, ascii_only=view.ascii)
