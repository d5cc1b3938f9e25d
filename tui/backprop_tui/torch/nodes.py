# pyright: reportMissingImports=false
"""The nodes of autograd's graph, and how a recording names them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import torch

__all__ = ["Edge", "Source", "edges_of", "node_count", "node_name", "numbered"]

_NO_NUMBER: Final = 2**63
"""Nodes without a number of their own, such as leaves' accumulators, have one above this."""
Edge: TypeAlias = tuple[str, int]
"""The name of a node, and the number of one of its outputs."""


class Source(NamedTuple):
    """Where a tensor comes from: output `output` of a node, a leaf, or neither; and the tensor itself."""

    tensor: Any
    node: str | None = None
    output: int = 0
    leaf: str | None = None

    @property
    def edge(self) -> Edge | None:
        """The node and the output, as edges of the graph have them; None where no gradient flows."""
        if self.node is None:
            return (_accumulator(self.tensor), 0) if self.tensor.requires_grad else None
        return self.node, self.output


def node_count() -> int:
    """How many nodes autograd has made in this thread."""
    return int(torch.autograd._get_sequence_nr())


def numbered(number: int) -> str:
    """The name of the node of this number that this thread made."""
    if threading.current_thread() is threading.main_thread():
        return f"n{number}"
    return f"n{number}.{threading.get_ident()}"


def node_name(node: Any) -> str:
    """A node's name in a recording: autograd's number of it; for a leaf's accumulator, the variable's."""
    number = node._sequence_nr()
    if number < _NO_NUMBER:
        return f"n{number}"
    variable = getattr(node, "variable", None)
    return _accumulator(variable if variable is not None else node)


def _accumulator(leaf: Any) -> str:
    return f"a{id(leaf):x}"


def edges_of(node: Any) -> Sequence[Edge | None]:
    """Where each operand of a node comes from; None for those that get no gradient."""
    return tuple(
        None if source is None else (node_name(source), output) for source, output in node.next_functions
    )
