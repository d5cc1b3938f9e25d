"""Splits and merges of attention heads, folded into the attention that they serve.

Queries, keys and values are split into heads, each by a change of shape and a permutation, and the results
of the heads are put side by side again. All of this is one attention with several heads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backprop_engine.arrays import Shape
from backprop_engine.recordings.moves import RESHAPES, axes_of, is_handed_on, is_same_gradient, uses_of
from backprop_engine.recordings.planned_nodes import PlannedEdge, PlannedNode

__all__ = ["KERNELS", "with_heads"]

KERNELS: Final = (
    "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_efficient_attention",
)
"""Attention as PyTorch computes it, on one device or another."""


def with_heads(nodes: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes with one multi-head attention in place of an attention and the nodes that split and merge its
    heads.
    """
    uses = uses_of(nodes, output)
    users = {id(edge.source): (node, edge) for node in nodes for edge in node.operands}
    gone: set[int] = set()
    for node in nodes:
        if node.kind == "computed" and node.name in KERNELS and len(node.operands) >= 3:
            gone |= _fold(node, users, uses)
    return [node for node in nodes if id(node) not in gone]


def _fold(
    node: PlannedNode, users: Mapping[int, tuple[PlannedNode, PlannedEdge]], uses: Mapping[int, int]
) -> set[int]:
    """Turn the reshape that merges the heads into an attention node; return the nodes folded into it."""
    parted = [_parted(edge, uses) for edge in node.operands[:3]]
    joined = _joined(node, users, uses)
    if joined is None or len(node.shape) < 3:
        return set()
    turned, whole = joined
    heads = node.shape[-3]
    moves = [turned, *(move for pair in parted if pair is not None for move in pair)]
    if any(pair is None or pair[1].shape[-2] != heads for pair in parted):
        return set()
    operands = [pair[1].operands[0] for pair in parted if pair is not None]
    whole.operands = [*operands, *node.operands[3:]]
    whole.name, whole.settings = node.name, {**node.settings, "heads": heads}
    whole.call, whole.backward = node.call, node.backward
    whole.made += (*node.made, *(made for move in moves for made in move.made))
    return {id(node), *map(id, moves)}


def _parted(edge: PlannedEdge, uses: Mapping[int, int]) -> tuple[PlannedNode, PlannedNode] | None:
    """The permutation and the change of shape that split an operand into heads, if only the attention uses
    the result.
    """
    turned = edge.source
    if not (_is_swap(turned) and uses[id(turned)] == 1 and is_handed_on(turned)):
        return None
    shaped = turned.operands[0].source
    if not (_is_reshape(shaped) and uses[id(shaped)] == 1 and is_handed_on(shaped)):
        return None
    if not (
        is_same_gradient(turned.gradient, edge.contribution)
        and is_same_gradient(shaped.gradient, turned.operands[0].contribution)
    ):
        return None
    return (turned, shaped) if _whole(shaped.shape) == shaped.operands[0].source.shape else None


def _joined(
    node: PlannedNode, users: Mapping[int, tuple[PlannedNode, PlannedEdge]], uses: Mapping[int, int]
) -> tuple[PlannedNode, PlannedNode] | None:
    """The permutation and the change of shape that put the heads of an attention side by side."""
    moves: list[PlannedNode] = []
    last = node
    for fits in (_is_swap, _is_reshape):
        if uses[id(last)] != 1 or id(last) not in users:
            return None
        move, edge = users[id(last)]
        if not (fits(move) and is_handed_on(move) and is_same_gradient(last.gradient, edge.contribution)):
            return None
        moves.append(move)
        last = move
    turned, shaped = moves
    return (turned, shaped) if _whole(turned.shape) == shaped.shape else None


def _is_swap(node: PlannedNode) -> bool:
    """Whether a node swaps the axes of heads and positions."""
    if node.kind != "computed" or len(node.operands) != 1 or len(node.shape) < 3:
        return False
    count = len(node.shape)
    return axes_of(node) == [*range(count - 3), count - 2, count - 3, count - 1]


def _is_reshape(node: PlannedNode) -> bool:
    return node.kind == "computed" and len(node.operands) == 1 and node.name in RESHAPES


def _whole(parted: Shape) -> Shape:
    """The shape of a tensor whose last axis was split into heads."""
    return (*parted[:-2], parted[-2] * parted[-1]) if len(parted) > 2 else ()
