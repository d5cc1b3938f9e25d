"""Carrying out a line typed at the prompt: `execute(session, line, …)`, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from backprop_engine.debugger import (
    Break,
    Delete,
    Enable,
    Fold,
    Ignore,
    NameBranch,
    Redo,
    Select,
    Session,
    Set,
    SwitchBranch,
    Undo,
    Unwatch,
    Watch,
    finished,
    update,
)
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import in_language, msg
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import Line, Role, Span, wrap_line
from backprop_tui.cells.text import cell_width
from backprop_tui.commands import COMMANDS, CommandRow
from backprop_tui.prompt import answers, files
from backprop_tui.prompt.lists import LISTS, breakpoint_row, every_list
from backprop_tui.prompt.parse import command_named, parse
from backprop_tui.prompt.queries import (
    Act,
    Compare,
    Expect,
    Export,
    Find,
    Help,
    Info,
    ListNodes,
    Load,
    NudgeLeaf,
    Print,
    Query,
    Quit,
    Request,
    Save,
    Who,
    Why,
)
from backprop_tui.prompt.showing import WIDTH, is_move, notices, one_line, where
from backprop_tui.texts import text

__all__ = ["Outcome", "carry_out", "execute", "told"]

_MARGIN: Final = 28
"""Where the explanations of commands begin."""


class Outcome(NamedTuple):
    """What a line leads to: the session after it, what it shows, whether it ends the session, whether it
    expected something that is not so, the action that is left to the screen, and the nodes it has found.
    """

    session: Session
    lines: tuple[Line, ...] = ()
    ends: bool = False
    failed: bool = False
    action: str = ""
    found: tuple[int, ...] = ()


def execute(
    session: Session,
    line: str,
    scenario: Scenario,
    language: str = "en",
    *,
    width: int = WIDTH,
    finish: Callable[[Session], Session] | None = finished,
) -> Outcome:
    """Carry out a line; `UsageError` where it asks for nothing that there is.

    A search through other iterations, or a long way, is finished by `finish`; without it the session has it
    pending, and `told` says what came of it.
    """
    if not line.strip():
        return Outcome(session)
    request = parse(line, session).request
    if isinstance(request, Act):
        raise UsageError(msg("{command} is for the screen, and there is none here", command=request.name))
    return carry_out(session, request, scenario, language, width=width, finish=finish)


def carry_out(
    session: Session,
    request: Request,
    scenario: Scenario,
    language: str,
    *,
    width: int = WIDTH,
    finish: Callable[[Session], Session] | None = finished,
) -> Outcome:
    """Carry out what was parsed."""
    if isinstance(request, Query):
        return _answer(session, request, scenario, language, width)
    after = update(session, request)
    if after.pending is not None:
        if finish is None:
            return Outcome(after)
        after = finish(after)
    return Outcome(after, tuple(told(session, after, request, scenario, language)))


# What a command of the debugger shows


def told(before: Session, after: Session, request: Request, scenario: Scenario, language: str) -> list[Line]:
    """What there is to see once a command is carried out."""
    lines = notices(before, after, language)
    if is_move(request):
        stayed = after.notice is not None and not after.notice.good
        return lines if stayed else [*lines, *where(before, after, scenario, language)]
    match request:
        case Break() | Enable() | Ignore():
            lines += _breakpoint(before, after, request, language)
        case Delete():
            lines += _deleted(before, after, language)
        case Watch() | Unwatch():
            lines += LISTS["watches"](after, language)
        case Fold():
            lines += _folded(after, language) if after.notice is None else []
        case Set() | Undo() | Redo() | SwitchBranch():
            lines += _branch(before, after, language)
        case NameBranch(name=name):
            lines.append(one_line(text("prompt.branch", language, name=name)))
        case Select():
            pass
    return lines


def _breakpoint(
    before: Session, after: Session, request: Break | Enable | Ignore, language: str
) -> list[Line]:
    number = after.breakpoints[-1].number if isinstance(request, Break) else request.number
    rows = [breakpoint_row(after, one, language) for one in after.breakpoints if one.number == number]
    return [
        (
            Span(text("prompt.breakpoint", language, number=number.text, text=on.text)),
            Span(f"  {stops.text}", Role.DIM),
        )
        for number, on, stops in rows
    ]


def _deleted(before: Session, after: Session, language: str) -> list[Line]:
    left = [one.number for one in after.breakpoints]
    gone = [one for one in before.breakpoints if one.number not in left]
    if not gone:
        return [one_line(text("prompt.breakpoints.none", language), Role.DIM)]
    if not left and len(gone) > 1:
        return [one_line(text("prompt.breakpoints.gone", language))]
    return [
        one_line(text("prompt.breakpoint.gone", language, number=one.number, text=one.text)) for one in gone
    ]


def _folded(after: Session, language: str) -> list[Line]:
    if not after.folded:
        return [one_line(text("prompt.folded.none", language), Role.DIM)]
    return [(Span(f"{text('prompt.folded', language)} "), Span(", ".join(after.folded), Role.NAME))]


def _branch(before: Session, after: Session, language: str) -> list[Line]:
    """The branch that one is on now, and what is different there from where one was."""
    branch = after.branches.here
    spans = [Span(text("prompt.branch", language, name=branch.name), Role.HEADING)]
    if branch.told:
        spans.append(Span(f": {in_language(branch.told, language)}", Role.CODE))
    if branch.parent is not None:
        spans.append(Span(f"  ({text('prompt.branch.from', language, parent=branch.parent)})", Role.DIM))
    name = before.branches.current
    return [tuple(spans), *answers.differences(after, before.run, after.run, name, language)]


# Questions


def _answer(session: Session, query: Query, scenario: Scenario, language: str, width: int) -> Outcome:
    lines: list[Line] = []
    match query:
        case Quit():
            return Outcome(session, ends=True)
        case Act(action=action):
            return Outcome(session, action=action)
        case Expect():
            lines, holds = answers.expected(session, query, language)
            return Outcome(session, tuple(lines), failed=not holds)
        case Load():
            session, lines = files.loaded(session, query, scenario, language)
        case Print():
            lines = answers.printed(session, query, language, width)
        case ListNodes():
            lines = answers.nodes(session, language)
        case Who():
            lines = answers.who(session, query, language)
        case Why():
            lines = answers.why(session, query, language)
        case Find():
            lines, nodes = answers.found(session, query, language)
            return Outcome(session, tuple(lines), found=nodes)
        case Info(topic=topic):
            lines = LISTS[topic](session, language) if topic else every_list(session, language)
        case Compare():
            lines = answers.compared(session, query, language)
        case NudgeLeaf():
            lines = answers.nudged(session, query, language)
        case Save():
            lines = files.saved(session, query, scenario, language)
        case Export():
            lines = files.exported(session, query, scenario, language)
        case Help(name=name):
            lines = _help(name, language, width)
    return Outcome(session, tuple(lines))


def _explained(command: CommandRow, language: str, width: int) -> list[Line]:
    """How a command is written, and beside it, or below where that is long, what it does."""
    usage = command.usage.in_language(language)
    margin = Span(" " * _MARGIN)
    helps = wrap_line((Span(command.help(language)),), max(_MARGIN, width - _MARGIN))
    room = _MARGIN - 4 - cell_width(usage)
    if room < 0:
        return [(Span("  "), Span(usage, Role.KEY)), *((margin, *line) for line in helps)]
    first: Line = (Span("  "), Span(usage, Role.KEY), Span(" " * (room + 2)), *helps[0])
    return [first, *((margin, *line) for line in helps[1:])]


def _help(name: str, language: str, width: int) -> list[Line]:
    """Every command that can be typed, or one of them."""
    if not name:
        return [line for one in COMMANDS if one.prompt for line in _explained(one, language, width)]
    command = command_named(name)
    lines: list[Line] = [
        (Span(command.usage.in_language(language), Role.KEY),),
        (Span("  "), Span(command.help(language))),
    ]
    others = ", ".join(command.prompt[1:])
    if others:
        lines.append((Span(f"  {text('prompt.also', language)} "), Span(others, Role.KEY)))
    if command.keys:
        lines.append((Span(f"  {text('prompt.keys', language)} "), Span(command.shown, Role.KEY)))
    return lines
