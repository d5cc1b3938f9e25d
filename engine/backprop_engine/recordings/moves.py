"""Nodes of a plan that move entries and change none: changes of shape, permutations of axes, copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import isclose
from typing import Final

from backprop_engine.recordings.events import TensorEntry
from backprop_engine.recordings.planned_nodes import PlannedNode

__all__ = ["COPIES", "RESHAPES", "TURNS", "VIEWS", "axes_of", "is_handed_on", "is_same_gradient", "uses_of"]

VIEWS: Final = ("view", "_unsafe_view", "reshape")
RESHAPES: Final = (*VIEWS, "squeeze", "unsqueeze")
TURNS: Final = ("t", "transpose", "permute")
COPIES: Final = (*RESHAPES, "expand", "contiguous", "alias", "_to_copy", "lift_fresh")
"""What leaves every number as it is, if neither the shape nor the type changes."""

_CLOSE: Final = 1e-5


def uses_of(nodes: Iterable[PlannedNode], output: PlannedNode) -> Counter[int]:
    """How often the output of each node is used, by its identity."""
    return Counter([id(output), *(id(edge.source) for node in nodes for edge in node.operands)])


def is_handed_on(node: PlannedNode) -> bool:
    """Whether a node of one operand passed on the gradient that arrived at it: no hook changed it."""
    (edge,) = node.operands
    return edge.flows and is_same_gradient(node.gradient, edge.contribution)


def is_same_gradient(given: TensorEntry | None, handed: TensorEntry | None) -> bool:
    """Whether two gradients may be the same, judging by their figures; the order of their entries may
    differ.
    """
    if given is None or handed is None or (given.nan, given.inf) != (handed.nan, handed.inf):
        return False
    if given.norm is None or handed.norm is None:
        return given.norm is handed.norm
    return isclose(given.norm, handed.norm, rel_tol=_CLOSE)


def axes_of(node: PlannedNode) -> list[int] | None:
    """The axes of the operand in the order in which they are in the output; None for other operators."""
    count = len(node.shape)
    axes = list(range(count))
    if node.name == "t":
        return axes[::-1]
    if node.name == "transpose":
        found = [node.settings.get(name) for name in ("dim0", "dim1")]
    elif node.name == "permute":
        dims = node.settings.get("dims")
        found = list(dims) if isinstance(dims, list) and len(dims) == count else []
    else:
        return None
    turned = [at % count for at in found if type(at) is int and -count <= at < count]
    if len(turned) != len(found) or len(set(turned)) != len(turned) or not turned:
        return None
    if node.name == "permute":
        return turned
    first, second = turned
    axes[first], axes[second] = second, first
    return axes
