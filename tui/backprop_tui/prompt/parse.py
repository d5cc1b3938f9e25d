"""A line typed at the prompt -> a command of the debugger, or a question. Nothing is evaluated as Python."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from unicodedata import normalize

from backprop_engine.debugger import (
    Ahead,
    Back,
    Break,
    Continue,
    Delete,
    Enable,
    Fold,
    Go,
    Ignore,
    Into,
    Iterate,
    NameBranch,
    Out,
    Over,
    Redo,
    RunTo,
    Session,
    Set,
    Step,
    SwitchBranch,
    ToBackward,
    ToEnd,
    ToStart,
    Undo,
    Unwatch,
    Watch,
)
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.debugger.breakpoints import hits, parse_breakpoint
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Backward
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_tui.commands import PROMPT_NAMES, CommandRow
from backprop_tui.panel_slots import PLOTS
from backprop_tui.prompt.lists import LISTS
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
from backprop_tui.prompt.values import node_named, parse_position, parse_target, parse_value, quoted

__all__ = ["PARSERS", "Parsed", "command_named", "command_of", "here", "parse"]

MAX_LENGTH: Final = 100_000

_HELP: Final = msg("`help` lists them")
_LINE: Final = re.compile(r":?\s*([/?\[\]{}]|[^\s(]+)\s*(.*)", re.DOTALL)
_SIZE: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NUDGE: Final = 0.01
"""How much a leaf is nudged where nobody says."""
_ASSIGNED: Final = re.compile(r"([^=]*)=(?!=)(.*)", re.DOTALL)
_COUNT: Final = re.compile(r"[+-]?\d{1,9}")


class Parsed(NamedTuple):
    """What a line asks for, and the row of the table that its first word is a name of."""

    command: CommandRow
    request: Request


def parse(line: str, session: Session) -> Parsed:
    """What `line` asks for; `UsageError` where it asks for nothing that there is."""
    name, arguments = _apart(line)
    command = command_named(name, session)
    read = PARSERS.get(command.name) or _alone(Act(command.prompt[0], command.action))
    return Parsed(command, read(arguments, _Context(command, session)))


def command_of(line: str) -> CommandRow:
    """The command that a line begins with, whatever stands behind its name."""
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
    shown = quoted(name, 40)
    if session is not None and name in session.graph:
        raise UsageError(msg("{name} is a node: `print {name}` shows it", name=shown))
    found = {one.name: one for typed, one in PROMPT_NAMES.items() if typed.startswith(name)}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise UsageError(
            msg(
                "{name} could be {commands}",
                name=shown,
                commands=", ".join(one.prompt[0] for one in found.values()),
            )
        )
    raise UsageError(msg("there is no command {name}", name=shown), did_you_mean(name, PROMPT_NAMES) or _HELP)


class _Context(NamedTuple):
    """The command whose arguments are read, and the session that they are about."""

    command: CommandRow
    session: Session

    def usage(self) -> UsageError:
        """What is to be typed instead."""
        return UsageError(self.write())

    def write(self) -> Message:
        """How it is written."""
        return msg("write: {usage}", usage=self.command.usage)


Parser = Callable[[str, _Context], Request]


def here(session: Session) -> Node | None:
    """The node that is meant where none is named: the chosen one, else that of the step."""
    if session.selection is not None:
        return session.graph.nodes[session.selection]
    return session.frame.node


def _alone(request: Request) -> Parser:
    """A command that takes nothing."""

    def read(rest: str, context: _Context) -> Request:
        if rest:
            raise UsageError(
                msg(
                    "{command} takes nothing behind it, not {text}",
                    command=context.command.prompt[0],
                    text=quoted(rest, 40),
                )
            )
        return request

    return read


def _counted(make: Callable[[int], Request]) -> Parser:
    """A command that takes how many times, once where that is left out."""
    return lambda rest, context: make(_whole(rest, context) if rest else 1)


def _numbered(make: Callable[[int | None], Request], *, optional: bool) -> Parser:
    """A command on something by its number."""

    def read(rest: str, context: _Context) -> Request:
        if not rest and not optional:
            raise context.usage()
        return make(_whole(rest, context) if rest else None)

    return read


def _worded(make: Callable[[str], Request]) -> Parser:
    """A command that takes the rest of the line, and needs it."""

    def read(rest: str, context: _Context) -> Request:
        if not rest:
            raise context.usage()
        return make(rest)

    return read


def _whole(text: str, context: _Context) -> int:
    if not _COUNT.fullmatch(text):
        raise UsageError(msg("{text} is no whole number", text=quoted(text, 40)), context.write())
    return int(text)


def _node_or_here(rest: str, context: _Context) -> Node:
    if rest:
        return node_named(rest, context.session.graph)
    found = here(context.session)
    if found is None:
        raise UsageError(msg("no node is chosen"), context.write())
    return found


def _gradient(rest: str, context: _Context) -> Node:
    """The node whose gradient is meant; after a step backward that which the step has brought something."""
    session = context.session
    step = session.frame.step
    if not rest and session.selection is None and isinstance(step, Backward):
        return session.graph.nodes[step.edge.operand]
    return _node_or_here(rest, context)


# Moving


def _until(rest: str, context: _Context) -> Request:
    session = context.session
    if rest:
        return RunTo(node_named(rest, session.run.graph).position)
    node = _node_or_here(rest, context)
    return RunTo(session.run.graph.position(node.name))


def _iterate(rest: str, context: _Context) -> Request:
    """`+2` and `-1` are relative, `5` is the iteration called so."""
    number = _whole(rest, context) if rest else 1
    relative = not rest or rest[0] in "+-"
    return _to_iteration(context.session.iteration + number if relative else number, context)


def _iterate_back(rest: str, context: _Context) -> Request:
    number = _whole(rest, context) if rest else 1
    return _to_iteration(context.session.iteration - number, context)


def _to_iteration(wanted: int, context: _Context) -> Request:
    """To the same place in an iteration that there is."""
    session = context.session
    if not 0 <= wanted < session.run.iterations:
        session.run.trace(wanted)  # says which there are
    return Iterate(wanted - session.iteration)


def _go(rest: str, context: _Context) -> Request:
    """To a position, a percentage, or the next step that a breakpoint there would stop at."""
    session = context.session
    if not rest:
        raise context.usage()
    position = parse_position(rest, session.last)
    if position is not None:
        return Go(position)
    if rest.rstrip("%").strip().lstrip("+-").isdigit():
        raise UsageError(
            msg(
                "there is no position {position}: there are positions 0 to {last}, 0% to 100%",
                position=quoted(rest, 40),
                last=session.last,
            )
        )
    start = session.position - session.outer_here
    before = session.run.trace(session.iteration - 1) if session.iteration else None
    found = hits(parse_breakpoint(rest, session.run.graph), session.outer_trace, before)
    if not len(found):
        raise UsageError(msg("no step of this iteration is about {text}", text=quoted(rest, 40)))
    ahead = bisect_right(found, session.outer_here)
    return Go(start + int(found[ahead] if ahead < len(found) else found[-1]))


# Breakpoints


def _breaks(*, once: bool) -> Parser:
    """A breakpoint, on the node that one is at where nothing is named."""
    return lambda rest, context: Break(rest or _node_or_here("", context).name, once)


def _ignore(rest: str, context: _Context) -> Request:
    words = rest.split()
    if len(words) != 2:
        raise context.usage()
    number, count = (_whole(word, context) for word in words)
    return Ignore(number, count)


# What if


def _set(rest: str, context: _Context) -> Request:
    match = _ASSIGNED.fullmatch(rest)
    if match is None or not match[1].strip() or not match[2].strip():
        raise context.usage()
    target = parse_target(match[1], context.session.run.graph)
    value = parse_value(match[2])
    if target.cell is not None and value.shape != ():
        raise UsageError(msg("{cell} is one cell: write one number", cell=quoted(match[1])))
    return Set(target.node.name, value, target.gradient, target.cell)


def _two_branches(rest: str, context: _Context) -> tuple[str, str]:
    """Two branches by name; those that are left out are the baseline and the one that one is on."""
    words = rest.split()
    if len(words) > 2:
        raise context.usage()
    current = context.session.branches.current
    one, other = {0: (BASELINE, current), 1: (*words, current), 2: tuple(words)}[len(words)]
    return one, other


def _plot(rest: str, context: _Context) -> Request:
    """A kind of plot, by the beginning of its name, or the next one."""
    name = context.command.prompt[0]
    if not rest:
        return Act(name, context.command.action)
    found = [kind for kind in PLOTS if kind.startswith(rest)]
    if not found:
        raise UsageError(
            msg("there is no plot {name}", name=quoted(rest, 40)),
            msg("there are {names}", names=", ".join(PLOTS)),
        )
    return Act(name, f"plot({found[0]!r})")


def _beside(rest: str, context: _Context) -> Request:
    one, other = _two_branches(rest, context)
    for name in (one, other):
        context.session.branches.switched(name)  # raises where there is none
    return Act(context.command.prompt[0], f"beside({one!r}, {other!r})")


def _nudge(rest: str, context: _Context) -> Request:
    words = rest.rsplit(None, 1)
    size = float(words.pop()) if len(words) == 2 and _SIZE.fullmatch(words[1]) else _NUDGE
    if not rest:
        raise context.usage()
    target = parse_target(words[0] if len(words) == 1 else rest, context.session.run.graph)
    if target.gradient:
        raise UsageError(msg("a gradient cannot be nudged, only a leaf"))
    return NudgeLeaf(target.node.name, target.cell or (), size)


def _info(rest: str, context: _Context) -> Request:
    if not rest:
        return Info()
    for topic in LISTS:
        if topic.startswith(rest):
            return Info(topic)
    hint = did_you_mean(rest, LISTS) or msg("there is {topics}", topics=", ".join(LISTS))
    raise UsageError(msg("there is no information on {text}", text=quoted(rest, 40)), hint)


def _path(make: Callable[[str], Query]) -> Parser:
    """A command that takes a file's name, in quotes or without; ``~`` is the reader's own folder."""

    def read(rest: str, context: _Context) -> Request:
        if len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "\"'":
            rest = rest[1:-1]
        if not rest.strip() and (rest or "[" not in context.command.arguments):
            raise context.usage()
        if "\0" in rest:
            raise UsageError(msg("a file's name has no zero byte in it"))
        return make(os.path.expanduser(rest))

    return read


PARSERS: Final[Mapping[str, Parser]] = {
    "step": _counted(Step),
    "back": _counted(lambda count: Step(-count)),
    "over": _counted(Over),
    "over_back": _counted(lambda count: Over(-count)),
    "into": _alone(Into()),
    "out": _alone(Out()),
    "continue": _alone(Continue()),
    "continue_back": _alone(Continue(back=True)),
    "until": _until,
    "backward": _alone(ToBackward()),
    "iteration": _iterate,
    "iteration_back": _iterate_back,
    "start": _alone(ToStart()),
    "end": _alone(ToEnd()),
    "go": _go,
    "history_back": _alone(Back()),
    "history_ahead": _alone(Ahead()),
    "fold": lambda rest, _: Fold(rest),
    "break": _breaks(once=False),
    "break_once": _breaks(once=True),
    "delete": _numbered(Delete, optional=True),
    "enable": _numbered(lambda number: Enable(number or 0), optional=False),
    "disable": _numbered(lambda number: Enable(number or 0, on=False), optional=False),
    "ignore": _ignore,
    "find": _worded(Find),
    "print": _worded(Print),
    "nodes": _alone(ListNodes()),
    "who": lambda rest, context: Who(_gradient(rest, context).position),
    "why": lambda rest, context: Why(_gradient(rest, context).position),
    "watch": _worded(Watch),
    "unwatch": _numbered(Unwatch, optional=True),
    "info": _info,
    "stack": _alone(Info("stack")),
    "set": _set,
    "undo": _alone(Undo()),
    "redo": _alone(Redo()),
    "branch": _worded(SwitchBranch),
    "name": _worded(NameBranch),
    "compare": lambda rest, context: Compare(*_two_branches(rest, context)),
    "beside": _beside,
    "plot": _plot,
    "nudge": _nudge,
    "save": _path(Save),
    "load": _path(Load),
    "export": _path(Export),
    "expect": _worded(Expect),
    "help": lambda rest, _: Help(rest),
    "quit": _alone(Quit()),
}
"""How the arguments of each command are read, by its name in the table; the others act on the screen."""
