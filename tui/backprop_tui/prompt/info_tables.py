"""What is set up: breakpoints, watches, the stack, branches and groups, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from backprop_engine.debugger import Session
from backprop_engine.debugger.breakpoints import Breakpoint, hits
from backprop_engine.debugger.navigation import interval
from backprop_engine.debugger.watches import history_of_watch, value_of_watch
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, in_language, msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.summaries import summary
from backprop_tui.panels.watches import bars_of
from backprop_tui.prompt.outcome import Context, one_line, table
from backprop_tui.queries import Info

__all__ = ["LISTS", "breakpoint_row", "listed"]

_MOST: Final = 40
_MOST_BARS: Final = 24

Row = tuple[Span, ...]


def breakpoint_row(session: Session, breakpoint_: Breakpoint, language: str) -> Row:
    """A breakpoint: its number, what it is on, how it is set, and where it stops."""
    states = [
        *([msg("one-shot").in_language(language)] if breakpoint_.once else []),
        *(
            [msg("skips {count}", count=breakpoint_.ignore).in_language(language)]
            if breakpoint_.ignore
            else []
        ),
    ]
    how = _stops(session, breakpoint_, language) if breakpoint_.enabled else msg("off").in_language(language)
    where = Span(", ".join([*states, how]), Role.TEXT if breakpoint_.enabled else Role.DIM)
    return Span(str(breakpoint_.number), Role.HEADING), Span(breakpoint_.text, Role.CODE), where


def _stops(session: Session, breakpoint_: Breakpoint, language: str) -> str:
    before = session.run.trace(session.iteration - 1) if session.iteration else None
    found = hits(breakpoint_, session.outer_trace, before)
    if not len(found):
        return msg("it stops nowhere in this iteration").in_language(language)
    first = session.run.start(session.iteration) + int(found[0])
    if len(found) == 1:
        return msg("it stops once in this iteration, at {first}", first=first).in_language(language)
    return msg(
        "it stops {count} times in this iteration, first at {first}", count=len(found), first=first
    ).in_language(language)


def _empty(message: Message, language: str) -> list[Line]:
    return [(Span("  "), Span(message.in_language(language), Role.DIM))]


def _breakpoints(session: Session, language: str) -> list[Line]:
    if not session.breakpoints:
        return _empty(msg("no breakpoints"), language)
    return table(breakpoint_row(session, breakpoint_, language) for breakpoint_ in session.breakpoints)


def _watches(session: Session, language: str) -> list[Line]:
    if not session.watches:
        return _empty(msg("no watches"), language)
    return table(
        (
            Span(str(number), Role.HEADING),
            Span(watch, Role.CODE),
            Span(_value(session, watch, language), Role.VALUE),
            Span(_course(session, watch), Role.DIM),
        )
        for number, watch in enumerate(session.watches, 1)
    )


def _value(session: Session, watch: str, language: str) -> str:
    """The value of a watch at this position of the run; watches do not see inside operators."""
    try:
        return summary(value_of_watch(watch, session.outer_trace.frame(session.outer_here)), 60)
    except UsageError as error:
        return error.in_language(language)


def _course(session: Session, watch: str) -> str:
    """Its course in this iteration, as a row of bars."""
    trace = session.outer_trace
    last = trace.schedule.last
    count = min(_MOST_BARS, last + 1)
    positions = [column * last // max(1, count - 1) for column in range(count)]
    try:
        return bars_of(history_of_watch(watch, trace, positions))
    except UsageError:
        return ""


def _stack(session: Session, language: str) -> list[Line]:
    if not session.stack:
        return _empty(msg("not inside anything"), language)
    groups = session.stack[: len(session.stack) - len(session.levels)]
    rows: list[Row] = [(Span(name, Role.NAME),) for name in groups]
    rows += [
        (Span(level.name, Role.NAME), Span(f"{level.position}/{level.trace.schedule.last}"))
        for level in session.levels
    ]
    return table(rows)


def _branches(session: Session, language: str) -> list[Line]:
    """The tree of branches, each under the one that it grew from."""
    branches = session.branches
    children: dict[str | None, list[str]] = {}
    for branch in branches.every.values():
        children.setdefault(branch.parent, []).append(branch.name)

    def below(parent: str | None) -> Iterator[Row]:
        stack = [(name, 0) for name in reversed(children.get(parent, []))]
        while stack:
            name, depth = stack.pop()
            current = name == branches.current
            mark = "* " if current else "  "
            yield (
                Span(f"{mark}{'  ' * depth}{name}", Role.HEADING if current else Role.NAME),
                Span(in_language(branches.every[name].description, language), Role.CODE),
            )
            stack += [(child, depth + 1) for child in reversed(children.get(name, []))]

    return table(below(None))


def _groups(session: Session, language: str) -> list[Line]:
    graph, start = session.run.graph, session.run.start(session.iteration)
    if not graph.groups:
        return _empty(msg("no groups"), language)
    folded = msg("folded").in_language(language)
    rows = []
    for group in graph.groups[:_MOST]:
        steps = interval(session.outer_trace.schedule, group, backward=False)
        where = msg("at {position}", position=f"{start + steps.start}–{start + steps.stop - 1}").in_language(
            language
        )
        state = Span(folded if group.name in session.folded else "", Role.DIM)
        rows.append((Span(group.name, Role.NAME), Span(group.cell), Span(where), state))
    lines = table(rows)
    if len(graph.groups) > _MOST:
        lines.append(
            one_line(
                msg("… and {count} more", count=len(graph.groups) - _MOST).in_language(language), Role.DIM
            )
        )
    return lines


_TOPICS: Final = {
    "breakpoints": msg("breakpoints"),
    "watches": msg("watches"),
    "stack": msg("stack"),
    "branches": msg("branches"),
    "groups": msg("groups"),
}

LISTS: Final[Mapping[str, Callable[[Session, str], list[Line]]]] = {
    "breakpoints": _breakpoints,
    "watches": _watches,
    "stack": _stack,
    "branches": _branches,
    "groups": _groups,
}
"""A table for each thing that `info` is about."""


def listed(session: Session, query: Info, context: Context) -> list[Line]:
    """One of the tables, or all of them, those that are empty in a word."""
    language = context.language
    if query.topic:
        return LISTS[query.topic](session, language)
    lines: list[Line] = []
    for topic, show in LISTS.items():
        lines += [one_line(_TOPICS[topic].in_language(language), Role.HEADING), *show(session, language)]
    return lines
