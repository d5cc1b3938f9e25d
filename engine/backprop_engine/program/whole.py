"""A run as one NumPy program: the leaves with their numbers, then the line of every step in its order.

It needs nothing but NumPy, and ends with the values and the gradients of the run under their names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.explain.facts import step_facts
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Seed, Step, Update
from backprop_engine.program.helpers import definitions, helpers_of
from backprop_engine.program.identifiers import identifiers
from backprop_engine.program.lines import (
    backward_line,
    clear_lines,
    counter,
    forward_line,
    numpy_lines,
    tensor_line,
)
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit

__all__ = ["numpy_program"]

_INDENT: Final = "    "
_HEADS: Final = {Forward: "# forward", Seed: "# backward", Update: "# update", Clear: "# begin again"}


def numpy_program(run: Run | Trace) -> str:
    """The program of a run: of all its iterations, in a loop, or of a single one as it was recorded."""
    trace = run if isinstance(run, Trace) else run.trace(0)
    again = not isinstance(run, Trace) and run.training is not None
    steps = list(_steps(trace))
    number = _scalar_type(trace, again=again)
    values = identifiers(trace.graph).values
    given = [
        tensor_line(values[leaf.position], trace.values[leaf.position], number) for leaf in trace.graph.leaves
    ]
    given += [*_memory(trace), *clear_lines(trace.graph)]
    if trace.updated and not again:
        given.append(f"{counter(trace.graph)} = {trace.iteration + 1}")
    body = _loop(trace, steps) if again else steps
    sources = definitions(steps, helpers_of(trace.graph))
    head = [line for source in sources for line in ("", "", *source.rstrip().split("\n"))]
    return "\n".join(["import numpy as np", *head, *[""] * (1 + bool(head)), *given, "", *body, ""])


def _loop(trace: Trace, steps: list[str]) -> list[str]:
    """Every iteration; the last is a forward pass alone."""
    assert trace.training is not None
    number, updates = counter(trace.graph), trace.training.steps
    backward = steps.index(_HEADS[Seed])
    body = [
        *steps[:backward],
        f"if {number} == {updates + 1}:",
        f"{_INDENT}break",
        *steps[backward:],
    ]
    return [f"for {number} in range(1, {updates + 2}):", *(f"{_INDENT}{line}" for line in body)]


def _steps(trace: Trace) -> Iterator[str]:
    """The lines of every step; a comment says what begins."""
    before: type[Step] | None = None
    edited = _Edited(trace)
    for step in trace.steps:
        kind = type(step)
        lines = list(edited.lines(step))
        if kind is not before and kind in _HEADS and lines:
            yield _HEADS[kind]
        before = kind
        yield from lines


class _Edited:
    """The lines of steps where a value or a gradient may be overridden.

    What the operator gave has a name of its own then: it is what its own rule uses.
    """

    def __init__(self, trace: Trace) -> None:
        graph = self.graph = trace.graph
        self.trace = trace
        known = identifiers(graph)
        self.values: dict[int, Tensor] = {}
        self.gradients: dict[int, Tensor] = {}
        for edit in trace.edits:
            position = graph.position(edit.node)
            if isinstance(edit, ValueEdit) and graph.nodes[position].op is not None:
                self.values[position] = trace.values[position]
            elif isinstance(edit, GradientEdit) and (gradient := trace.gradients[position]) is not None:
                self.gradients[position] = gradient
        self.outs = {position: known.free(f"{known.values[position]}_out") for position in self.values}

    def lines(self, step: Step) -> Iterator[str]:
        """What the program says to do `step`."""
        known = identifiers(self.graph)
        match step:
            case Forward(node=node) if node in self.values:
                yield forward_line(self.graph, self.graph.nodes[node], self.outs[node])
                yield tensor_line(known.values[node], self.values[node])
            case Backward(edge=edge):
                yield backward_line(self.graph, edge, self.outs.get(edge.node, ""))
                last = self.graph.schedule.uses_of[edge.operand][-1] == edge.index
                if last and edge.operand in self.gradients:
                    yield tensor_line(known.gradients[edge.operand], self.gradients[edge.operand])
            case Accumulate():
                pass
            case _:
                yield from numpy_lines(step_facts(self.trace.frame(step.index)), sys.maxsize)


def _memory(trace: Trace) -> Iterator[str]:
    """What the optimiser remembers of each parameter before its update."""
    known = identifiers(trace.graph)
    for position, (before, _) in trace.remembered.items():
        for symbol, tensor in before.memory.items():
            yield tensor_line(known.free(f"{symbol}_{known.values[position]}"), tensor)


def _scalar_type(trace: Trace, *, again: bool) -> str:
    """The type of the leaves that are numbers: none where Python's own do the same.

    They do not where something is infinite or a power of 0, or may become so in a later iteration.
    """
    graph = trace.graph
    if again or graph.dtype != np.float64 or not _all_finite((*trace.values, *trace.contributions)):
        return graph.dtype.name
    raising = (
        node for position in graph.order if (node := graph.nodes[position]).op and node.op.raises_at_zero
    )
    zero = any(not np.all(trace.operand_values[operand]) for node in raising for operand in node.operands)
    return graph.dtype.name if zero else ""


def _all_finite(tensors: Iterable[Tensor]) -> bool:
    return all(bool(np.all(np.isfinite(tensor))) for tensor in tensors)
