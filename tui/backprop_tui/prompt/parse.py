"""A line typed at the prompt -> what its command runs, with the arguments that are typed.

What each command runs is in its row of the table; here is only how arguments are read. Nothing is
evaluated as Python.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias
from unicodedata import normalize

from msgspec import structs

from backprop_engine.debugger import Session, StepBy, StepOver
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.debugger.breakpoints import hits, parse_breakpoint
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Backward
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import FORMER_NAMES, PROMPT_NAMES
from backprop_tui.panel_slots import PLOTS
from backprop_tui.prompt.info_tables import LISTS
from backprop_tui.prompt.values import (
    NUDGE,
    check_entry,
    here,
    node_named,
    parse_position,
    parse_target,
    parse_value,
    quoted,
)
from backprop_tui.queries import Info, Request, ScreenCommand

__all__ = ["command_named", "command_of", "parse"]

MAX_LENGTH: Final = 100_000

_HELP: Final = msg("`help` lists them")
_LINE: Final = re.compile(r":?\s*([/?\[\]{}]|[^\s(]+)\s*(.*)", re.DOTALL)
_SIZE: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NUDGE: Final = float(NUDGE)
"""How much a leaf is nudged by default."""
_ASSIGNED: Final = re.compile(r"([^=]*)=(?!=)(.*)", re.DOTALL)
_ITERATION: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
"""What an iteration is called; ``7.2`` is the second of step 7 of a recorded program."""
_COUNT: Final = re.compile(r"[+-]?\d{1,9}")


class Parsed(NamedTuple):
    """The request of a line, and the row of the table that its first word names."""

    command: CommandRow
    request: Request


def parse(line: str, session: Session) -> Parsed:
    """The request of `line`; `UsageError` if it is not valid."""
    name, arguments = _apart(line)
    _suggest_setting(line, session)
    command = command_named(name, session)
    read = _READERS.get(command.name) or _READERS_BY_ARGUMENTS[command.arguments]
    return Parsed(command, read(arguments, _Context(command, session)))


def _suggest_setting(line: str, session: Session) -> None:
    """For ``x = 3``, where `x` is a node or an entry of one, an error that says how to set it."""
    match = _ASSIGNED.fullmatch(line.strip().removeprefix(":"))
    if match is None:
        return
    try:
        parse_target(match[1], session.graph)
    except UsageError:
        return
    shown = quoted(line.strip().removeprefix(":"), 60)
    raise UsageError(msg("{line} is not a command: `set {line}` changes the value", line=shown))


def command_of(line: str) -> CommandRow:
    """The command that a line begins with, whatever follows its name."""
    return command_named(_apart(line)[0])


def _apart(line: str) -> tuple[str, str]:
    """The name of a command, and its arguments."""
    if len(line) > MAX_LENGTH:
        raise UsageError(msg("a line has at most {most:,} characters", most=MAX_LENGTH))
    match = _LINE.fullmatch(normalize("NFC", line).strip())
    if match is None:
        raise UsageError(msg("type a command"), _HELP)
    return match[1], match[2].strip()


def command_named(name: str, session: Session | None = None) -> CommandRow:
    """The command with a name at the prompt, or the only one with a name that begins so."""
    if name in PROMPT_NAMES:
        return PROMPT_NAMES[name]
    former = FORMER_NAMES.get(name.replace("-", "_"))
    if former is not None:
        return former
    shown = quoted(name, 40)
    if session is not None and name in session.graph:
        raise UsageError(msg("{name} is a node: `print {name}` shows it", name=shown))
    found = {row.name: row for typed, row in PROMPT_NAMES.items() if typed.startswith(name)}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise UsageError(
            msg(
                "{name} could be {commands}",
                name=shown,
                commands=", ".join(row.prompt[0] for row in found.values()),
            )
        )
    raise UsageError(msg("there is no command {name}", name=shown), did_you_mean(name, PROMPT_NAMES) or _HELP)


class _Context(NamedTuple):
    """The command whose arguments are read, and the session that they are about."""

    command: CommandRow
    session: Session

    def make(self, *arguments: object) -> Request:
        """What the command runs, made from its arguments."""
        runs = self.command.runs
        assert callable(runs)
        return runs(*arguments)

    def usage(self) -> UsageError:
        """What is to be typed instead."""
        return UsageError(self.write())

    def write(self) -> Message:
        """How it is written."""
        return msg("write: {usage}", usage=self.command.usage)


Reader: TypeAlias = Callable[[str, _Context], Request]
"""Reads the arguments of a command."""


def _nothing(rest: str, context: _Context) -> Request:
    """A command that takes nothing."""
    command = context.command
    if rest:
        raise UsageError(
            msg(
                "{command} takes no arguments, but got {text}",
                command=command.prompt[0],
                text=quoted(rest, 40),
            )
        )
    if command.runs is None:
        return ScreenCommand(command.name)
    assert not callable(command.runs)
    return command.runs


def _count(rest: str, context: _Context) -> Request:
    """How many times; once if that is left out."""
    runs = context.command.runs
    assert isinstance(runs, StepBy | StepOver)
    return structs.replace(runs, count=runs.count * (_whole(rest, context) if rest else 1))


def _number(rest: str, context: _Context) -> Request:
    """The number of something."""
    if not rest:
        raise context.usage()
    return context.make(_whole(rest, context))


def _number_or_all(rest: str, context: _Context) -> Request:
    """The number of something; everything if that is left out."""
    return context.make(_whole(rest, context) if rest else None)


def _text(rest: str, context: _Context) -> Request:
    """The rest of the line, which is needed."""
    if not rest:
        raise context.usage()
    return context.make(rest)


def _text_or_all(rest: str, context: _Context) -> Request:
    """The rest of the line, which may be empty."""
    return context.make(rest)


def _whole(text: str, context: _Context) -> int:
    if not _COUNT.fullmatch(text):
        raise UsageError(msg("{text} is not a whole number", text=quoted(text, 40)), context.write())
    return int(text)


def _node_or_here(rest: str, context: _Context) -> Node:
    if rest:
        return node_named(rest, context.session.graph)
    found = here(context.session)
    if found is None:
        raise UsageError(msg("no node is chosen"), context.write())
    return found


def _gradient(context: _Context) -> Node:
    """The node whose gradient is meant; after a backward step, that to which the step has contributed."""
    session = context.session
    step = session.frame.step
    if session.selection is None and isinstance(step, Backward):
        return session.graph.nodes[step.edge.operand]
    return _node_or_here("", context)


# Moving


def _until(rest: str, context: _Context) -> Request:
    graph = context.session.run.graph
    if rest:
        return context.make(node_named(rest, graph).position)
    return context.make(graph.position(_node_or_here(rest, context).name))


def _iterate(rest: str, context: _Context) -> Request:
    """`+2` and `-1` are relative, `5` is the iteration called so."""
    session = context.session
    if not rest or rest[0] in "+-":
        return _to_iteration(session.iteration + (_whole(rest, context) if rest else 1), context)
    if not _ITERATION.fullmatch(rest):
        _whole(rest, context)  # says that it is none
    return context.make(session.run.iteration_labelled(rest) - session.iteration)


def _iterate_back(rest: str, context: _Context) -> Request:
    number = _whole(rest, context) if rest else 1
    return _to_iteration(context.session.iteration - number, context)


def _to_iteration(wanted: int, context: _Context) -> Request:
    """To the same place in an existing iteration."""
    session = context.session
    if not 0 <= wanted < session.run.iterations:
        session.run.trace(wanted)  # says which there are
    return context.make(wanted - session.iteration)


def _go(rest: str, context: _Context) -> Request:
    """To a position, a percentage, or the next step that a breakpoint there would stop at."""
    session = context.session
    if not rest:
        raise context.usage()
    position = parse_position(rest, session.last)
    if position is not None:
        return context.make(position)
    if rest.rstrip("%").strip().lstrip("+-").isdigit():
        raise UsageError(
            msg(
                "there is no position {position}: positions run from 0 to {last}, or from 0% to 100%",
                position=quoted(rest, 40),
                last=session.last,
            )
        )
    start = session.position - session.outer_here
    before = session.run.trace(session.iteration - 1) if session.iteration else None
    found = hits(parse_breakpoint(rest, session.run.graph), session.outer_trace, before)
    if not len(found):
        raise UsageError(msg("this iteration has no step for {text}", text=quoted(rest, 40)))
    ahead = bisect_right(found, session.outer_here)
    return context.make(start + int(found[ahead] if ahead < len(found) else found[-1]))


# Breakpoints


def _break(rest: str, context: _Context) -> Request:
    """What a breakpoint is on: by default the current node."""
    return context.make(rest or _node_or_here("", context).name)


def _ignore(rest: str, context: _Context) -> Request:
    words = rest.split()
    if len(words) != 2:
        raise context.usage()
    number, count = (_whole(word, context) for word in words)
    return context.make(number, count)


# What if


def _set(rest: str, context: _Context) -> Request:
    match = _ASSIGNED.fullmatch(rest)
    if match is None or not match[1].strip() or not match[2].strip():
        raise context.usage()
    target = parse_target(match[1], context.session.run.graph)
    value = parse_value(match[2])
    if target.entry is not None and value.shape != ():
        raise UsageError(msg("{entry} is one entry: write one number", entry=quoted(match[1])))
    return context.make(target.node.name, value, target.gradient, target.entry)


def _two_branches(rest: str, context: _Context) -> tuple[str, str]:
    """Two branches by name: by default the baseline and the current branch."""
    words = rest.split()
    if len(words) > 2:
        raise context.usage()
    current = context.session.branches.current
    first, second = {0: (BASELINE, current), 1: (*words, current), 2: tuple(words)}[len(words)]
    return first, second


def _compare(rest: str, context: _Context) -> Request:
    return context.make(*_two_branches(rest, context))


def _beside(rest: str, context: _Context) -> Request:
    names = _two_branches(rest, context)
    for name in names:
        context.session.branches.switched(name)  # raises where there is none
    return ScreenCommand(context.command.name, names)


def _plot(rest: str, context: _Context) -> Request:
    """A kind of plot, by the beginning of its name, or the next one."""
    if not rest:
        return ScreenCommand(context.command.name)
    found = [kind for kind in PLOTS if kind.startswith(rest)]
    if not found:
        raise UsageError(
            msg("there is no plot {name}", name=quoted(rest, 40)),
            msg("available: {names}", names=", ".join(PLOTS)),
        )
    return ScreenCommand(context.command.name, (found[0],))


def _bug(rest: str, context: _Context) -> Request:
    """What is named as the bug; nothing begins the bug lab, or lists the mistakes."""
    return ScreenCommand(context.command.name, (rest,) if rest else ())


def _nudge(rest: str, context: _Context) -> Request:
    words = rest.rsplit(None, 1)
    size = float(words.pop()) if len(words) == 2 and _SIZE.fullmatch(words[1]) else _NUDGE
    if not rest:
        raise context.usage()
    target = parse_target(words[0] if len(words) == 1 else rest, context.session.run.graph)
    if target.gradient:
        raise UsageError(msg("a gradient cannot be nudged, only a leaf"))
    return context.make(target.node.name, target.entry or (), size)


# Questions


def _info(rest: str, context: _Context) -> Request:
    if not rest:
        return Info()
    for topic in LISTS:
        if topic.startswith(rest):
            return Info(topic)
    hint = did_you_mean(rest, LISTS) or msg("available: {topics}", topics=", ".join(LISTS))
    raise UsageError(msg("there is no information on {text}", text=quoted(rest, 40)), hint)


def _contributions(rest: str, context: _Context) -> Request:
    """A gradient, or an entry of it: ``W``, ``W[0,1]``, ``dW`` or ``∂L/∂W``."""
    target = parse_target(rest, context.session.graph) if rest else None
    if target is None:
        return context.make(_gradient(context).position)
    check_entry(target)
    return context.make(target.node.position, target.entry or ())


def _path(rest: str, context: _Context) -> Request:
    """A file's name, in quotes or without; ``~`` is the user's home folder."""
    if len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "\"'":
        rest = rest[1:-1]
    if not rest.strip() and (rest or "[" not in context.command.arguments):
        raise context.usage()
    if "\0" in rest:
        raise UsageError(msg("a file name cannot contain a null byte"))
    return context.make(os.path.expanduser(rest))


_READERS_BY_ARGUMENTS: Final[Mapping[str, Reader]] = {
    "": _nothing,
    "[COUNT]": _count,
    "[NUMBER]": _number_or_all,
    "NUMBER": _number,
    "EXPRESSION": _text,
    "NAME": _text,
    "TEXT | PLACE": _text,
    "[GROUP]": _text_or_all,
    "[COMMAND]": _text_or_all,
    "[FILE]": _path,
    "FILE": _path,
}
"""How arguments are read, by what the table says of them."""

_READERS: Final[Mapping[str, Reader]] = {
    "until": _until,
    "iteration": _iterate,
    "iteration_back": _iterate_back,
    "go": _go,
    "break": _break,
    "break_once": _break,
    "ignore": _ignore,
    "set": _set,
    "who": _contributions,
    "why": _contributions,
    "info": _info,
    "compare": _compare,
    "beside": _beside,
    "bug": _bug,
    "plot": _plot,
    "nudge": _nudge,
}
"""How to read the arguments of commands with a syntax of their own."""
