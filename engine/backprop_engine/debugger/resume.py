"""Resuming a session after its scenario is loaded again: by what the step was about, not by its number.

A resume point names the step that led to a position: its iteration, its kind, and its node or edge. In a run
of the same file it leads back to the same position. In another run it leads to the nearest sensible one:

- if the iteration no longer exists, the last with a step of that kind: from the backward pass of iteration 7
  of 9 to that of iteration 4 once there are 5;
- if the edge no longer exists, the next edge of its node; if the node does not, or takes no such step, the
  next node of that pass that does;
- if no node follows, the end of the pass. A run without a pass of that kind, such as the last forward pass of
  a training or a run whose `train` is gone, ends where that pass would begin.

The rest of the session comes along as far as it fits: the selection, what is folded and stepped into,
breakpoints, watches, and the branches with their changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from msgspec import Struct, structs

from backprop_engine.debugger.branches import BASELINE, Branches, Override
from backprop_engine.debugger.breakpoints import Breakpoint, parse_breakpoint
from backprop_engine.debugger.editing import on_branch
from backprop_engine.debugger.session import InnerRun, Notice, Session
from backprop_engine.debugger.watches import check_watch
from backprop_engine.derivatives.decomposition import decomposition, inner_run
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Reduce, Schedule, Seed, Update
from backprop_engine.messages.message import msg
from backprop_engine.scenario.leaves.assignment import with_leaf
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace

__all__ = ["ResumePoint", "position_of", "resume_point", "resumed"]

StepKind: TypeAlias = Literal[
    "start", "forward", "seed", "backward", "accumulate", "all-reduce", "update", "clear"
]

_KINDS: Final[dict[type, StepKind]] = {
    Forward: "forward",
    Seed: "seed",
    Backward: "backward",
    Accumulate: "accumulate",
    Reduce: "all-reduce",
    Update: "update",
    Clear: "clear",
}


class ResumePoint(Struct, frozen=True):
    """A position of a run by the step that led to it; `start` is where no step has been taken.

    `node` is what is computed, seeded or updated; for a step along an edge it is the node whose rule runs,
    and `argnum` its operand. `following` are the later nodes of the same pass, in order: where to go on if
    the node is gone.
    """

    iteration: int = 0
    kind: StepKind = "start"
    node: str = ""
    argnum: int = 0
    following: tuple[str, ...] = ()


def resume_point(session: Session) -> ResumePoint:
    """The point that a session is at, outside of everything it has stepped into."""
    return _point(session.outer_trace, session.outer_here, session.iteration)


def _point(trace: Trace, here: int, iteration: int = 0) -> ResumePoint:
    if not here:
        return ResumePoint()
    graph, schedule = trace.graph, trace.schedule
    step = schedule.step(here)
    if isinstance(step, Clear):
        return ResumePoint(iteration, "clear")
    kind = _KINDS[type(step)]
    if isinstance(step, Backward | Accumulate):
        node, argnum, order = step.edge.node, step.edge.argnum, tuple(schedule.edges_of)
    else:
        node, argnum = step.node, 0
        orders = {
            "forward": tuple(schedule.order),
            "all-reduce": schedule.reduced,
            "update": schedule.updates or (),
        }
        order = orders.get(kind, ())
    return ResumePoint(iteration, kind, graph.nodes[node].name, argnum, _following(graph, order, node))


def _following(graph: Graph, order: Sequence[int], node: int) -> tuple[str, ...]:
    """The names of what follows `node` in `order`."""
    return tuple(graph.nodes[position].name for position in order[order.index(node) + 1 :]) if order else ()


def position_of(run: Run, point: ResumePoint) -> int:
    """The position of `run` that a resume point means, or the nearest sensible one."""
    iteration = min(point.iteration, _last_iteration_with(run, point.kind))
    return run.start(iteration) + _within(run.graph, run.schedule(iteration), point)


def _last_iteration_with(run: Run, kind: StepKind) -> int:
    """The last iteration that has a step of this kind; the last of a training has a forward pass only."""
    every = run.training is None or kind in ("start", "forward")
    return run.iterations - 1 if every else max(0, run.iterations - 2)


def _within(graph: Graph, schedule: Schedule, point: ResumePoint) -> int:
    """The position in its iteration."""
    nodes = [graph.position(name) for name in (point.node, *point.following) if name in graph]
    match point.kind:
        case "start":
            return 0
        case "forward":
            computed = (node for node in nodes if node in schedule.order)
            return next((node - schedule.order.start + 1 for node in computed), len(schedule.order))
        case "seed":
            return min(schedule.seed, schedule.completed)
        case "backward" | "accumulate":
            return next(_along(graph, schedule, point, nodes), schedule.completed)
        case "all-reduce":
            reduced = schedule.reduce_positions
            return next((reduced[node] for node in nodes if node in reduced), schedule.completed)
        case "update":
            updated = schedule.update_positions
            return next((updated[node] for node in nodes if node in updated), _last_update(schedule))
        case "clear":
            return schedule.last


def _along(graph: Graph, schedule: Schedule, point: ResumePoint, nodes: list[int]) -> Iterator[int]:
    """The positions of steps along an edge that may stand for the point, the best first."""
    for node in nodes:
        same = graph.nodes[node].name == point.node
        for index in schedule.edges_of.get(node, ()):
            argnum = schedule.edges[index].argnum
            if same and argnum == point.argnum and point.kind == "accumulate":
                yield schedule.arrival(index)
            elif not same or argnum >= point.argnum:
                yield schedule.starts[index]


def _last_update(schedule: Schedule) -> int:
    return schedule.completed + len(schedule.updates or ())


def resumed(session: Session, run: Run) -> Session:
    """The session at the same point of another run, with all that was set up, as far as it fits.

    Its notice says what was left out, if anything was. The history of jumps is forgotten.
    """
    graph, left_out = run.graph, list[str]()
    branches = _fitting(session.branches, run, left_out)
    groups = {group.name for group in graph.groups}
    on_baseline = replace(
        session,
        run=run,
        position=0,
        selection=None,
        levels=(),
        folded=tuple(group for group in session.folded if group in groups),
        breakpoints=tuple(_breakpoints(session.breakpoints, graph, left_out)),
        watches=tuple(_watches(session.watches, graph, left_out)),
        past=(),
        future=(),
        branches=structs.replace(branches, current=BASELINE),
        runs={},
        hit=(),
        pending=None,
    )
    moved = on_branch(on_baseline, branches)
    point = resume_point(session)
    iteration = run.at_moment(session.run.moment(session.iteration))
    moved = replace(moved, position=position_of(moved.run, structs.replace(point, iteration=iteration)))
    if session.levels:
        moved = replace(moved, levels=tuple(_levels(session.levels, moved.outer_trace)))
    message = msg("Dropped, because it no longer fits the file: {what}.", what=", ".join(left_out))
    notice = Notice(message, good=False) if left_out else None
    return replace(moved, selection=_chosen(session, moved), notice=notice)


def _chosen(session: Session, moved: Session) -> int | None:
    """The node with the name of the selected one."""
    if session.selection is None:
        return None
    name = session.graph.nodes[session.selection].name
    return moved.graph.position(name) if name in moved.graph else None


def _levels(levels: Sequence[InnerRun], trace: Trace) -> Iterator[InnerRun]:
    """The inner runs stepped into, as deep as they still go."""
    for level in levels:
        if level.name not in trace.graph or decomposition(trace.graph, trace.graph[level.name]) is None:
            return
        trace = inner_run(trace, trace.graph[level.name]).trace
        point = _point(level.trace, level.position)
        yield InnerRun(level.name, trace, _within(trace.graph, trace.schedule, point))


def _breakpoints(
    breakpoints: Sequence[Breakpoint], graph: Graph, left_out: list[str]
) -> Iterator[Breakpoint]:
    for breakpoint_ in breakpoints:
        try:
            found = parse_breakpoint(breakpoint_.text, graph)
        except UsageError:
            left_out.append(breakpoint_.text)
        else:
            yield structs.replace(breakpoint_, target=found.target, condition=found.condition)


def _watches(watches: Sequence[str], graph: Graph, left_out: list[str]) -> Iterator[str]:
    for watch in watches:
        try:
            check_watch(watch, graph)
        except UsageError:
            left_out.append(watch)
        else:
            yield watch


def _fitting(branches: Branches, run: Run, left_out: list[str]) -> Branches:
    """The branches with the changes that can still be made."""
    every = {}
    for name, branch in branches.every.items():
        kept = {key: override for key, override in branch.overrides.items() if _fits(override, run)}
        every[name] = structs.replace(branch, overrides=kept)
        if name == branches.current:
            left_out += [node for kind, node in branch.overrides if (kind, node) not in kept]
    return structs.replace(branches, every=every)


def _fits(override: Override, run: Run) -> bool:
    """Whether a number can still be put in place of what the run gives."""
    graph = run.graph
    if override.node not in graph:
        return False
    node = graph[override.node]
    shape = (
        run.bindings.given(node.position).shape if override.kind == "leaf" and node.is_leaf else node.shape
    )
    if shape != override.tensor.shape:
        return False
    if override.kind == "value":
        return node.op is not None and not node.op.boolean
    if override.kind == "gradient":
        return graph.active[node.position] and node.takes_gradient
    try:
        with_leaf(graph, run.bindings, node.name, override.tensor)
    except UsageError:
        return False
    return True
