"""The breakpoints and watches that a scenario asks for, checked against its graph: which are wrong, and why.

The loader reads them as texts, since it is below the debugger; whoever opens or checks a file asks here.
"""

from __future__ import annotations

from collections.abc import Callable

from backprop_engine.debugger.breakpoints import parse_breakpoint
from backprop_engine.debugger.watches import check_watch
from backprop_engine.errors import Code, Diagnostic, ScenarioError, UsageError, code
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.mistakes import mistake
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar, YamlSequence

__all__ = ["mistakes_in"]

BAD_BREAKPOINT = code("breakpoint", msg("The node, operator or group of a breakpoint does not exist."))
BAD_WATCH = code("watch", msg("A watch is not an expression over the graph's nodes and gradients."))


def mistakes_in(scenario: Scenario) -> tuple[Diagnostic, ...]:
    """What is wrong with the texts under `breakpoints` and `watch`, each with its place in the file."""
    if not scenario.breakpoints and not scenario.watches:
        return ()
    root = read(scenario.text)
    assert isinstance(root, YamlMapping)  # it was loaded before
    return (
        *_refused(root.get("breakpoints"), parse_breakpoint, scenario.graph, BAD_BREAKPOINT),
        *_refused(root.get("watch"), check_watch, scenario.graph, BAD_WATCH),
    )


def _refused(
    node: YamlNode | None, check: Callable[[str, Graph], object], graph: Graph, kind: Code
) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for item in node if isinstance(node, YamlSequence) else ():
        try:
            if isinstance(item, YamlScalar):
                check(item.text, graph)
        except UsageError as error:
            try:
                raise mistake(kind, item, error.message, error.hint)
            except ScenarioError as wrong:
                found += wrong.diagnostics
    return found
