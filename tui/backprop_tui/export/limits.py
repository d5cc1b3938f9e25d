"""What is too large to be drawn in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_tui.layout import TooLargeError

__all__ = ["MOST_NODES", "within_limits"]

MOST_NODES: Final = 1000
"""A drawing of more takes too long, and they could not be told apart."""


@contextmanager
def within_limits(graph: Graph) -> Iterator[None]:
    """While a graph is laid out: `UsageError` if it is too large for that."""
    if len(graph.nodes) > MOST_NODES:
        raise UsageError(
            msg(
                "the graph has {count} nodes; a page shows at most {most}",
                count=len(graph.nodes),
                most=MOST_NODES,
            )
        )
    try:
        yield
    except TooLargeError:
        raise UsageError(
            msg(
                "the graph cannot be drawn: too many wires cross most of it; `--to dot` writes it for "
                "Graphviz"
            )
        ) from None
