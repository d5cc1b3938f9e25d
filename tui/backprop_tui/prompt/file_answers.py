"""What the prompt writes and reads: saved breakpoints and watches, and scenarios as they are now."""

from __future__ import annotations

from pathlib import Path

from backprop_engine.debugger import Session
from backprop_engine.debugger.branches import Branch
from backprop_engine.errors import ScenarioError, UsageError, reason
from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.whole_files import write_whole
from backprop_tui.cells.lines import Line, Role
from backprop_tui.prompt.debug_file import Kept, beside, keep, kept_in, kept_of, with_kept
from backprop_tui.prompt.outcome import Context, Outcome, one_line
from backprop_tui.queries import Export, Load, Save

__all__ = ["exported", "loaded", "saved", "with_leaves_of"]


def _file(path: str, scenario: Scenario) -> Path:
    """The file that is named, or the one beside the scenario."""
    found = Path(path) if path else beside(scenario)
    if found is None:
        raise UsageError(
            msg(
                "this scenario is not in a folder of yours: name a file to save to, such as `save mine.debug`"
            )
        )
    return found


def saved(session: Session, query: Save, context: Context) -> list[Line]:
    """Keep breakpoints and watches; those that stop once are gone sooner or later anyway."""
    language = context.language
    path = _file(query.path, context.scenario)
    kept = kept_of(session)
    keep(path, kept)
    breakpoints = len(kept.breakpoints)
    watches = len(session.watches)
    lines = [
        one_line(
            msg(
                "saved to {path} (breakpoints: {breakpoints}, watches: {watches})",
                path=clean(str(path)),
                breakpoints=breakpoints,
                watches=watches,
            ).in_language(language),
            Role.GOOD,
        )
    ]
    if any(
        breakpoint_.once or breakpoint_.ignore or not breakpoint_.enabled
        for breakpoint_ in session.breakpoints
    ):
        lines.append(
            one_line(
                msg(
                    "not saved: whether breakpoints are off, how many hits they skip, and one-shot "
                    "breakpoints"
                ).in_language(language),
                Role.DIM,
            )
        )
    return lines


def loaded(session: Session, query: Load, context: Context) -> Outcome:
    """With what the file holds and is not set already."""
    language = context.language
    path = _file(query.path, context.scenario)
    kept = kept_in(path)
    known = {breakpoint_.text for breakpoint_ in session.breakpoints}
    new = Kept(
        tuple(typed for typed in kept.breakpoints if " ".join(typed.split()) not in known),
        tuple(watch for watch in kept.watches if watch not in session.watches),
    )
    problems: list[str] = []
    after = with_kept(session, new, problems.append)
    breakpoints = len(after.breakpoints) - len(session.breakpoints)
    watches = len(after.watches) - len(session.watches)
    summary = one_line(
        msg(
            "loaded from {path} (breakpoints: {breakpoints}, watches: {watches})",
            path=clean(str(path)),
            breakpoints=breakpoints,
            watches=watches,
        ).in_language(language)
    )
    left_out = (one_line(in_language(problem, language), Role.WARNING) for problem in problems)
    return Outcome(after, (summary, *left_out))


def with_leaves_of(branch: Branch, scenario: Scenario) -> Scenario:
    """A scenario with what a branch puts in place of its leaves."""
    for override in branch.overrides.values():
        if override.kind == "leaf":
            scenario = scenario.with_leaf(override.node, override.tensor)
    return scenario


def exported(session: Session, query: Export, context: Context) -> list[Line]:
    """Write the scenario with the leaves of this branch; never in place of a file that is there."""
    language, branch = context.language, session.branches.here
    scenario, path = with_leaves_of(branch, context.scenario), Path(query.path)
    kept_out = [
        f"grad({override.node})" if override.kind == "gradient" else override.node
        for override in branch.overrides.values()
        if override.kind != "leaf"
    ]
    written = scenario.to_yaml()
    shown = clean(str(path))
    try:
        load_source(Source(str(path), written))
    except ScenarioError as error:
        raise UsageError(
            msg(
                "{path}: nothing was written, because it could not be loaded again: {problem}",
                path=shown,
                problem=error.diagnostics[0].message,
            )
        ) from None
    try:
        write_whole(query.path, written, new=True)
    except FileExistsError:
        raise UsageError(msg("{path} already exists: nothing was written", path=shown)) from None
    except OSError as error:
        raise UsageError(msg("{path}: {problem}", path=shown, problem=reason(error))) from None
    lines = [one_line(msg("the scenario was written to {path}", path=shown).in_language(language), Role.GOOD)]
    if kept_out:
        changes = ", ".join(kept_out)
        lines.append(
            one_line(
                msg(
                    "not written, because a scenario cannot express it: {changes}", changes=changes
                ).in_language(language),
                Role.WARNING,
            )
        )
    return lines
