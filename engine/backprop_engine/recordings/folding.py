"""Folding operators that only prepare or rearrange data into those that they serve.

The transpose of a weight, the views around the product with it, and the bias that is added afterwards are one
``linear``. Copies that change no number are left out, several changes of shape in a row become one, and the
operators that split and merge attention heads become part of the attention.
"""

from __future__ import annotations

from collections.abc import Mapping

from backprop_engine.recordings.attention_folding import with_heads
from backprop_engine.recordings.moves import (
    COPIES,
    RESHAPES,
    TURNS,
    VIEWS,
    axes_of,
    is_handed_on,
    uses_of,
)
from backprop_engine.recordings.planned_nodes import PlannedEdge, PlannedNode

__all__ = ["folded"]


def folded(computed: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes in order, with auxiliary operators folded into those that they serve."""
    for node in computed:
        if node.name == "native_batch_norm":
            _forget_statistics(node)
    nodes = _with_products(computed, output)
    nodes = _without_copies(nodes, output)
    nodes = _with_single_moves(nodes, output)
    nodes = _without_copies(nodes, output)
    nodes = with_heads(nodes, output)
    return _with_biases(nodes, output)


def _forget_statistics(node: PlannedNode) -> None:
    """Remove the running statistics from the operands of a batch normalisation that only updates them."""
    given = node.settings.get("running_mean", ...) is not None
    if node.settings.get("training") is True and given and not any(edge.flows for edge in node.operands[-2:]):
        node.operands = node.operands[:-2] or node.operands


# Copies


def _without_copies(nodes: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes without copies: whatever uses a copy uses its operand instead."""
    instead: dict[int, PlannedNode] = {}
    for node in nodes:
        for edge in node.operands:
            edge.source = instead.get(id(edge.source), edge.source)
        if node is not output and _is_copy(node):
            instead[id(node)] = node.operands[0].source
            node.operands[0].source.made += node.made
    return [node for node in nodes if id(node) not in instead]


def _is_copy(node: PlannedNode) -> bool:
    if node.kind != "computed" or len(node.operands) != 1 or not is_handed_on(node):
        return False
    whole = node.operands[0].source
    if node.shape != whole.shape or node.value is None or whole.value is None:
        return False
    if node.value.dtype != whole.value.dtype:
        return False
    if node.name in TURNS:
        return axes_of(node) == list(range(len(node.shape)))
    return node.name in COPIES or (node.name == "clone" and "memory_format" in node.settings)


# Changes of shape in a row


def _with_single_moves(nodes: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes with consecutive reshapes, or permutations of axes, merged into one."""
    uses = uses_of(nodes, output)
    gone: set[int] = set()
    for node in nodes:
        if node.kind != "computed" or len(node.operands) != 1:
            continue
        before = node.operands[0].source
        if uses[id(before)] != 1 or before.kind != "computed" or len(before.operands) != 1:
            continue
        if not is_handed_on(before):
            continue
        if node.name in RESHAPES and before.name in RESHAPES:
            node.name, node.settings = "reshape", {}
        elif (outer := axes_of(node)) and (inner := axes_of(before)):
            node.name, node.settings = "permute", {"dims": [inner[axis] for axis in outer]}
        else:
            continue
        gone.add(id(before))
        node.operands = before.operands
        node.made += before.made
    return [node for node in nodes if id(node) not in gone]


# Products


def _with_products(computed: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes with products with a transposed weight as ``linear``, and a split as one node per part."""
    uses = uses_of(computed, output)
    gone: set[int] = set()
    users = {id(edge.source): node for node in computed for edge in node.operands}
    for node in computed:
        if node.name in ("addmm", "mm") and len(node.operands) == (3 if node.name == "addmm" else 2):
            _fold_linear(node, users.get(id(node)), uses, gone)
        elif node.kind == "tuple" and node.name == "split" and len(node.operands) == 1:
            _fold_split(node, gone)
    return [node for node in computed if id(node) not in gone]


def _with_biases(nodes: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes with a bias that a module adds afterwards as the third operand of its ``linear``."""
    uses = uses_of(nodes, output)
    gone: set[int] = set()
    for node in nodes:
        if node.name != "add" or len(node.operands) != 2 or node.settings.get("alpha", 1) != 1:
            continue
        product, bias = (edge.source for edge in node.operands)
        if product.name != "linear" or len(product.operands) != 2 or uses[id(product)] != 1:
            continue
        if bias.kind != "leaf" or bias.shape != node.shape[-1:] or product.shape != node.shape:
            continue
        if product.module != node.module or product.gradient is None:
            continue
        gone.add(id(product))
        node.operands = [*product.operands, node.operands[1]]
        node.name, node.settings = "linear", product.settings
        node.made += product.made
    return [node for node in nodes if id(node) not in gone]


def _fold_split(node: PlannedNode, gone: set[int]) -> None:
    """Make each of equal parts a node of its own, whose gradient goes to its place in the operand."""
    whole, size, axis = (
        node.operands[0].source.shape,
        node.settings.get("split_size"),
        node.settings.get("dim", 0),
    )
    if type(size) is not int or type(axis) is not int or not whole or size < 1:
        return
    axis %= len(whole)
    expected = (*whole[:axis], size, *whole[axis + 1 :])
    if whole[axis] % size or any(part.shape != expected for part in node.parts):
        return
    gone.add(id(node))
    for part, index in zip(node.parts, node.outputs, strict=True):
        place = (*[slice(None)] * axis, slice(index * size, (index + 1) * size))
        handed = part.gradient
        part.operands = [PlannedEdge(node.operands[0].source, handed is not None, handed, place)]
        part.kind, part.settings = "computed", {"dim": axis, "index": index}
        part.made = node.made


def _fold_linear(
    node: PlannedNode, user: PlannedNode | None, uses: Mapping[int, int], gone: set[int]
) -> None:
    """Turn a product with a weight that is transposed for it alone into ``linear(x, weight, bias)``."""
    *bias, x, turned = node.operands
    weight = turned.source
    if weight.name not in ("t", "transpose") or uses[id(weight)] != 1 or len(weight.operands) != 1:
        return
    if len(weight.shape) != 2 or weight.operands[0].source.shape != weight.shape[::-1]:
        return
    gone.add(id(weight))
    node.operands = [x, weight.operands[0], *bias]
    node.name = "linear"
    node.made += weight.made
    flat = x.source
    if (
        flat.name in VIEWS
        and uses[id(flat)] == 1
        and user is not None
        and user.name in VIEWS
        and uses[id(node)] == 1
        and len(flat.operands) == 1
        and user.shape[:-1] == flat.operands[0].source.shape[:-1]
        and user.shape[-1:] == node.shape[-1:]
        and flat.operands[0].source.shape[-1:] == flat.shape[-1:]
    ):
        gone |= {id(flat), id(node)}
        user.operands = [flat.operands[0], *node.operands[1:]]
        user.name, user.settings, user.call, user.backward = "linear", node.settings, node.call, node.backward
        user.made += flat.made + node.made
