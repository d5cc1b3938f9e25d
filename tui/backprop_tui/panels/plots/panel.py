"""The panel of plots: which ones a run has, and the one that is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.panels.plots.gradient_norms import gradient_norms, iteration_of_column
from backprop_tui.panels.plots.gradients_by_depth import gradients_by_depth, node_of_row
from backprop_tui.panels.plots.gradients_over_time import (
    gradients_over_time,
    node_of_column,
    recurrent_states,
)
from backprop_tui.panels.plots.training import loss_chart, parameter_plane, parameters_chart, rate_chart
from backprop_tui.plots.chart import Chart
from backprop_tui.plots.plane import Plane
from backprop_tui.view import View

__all__ = ["KINDS", "iteration_at", "kind_after", "kinds", "node_at", "plots", "plots_title"]


class _Kind(Struct, frozen=True):
    """A kind of plot: how it is drawn, and which runs have one."""

    title: Message
    draw: Callable[[View, int, int], Drawing]
    exists: Callable[[View], bool]


def plots(view: View, width: int, height: int) -> Drawing:
    """The plot that the user has chosen."""
    view.session.outer_trace  # noqa: B018 - computes the iteration in view, and no other
    return _KINDS[shown_kind(view)].draw(view, width, height)


def plots_title(view: View) -> str:
    """What is plotted."""
    shown = _KINDS[shown_kind(view)].title
    return f"{msg('Plots').in_language(view.language)} ─ {shown.in_language(view.language)}"


def kinds(view: View) -> list[str]:
    """The names of the plots that this run has."""
    return [name for name, kind in _KINDS.items() if kind.exists(view)]


def shown_kind(view: View) -> str:
    """The plot that is shown: the chosen one if the run has it, else its first."""
    available = kinds(view)
    return view.plot if view.plot in available else available[0]


def kind_after(view: View, by: int) -> str:
    """The plot that comes `by` places after the one that is shown, going round."""
    available = kinds(view)
    return available[(available.index(shown_kind(view)) + by) % len(available)]


def iteration_at(view: View, width: int, height: int, x: int, y: int) -> int | None:
    """The iteration that a cell of the plot stands for."""
    run, place = view.session.run, None
    match shown_kind(view):
        case "loss":
            place = loss_chart(view, width, height).place_at(x)
        case "parameters":
            place = parameters_chart(view, width, height).place_at(x)
        case "rate":
            place = rate_chart(view, width, height).place_at(x)
        case "norms":
            return iteration_of_column(view, width, x)
        case "plane":
            point = parameter_plane(view, width, height).nearest(x, y)
            return None if point is None else point * run.history.every
    return None if place is None else run.at_place(place)


def node_at(view: View, width: int, height: int, x: int, y: int) -> Node | None:
    """The node that a cell of the plot is about."""
    match shown_kind(view):
        case "gradients":
            return node_of_row(view, y)
        case "time":
            return node_of_column(view, width, height, x)
        case _:
            return None


def _drawing_of(
    chart_of: Callable[[View, int, int], Chart | Plane],
) -> Callable[[View, int, int], Drawing]:
    return lambda view, width, height: Lines.of(chart_of(view, width, height).lines)


def _trains_two_numbers(view: View) -> bool:
    """Whether exactly two numbers are trained."""
    tracks = view.session.run.history.tracks
    return len(tracks) == 2 and all(track.entry is not None for track in tracks)


def _trains(view: View) -> bool:
    run = view.session.run
    return run.has_iterations and bool(run.history.parameters)


def _has_schedule(view: View) -> bool:
    training = view.session.run.training
    return training is not None and training.schedule is not None


_KINDS: Final[Mapping[str, _Kind]] = {
    "loss": _Kind(msg("loss"), _drawing_of(loss_chart), lambda view: view.session.run.has_iterations),
    "time": _Kind(
        msg("gradients along time"), gradients_over_time, lambda view: bool(recurrent_states(view))
    ),
    "gradients": _Kind(msg("gradients along depth"), gradients_by_depth, lambda view: True),
    "norms": _Kind(msg("gradients over iterations"), gradient_norms, _trains),
    "parameters": _Kind(msg("parameters over iterations"), _drawing_of(parameters_chart), _trains),
    "plane": _Kind(msg("two parameters"), _drawing_of(parameter_plane), _trains_two_numbers),
    "rate": _Kind(msg("learning rate over iterations"), _drawing_of(rate_chart), _has_schedule),
}
KINDS: Final = tuple(_KINDS)
"""The kinds of plots by their names at the prompt."""
