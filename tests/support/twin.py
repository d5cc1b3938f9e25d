"""The debugger once more, as plainly as it can be said: what a session must be after any command.

A `Twin` follows the same commands as a session. It looks at the steps of a run one after another where the
debugger calculates, records every run from the start, and keeps what it knows in lists and dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from backprop_engine.debugger import commands as c
from backprop_engine.debugger.breakpoints import hits, parse_breakpoint
from backprop_engine.debugger.watches import check_watch
from backprop_engine.derivatives.decomposition import decomposition, inner_run
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Schedule, Seed, Step, Update
from backprop_engine.optim import OptimizerState
from backprop_engine.trace.record import record, record_forward
from backprop_engine.trace.run import Training
from backprop_engine.trace.trace import Edit, GradientEdit, Trace, ValueEdit

__all__ = ["Case", "Mark", "Point", "Twin", "TwinBranch"]


class Case(NamedTuple):
    """A graph with its numbers, and how it is trained, if it is."""

    name: str
    graph: Graph
    bindings: Bindings
    training: Training | None = None

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Mark(NamedTuple):
    """A step as stepping over sees it: the unit that it is a part of, the groups around it, and its pass."""

    unit: tuple[object, ...]
    groups: tuple[str, ...]
    passing: tuple[object, ...]


def mark_of(graph: Graph, schedule: Schedule, position: int, iteration: int = 0) -> Mark:
    """The mark of the step to `position` of one trace."""
    step = schedule.step(position)
    match step:
        case Forward(node=node):
            unit: tuple[object, ...] = ("forward", node)
        case Seed():
            unit, node = ("seed",), -1
        case Backward(edge=edge) | Accumulate(edge=edge):
            unit, node = ("backward", edge.node), edge.node
        case Update():
            unit, node = ("update", position), -1
        case _:
            unit, node = ("clear",), -1
    groups = tuple(group.name for group in graph.groups if group.start <= node < group.stop)
    return Mark((iteration, *unit), groups, (iteration, isinstance(step, Forward)))


def over(mark: Callable[[int], Mark], here: int, last: int, folded: tuple[str, ...], *, back: bool) -> int:
    """Where stepping over leads from `here`: step by step, as long as they belong to the unit entered."""
    first, beside = (here, here + 1) if back else (here + 1, here)
    if not 1 <= first <= last:
        return here
    it = mark(first)
    other = mark(beside) if 1 <= beside <= last else None
    around = other.groups if other is not None and other.passing == it.passing else ()
    entered = next((group for group in it.groups if group in folded and group not in around), None)
    begin, end = stretch(mark, first, last, entered)
    return begin - 1 if back else end


def stretch(mark: Callable[[int], Mark], here: int, last: int, group: str | None) -> tuple[int, int]:
    """The first and the last of the steps around `here` that are of the same unit, or of `group`."""
    it = mark(here)

    def belongs(position: int) -> bool:
        one = mark(position)
        return one.unit == it.unit if group is None else one.passing == it.passing and group in one.groups

    begin = end = here
    while begin > 1 and belongs(begin - 1):
        begin -= 1
    while end < last and belongs(end + 1):
        end += 1
    return begin, end


def is_about(step: Step, node: int) -> bool:
    """Whether a step is one of the node, or sets its gradient."""
    match step:
        case Forward() | Seed() | Update():
            return step.node == node
        case Backward(edge=edge):
            return edge.node == node or (edge.operand == node and not edge.shared)
        case Accumulate(edge=edge):
            return edge.operand == node
        case Clear():
            return False


@dataclass(eq=False)
class TwinBranch:
    """A branch: what is put in, and every iteration of it that was asked for, recorded from the start."""

    case: Case
    name: str
    parent: TwinBranch | None
    overrides: dict[tuple[str, str], Any]
    traces: list[Trace] = field(default_factory=list)
    leaves: dict[int, Any] = field(default_factory=dict)
    states: dict[int, OptimizerState] = field(default_factory=dict)

    @property
    def bindings(self) -> Bindings:
        """The numbers that the run starts from; `UsageError` where they do not fit the graph."""
        graph, bindings = self.case.graph, self.case.bindings
        named = {leaf.name: bindings.leaves[leaf.position] for leaf in graph.leaves}
        leaves = {node: tensor for (kind, node), tensor in self.overrides.items() if kind == "leaf"}
        examples = bindings.batches.examples if bindings.batches else {}
        batched = [name for name in leaves if graph.position(name) in examples]
        for tensor in leaves.values():
            if np.any(np.isfinite(tensor) & (np.abs(tensor) > float(np.finfo(graph.dtype).max))):
                raise UsageError("the dtype cannot hold it")
        found = Bindings.of(
            graph,
            named | {name: tensor for name, tensor in leaves.items() if name not in batched},
            bindings.seed,
        )
        if bindings.batches:
            found = found.with_batches(
                graph, bindings.batches.size, bindings.batches.seed, bindings.batches.examples
            )
        for name in batched:
            found = found.with_leaf(graph, name, leaves[name])
        return found

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What is overridden."""
        return tuple(
            ValueEdit(node, tensor) if kind == "value" else GradientEdit(node, tensor)
            for (kind, node), tensor in self.overrides.items()
            if kind != "leaf"
        )

    def trace(self, iteration: int) -> Trace:
        """The trace of an iteration; each begins where the one before it has ended."""
        graph, training = self.case.graph, self.case.training
        while len(self.traces) <= iteration:
            if not self.traces:
                self.leaves = dict(self.bindings.leaves)
            bindings = Bindings(self.leaves, self.case.bindings.seed, self.bindings.batches)
            bindings = bindings.at(len(self.traces))
            if training is None:
                self.traces.append(record(graph, bindings, self.edits))
            elif len(self.traces) == training.steps:
                forward = record_forward(graph, bindings, self.edits)
                self.traces.append(replace(forward, iteration=training.steps))
            else:
                self.traces.append(self._trained(training, record(graph, bindings, self.edits)))
        return self.traces[iteration]

    def _trained(self, training: Training, trace: Trace) -> Trace:
        plan = self.case.graph.training_schedule
        updated = {}
        gradients = {node: trace.gradients[node] for node in plan.updates or ()}
        clipped = training.clipped({node: one for node, one in gradients.items() if one is not None})
        settings = training.settings_at(len(self.traces))
        for node in plan.updates or ():
            value = trace.values[node]
            gradient = clipped.gradients[node] if clipped else gradients[node]
            assert gradient is not None
            state = self.states.get(node)
            if state is None:
                state = training.optimizer.start(self.case.bindings.leaves[node], training.settings)
            updated[node], self.states[node] = training.optimizer.update(value, gradient, state, settings)
        for each in training.running:
            seen, value = trace.values[each.node], trace.values[each.leaf]
            updated[each.leaf] = (1.0 - each.momentum) * value + each.momentum * seen
        self.leaves = self.leaves | updated
        return replace(trace, plan=plan, updated=updated, clipped=clipped, iteration=len(self.traces))


class Point(NamedTuple):
    """A breakpoint that was set."""

    number: int
    text: str
    enabled: bool = True
    once: bool = False
    ignore: int = 0


@dataclass(eq=False)
class Twin:
    """What a session must be."""

    case: Case
    position: int = 0
    selection: int | None = None
    levels: list[tuple[str, Trace, int]] = field(default_factory=list)
    folded: tuple[str, ...] = ()
    points: list[Point] = field(default_factory=list)
    numbered: int = 0
    watches: list[str] = field(default_factory=list)
    past: list[int] = field(default_factory=list)
    future: list[int] = field(default_factory=list)
    hit: tuple[int, ...] = ()
    branches: dict[str, TwinBranch] = field(default_factory=dict)
    redo: dict[TwinBranch, TwinBranch] = field(default_factory=dict)
    failed: bool = False
    """Whether the last command had nothing to do, and said so."""

    def __post_init__(self) -> None:
        self.here = self.branches["baseline"] = TwinBranch(self.case, "baseline", None, {})
        graph, training = self.case.graph, self.case.training
        self.steps = training.steps if training else 0
        self.long = graph.training_schedule if training else graph.schedule
        self.short = graph.forward_schedule if training else graph.schedule
        self.last = self.steps * self.long.last + self.short.last
        self.mark = cache(self._mark)

    # Where things are

    def schedule(self, iteration: int) -> Schedule:
        """The steps of an iteration."""
        return self.short if iteration == self.steps else self.long

    def place(self, position: int) -> tuple[int, int]:
        """The iteration of a position, and where it lies in it; a border is the end of the earlier one."""
        iteration, within = 0, position
        while iteration < self.steps and within > self.long.last:
            iteration, within = iteration + 1, within - self.long.last
        return iteration, within

    def _mark(self, position: int) -> Mark:
        iteration, within = self.place(position)
        return mark_of(self.case.graph, self.schedule(iteration), within, iteration)

    @property
    def trace(self) -> Trace:
        """The trace that one looks at."""
        return self.levels[-1][1] if self.levels else self.outer

    @property
    def outer(self) -> Trace:
        """The trace of this iteration, outside of what one has stepped into."""
        return self.here.trace(self.place(self.position)[0])

    @property
    def within(self) -> int:
        """The position in the trace that one looks at."""
        return self.levels[-1][2] if self.levels else self.place(self.position)[1]

    @property
    def between_units(self) -> bool:
        """Whether one stands between two units, and inside of no folded group."""
        mark, here, last, folded = self.mark, self.position, self.last, self.folded
        if self.levels:
            graph, schedule = self.trace.graph, self.trace.schedule
            mark, here, last, folded = partial(mark_of, graph, schedule), self.within, schedule.last, ()
        if here in (0, last):
            return True
        one, other = mark(here), mark(here + 1)
        together = one.passing == other.passing and set(one.groups) & set(other.groups) & set(folded)
        return one.unit != other.unit and not together

    @property
    def stack(self) -> tuple[str, ...]:
        """What one is inside of."""
        groups = self.mark(self.position).groups if self.position else ()
        return (*groups, *(name for name, _, _ in self.levels))

    # Commands

    def do(self, command: c.Command) -> None:
        """Follow a command; `UsageError` where the session must refuse it, with nothing changed."""
        before = dict(vars(self))
        self.hit, self.failed = (), False
        try:
            getattr(self, f"_{type(command).__name__.lower()}")(command)
        except UsageError:
            vars(self).update(before)
            raise

    def _go_to(self, position: int) -> None:
        self.position = min(max(position, 0), self.last)
        if self.levels:
            self.levels, self.selection = [], None

    def _leap(self, position: int) -> None:
        before = self.position
        self._go_to(position)
        if self.position != before:
            self.past, self.future = [*self.past, before][-200:], []

    def _move_inside(self, position: int) -> None:
        name, trace, _ = self.levels[-1]
        self.levels = [*self.levels[:-1], (name, trace, min(max(position, 0), trace.schedule.last))]

    def _stepby(self, command: c.StepBy) -> None:
        if self.levels:
            self._move_inside(self.within + command.count)
        else:
            self._go_to(self.position + command.count)

    def _stepover(self, command: c.StepOver) -> None:
        back = command.count < 0
        for _ in range(abs(command.count)):
            if self.levels:
                mark = partial(mark_of, self.trace.graph, self.trace.schedule)
                self._move_inside(over(mark, self.within, self.trace.schedule.last, (), back=back))
            else:
                self._go_to(over(self.mark, self.position, self.last, self.folded, back=back))

    def _stepinto(self, command: c.StepInto) -> None:
        if self.position and not self.levels and self._unfold_at(self.position):
            return
        trace, step = self.trace, None
        if self.within:
            step = trace.schedule.step(self.within)
        node = (
            step.node if isinstance(step, Forward) else step.edge.node if isinstance(step, Backward) else None
        )
        if node is None or decomposition(trace.graph, trace.graph.nodes[node]) is None:
            ahead = self.position + 1
            goes_on = not self.levels and ahead <= self.last
            if goes_on and self.place(ahead)[0] == self.place(self.position)[0]:
                self.failed = not self._unfold_at(ahead)
            else:
                self.failed = True
            return
        inner = inner_run(trace, trace.graph.nodes[node]).trace
        start = 0 if isinstance(step, Forward) else inner.schedule.seed
        self.levels = [*self.levels, (trace.graph.nodes[node].name, inner, start)]
        self.selection = None

    def _unfold_at(self, position: int) -> bool:
        """Unfold the outermost folded group of a step, and go to its first; whether there is one."""
        folded = [group for group in self.mark(position).groups if group in self.folded]
        if folded:
            self.folded = tuple(one for one in self.folded if one != folded[0])
            self._go_to(stretch(self.mark, position, self.last, folded[0])[0])
        return bool(folded)

    def _stepout(self, command: c.StepOut) -> None:
        if self.levels:
            self.levels, self.selection = self.levels[:-1], None
            return
        groups = self.mark(self.position).groups if self.position else ()
        ends = [stretch(self.mark, self.position, self.last, group)[1] for group in reversed(groups)]
        ahead = [end for end in ends if end > self.position]
        if ahead:
            self._go_to(ahead[0])
        else:
            self.failed = True

    def _iterate(self, command: c.Iterate) -> None:
        # The very start has no like in another iteration but its first step: position 0 of one ends the
        # other.
        here = self.position or (1 if command.count else 0)
        self._leap(here + command.count * self.long.last)

    def _go(self, command: c.Go) -> None:
        self._leap(command.position)

    def _tostart(self, command: c.ToStart) -> None:
        self._leap(0)

    def _toend(self, command: c.ToEnd) -> None:
        self._leap(self.last)

    def _tobackward(self, command: c.ToBackward) -> None:
        iteration, _ = self.place(self.position)
        self._leap(iteration * self.long.last + len(self.long.order) + 1)

    def _runto(self, command: c.RunTo) -> None:
        iteration, within = self.place(self.position)
        schedule = self.schedule(iteration)
        steps = range(1, schedule.last + 1)
        found = [at for at in steps if is_about(schedule.step(at), command.node)]
        if not found:
            raise UsageError("no step involves it")
        ahead = [at for at in found if at > within]
        start = iteration * self.long.last
        next_one = start + self.long.last + found[0]
        self._leap(start + ahead[0] if ahead else next_one if next_one <= self.last else start + found[-1])

    def _back(self, command: c.Back) -> None:
        if not self.past:
            self.failed = True
            return
        self.past, self.future, to = self.past[:-1], [self.position, *self.future], self.past[-1]
        self._go_to(to)

    def _ahead(self, command: c.Ahead) -> None:
        if not self.future:
            self.failed = True
            return
        self.past, self.future, to = [*self.past, self.position], self.future[1:], self.future[0]
        self._go_to(to)

    def _select(self, command: c.Select) -> None:
        if command.node is not None and not 0 <= command.node < len(self.trace.graph.nodes):
            raise UsageError("there is no such node")
        self.selection = command.node

    def _fold(self, command: c.Fold) -> None:
        names = [group.name for group in self.case.graph.groups]
        if not names:
            self.failed = True
        elif not command.group:
            self.folded = () if set(self.folded) == set(names) else tuple(names)
        elif command.group not in names:
            raise UsageError("there is no such group")
        else:
            turned = set(self.folded) ^ {command.group}
            self.folded = tuple(name for name in names if name in turned)

    # Breakpoints

    def _break(self, command: c.Break) -> None:
        parse_breakpoint(command.text, self.case.graph)
        self.numbered += 1
        self.points = [*self.points, Point(self.numbered, " ".join(command.text.split()), once=command.once)]

    def _point(self, number: int) -> Point:
        for one in self.points:
            if one.number == number:
                return one
        raise UsageError("there is no such breakpoint")

    def _delete(self, command: c.Delete) -> None:
        gone = self.points if command.number is None else [self._point(command.number)]
        self.points = [one for one in self.points if one not in gone]

    def _enable(self, command: c.Enable) -> None:
        found = self._point(command.number)
        self.points = [one._replace(enabled=command.on) if one is found else one for one in self.points]

    def _ignore(self, command: c.Ignore) -> None:
        found, count = self._point(command.number), max(0, command.count)
        self.points = [one._replace(ignore=count) if one is found else one for one in self.points]

    def stops(self, iteration: int) -> Iterator[tuple[int, Point]]:
        """Every position of an iteration at which a breakpoint stops, and which."""
        trace = self.here.trace(iteration)
        before = self.here.trace(iteration - 1) if iteration else None
        for one in self.points:
            if one.enabled:
                found = hits(parse_breakpoint(one.text, trace.graph), trace, before).tolist()
                for at in found[one.ignore :]:
                    yield iteration * self.long.last + at, one

    def _continue(self, command: c.Continue) -> None:
        if self.levels:
            self._go_to(self.position)
        if not any(one.enabled for one in self.points):
            self._leap(0 if command.back else self.last)
            return
        here, _ = self.place(self.position)
        for iteration in range(here, -1, -1) if command.back else range(here, self.steps + 1):
            found = [
                (at, one)
                for at, one in self.stops(iteration)
                if (at < self.position if command.back else at > self.position)
            ]
            if found:
                best = (max if command.back else min)(at for at, _ in found)
                stopped = [one for at, one in found if at == best]
                self._leap(best)
                self.hit = tuple(one.number for one in stopped)
                self.points = [one for one in self.points if not (one.once and one in stopped)]
                return
        self._leap(0 if command.back else self.last)

    # Watches

    def _watch(self, command: c.Watch) -> None:
        check_watch(command.text, self.case.graph)
        self.watches = [*self.watches, command.text]

    def _unwatch(self, command: c.Unwatch) -> None:
        if command.number is None:
            self.watches = []
        elif 1 <= command.number <= len(self.watches):
            self.watches = [one for at, one in enumerate(self.watches, 1) if at != command.number]
        else:
            raise UsageError("there is no such watch")

    # What if

    def _set(self, command: c.Set) -> None:
        graph = self.case.graph
        node = graph[command.node]
        kind = "gradient" if command.gradient else "leaf" if node.is_leaf else "value"
        if command.gradient and not (graph.active[node.position] and node.takes_gradient):
            raise UsageError("it has no gradient")
        if kind == "value" and node.op is not None and node.op.boolean:
            raise UsageError("it is a comparison")
        tensor = np.full(node.shape, np.nan)
        if command.entry is None:
            given = np.asarray(command.tensor)
            if given.shape not in ((), node.shape):
                raise UsageError("it has another shape")
            tensor[...] = given
        else:
            before: Mapping[str, Any] = {
                "gradient": self.outer.gradients,
                "leaf": self.here.bindings.at(self.place(self.position)[0]).leaves,
                "value": self.outer.values,
            }
            found = before[kind][node.position]
            if found is None or not _is_entry(command.entry, node.shape):
                raise UsageError("there is no such entry")
            tensor[...] = found
            tensor[command.entry] = command.tensor
        batches = self.here.bindings.batches
        if kind == "leaf" and batches and node.position in batches.examples:
            whole = np.array(batches.examples[node.position], np.float64)
            whole[batches.rows(self.place(self.position)[0])] = tensor
            tensor = whole
        grown = TwinBranch(self.case, "", self.here, {**self.here.overrides, (kind, node.name): tensor})
        _ = grown.bindings
        grown.name = next(f"b{k}" for k in range(1, 1000) if f"b{k}" not in self.branches)
        self.branches = {**self.branches, grown.name: grown}
        self.redo = {**self.redo, self.here: grown}
        self._switch(grown)

    def _switch(self, branch: TwinBranch) -> None:
        self.here = branch
        self._go_to(self.position)

    def _undo(self, command: c.Undo) -> None:
        if self.here.parent is None:
            raise UsageError("this is the baseline")
        self.redo = {**self.redo, self.here.parent: self.here}
        self._switch(self.here.parent)

    def _redo(self, command: c.Redo) -> None:
        if self.here not in self.redo:
            raise UsageError("nothing was undone")
        self._switch(self.redo[self.here])

    def _switchbranch(self, command: c.SwitchBranch) -> None:
        if command.name not in self.branches:
            raise UsageError("there is no such branch")
        self._switch(self.branches[command.name])

    def _namebranch(self, command: c.NameBranch) -> None:
        name = command.name.strip()
        if not name.isidentifier() or len(name) > 40 or name in self.branches or self.here.parent is None:
            raise UsageError("it cannot be called that")
        self.branches = {name if one is self.here else key: one for key, one in self.branches.items()}
        self.here.name = name


def _is_entry(entry: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(entry) == len(shape) and all(
        -size <= one < size for one, size in zip(entry, shape, strict=True)
    )
