"""Carrying out commands: `update(session, command) -> session`, pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

from msgspec import structs

from backprop_engine.debugger.branches import Branches
from backprop_engine.debugger.breakpoints import Breakpoint, parse_breakpoint, positions_of_node
from backprop_engine.debugger.commands import (
    Ahead,
    Back,
    Break,
    Command,
    Continue,
    Delete,
    Enable,
    Fold,
    Go,
    Ignore,
    Iterate,
    NameBranch,
    Redo,
    RunTo,
    Select,
    Set,
    StepBy,
    StepInto,
    StepOut,
    StepOver,
    SwitchBranch,
    SwitchPass,
    SwitchRank,
    ToBackward,
    ToEnd,
    ToStart,
    Undo,
    Unwatch,
    Watch,
)
from backprop_engine.debugger.editing import on_branch, overridden
from backprop_engine.debugger.navigation import groups_at, next_boundary, previous_boundary, stretch_of
from backprop_engine.debugger.session import InnerRun, PendingSearch, Session
from backprop_engine.debugger.time_travel import (
    at,
    jumped,
    searched,
    start_move,
    through_history,
    with_notice,
)
from backprop_engine.debugger.watches import check_watch
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Backward, Forward
from backprop_engine.messages.message import msg
from backprop_engine.trace.run import Run

__all__ = ["update"]


def update(session: Session, command: Command) -> Session:
    """The session after `command`; raises `UsageError` if it is not possible.

    A search of other iterations and a move through many are left `pending`: see `advance`.
    """
    spoke = session.hit or session.pending or session.notice
    quiet = replace(session, hit=(), pending=None, notice=None) if spoke else session
    return start_move(quiet, _carried_out(quiet, command))


def _carried_out(quiet: Session, command: Command) -> Session:
    """The session after `command`, however far it leads; nothing is computed yet."""
    match command:
        case StepBy() | StepOver() | StepInto() | StepOut():
            return _step(quiet, command)
        case Iterate() | Go() | ToStart() | ToBackward() | ToEnd() | RunTo():
            return jumped(quiet, _goal(quiet, command))
        case Continue(back=back):
            return _continue(quiet, back=back)
        case Back() | Ahead():
            return through_history(quiet, back=isinstance(command, Back))
        case Select(node=node):
            _known(node, quiet.graph)
            return replace(quiet, selection=node)
        case Fold(group=group):
            return _fold(quiet, group)
        case Break() | Delete() | Enable() | Ignore():
            return _breakpoints(quiet, command)
        case Watch(text=text):
            check_watch(text, quiet.run.graph)
            return replace(quiet, watches=(*quiet.watches, text))
        case Unwatch(number=number):
            return replace(quiet, watches=_without(quiet.watches, number))
        case Set():
            return overridden(quiet, command)
        case Undo():
            return on_branch(quiet, quiet.branches.undone())
        case Redo():
            return on_branch(quiet, quiet.branches.redone())
        case SwitchBranch(name=name):
            return on_branch(quiet, quiet.branches.switched(name))
        case SwitchRank(rank=rank):
            return _moved(quiet, quiet.baseline.on_rank(rank))
        case SwitchPass(number=number):
            return _moved(quiet, quiet.baseline.in_pass(number))
        case NameBranch(name=name):
            branches, runs = quiet.branches.renamed(name), {**quiet.runs}
            runs[branches.current] = runs.pop(quiet.branches.current, quiet.run)
            return replace(quiet, branches=branches, runs=runs)


def _moved(session: Session, run: Run) -> Session:
    """The session at the same place of another run; changes are left behind, as they are of one run."""
    if run is session.baseline:
        return session
    from backprop_engine.debugger.resume import resumed

    moved = resumed(replace(session, run=session.baseline, runs={}, branches=Branches.start()), run)
    if len(session.branches.every) > 1:
        return with_notice(moved, msg("Your changes were not carried over."), good=False)
    return moved


# Moving


def _step(session: Session, command: StepBy | StepOver | StepInto | StepOut) -> Session:
    match command:
        case StepBy(count=count):
            if session.levels:
                level = session.levels[-1]
                return _at_level(session, level.position + count)
            return at(session, session.position + count)
        case StepOver(count=count):
            for _ in range(min(abs(count), max(session.last, session.schedule.last) + 1)):
                session = _over(session, back=count < 0)
            return session
        case StepInto():
            return _into(session)
        case StepOut():
            return _out(session)


def _at_level(session: Session, position: int) -> Session:
    level = session.levels[-1]
    position = min(max(position, 0), level.trace.schedule.last)
    return replace(session, levels=(*session.levels[:-1], structs.replace(level, position=position)))


def _over(session: Session, *, back: bool) -> Session:
    graph, schedule, here = session.graph, session.schedule, session.here
    to = (previous_boundary if back else next_boundary)(graph, schedule, here, session.folded)
    if session.levels:
        return _at_level(session, to)
    if not back and here == schedule.last:  # cleared: the next iteration's first unit
        following = at(session, session.position + 1)
        if following is session or not session.folded:
            return following
        start = session.position
        return at(session, start + next_boundary(graph, following.schedule, 0, session.folded))
    return at(session, session.position - here + to)


def _into(session: Session) -> Session:
    """Into a folded group that was stepped over, else into the composite node of the step.

    If the step has no inside, into a folded group that begins with the next step.
    """
    opened = _unfolded_at(session, session.here)
    if opened is not None:
        return opened
    node = _composite(session)
    if node is None:
        return _unfolded_at(session, session.here + 1) or with_notice(
            session, msg("There is nothing to step into here: the operator is elementary."), good=False
        )
    from backprop_engine.derivatives.decomposition import inner_run  # which no other command needs

    found = inner_run(session.trace, node)
    start = 0 if isinstance(session.frame.step, Forward) else found.trace.schedule.seed
    level = InnerRun(node.name, found.trace, start)
    return replace(session, levels=(*session.levels, level), selection=None)


def _unfolded_at(session: Session, here: int) -> Session | None:
    """At the first step of the outermost folded group that the step to `here` is in, which is unfolded."""
    groups = groups_at(session.graph, session.schedule, here)
    group = next((candidate for candidate in groups if candidate.name in session.folded), None)
    if group is None:
        return None
    opened = replace(session, folded=tuple(name for name in session.folded if name != group.name))
    first = stretch_of(session.schedule, group, here)[0]
    return _at_level(opened, first) if opened.levels else at(opened, opened.position - opened.here + first)


def _composite(session: Session) -> Node | None:
    """The node of the step, where it has an inside."""
    match session.frame.step:
        case Forward(node=position):
            node = session.graph.nodes[position]
        case Backward(edge=edge):
            node = session.graph.nodes[edge.node]
        case _:
            return None
    from backprop_engine.derivatives.decomposition import decomposition

    return node if decomposition(session.graph, node) is not None else None


def _out(session: Session) -> Session:
    if session.levels:
        return replace(session, levels=session.levels[:-1], selection=None)
    groups = groups_at(session.graph, session.schedule, session.here)
    for group in reversed(groups):
        last = stretch_of(session.schedule, group, session.here)[-1]
        if last > session.here:  # at the end of a group already, it is the one around it
            return at(session, session.position - session.here + last)
    if groups:
        return with_notice(
            session,
            msg("This is the end of {group}: the next step leaves it.", group=groups[0].name),
            good=False,
        )
    return with_notice(session, msg("You have not stepped into anything."), good=False)


def _goal(session: Session, command: Iterate | Go | ToStart | ToBackward | ToEnd | RunTo) -> int:
    """The position that a jump leads to."""
    start = session.position - session.outer_here
    match command:
        case Iterate(count=count):
            # Where one iteration ends the next begins: from the very start, it is the first step of another.
            here = session.position or (1 if count else 0)
            return here + count * session.run.length
        case Go(position=position):
            return position
        case ToStart():
            return 0
        case ToBackward():
            return start + min(
                session.run.schedule(session.iteration).seed, session.run.schedule(session.iteration).last
            )
        case ToEnd():
            return session.last
        case RunTo(node=node):
            _known(node, session.run.graph)
            name = session.run.graph.nodes[node].name
            found = sorted(dict.fromkeys(positions_of_node(name, session.outer_trace)))
            if not found:
                raise UsageError(msg("no step involves {name}", name=name))
            ahead = bisect_right(found, session.outer_here)
            if ahead < len(found):
                return start + found[ahead]
            in_the_next = start + session.run.length + found[0]
            return in_the_next if in_the_next <= session.last else start + found[-1]


def _known(node: int | None, graph: Graph) -> None:
    if node is not None and not 0 <= node < len(graph.nodes):
        raise UsageError(
            msg(
                "there is no node number {number}: nodes are numbered 0 to {last}",
                number=node,
                last=len(graph.nodes) - 1,
            )
        )


def _fold(session: Session, group: str) -> Session:
    """Fold a group, or every instance of a scan; unfold it if it is folded."""
    names = [group.name for group in session.run.graph.groups]
    if not names:
        return with_notice(session, msg("The graph has no groups to fold."), good=False)
    if not group:
        return replace(session, folded=() if len(session.folded) == len(names) else tuple(names))
    if group in session.run.graph.lengths:
        wanted = {name for name in names if name.startswith(f"{group}[") and name.endswith("]")}
        wanted = {name for name in wanted if name.rindex("[") == len(group)}
    elif group in names:
        wanted = {group}
    else:
        raise UsageError(
            msg("there is no group {name}", name=group),
            msg("available: {names}", names=", ".join(names[:8])),
        )
    folded = set(session.folded)
    left = folded - wanted if wanted <= folded else folded | wanted
    return replace(session, folded=tuple(name for name in names if name in left))


# Breakpoints


def _breakpoints(session: Session, command: Break | Delete | Enable | Ignore) -> Session:
    match command:
        case Break(text=text, once=once):
            number = session.numbered + 1
            found = structs.replace(parse_breakpoint(text, session.run.graph), number=number, once=once)
            return replace(session, breakpoints=(*session.breakpoints, found), numbered=number)
        case Delete():
            return _deleted(session, command.number)
        case Enable(number=number, on=on):
            return _with(session, structs.replace(_numbered(session, number), enabled=on))
        case Ignore(number=number, count=count):
            return _with(session, structs.replace(_numbered(session, number), ignore=max(0, count)))


def _deleted(session: Session, number: int | None) -> Session:
    if number is None:
        return replace(session, breakpoints=())
    _numbered(session, number)
    left = tuple(known for known in session.breakpoints if known.number != number)
    return replace(session, breakpoints=left)


def _numbered(session: Session, number: int) -> Breakpoint:
    for known in session.breakpoints:
        if known.number == number:
            return known
    numbers = ", ".join(str(known.number) for known in session.breakpoints)
    there = msg("available: {numbers}", numbers=numbers) if numbers else msg("there are no breakpoints")
    raise UsageError(msg("there is no breakpoint {number}", number=number), there)


def _with(session: Session, breakpoint_: Breakpoint) -> Session:
    number, known = breakpoint_.number, session.breakpoints
    every = tuple(breakpoint_ if other.number == number else other for other in known)
    return replace(session, breakpoints=every)


def _without(items: tuple[str, ...], number: int | None) -> tuple[str, ...]:
    if number is None:
        return ()
    if not 1 <= number <= len(items):
        raise UsageError(
            msg("there is no watch {number}", number=number),
            msg("there are {count} in all", count=len(items)),
        )
    return items[: number - 1] + items[number:]


def _continue(session: Session, *, back: bool) -> Session:
    """To the next hit in this iteration; else the search goes on in the others."""
    session = at(session, session.position)
    if not any(breakpoint_.enabled for breakpoint_ in session.breakpoints):
        message = (
            msg("No breakpoint is set; this is the start of the run.")
            if back
            else msg("No breakpoint is set; this is the end of the run.")
        )
        return with_notice(jumped(session, 0 if back else session.last), message)
    return searched(session, PendingSearch(session.iteration, back), session.position)
