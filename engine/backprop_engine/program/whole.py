"""A run as one NumPy program: the leaves with their numbers, then the line of every step in its order.

It needs nothing but NumPy, and ends with the values and the gradients of the run under their names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.evaluation.composed_operators import OWN
from backprop_engine.explain.common_facts import FactsKind
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ForwardFacts,
    StepFacts,
    UpdateFacts,
    step_facts,
)
from backprop_engine.explain.overrides import OverrideFacts, overrides_value
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.ops.attributes import index_key
from backprop_engine.optim.clipping import CLIP_EPS
from backprop_engine.program.helpers import definitions, helpers_of
from backprop_engine.program.identifiers import identifiers
from backprop_engine.program.lines import (
    backward_line,
    clear_lines,
    counter,
    forward_line,
    numpy_lines,
    refuse_recorded,
    tensor_line,
    update_lines,
)
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace

__all__ = ["numpy_program"]

_INDENT: Final = "    "
_HEADS: Final[dict[FactsKind, str]] = {
    "forward": "# forward",
    "seed": "# backward",
    "update": "# update",
    "clear": "# begin again",
}


def numpy_program(run: Run | Trace) -> str:
    """A program for a run: all of its iterations in a loop, or a single one as it was recorded.

    >>> from backprop_engine import make_graph, numpy_program, record
    >>> print(numpy_program(record(make_graph({"f": "x ** 2"}, inputs={"x": 3}))))
    import numpy as np
    <BLANKLINE>
    x = 3.0
    <BLANKLINE>
    # forward
    f = x ** 2
    # backward
    df = 1.0
    dx = df * (2 * x)
    <BLANKLINE>
    """
    trace = run if isinstance(run, Trace) else run.trace(0)
    refuse_recorded(trace)
    again = not isinstance(run, Trace) and run.training is not None and run.training.steps > 0
    steps = list(_steps(trace, again=again))
    number = _scalar_type(trace, again=again)
    known = identifiers(trace.graph)
    values = known.values
    batches = trace.bindings.batches if again else None
    examples = batches.examples if batches else {}
    given = [
        tensor_line(known.free(f"all_{values[leaf.position]}"), examples[leaf.position])
        if leaf.position in examples
        else tensor_line(values[leaf.position], trace.values[leaf.position], number)
        for leaf in trace.graph.leaves
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
    backward = steps.index(_HEADS["seed"])
    body = [
        *_batch_lines(trace),
        *steps[:backward],
        f"if {number} == {updates + 1}:",
        f"{_INDENT}break",
        *steps[backward:],
    ]
    return [f"for {number} in range(1, {updates + 2}):", *(f"{_INDENT}{line}" for line in body)]


def _batch_lines(trace: Trace) -> Iterator[str]:
    """The batch of an iteration."""
    batches, known = trace.bindings.batches, identifiers(trace.graph)
    if batches is None:
        return
    epoch, batch, rows = (known.free(name) for name in ("epoch", "batch", "rows"))
    begin = f"{batches.size} * {batch}"
    yield "# the batch"
    yield f"{epoch}, {batch} = divmod({counter(trace.graph)} - 1, {batches.per_epoch})"
    if batches.seed is None:
        yield f"{rows} = slice({begin}, {begin} + {batches.size})"
    else:
        keys = f"np.random.default_rng([{batches.seed}, {epoch}]).random({batches.count})"
        yield f'{rows} = np.argsort({keys}, kind="stable")[{begin} : {begin} + {batches.size}]'
    for leaf in batches.examples:
        yield f"{known.values[leaf]} = {known.free(f'all_{known.values[leaf]}')}[{rows}]"


def _steps(trace: Trace, *, again: bool) -> Iterator[str]:
    """The lines of every step; a comment says what begins.

    Those of a loop do `again` what differs from update to update: they compute the rate and the clipping.
    """
    shared = _shared(trace) if again else None
    before: FactsKind = "start"
    for position in range(1, len(trace.steps) + 1):
        facts = step_facts(trace.frame(position))
        lines = _lines(facts, shared)
        if facts.kind != before and facts.kind in _HEADS and lines:
            yield _HEADS[facts.kind]
            yield from _before_updates(trace, shared) if facts.kind == "update" and shared else ()
        before = facts.kind
        yield from lines


def _shared(trace: Trace) -> dict[str, str]:
    """What a loop calls the rate of an update and the factor of clipping, where it computes them."""
    training, known = trace.training, identifiers(trace.graph)
    assert training is not None
    shared = {"lr": known.free("lr")} if training.schedule else {}
    if training.clipping and training.clipping.kind == "clip_norm":
        shared |= {"c": known.free("c")}
    return shared


def _before_updates(trace: Trace, shared: Mapping[str, str]) -> Iterator[str]:
    """The lines that give the `shared` names their numbers."""
    training, known = trace.training, identifiers(trace.graph)
    assert training is not None
    if training.schedule:
        yield from training.schedule.numpy(shared["lr"], training.settings["lr"], counter(trace.graph))
    if training.clipping and "c" in shared:
        length = known.free("norm")
        norms = ", ".join(f"np.linalg.norm({known.gradients[node]})" for node in trace.remembered)
        yield f"{length} = float(np.linalg.norm([{norms}]))"
        yield f"{shared['c']} = min({training.clipping.most!r} / ({length} + {CLIP_EPS!r}), 1.0)"


def _lines(facts: StepFacts, shared: Mapping[str, str] | None) -> list[str]:
    """What the program says to do a step, after which what is overridden has its given value."""
    graph, known = facts.graph, identifiers(facts.graph)
    match facts:
        case ForwardFacts(node=node, override=OverrideFacts(given=given)):
            value = known.values[node.position]
            return [forward_line(graph, node, _computed_name(graph, node)), tensor_line(value, given)]
        case BackwardFacts(node=node, edge=edge):
            computed = _computed_name(graph, node) if overrides_value(facts.trace, node.position) else ""
            lines = [backward_line(graph, edge, computed)]
        case AccumulateFacts(edge=edge):
            lines = []
        case UpdateFacts(node=node, training=training) if shared is not None:
            return update_lines(graph, node.position, training.formulas(), training.symbols(), shared)
        case _:
            return numpy_lines(facts, sys.maxsize)
    if facts.override is not None:
        lines.append(tensor_line(known.gradients[edge.operand], facts.override.given))
    return lines


def _computed_name(graph: Graph, node: Node) -> str:
    """What the operator gave where another value has the node's name: its own rule uses it."""
    known = identifiers(graph)
    return known.free(f"{known.values[node.position]}_out")


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
    return graph.dtype.name if zero or _indexes_numbers(graph) else ""


def _indexes_numbers(graph: Graph) -> bool:
    """Whether a number is before brackets, as in ``x[None]``, which only NumPy's numbers take."""
    return any(
        graph.nodes[operand].shape == ()
        for node in graph.nodes
        if node.op is not None
        and (index_key(node.attributes) is not None or (node.op.family == OWN and "[" in node.op.formula))
        for operand in node.operands
    )


def _all_finite(tensors: Iterable[Tensor]) -> bool:
    return all(bool(np.all(np.isfinite(tensor))) for tensor in tensors)
