"""What a command of the debugger shows once it has been applied: where it led to, or what it changed."""

from __future__ import annotations

from typing import Final

from backprop_engine.debugger import (
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
    Session,
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
from backprop_engine.debugger.anomalies import ANOMALIES, brought_in
from backprop_engine.explain.facts import note_at, step_facts
from backprop_engine.messages.message import in_language, msg
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.sections.texts import LocalText
from backprop_tui.cells.lines import Line, Role, Span, line_width
from backprop_tui.prompt.answers import differences
from backprop_tui.prompt.info_tables import LISTS, breakpoint_row
from backprop_tui.prompt.outcome import WIDTH, Context, one_line
from backprop_tui.render.one_line import step_lines
from backprop_tui.render.run_names import iteration_text, origin_texts, shows_iteration
from backprop_tui.render.words import story

__all__ = ["is_move", "notices", "report"]

_INDENT = Span("  ")
_MOVES = (
    StepBy,
    StepOver,
    StepInto,
    StepOut,
    Continue,
    RunTo,
    Iterate,
    Go,
    ToStart,
    ToBackward,
    ToEnd,
    Back,
    Ahead,
    SwitchRank,
    SwitchPass,
)


def is_move(request: object) -> bool:
    """Whether a command leads to another position."""
    return isinstance(request, _MOVES)


def report(before: Session, after: Session, command: Command, context: Context) -> list[Line]:
    """What there is to see once a command has been applied."""
    language = context.language
    lines = notices(before, after, language)
    if is_move(command):
        stayed = after.notice is not None and not after.notice.good
        return lines if stayed else [*lines, *_where(before, after, context.scenario, language)]
    match command:
        case Break() | Enable() | Ignore():
            lines += _breakpoint(after, command, language)
        case Delete():
            lines += _deleted(before, after, language)
        case Watch() | Unwatch():
            lines += LISTS["watches"](after, language)
        case Fold():
            lines += _folded(after, language) if after.notice is None else []
        case Set() | Undo() | Redo() | SwitchBranch():
            lines += _branch(before, after, language)
        case NameBranch(name=name):
            lines.append(one_line(msg("on branch {name}", name=name).in_language(language)))
        case Select():
            pass
    return lines


def _breakpoint(after: Session, command: Break | Enable | Ignore, language: str) -> list[Line]:
    number = after.breakpoints[-1].number if isinstance(command, Break) else command.number
    rows = [
        breakpoint_row(after, breakpoint_, language)
        for breakpoint_ in after.breakpoints
        if breakpoint_.number == number
    ]
    return [
        (
            Span(msg("breakpoint {number}: {text}", number=number.text, text=on.text).in_language(language)),
            Span(f"  {stops.text}", Role.DIM),
        )
        for number, on, stops in rows
    ]


def _deleted(before: Session, after: Session, language: str) -> list[Line]:
    left = [breakpoint_.number for breakpoint_ in after.breakpoints]
    gone = [breakpoint_ for breakpoint_ in before.breakpoints if breakpoint_.number not in left]
    if not gone:
        return [one_line(msg("no breakpoints").in_language(language), Role.DIM)]
    if not left and len(gone) > 1:
        return [one_line(msg("all breakpoints removed").in_language(language))]
    return [
        one_line(
            msg(
                "breakpoint {number} removed: {text}", number=breakpoint_.number, text=breakpoint_.text
            ).in_language(language)
        )
        for breakpoint_ in gone
    ]


def _folded(after: Session, language: str) -> list[Line]:
    if not after.folded:
        return [one_line(msg("no group is folded").in_language(language), Role.DIM)]
    return [(Span(f"{msg('folded').in_language(language)} "), Span(", ".join(after.folded), Role.NAME))]


def _branch(before: Session, after: Session, language: str) -> list[Line]:
    """The current branch, and what differs there from the branch before."""
    branch = after.branches.here
    spans = [Span(msg("on branch {name}", name=branch.name).in_language(language), Role.HEADING)]
    if branch.description:
        spans.append(Span(f": {in_language(branch.description, language)}", Role.CODE))
    if branch.parent is not None:
        spans.append(
            Span(f"  ({msg('from {parent}', parent=branch.parent).in_language(language)})", Role.DIM)
        )
    name = before.branches.current
    return [tuple(spans), *differences(after, before.run, after.run, name, language)]


# The position


def _where(before: Session, after: Session, scenario: Scenario, language: str) -> list[Line]:
    """The position and its step, and what to say about it; a note once, when its node is reached."""
    frame, run = after.frame, after.run
    spans = [Span(f"{after.position}/{after.last}", Role.HEADING)]
    if shows_iteration(run):
        spans.append(Span(f"  {iteration_text(run, after.iteration).in_language(language)}", Role.DIM))
    spans += [Span(f"  {name.in_language(language)}", Role.KEY) for name in origin_texts(run)]
    if after.stack:
        names = " > ".join(after.stack)
        spans.append(Span(f"  {msg('inside {names}', names=names).in_language(language)}", Role.DIM))
    if after.levels:
        spans.append(Span(f" {after.here}/{after.trace.schedule.last}", Role.HEADING))
    facts = step_facts(frame)
    head, what = step_lines(facts, language)
    lines: list[Line] = _joined((*spans, Span("  "), *head), what)
    remarks = (line for line in story(facts, language) if line and line[0].role in (Role.WARNING, Role.GOOD))
    lines += ((_INDENT, *line) for line in remarks)
    note = None if after.levels else _note(before, after, scenario)
    if note is not None:
        words = note.in_language(language).splitlines()
        lines += ((_INDENT, Span(f"{' ' if at else '»'} {line}", Role.NAME)) for at, line in enumerate(words))
    return lines


def _note(before: Session, after: Session, scenario: Scenario) -> LocalText | None:
    """The author's note on what is reached; none where it was said at the step before."""

    def said(session: Session) -> LocalText | None:
        changed = session.compared is not None or scenario.original is not None
        return note_at(session.frame, scenario.notes, changed=changed)

    note = said(after)
    if not before.levels and before.position != after.position and said(before) == note:
        return None
    return note


def _joined(head: Line, what: Line) -> list[Line]:
    """On one line, or on two where that is too long."""
    whole = (*head, Span("  "), *what)
    return [whole] if line_width(whole) <= WIDTH else [head, (_INDENT, *what)]


_GIVEN: Final = msg("It was there from the start: nothing before this step computed it.")


def _brings_nan_in(session: Session) -> bool:
    """Whether the step at which a session stopped takes a leaf that holds NaN."""
    earlier = session.run.trace(session.iteration - 1) if session.iteration else None
    given = brought_in(session.outer_trace, earlier)
    return any(one.position == session.outer_here for one in given)


def notices(before: Session, after: Session, language: str) -> list[Line]:
    """What the debugger has to say about the last command, and what the breakpoints that stopped it mean."""
    if after.notice is None:
        return []
    role = Role.HEADING if after.hit else Role.TEXT if after.notice.good else Role.WARNING
    lines = [one_line(after.notice.in_language(language), role)]
    for breakpoint_ in before.breakpoints:
        if breakpoint_.number in after.hit and breakpoint_.target.kind == "trouble":
            trouble = ANOMALIES[breakpoint_.target.name]
            if trouble.name == "first nan" and _brings_nan_in(after):
                lines.append((_INDENT, Span(_GIVEN.in_language(language), Role.WARNING)))
                continue
            lines.append((_INDENT, Span(trouble.meaning.in_language(language), Role.WARNING)))
            if breakpoint_.number not in before.hit:  # else it is just above
                lines.append((_INDENT, Span(trouble.advice.in_language(language))))
    return lines
