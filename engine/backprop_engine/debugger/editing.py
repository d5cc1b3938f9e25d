"""Editing a run: overriding numbers, and switching between the branches that this makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backprop_engine.arrays import Tensor, freeze, shape_text
from backprop_engine.debugger.branches import BASELINE, Branch, Branches, Override
from backprop_engine.debugger.commands import Set
from backprop_engine.debugger.session import Session
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import msg
from backprop_engine.scenario.leaves.assignment import with_leaf
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Edit, GradientEdit, ValueEdit
from backprop_engine.trace.training import held_numbers

__all__ = ["on_branch", "overridden"]

_SPELLED = 4
"""The most numbers that a notice lists one by one."""
_MOST_RUNS = 4
_MOST_RUN_NUMBERS = 2**23
"""How many runs are kept beside those of the baseline and of the current branch, and how many numbers they
may hold together: 64 MiB. That of the branch left last is kept in any case, for undo and redo; the run of any
other branch is computed again when the reader goes back to it.
"""


def overridden(session: Session, command: Set) -> Session:
    """The session on a new branch with an override in force; raises `UsageError` if that does not fit."""
    graph = session.run.graph
    node = graph[command.node]
    kind = "gradient" if command.gradient else "leaf" if node.is_leaf else "value"
    if command.gradient and not (graph.active[node.position] and node.takes_gradient):
        raise UsageError(msg("{name} has no gradient to override", name=node.name))
    if kind == "value" and node.op is not None and node.op.boolean:
        raise UsageError(msg("{name} is a comparison: its truth values cannot be overridden", name=node.name))
    tensor = _filled(session, node, command)
    where = f"[{', '.join(map(str, command.entry))}]" if command.entry else ""
    what = f"grad({node.name})" if command.gradient else node.name
    given = np.asarray(command.tensor, dtype=np.float64)
    shown = msg("{count} numbers", count=given.size) if given.size > _SPELLED else _spelled(given.tolist())
    description = msg("{what} = {numbers}", what=f"{what}{where}", numbers=shown)
    if kind == "leaf" and session.run.training is not None:
        description = msg("{change}, from the first iteration on", change=description)
    return on_branch(session, session.branches.grown(Override(kind, node.name, tensor), description))


def _spelled(numbers: object) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(map(_spelled, numbers))}]"
    return f"{numbers:g}"


def _filled(session: Session, node: Node, command: Set) -> Tensor:
    """The whole tensor that a change puts in place; of a leaf that gets batches, all of its examples.

    A change of such a leaf applies to the examples of the batch that is shown.
    """
    if command.entry is None:
        given = np.asarray(command.tensor, dtype=np.float64)
        if given.shape not in ((), node.shape):
            raise UsageError(
                msg(
                    "{name} has shape {shape}, but the numbers have shape {given}",
                    name=node.name,
                    shape=shape_text(node.shape),
                    given=shape_text(given.shape),
                )
            )
        whole = np.broadcast_to(given, node.shape)
        batches = session.run.bindings.batches
        if batches and node.position in batches.examples and not command.gradient:
            examples = np.array(batches.examples[node.position], dtype=np.float64)
            examples[batches.rows(session.outer_trace.iteration)] = whole
            whole = examples
        return freeze(whole.copy(), np.dtype(np.float64))
    if len(command.entry) != len(node.shape) or any(
        not -size <= index < size for index, size in zip(command.entry, node.shape, strict=False)
    ):
        raise UsageError(
            msg(
                "{name} is {shape} and has no entry {entry}",
                name=node.name,
                shape=shape_text(node.shape),
                entry=list(command.entry),
            )
        )
    trace, batches = session.outer_trace, session.run.bindings.batches
    before = trace.gradients[node.position] if command.gradient else trace.values[node.position]
    if before is None:
        raise UsageError(
            msg(
                "{name} has no gradient here: iteration {iteration} is a forward pass only",
                name=node.name,
                iteration=trace.iteration,
            )
        )
    entry: tuple[Any, ...] = command.entry
    if node.is_leaf and not command.gradient:  # a change of a leaf is one of what the run starts with
        before = session.run.bindings_at(trace.iteration).given(node.position)
        if batches and node.position in batches.examples:
            entry = (batches.rows(trace.iteration)[entry[0]], *entry[1:])
    tensor = np.array(before, dtype=np.float64)
    tensor[entry] = command.tensor
    return freeze(tensor, np.dtype(np.float64))


def on_branch(session: Session, branches: Branches) -> Session:
    """The session on the current one of `branches`, at the same position; only what differs is computed."""
    left, name = session.branches.current, branches.current
    known = {other: run for other, run in session.runs.items() if other != left} | {left: session.run}
    run = known.get(name)
    if run is None:
        run = known[name] = _run(session, branches.every[name], known.get(BASELINE, session.run))
    known = _kept(known, name)
    position = min(session.position, run.last)
    selection = None if session.levels else session.selection  # its node belongs to the inner graph
    return replace(
        session, run=run, runs=known, branches=branches, position=position, levels=(), selection=selection
    )


def _kept(runs: dict[str, Run], current: str) -> dict[str, Run]:
    """The runs that are kept: of the baseline, of the current branch, and of those viewed last."""
    others = [name for name in runs if name not in (BASELINE, current)]
    if len(others) <= 1:
        return runs
    run = runs[current]
    most = min(_MOST_RUNS, max(1, _MOST_RUN_NUMBERS // held_numbers(run.graph, run.training)))
    dropped = others[: max(0, len(others) - most)]
    return {name: run for name, run in runs.items() if name not in dropped}


def _run(session: Session, branch: Branch, baseline: Run) -> Run:
    """The run of a branch."""
    graph = baseline.graph
    bindings: Bindings = baseline.bindings_at(session.iteration)
    edits: list[Edit] = []
    for override in branch.overrides.values():
        if override.kind == "leaf":
            bindings = with_leaf(graph, bindings, override.node, override.tensor)
        elif override.kind == "value":
            edits.append(ValueEdit(override.node, override.tensor))
        else:
            edits.append(GradientEdit(override.node, override.tensor))
    return baseline.changed(bindings, tuple(edits), session.outer_trace)
