"""What differs between the ranks of a run: a parameter, a gradient of another size, where they ended."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from statistics import median
from typing import Any, Final

import numpy as np
from msgspec import structs

from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import GraphNode, TensorEntry
from backprop_engine.recordings.finding import Finding, finding_at, norm
from backprop_engine.recordings.ranks import Ranks, leaf_gradients
from backprop_engine.recordings.recording import RecordedStep

__all__ = ["diverged", "outlier", "stopped_early"]

_FACTOR: Final = 1e3
"""A rank's gradient that is larger than the others' by more than this is an outlier."""
_SAME: Final = 1e-6
"""How far apart the norms of one tensor may be that two ranks computed."""


def stopped_early(ranks: Ranks) -> Iterator[Finding]:
    """A rank without a recording, or whose recording ends before the others'."""
    last = {rank: one.last_step for rank, one in ranks.recordings.items()}
    end = max(last.values())
    for rank in ranks.missing:
        yield Finding(
            "rank-stopped", 0, msg("there is no recording of rank {rank}", rank=rank), ranks=(rank,)
        )
    for rank, number in last.items():
        if number < end:
            text = msg(
                "rank {rank} ended after step {step}, others after step {last}",
                rank=rank,
                step=number,
                last=end,
            )
            yield Finding("rank-stopped", max(0, number), text, ranks=(rank,))


def diverged(ranks: Ranks) -> Iterator[Finding]:
    """The first step at which a parameter has different values on the ranks, and what led to it.

    Parameters that differ from the start count only if their gradients are combined; others may be meant to
    differ between ranks.
    """
    before: dict[str, bool] = {}
    for number in ranks.numbers:
        steps = ranks.step(number)
        values = {rank: _values(step) for rank, step in steps.items()}
        reduced = ranks.reduced(number)
        for leaf in values[min(values)]:
            found = {rank: one[leaf] for rank, one in values.items() if leaf in one}
            same = _agree(ranks, {rank: node.value for rank, node in found.items() if node.value})
            if not same and before.get(leaf, leaf in reduced):
                yield _divergence(ranks, steps, number, found, moved=leaf in before)
                return
            before[leaf] = same


def _divergence(
    ranks: Ranks, steps: dict[int, RecordedStep], number: int, found: dict[int, GraphNode], *, moved: bool
) -> Finding:
    """The finding, at the operator that uses the parameter on the rank that is furthest from the others."""
    usual = median(norm(node.value) for node in found.values())
    far = max(found, key=lambda rank: abs(norm(found[rank].value) - usual))
    node, step = found[far], steps[far]
    users = (call for call in step.operators if any(one and one.leaf == node.leaf for one in call.inputs))
    finding = finding_at("diverged", step, _why(ranks, number, node, moved=moved), next(users, None), node)
    odd = (far,) if len(found) > 2 else tuple(sorted(found))
    return structs.replace(finding, ranks=odd)


def _why(ranks: Ranks, number: int, node: GraphNode, *, moved: bool) -> Message:
    name = clean(node.leaf or "")
    previous = max((one for one in ranks.numbers if one < number), default=number)
    reduced = ranks.reduced(previous).get(node.leaf or "", {})
    results = {rank: event.gradient for rank, event in reduced.items()}
    if not moved:
        return msg("{leaf} has different values on the ranks from the start", leaf=name)
    if results and _agree(ranks, results):
        return msg(
            "{leaf} has different values on the ranks, although they had the same gradient in the previous "
            "step: the updates differ",
            leaf=name,
        )
    return msg(
        "{leaf} has different values on the ranks: their gradients in the previous step were not combined",
        leaf=name,
    )


def outlier(ranks: Ranks) -> Iterator[Finding]:
    """A rank whose gradients, before the ranks combine them, are larger than all others' by `_FACTOR`."""
    for number in ranks.numbers:
        steps = ranks.step(number)
        sizes = {
            rank: sqrt(sum(norm(one) ** 2 for one in leaf_gradients(step).values()))
            for rank, step in steps.items()
        }
        for rank, size in sizes.items():
            others = [other for each, other in sizes.items() if each != rank]
            if others and size > _FACTOR * max(others) > 0:
                run = steps[rank].runs[0]
                text = msg(
                    "the gradient of rank {rank} is {factor:.3g} times that of the others: look at its batch",
                    rank=rank,
                    factor=size / max(others),
                )
                yield Finding(
                    "rank-outlier", number, text, file=clean(run.file), line=run.line, ranks=(rank,)
                )
                return


def _values(step: RecordedStep) -> dict[str, GraphNode]:
    """The parameters of a step's first run of the engine, with their values before it."""
    nodes = step.runs[0].nodes.values() if step.runs else ()
    named = {node.leaf: node for node in nodes if node.leaf is not None and node.value is not None}
    return {leaf: node for leaf, node in named.items() if not leaf.startswith("input ")}


def _agree(ranks: Ranks, tensors: dict[int, TensorEntry]) -> bool:
    """Whether tensors of several ranks are the same: in all entries that are stored, else in figures."""
    (rank, first), *others = tensors.items()
    entries = ranks.recordings[rank].entries(first)
    for other, tensor in others:
        if tensor.shape != first.shape or (tensor.nan, tensor.inf) != (first.nan, first.inf):
            return tensor.shape != first.shape  # each rank has a part of its own
        stored: Any = ranks.recordings[other].entries(tensor)
        if entries is not None and stored is not None:
            if not np.array_equal(entries, stored, equal_nan=True):
                return False
        elif abs(norm(tensor) - norm(first)) > _SAME * norm(first):
            return False
    return True
