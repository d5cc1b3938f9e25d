"""Moves and searches through iterations: whatever takes long is left pending, and carried on bit by bit.

No command computes iterations in bulk. A long move, or a search for a breakpoint, leaves the session where it
is, with a `PendingMove` or a `PendingSearch`. `advance` carries either on by at most one iteration,
`finished` to the end, and `halted` ends it where it has got to.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import Any, Final, NamedTuple

from backprop_engine.debugger.anomalies import BroughtIn, brought_in
from backprop_engine.debugger.breakpoints import Breakpoint, hits
from backprop_engine.debugger.session import Notice, PendingMove, PendingSearch, Session
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.work import takes_long
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace

__all__ = [
    "Progress",
    "advance",
    "at",
    "finished",
    "halted",
    "jumped",
    "progress",
    "searched",
    "start_move",
    "stopping",
    "through_history",
    "with_notice",
]

_REMEMBERED: Final = 200
"""How many jumps are kept to go back to."""
AT_ONCE: Final = 2000
"""Iterations with this many nodes and edges together take no longer than painting a screen."""


def with_notice(session: Session, message: Message, *, good: bool = True) -> Session:
    """The session with a notice."""
    return replace(session, notice=Notice(message, good))


# Moving


def at(session: Session, position: int) -> Session:
    """At a position of the run, outside of everything stepped into."""
    position = min(max(position, 0), session.last)
    if position == session.position and not session.levels:
        return session
    left = session.levels  # its node belongs to the inner graph
    return replace(session, position=position, levels=(), selection=None if left else session.selection)


def jumped(session: Session, position: int) -> Session:
    """At a position, remembering the one before."""
    moved = at(session, position)
    if moved.position == session.position:
        return moved
    past = (*session.past, session.position)[-_REMEMBERED:]
    return replace(moved, past=past, future=())


def through_history(session: Session, *, back: bool) -> Session:
    """Back to the position before the last jump, or forward again."""
    left, right = session.past, session.future
    if not (left if back else right):
        return with_notice(session, msg("There is no jump to go back to."), good=False)
    if back:
        return replace(at(session, left[-1]), past=left[:-1], future=(session.position, *right))
    return replace(at(session, right[0]), past=(*left, session.position), future=right[1:])


# Long moves


def start_move(session: Session, goal: Session) -> Session:
    """`goal`, if what it shows is quickly computed; else the session with the move there pending."""
    if goal.pending is not None or goal.levels:  # a run stepped into is computed already
        return goal
    work = _work(goal)
    if work <= 1 or (work * _weight(goal.run) <= AT_ONCE and not takes_long(goal.run.graph)):
        return goal
    return session.waiting(PendingMove(goal, work))


def _runs(session: Session) -> tuple[Run, ...]:
    """The runs on the screen: that of the branch and, beside it, the baseline's."""
    return (session.run,) if session.run is session.baseline else (session.run, session.baseline)


def _work(session: Session) -> int:
    """How many iterations must be computed before the session can be shown."""
    return sum(run.missing(session.iteration) for run in _runs(session))


def _weight(run: Run) -> int:
    """The cost of an iteration: its nodes and edges, and the numbers in large tensors."""
    graph = run.graph
    return len(graph.nodes) + len(graph.edges) + graph.numbers() // 1000


def _approached(session: Session, iteration: int, runs: tuple[Run, ...]) -> bool:
    """Compute one missing iteration before `iteration`; whether there was any."""
    for run in runs:
        if run.missing(iteration) > 1:
            run.approach(iteration)
            return True
    return False


# Carrying on


def advance(session: Session) -> Session:
    """Carry what is pending on by an iteration; returns the same session while that is under way."""
    match session.pending:
        case PendingMove(goal=goal):
            return session if _approached(session, goal.iteration, _runs(goal)) else goal
        case PendingSearch(iteration=iteration) as seek:
            on_the_way = _approached(session, max(0, iteration - 1), (session.run,))
            return session if on_the_way else searched(session, seek, None)
        case None:
            return session


def finished(session: Session) -> Session:
    """The session when what is pending is done."""
    while session.pending is not None:
        session = advance(session)
    return session


def halted(session: Session) -> Session:
    """The session where what is pending has got to; the next `Continue` goes on with a search."""
    match session.pending:
        case PendingMove(goal=goal):
            reached = _reached(goal)
            here = min(goal.outer_here, goal.run.schedule(reached).last)
            stopped = replace(goal, position=goal.run.start(reached) + here, levels=(), hit=())
            return with_notice(
                stopped,
                msg(
                    "Stopped in iteration {iteration}, on the way to iteration {goal}.",
                    iteration=goal.run.iteration_label(reached),
                    goal=goal.run.iteration_label(goal.iteration),
                ),
            )
        case PendingSearch(iteration=iteration, back=back):
            session = replace(session, pending=None)
            stopped = jumped(session, session.run.start(iteration + back))
            return with_notice(
                stopped,
                msg(
                    "Stopped searching at iteration {iteration}; continue to resume the search.",
                    iteration=session.run.iteration_label(iteration),
                ),
            )
        case None:
            return session


def _reached(goal: Session) -> int:
    """The last iteration on the way to a goal that can be shown without computing others."""
    reached = goal.iteration
    while (nearer := min(run.nearest(reached) for run in _runs(goal))) < reached:
        reached = nearer
    return reached


class Progress(NamedTuple):
    """The progress of what is pending: the iteration computed or searched, the last one that it may lead to,
    and the part that is done, 0…1.
    """

    iteration: int
    last: int
    part: float


def progress(session: Session) -> Progress | None:
    """The progress of what is pending; None if nothing is."""
    match session.pending:
        case PendingMove(goal=goal, work=work):
            part = max(0.0, 1 - _work(goal) / work)
            return Progress(_reached(goal), goal.iteration, part)
        case PendingSearch(iteration=iteration, back=back):
            last = session.run.iterations - 1
            return Progress(iteration, last, (last - iteration if back else iteration) / last)
        case None:
            return None


# Searching


def searched(session: Session, seek: PendingSearch, beyond: int | None) -> Session:
    """Search an iteration, beyond a position of the run if one is given.

    The session stops at a hit; without one, the search of the next iteration is pending.
    """
    run, start = session.run, session.run.start(seek.iteration)
    before = run.trace(seek.iteration - 1) if seek.iteration else None
    trace = run.trace(seek.iteration)
    best: int | None = None
    stopped: dict[int, list[Breakpoint]] = {}
    for breakpoint_ in session.breakpoints:
        found = hits(breakpoint_, trace, before)
        position = _nearest(found, None if beyond is None else beyond - start, back=seek.back)
        if position is not None:
            stopped.setdefault(position, []).append(breakpoint_)
            if best is None or (position > best if seek.back else position < best):
                best = position
    here = replace(session, pending=None)
    if best is not None:
        return _stopped(
            jumped(here, start + best), stopped[best], _given_at(best, stopped[best], trace, before)
        )
    following = seek.iteration + (-1 if seek.back else 1)
    if not 0 <= following < run.iterations:
        message = (
            msg("No breakpoint was hit; this is the start of the run.")
            if seek.back
            else msg("No breakpoint was hit; this is the end of the run.")
        )
        return with_notice(jumped(here, 0 if seek.back else session.last), message)
    return session.waiting(PendingSearch(following, seek.back))


def stopping(session: Session) -> tuple[Breakpoint, ...]:
    """The breakpoints that stop at the current position; none in a run stepped into."""
    if session.levels or not session.breakpoints:
        return ()
    before = session.run.trace(session.iteration - 1) if session.iteration else None
    here = session.outer_here
    trace = session.outer_trace
    return tuple(found for found in session.breakpoints if here in hits(found, trace, before))


def _nearest(found: Any, beyond: int | None, *, back: bool) -> int | None:
    """The first of `found` after `beyond`, or the last before it; without `beyond`, that of all."""
    if not len(found):
        return None
    if beyond is None:
        return int(found[-1] if back else found[0])
    index = bisect_left(found, beyond) - 1 if back else bisect_right(found, beyond)
    return int(found[index]) if 0 <= index < len(found) else None


def _given_at(
    position: int, breakpoints: list[Breakpoint], trace: Trace, before: Trace | None
) -> BroughtIn | None:
    """The leaf that already holds NaN, if a `first nan` breakpoint stops for it at `position`; else None."""
    if all(known.target.name != "first nan" for known in breakpoints):
        return None
    return next((given for given in brought_in(trace, before) if given.position == position), None)


def _stopped(session: Session, breakpoints: list[Breakpoint], given: BroughtIn | None) -> Session:
    kept = tuple(known for known in session.breakpoints if not (known.once and known in breakpoints))
    hit = tuple(known.number for known in breakpoints)
    shown = ", ".join(f"{known.number} ({known.text})" for known in breakpoints)
    stopped = replace(session, breakpoints=kept, hit=hit)
    if given is not None:
        return with_notice(
            replace(stopped, selection=given.leaf.position),
            msg(
                "Stopped at breakpoint {breakpoints}: it comes from {leaf}.",
                breakpoints=shown,
                leaf=given.leaf.name,
            ),
        )
    return with_notice(stopped, msg("Stopped at breakpoint {breakpoints}.", breakpoints=shown))
