# pyright: reportMissingImports=false
"""The names of autograd's nodes in a recording, and the edges between them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import torch

__all__ = ["OperandSource", "RecordedEdge", "edges_of", "node_count", "node_name", "numbered"]

_NO_NUMBER: Final = 2**63
"""Nodes without a sequence number of their own, such as the accumulators of leaves, have one above this."""
RecordedEdge: TypeAlias = tuple[str, int]
"""The name of a node, and the number of one of its outputs."""


class OperandSource(NamedTuple):
    """Where a tensor comes from: output `output` of a node, a leaf, or neither; and the tensor itself."""

    tensor: Any
    node: str | None = None
    output: int = 0
    leaf: str | None = None

    @property
    def edge(self) -> RecordedEdge | None:
        """The edge to the tensor; None if it gets no gradient."""
        if self.node is None:
            return (_accumulator(self.tensor), 0) if self.tensor.requires_grad else None
        return self.node, self.output


def node_count() -> int:
    """The number of nodes that autograd has made in this thread."""
    return int(torch.autograd._get_sequence_nr())


def numbered(number: int) -> str:
    """The name of a node that this thread made, by its number."""
    if threading.current_thread() is threading.main_thread():
        return f"n{number}"
    return f"n{number}.{threading.get_ident()}"


def node_name(node: Any) -> str:
    """The name of a node: its number in autograd, or for the accumulator of a leaf, that of the leaf."""
    number = node._sequence_nr()
    if number < _NO_NUMBER:
        return f"n{number}"
    variable = getattr(node, "variable", None)
    return _accumulator(variable if variable is not None else node)


def _accumulator(leaf: Any) -> str:
    return f"a{id(leaf):x}"


def edges_of(node: Any) -> Sequence[RecordedEdge | None]:
    """The edge from each operand of a node; None for operands that get no gradient."""
    return tuple(
        None if source is None else (node_name(source), output) for source, output in node.next_functions
    )
