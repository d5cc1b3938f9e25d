"""Completions of what is being typed: commands, names, places, files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from backprop_engine.debugger import Session
from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.debugger.breakpoints import PHASES
from backprop_engine.debugger.conditions import SUBJECTS
from backprop_engine.debugger.screen_words import FUNCTIONS, STEP_WORDS
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Kind
from backprop_engine.ops import OPS
from backprop_tui.commands.table import COMMANDS, PROMPT_NAMES
from backprop_tui.panel_slots import PLOTS
from backprop_tui.prompt.info_tables import LISTS
from backprop_tui.prompt.parse import command_named

__all__ = ["complete"]

_MOST: Final = 200
_WORD: Final = re.compile(r"[^\s,;()+*/@<>=\"']*$")
"""What is being typed: in an expression, after the last sign."""
_WHOLE: Final = ("file", "group", "node")
"""Kinds whose names may have any character, so that the name is all that follows the command."""
_TYPED: Final = re.compile(r":?\s*(?:([/?])|(\S+)\s)\s*")


class Completion(NamedTuple):
    """Where in the line the word begins that is being typed, and what it could become, each as a whole."""

    start: int
    candidates: tuple[str, ...]

    @property
    def common(self) -> str:
        """The common beginning of all candidates."""
        if not self.candidates:
            return ""
        first, last = min(self.candidates), max(self.candidates)
        same = [letter == other for letter, other in zip(first, last, strict=False)]
        return first[: [*same, False].index(False)]


def complete(line: str, session: Session) -> Completion:
    """What the end of `line` could become."""
    match = _TYPED.match(line)
    if match is None:
        begun = line.lstrip().lstrip(":").lstrip()
        return Completion(len(line) - len(begun), _beginning(begun, _command_names(session)))
    try:
        command = command_named(match[1] or match[2])
    except UsageError:
        return Completion(len(line), ())
    kinds = command.completes.split()
    rest = line[match.end() :]
    kind = kinds[min(len(rest.split()) - bool(rest[-1:].strip()), len(kinds) - 1)] if kinds else ""
    if kind == "place":
        return _place(line, match.end(), session)
    start = match.end() if kind in _WHOLE else _word_start(line)
    return Completion(
        start, _beginning(line[start:], _CANDIDATES[kind](session, line[start:]) if kind else ())
    )


def _word_start(line: str) -> int:
    found = _WORD.search(line)
    assert found is not None  # an empty word is one
    return found.start()


def _beginning(begun: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names with this beginning, in their order and each once."""
    return tuple(dict.fromkeys(name for name in names if name.startswith(begun)))[:_MOST]


def _place(line: str, start: int, session: Session) -> Completion:
    """What a breakpoint is on: up to the condition a node, or two words such as `op relu`."""
    rest = line[start:]
    if re.search(r"(?:^|\s)if\s", rest):
        at = _word_start(line)
        return Completion(at, _beginning(line[at:], [*SUBJECTS, *_expressions(session)]))
    graph = session.run.graph
    used = dict.fromkeys(node.op.name for node in graph.nodes if node.op is not None)
    places = [
        *_nodes(session),
        *(f"op {name}" for name in used),
        *(f"group {group.name}" for group in graph.groups),
        *(f"phase {phase}" for phase in PHASES),
        *(f"{name} " if trouble.bound else name for name, trouble in ANOMALIES.items()),
        "if ",
    ]
    return Completion(start, _beginning(rest, places))


# Candidates of each kind


def _command_names(session: Session, begun: str = "") -> list[str]:
    """The main names first, then the others."""
    return [*(row.prompt[0] for row in COMMANDS if row.prompt), *PROMPT_NAMES]


def _nodes(session: Session, begun: str = "") -> list[str]:
    graph = session.graph
    return [*(node.name for node in graph.nodes if node.kind is not Kind.LITERAL), *graph.aliases]


def _expressions(session: Session, begun: str = "") -> list[str]:
    """Nodes, gradients, parts of the step, and operators as they are called."""
    nodes = _nodes(session)
    words = [word for word in STEP_WORDS if word != "grad"]
    calls = (f"{name}(" for name in (*session.graph.operators, *OPS, *FUNCTIONS) if name.isidentifier())
    return [*nodes, *words, "grad(", *(f"d{name}" for name in nodes), *calls]


def _leaves(session: Session, begun: str = "") -> list[str]:
    return [leaf.name for leaf in session.run.graph.leaves if leaf.takes_gradient]


def _files(session: Session, begun: str) -> list[str]:
    """The contents of the folder that is being typed."""
    folder = os.path.dirname(begun)
    try:
        with os.scandir(folder or ".") as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except (OSError, ValueError):
        return []
    hidden = os.path.basename(begun).startswith(".")
    return [
        os.path.join(folder, name + (os.sep if is_folder else ""))
        for name, is_folder in found
        if hidden or not name.startswith(".")
    ]


_CANDIDATES: Final[Mapping[str, Callable[[Session, str], Iterable[str]]]] = {
    "branch": lambda session, _: session.branches.every,
    "breakpoint": lambda session, _: [str(breakpoint_.number) for breakpoint_ in session.breakpoints],
    "command": _command_names,
    "expression": _expressions,
    "file": _files,
    "group": lambda session, _: [
        *(group.name for group in session.run.graph.groups),
        *session.run.graph.lengths,
    ],
    "leaf": _leaves,
    "node": _nodes,
    "plot": lambda session, _: PLOTS,
    "topic": lambda session, _: LISTS,
    "watch": lambda session, _: [str(number) for number in range(1, len(session.watches) + 1)],
}
