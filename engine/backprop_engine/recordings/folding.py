"""What a framework does for its own purposes, folded into the operators that it is done for.

The transpose of a weight, the views around the product with it, and the bias that is added afterwards are one
``linear``. Copies that change no number are left out, and changes of shape in a row are a single one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import isclose
from typing import Final

from backprop_engine.recordings.planned_nodes import PlannedEdge, PlannedNode

__all__ = ["folded"]

_VIEWS: Final = ("view", "_unsafe_view", "reshape")
_RESHAPES: Final = (*_VIEWS, "squeeze", "unsqueeze")
_TURNS: Final = ("t", "transpose", "permute")
_COPIES: Final = (*_RESHAPES, "expand", "contiguous", "alias", "_to_copy", "lift_fresh")
"""What leaves every number as it is, if neither the shape nor the type changes."""

_CLOSE: Final = 1e-5


def folded(computed: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes in order, without what is only done for others."""
    for node in computed:
        if node.name == "native_batch_norm":
            _forget_statistics(node)
    nodes = _with_products(computed, output)
    nodes = _without_copies(nodes, output)
    nodes = _with_single_moves(nodes, output)
    nodes = _without_copies(nodes, output)
    return _with_biases(nodes, output)


def _uses(nodes: Iterable[PlannedNode], output: PlannedNode) -> Counter[int]:
    """How often the output of each node is used, by its identity."""
    return Counter([id(output), *(id(edge.source) for node in nodes for edge in node.operands)])


def _is_handed_on(node: PlannedNode) -> bool:
    """Whether what arrived at a node of one operand is what went on to it: no hook changed it."""
    (edge,) = node.operands
    given, handed = node.gradient, edge.contribution
    if (
        not edge.flows
        or given is None
        or handed is None
        or (given.nan, given.inf) != (handed.nan, handed.inf)
    ):
        return False
    if given.norm is None or handed.norm is None:
        return given.norm is handed.norm
    return isclose(given.norm, handed.norm, rel_tol=_CLOSE)  # the order of the entries may be another


def _forget_statistics(node: PlannedNode) -> None:
    """Take away the operands of a batch normalisation that training only updates: the running statistics."""
    given = node.settings.get("running_mean", ...) is not None
    if node.settings.get("training") is True and given and not any(edge.flows for edge in node.operands[-2:]):
        node.operands = node.operands[:-2] or node.operands


# Copies


def _without_copies(nodes: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes without those whose output is their operand: who uses it uses the operand."""
    instead: dict[int, PlannedNode] = {}
    for node in nodes:
        for edge in node.operands:
            edge.source = instead.get(id(edge.source), edge.source)
        if node is not output and _is_copy(node):
            instead[id(node)] = node.operands[0].source
            node.operands[0].source.made += node.made
    return [node for node in nodes if id(node) not in instead]


def _is_copy(node: PlannedNode) -> bool:
    if node.kind != "computed" or len(node.operands) != 1 or not _is_handed_on(node):
        return False
    whole = node.operands[0].source
    if node.shape != whole.shape or node.value is None or whole.value is None:
        return False
    if node.value.dtype != whole.value.dtype:
        return False
    if node.name in _TURNS:
        return _axes(node) == list(range(len(node.shape)))
    return node.name in _COPIES or (node.name == "clone" and "memory_format" in node.settings)


# Changes of shape in a row


def _with_single_moves(nodes: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes with one reshape, or one permutation of axes, where several follow each other."""
    uses = _uses(nodes, output)
    gone: set[int] = set()
    for node in nodes:
        if node.kind != "computed" or len(node.operands) != 1:
            continue
        before = node.operands[0].source
        if uses[id(before)] != 1 or before.kind != "computed" or len(before.operands) != 1:
            continue
        if not _is_handed_on(before):
            continue
        if node.name in _RESHAPES and before.name in _RESHAPES:
            node.name, node.settings = "reshape", {}
        elif (outer := _axes(node)) and (inner := _axes(before)):
            node.name, node.settings = "permute", {"dims": [inner[axis] for axis in outer]}
        else:
            continue
        gone.add(id(before))
        node.operands = before.operands
        node.made += before.made
    return [node for node in nodes if id(node) not in gone]


def _axes(node: PlannedNode) -> list[int] | None:
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


# Products


def _with_products(computed: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes with ``linear`` for each product with a weight, and each part of a split by itself."""
    uses = _uses(computed, output)
    gone: set[int] = set()
    users = {id(edge.source): node for node in computed for edge in node.operands}
    for node in computed:
        if node.name in ("addmm", "mm") and len(node.operands) == (3 if node.name == "addmm" else 2):
            _fold_linear(node, users.get(id(node)), uses, gone)
        elif node.kind == "tuple" and node.name == "split" and len(node.operands) == 1:
            _fold_split(node, gone)
    return [node for node in computed if id(node) not in gone]


def _with_biases(nodes: list[PlannedNode], output: PlannedNode) -> list[PlannedNode]:
    """The nodes with a bias that a module adds to its product as the third operand of ``linear``."""
    uses = _uses(nodes, output)
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
    """Let each of equal parts be a node of its own: its gradient goes to its place in the operand."""
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
    """Make ``linear(x, weight, bias)`` of a product with a weight that is transposed for it alone."""
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
        flat.name in _VIEWS
        and uses[id(flat)] == 1
        and user is not None
        and user.name in _VIEWS
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
