"""What a gradient means in numbers: how far the output moves where an entry of a node is nudged.

The step to first order is the nudge times the gradient; the actual one comes of computing the run once more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import settle
from backprop_engine.derived import derived
from backprop_engine.explain.backward_facts import AccumulateFacts, BackwardFacts
from backprop_engine.explain.symbols import loss_name, operand_text
from backprop_engine.trace.record import run_forward
from backprop_engine.trace.trace import Trace

__all__ = ["Effect", "effect_of_step"]

SIZE = 0.01
"""How far an entry is moved."""
_MOST_NUMBERS, _MOST_OPERATORS = 100_000, 500
"""A run of more numbers or operators is not computed again at a key press."""


class Effect(Struct, frozen=True):
    """An `entry` of the node called `name` moves by `size`, and the `output` by `actual`.

    `predicted` is `size` times the `gradient`.
    """

    name: str
    entry: tuple[int, ...]
    output: str
    size: float
    gradient: float
    actual: float

    @property
    def predicted(self) -> float:
        """How far the output moves to first order."""
        return self.size * self.gradient


def effect_of_step(facts: BackwardFacts | AccumulateFacts) -> Effect | None:
    """The effect of the operand whose gradient is complete with a step; None where it is not.

    It is that of the entry with the largest gradient.
    """
    complete = facts.is_last if isinstance(facts, AccumulateFacts) else not facts.edge.shared
    return _effect(facts.trace, facts.edge.operand) if complete else None


@derived(limit=64)
def _effect(trace: Trace, position: int) -> Effect | None:
    """None where nothing can be said: while something is overridden, in a large run, or in low precision."""
    graph, gradient = trace.graph, np.asarray(trace.gradients[position])
    if trace.edits or graph.dtype != np.float64 or not gradient.size or graph.numbers() > _MOST_NUMBERS:
        return None
    if graph.loss or len(graph.order) > _MOST_OPERATORS or not np.all(np.isfinite(gradient)):
        return None  # inside an operator, the output of the whole run is not known
    at = np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)
    entry = tuple(map(int, at))
    moved: Any = np.array(trace.values[position])
    moved[entry] += SIZE
    with np.errstate(all="ignore"):
        values = run_forward(graph, trace.bindings.alone, {position: settle(moved, graph.dtype)})[0]
        change = (values[graph.output] - trace.values[graph.output]) * trace.bindings.seed
        actual = float(np.sum(change))
    if not np.isfinite(actual):
        return None
    name = operand_text(graph.nodes[position])
    return Effect(name, entry, _output_name(trace), SIZE, float(gradient[entry]), actual)


def _output_name(trace: Trace) -> str:
    """What moves: the output, or the loss that is assumed to follow it where its gradient is not 1."""
    output = trace.graph.nodes[trace.graph.output]
    alone = output.shape == () and trace.bindings.seed == 1
    return output.name if alone else loss_name(trace.graph)
