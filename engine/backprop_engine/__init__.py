"""The debugger for backpropagation as a library: graphs, operators, traces, and no screen.

What a scenario file says can be said in Python too: expressions by name, and the numbers of the leaves.

>>> from backprop_engine import check, explanation, make_graph, record
>>> graph = make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4})
>>> trace = record(graph)
>>> trace.value("f"), trace.gradient("x"), len(trace.steps)
(np.float64(-12.0), np.float64(-4.0), 7)
>>> print(explanation(trace.frame(3)))
The backward pass starts at f, with L = f: ∂L/∂f = 1.
>>> bool(check(trace))
True

`load_scenario` reads a file, a text, or one of the bundled scenarios; `backprop_tui.debug` opens the debugger
on any of these. The names below are loaded when they are first used, so that importing one part does not cost
the others.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it: to load `typing` takes a fifth of the time that help does
if TYPE_CHECKING:
    from typing import Any

    from backprop_engine.errors import BackpropError, ScenarioError, ShapeError, UsageError
    from backprop_engine.explain.explanation import explanation
    from backprop_engine.graph.bindings import Bindings
    from backprop_engine.graph.builder import GraphBuilder
    from backprop_engine.graph.graph import Graph, Kind, Node
    from backprop_engine.ops import OPS
    from backprop_engine.program import numpy_program, pytorch_program
    from backprop_engine.scenario.loader import Scenario, load_scenario
    from backprop_engine.scenario.make_graph import make_graph
    from backprop_engine.testing.checking import CheckReport, check
    from backprop_engine.testing.define import define, undefine
    from backprop_engine.testing.gradient_checks import GradientReport, check_function, check_operator
    from backprop_engine.trace.record import record
    from backprop_engine.trace.run import Run
    from backprop_engine.trace.trace import Frame, GradientEdit, Trace, ValueEdit

__all__ = [
    "OPS",
    "BackpropError",
    "Bindings",
    "CheckReport",
    "Frame",
    "GradientEdit",
    "GradientReport",
    "Graph",
    "GraphBuilder",
    "Kind",
    "Node",
    "Run",
    "Scenario",
    "ScenarioError",
    "ShapeError",
    "Trace",
    "UsageError",
    "ValueEdit",
    "check",
    "check_function",
    "check_operator",
    "define",
    "explanation",
    "load_scenario",
    "make_graph",
    "numpy_program",
    "pytorch_program",
    "record",
    "undefine",
]

_HOMES = {
    "errors": ("BackpropError", "ScenarioError", "ShapeError", "UsageError"),
    "explain.explanation": ("explanation",),
    "graph.bindings": ("Bindings",),
    "graph.builder": ("GraphBuilder",),
    "graph.graph": ("Graph", "Kind", "Node"),
    "ops": ("OPS",),
    "program": ("numpy_program", "pytorch_program"),
    "scenario.loader": ("Scenario", "load_scenario"),
    "scenario.make_graph": ("make_graph",),
    "testing.checking": ("CheckReport", "check"),
    "testing.define": ("define", "undefine"),
    "testing.gradient_checks": ("GradientReport", "check_function", "check_operator"),
    "trace.record": ("record",),
    "trace.run": ("Run",),
    "trace.trace": ("Frame", "GradientEdit", "Trace", "ValueEdit"),
}
_HOME_OF = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
