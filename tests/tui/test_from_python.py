"""The debugger on what a Python program has made."""

from __future__ import annotations

import pytest

from backprop_engine import UsageError, ValueEdit, load_scenario, make_graph, record
from backprop_tui import debug
from backprop_tui.app import DebuggerApp
from backprop_tui.from_python import view_of

ARTICLE = {"q": "x + y", "f": "q * z"}
NUMBERS = {"x": -2, "y": 5, "z": -4}


def test_a_graph_a_run_and_a_scenario_are_seen_as_they_are() -> None:
    graph = make_graph(ARTICLE, inputs=NUMBERS)
    assert view_of(graph).frame.graph is graph
    edited = record(graph, edits=[ValueEdit("q", 10)])
    assert view_of(edited, 2).frame.value("f") == -40
    scenario = load_scenario("add_multiply")
    assert view_of(scenario, 7).frame.gradient("x") == view_of("add_multiply", 7).frame.gradient("x") == -4


def test_an_iteration_of_a_training_is_seen_without_its_updates() -> None:
    trace = load_scenario("iris_mlp").record(1)
    view = view_of(trace)
    assert view.session.last == len(trace.graph.schedule.edges) + view.graph.schedule.last - len(
        view.graph.schedule.edges
    )
    assert view.frame.trace.value("L") == trace.value("L")


def test_what_cannot_be_opened_is_told() -> None:
    graph = make_graph(ARTICLE, inputs=NUMBERS)
    with pytest.raises(UsageError, match="there is no position 8: the run has positions 0 to 7"):
        debug(graph, at=8)
    with pytest.raises(UsageError, match="the debugger needs a terminal"):
        debug(graph)
    with pytest.raises(UsageError, match="debug the scenario it comes from"):
        debug(load_scenario("lstm").record())


async def test_the_app_runs_on_a_graph_without_a_file() -> None:
    app = DebuggerApp(view_of(make_graph(ARTICLE, inputs=NUMBERS)))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("s", "s", "m", "s", "E", "u")
        await pilot.pause()
        assert app.return_code is None
