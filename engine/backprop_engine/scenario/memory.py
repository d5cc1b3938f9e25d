"""The memory that a run needs, computed from shapes before anything is allocated."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from backprop_engine.errors import code
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.read.mistakes import mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode
from backprop_engine.trace.training import Training, held_numbers

__all__ = ["TOO_LARGE", "check_run", "check_size", "size_message"]

TOO_LARGE = code("too-large", msg("The tensors of a run need more memory than `--max-memory` allows."))
HINT = msg("`--max-memory` allows more")


def check_size(node: YamlNode, what: str, entries: int, dtype: np.dtype[Any], max_memory: int) -> None:
    """Refuse a single tensor that is larger than a whole run may be."""
    if entries * dtype.itemsize > max_memory:
        raise mistake(TOO_LARGE, node, size_message(what, entries * dtype.itemsize, max_memory), HINT)


def check_run(
    node: YamlNode, graph: Graph, training: Training | None, max_memory: int, examples: int = 0
) -> None:
    """Refuse a graph whose values and gradients together are too large; `node` is the place to show.

    With training, the iterations that are kept and the state of the optimiser count as well, and all the
    numbers of the `examples` that are seen in batches.
    """
    itemsize = graph.dtype.itemsize
    held, name = max(_held(graph), default=(0, "")) if any(op.held for op in graph.ops) else (0, "")
    if held * itemsize > max_memory:
        what = msg("computing {name}", name=name)
        raise mistake(TOO_LARGE, node, size_message(what, held * itemsize, max_memory), HINT)
    if training is None and any(bound * itemsize <= max_memory for bound in _bounds(graph)):
        return
    need = (held_numbers(graph, training) + examples) * itemsize
    if need > max_memory:
        name = max(graph.nodes, key=lambda node: prod(node.shape)).name
        hint = msg("the largest is {name}; {hint}", name=name, hint=HINT)
        what = msg("a run of this graph") if training is None else msg("training this graph")
        raise mistake(TOO_LARGE, node, size_message(what, need, max_memory), hint)


def _held(graph: Graph) -> Iterator[tuple[int, str]]:
    """How many numbers nodes hold while they are computed, where their operators say so."""
    for position in graph.order:
        node = graph.nodes[position]
        if node.op is not None and node.op.held is not None:
            yield (
                node.op.held(*(graph.nodes[one].shape for one in node.operands), **node.attributes),
                node.name,
            )


def _bounds(graph: Graph) -> Iterator[int]:
    """At least as many numbers as a run holds, each figure closer than the one before, and slower to find."""
    largest = max(map(prod, {node.shape for node in graph.nodes}))
    edges = sum([len(node.operands) for node in graph.nodes])
    # As if all were as large as the largest: for a graph of small tensors that is enough.
    yield (len(graph.nodes) + 2 * edges + 1) * largest
    sizes = [prod(node.shape) for node in graph.nodes]
    # An edge holds a contribution and at most one running sum: only a graph near the limit is counted fully.
    yield (
        sum(sizes)
        + sizes[graph.output]
        + sum(2 * sizes[operand] for node in graph.nodes for operand in node.operands)
    )


def size_message(what: str, need: int, max_memory: int) -> Message:
    """A sentence that says how much `what` needs, and how much is allowed, both in bytes."""
    return msg(
        "{what} needs {need}; at most {most} are allowed",
        what=what,
        need=_bytes(need),
        most=_bytes(max_memory),
    )


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            amount = count / size if count < size * 10**6 else count // size
            return f"{amount:.3g} {unit}" if amount < 10**6 else msg("more than a million {unit}", unit=unit)
    return msg("{count} bytes", count=count)
