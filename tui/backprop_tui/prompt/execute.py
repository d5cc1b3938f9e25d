"""Applies a line typed at the prompt: `execute(session, line, …)` gives the session after it, and lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from backprop_engine.debugger import Session, finished, update
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import Line
from backprop_tui.prompt import answers, file_answers, info_tables, usage
from backprop_tui.prompt.outcome import WIDTH, Context, Outcome
from backprop_tui.prompt.parse import parse
from backprop_tui.prompt.reports import report
from backprop_tui.queries import (
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
    ScreenCommand,
    Who,
    Why,
)

__all__ = ["apply", "execute"]

Finish: TypeAlias = Callable[[Session], Session]
"""Carries a search through other iterations, or a long way, to its end."""


def execute(
    session: Session,
    line: str,
    scenario: Scenario,
    language: str = "en",
    *,
    width: int = WIDTH,
    finish: Finish = finished,
) -> Outcome:
    """Apply a line without a screen; `UsageError` if it is not valid."""
    if not line.strip():
        return Outcome(session)
    command, request = parse(line, session)
    if isinstance(request, ScreenCommand):
        raise UsageError(msg("{command} works only on screen", command=command.prompt[0]))
    return apply(session, request, Context(scenario, language, width), finish)


def apply(session: Session, request: Request, context: Context, finish: Finish | None) -> Outcome:
    """Apply what was parsed.

    Without `finish`, what takes long is left pending in the session, and `report` gives the result once it is
    done.
    """
    if isinstance(request, Query):
        answer = _ANSWERS[type(request)](session, request, context)
        return answer if isinstance(answer, Outcome) else Outcome(session, tuple(answer))
    after = update(session, request)
    if after.pending is not None:
        if finish is None:
            return Outcome(after)
        after = finish(after)
    return Outcome(after, tuple(report(session, after, request, context)))


_ANSWERS: Final[Mapping[type[Query], Callable[[Session, Any, Context], list[Line] | Outcome]]] = {
    Print: answers.printed,
    Expect: answers.expected,
    ListNodes: answers.nodes,
    Who: answers.who,
    Why: answers.why,
    Find: answers.found,
    Compare: answers.compared,
    NudgeLeaf: answers.nudged,
    Info: info_tables.listed,
    Save: file_answers.saved,
    Load: file_answers.loaded,
    Export: file_answers.exported,
    Help: usage.help_on,
    Quit: lambda session, query, context: Outcome(session, ends=True),
    ScreenCommand: lambda session, query, context: Outcome(session, screen=query),
}
"""The function that answers each query, with lines or with an outcome."""
