"""The debugger for backpropagation as a library: graphs, operators, traces, and no screen.

>>> from backprop_engine import load_scenario
>>> trace = load_scenario("scenarios/chain_rule/add_multiply.yaml").record()
>>> trace.value("f"), trace.gradient("x")
(np.float64(-12.0), np.float64(-4.0))

The names below are loaded when they are first used, so that importing one part does not cost the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_engine.errors import BackpropError, ScenarioError, UsageError
    from backprop_engine.graph.bindings import Bindings
    from backprop_engine.graph.builder import GraphBuilder
    from backprop_engine.graph.graph import Graph, Kind
    from backprop_engine.ops import OPS
    from backprop_engine.program import numpy_program
    from backprop_engine.scenario.loader import Scenario, load_scenario
    from backprop_engine.testing.define import define, undefine
    from backprop_engine.testing.gradient_checks import GradientReport, check_function, check_operator
    from backprop_engine.trace.record import record
    from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit

__all__ = [
    "OPS",
    "BackpropError",
    "Bindings",
    "GradientEdit",
    "GradientReport",
    "Graph",
    "GraphBuilder",
    "Kind",
    "Scenario",
    "ScenarioError",
    "Trace",
    "UsageError",
    "ValueEdit",
    "check_function",
    "check_operator",
    "define",
    "load_scenario",
    "numpy_program",
    "record",
    "undefine",
]

_HOMES = {
    "errors": ("BackpropError", "ScenarioError", "UsageError"),
    "graph.bindings": ("Bindings",),
    "graph.builder": ("GraphBuilder",),
    "graph.graph": ("Graph", "Kind"),
    "ops": ("OPS",),
    "program": ("numpy_program",),
    "scenario.loader": ("Scenario", "load_scenario"),
    "testing.define": ("define", "undefine"),
    "testing.gradient_checks": ("GradientReport", "check_function", "check_operator"),
    "trace.record": ("record",),
    "trace.trace": ("GradientEdit", "Trace", "ValueEdit"),
}
_HOME_OF = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
