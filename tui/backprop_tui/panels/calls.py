"""The call stack: the run, the groups and composite operators around the step, and the step itself."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.debugger import Session
from backprop_engine.debugger.navigation import groups_at, interval
from backprop_engine.explain.facts import step_facts
from backprop_engine.graph.graph import Group
from backprop_engine.graph.steps import Schedule
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Area, Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line
from backprop_tui.render.run_names import iteration_text, shows_iteration
from backprop_tui.view import View

__all__ = ["calls"]


def calls(view: View, width: int, height: int) -> Drawing:
    """One row for each frame, the outermost first and the step last; each with the progress in it."""
    lines = [clip_line(line, max(1, width)) for line in _rows(view)]
    return Lines.of(lines, Area(0, len(lines) - 1, 1, 1))


def _rows(view: View) -> Iterator[Line]:
    session = view.session
    depth = 0
    for name, role, what, at, of in _frames(view):
        where = msg("step {position} of {last}", position=at, last=of).in_language(view.language)
        detail = (Span(f"  {what}", Role.DIM),) if what else ()
        yield (Span("  " * depth), Span(name, role), *detail, Span(f"  {where}", Role.DIM))
        depth += 1
    if session.frame.step is not None:
        mark = "> " if view.ascii else "▶ "
        title = step_facts(session.frame).subject
        yield (Span("  " * depth), Span(mark, Role.KEY), Span(title, Role.NAME))


def _frames(view: View) -> Iterator[tuple[str, Role, str, int, int]]:
    """Of each frame its name, its role, what it is, the position in it, and its last."""
    session, language = view.session, view.language
    yield (view.scenario.name, Role.HEADING, "", session.position, session.last)
    if shows_iteration(session.run):
        words = iteration_text(session.run, session.iteration).in_language(language)
        yield (words, Role.HEADING, "", session.outer_here, _schedule(session).last)
    for group in groups_at(session.run.graph, _schedule(session), session.outer_here):
        at, of = _within(session, group)
        yield (group.name, Role.NAME, group.cell, at, of)
    for level in session.levels:
        yield (
            level.name,
            Role.NAME,
            _operator(session, level.name),
            level.position,
            level.trace.schedule.last,
        )


def _within(session: Session, group: Group) -> tuple[int, int]:
    """Which of a group's steps in this pass was the last taken, and how many there are."""
    here, schedule = session.outer_here, _schedule(session)
    steps = interval(schedule, group, backward=here > schedule.seed)
    return here - steps.start + 1, len(steps)


def _schedule(session: Session) -> Schedule:
    """The steps of this iteration, outside of what was stepped into."""
    return session.run.schedule(session.iteration)


def _operator(session: Session, name: str) -> str:
    """The composite operator that was stepped into under a name."""
    graph = session.run.graph
    if name not in graph:
        return ""
    op = graph[name].op
    return op.name if op is not None else ""
