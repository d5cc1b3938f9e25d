"""Functions that NumPy does not have: what a program defines before it calls them, as text to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from backprop_engine.derived import derived
from backprop_engine.expressions import Call, walk
from backprop_engine.graph.graph import Graph
from backprop_engine.ops import OPS, Op
from backprop_engine.ops.attributes import index_key
from backprop_engine.program.forms import form_text, forward_text, parsed

__all__ = ["definitions", "function_name", "helpers_of"]

_WORD: Final = re.compile(r"(?<![\w.])[^\W\d]\w*(?=\()|(?<![\w.])erf\b")
_DEFINED: Final = re.compile(r"^(?:def )?(\w+)(?:\(| = )", re.MULTILINE)


@derived()
def helpers_of(graph: Graph) -> Mapping[str, str]:
    """The sources of the helpers that the operators of `graph` may need, by the names of their functions."""
    nodes = {
        node.op: node for node in graph.nodes if node.op is not None and index_key(node.attributes) is None
    }
    found = {name: source for op in nodes for name, source in op.helpers.items()}
    texts = dict.fromkeys(edge.rule.text for edge in graph.edges)
    texts |= dict.fromkeys(forward_text(graph, node) for node in nodes.values())
    for text in texts:
        _add_called(text, found, set(nodes))
    return {function_name(source): source for source in found.values()}


def _add_called(text: str, found: dict[str, str], seen: set[Op]) -> None:
    """Add the helpers of operators that `text` calls, and of those that their forms call."""
    for part in walk(parsed(text)):
        if not isinstance(part, Call) or part.name in found:
            continue
        op = OPS.called(part.name)
        if op is not None and op not in seen:
            seen.add(op)
            found |= op.helpers
            attributes = {setting.name: setting.default for setting in op.attributes}
            if not op.is_called and op.exact is None and ... not in attributes.values():
                _add_called(form_text(op, ((),) * len(op.operands), attributes), found, seen)


def function_name(source: str) -> str:
    """What the function that `source` defines is called."""
    found = _DEFINED.search(source)
    assert found is not None, source
    return found[1]


def definitions(lines: Iterable[str], helpers: Mapping[str, str]) -> list[str]:
    """The sources of those `helpers` that `lines` call, each after those that it calls itself."""
    wanted: dict[str, None] = {}
    for line in lines:
        for name in _called(line, helpers):
            _add(name, helpers, wanted)
    return [helpers[name] for name in wanted]


def _add(name: str, helpers: Mapping[str, str], wanted: dict[str, None]) -> None:
    for called in _called(helpers[name], helpers):
        if called != name:
            _add(called, helpers, wanted)
    wanted[name] = None


def _called(text: str, helpers: Mapping[str, str]) -> list[str]:
    return [name for name in _WORD.findall(text) if name in helpers]
