"""The debugger on what a Python program has made: a graph, a recorded run, a scenario."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg

if TYPE_CHECKING:
    from backprop_engine.graph.bindings import Bindings
    from backprop_engine.graph.graph import Graph
    from backprop_engine.scenario.model import Scenario
    from backprop_engine.trace.trace import Trace
    from backprop_tui.view import View

__all__ = ["NotebookPage", "debug", "player", "view_of"]


def debug(
    what: Scenario | Graph | Trace | str | os.PathLike[str] | Mapping[str, Any],
    *,
    at: int = 0,
    language: str | None = None,
    theme: str = "",
    ascii: bool = False,
) -> int:
    """Open the debugger in this terminal, and return once it is closed, with 0.

    `what` is a graph with its numbers, a recorded run with its edits, a scenario, or anything that
    `backprop_engine.load_scenario` takes. It starts at position `at`; `language` and `theme` come from the
    user's settings unless they are given. Raises `UsageError` if there is no terminal or the run has no such
    position, and whatever loading raises.

    >>> from backprop_engine import make_graph, record
    >>> from backprop_tui import debug
    >>> trace = record(make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3}))
    >>> debug(trace, at=3)  # doctest: +SKIP
    0
    """
    from backprop_tui.cli.open import need_terminal, open_app, preferred_language
    from backprop_tui.cli.start import Start
    from backprop_tui.settings import read_settings, settings_path
    from backprop_tui.themes import known_theme

    settings = read_settings(settings_path())
    view = view_of(what, at, preferred_language(language, settings), ascii=ascii)
    start = Start(view, view.language, known_theme(theme), settings, ascii=ascii)
    need_terminal(None)
    return open_app(start)


class NotebookPage(NamedTuple):
    """A page to step through a run, which a notebook shows in a frame of its own."""

    page: str
    """The HTML page; it loads nothing else."""
    height: int

    def _repr_html_(self) -> str:
        style = f"width: 100%; height: {self.height}px; border: 0"
        return f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{escape(self.page)}"></iframe>'


def player(
    what: Scenario | Graph | Trace | str | os.PathLike[str] | Mapping[str, Any],
    *,
    at: int = 0,
    language: str = "en",
    height: int = 720,
) -> NotebookPage:
    """The page of `export --to html`, for a notebook; `height` is in pixels. Takes what `debug` takes.

    >>> from backprop_engine import make_graph, record
    >>> record(make_graph({"f": "x * y"}, inputs={"x": 2, "y": 3})).show().height
    720
    """
    from backprop_tui.export.formats import FORMATS, Exported

    view = view_of(what, at, language)
    return NotebookPage(FORMATS["html"].write(Exported(view.scenario, view.frame, language)), height)


def view_of(what: Any, at: int = 0, language: str = "en", *, ascii: bool = False) -> View:
    """What the app begins with."""
    from backprop_engine.debugger import Session
    from backprop_engine.graph.graph import Graph
    from backprop_engine.scenario.loader import load_scenario
    from backprop_engine.scenario.model import Scenario
    from backprop_engine.trace.record import record
    from backprop_engine.trace.run import Run
    from backprop_engine.trace.trace import Trace
    from backprop_tui.prompt.debug_file import session_of
    from backprop_tui.view import View

    if isinstance(what, Graph):
        what = record(what)
    if isinstance(what, Trace):
        if what.training is not None:  # of an iteration alone, without its updates
            what = record(what.graph, what.bindings, what.edits)
        scenario, session = _scenario_around(what.graph, what.bindings), Session(Run.of(what))
    else:
        scenario = what if isinstance(what, Scenario) else load_scenario(what)
        session = session_of(scenario)
    if not 0 <= at <= session.last:
        raise UsageError(
            msg(
                "there is no position {position}: the run has positions 0 to {last}",
                position=at,
                last=session.last,
            )
        )
    return View(scenario, replace(session, position=at), language, ascii)


def _scenario_around(graph: Graph, bindings: Bindings) -> Scenario:
    """A scenario of this graph, for everything but the run itself."""
    from backprop_engine.scenario.from_graph import scenario_from

    try:
        scenario = scenario_from(graph, bindings)
    except UsageError as error:
        raise UsageError(error.message, msg("debug the scenario it comes from")) from None
    return replace(scenario, path="<graph>", graph=graph, bindings=bindings)
