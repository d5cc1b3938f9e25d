"""What a reader had set, written to files when the app ends because of an error of its own.

For every branch with changes there is a scenario as it was there, with the breakpoints and watches beside it,
so that opening it goes on from there. A scenario without changes gets its breakpoints and watches alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from backprop_engine.debugger import Session
from backprop_engine.debugger.branches import BASELINE, Branch
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.whole_files import write_whole
from backprop_tui.prompt.debug_file import ENDING, Kept, beside, text_of
from backprop_tui.view import View

__all__ = ["rescue"]


def rescue(views: Iterable[View], folder: Path) -> list[Path]:
    """Write what was set in each view; the files, those to be opened first.

    They are beside the scenario, or in `folder` where that is none of the reader's own files. A file that is
    there already stays as it is. What cannot be written is left out.
    """
    written: list[Path] = []
    for view in views:
        kept = _kept(view.session)
        own = beside(view.scenario)
        stem = re.sub(r"[^\w-]+", "-", Path(view.scenario.path).stem)[:60] or "scenario"
        start = (own.parent if own is not None else folder) / f"{stem}-rescued"
        branches = list(_changed(view.session))
        for branch in branches:
            with suppress(OSError, UsageError, ScenarioError):
                written.append(_write_scenario(_as_changed(view.scenario, branch), kept, start))
        if any(kept) and not branches:
            with suppress(OSError):
                written.append(_write_new(start, ENDING, text_of(kept)))
    return written


def _kept(session: Session) -> Kept:
    lasting = (breakpoint_.text for breakpoint_ in session.breakpoints if not breakpoint_.once)
    return Kept(tuple(lasting), session.watches)


def _changed(session: Session) -> Iterator[Branch]:
    """The branches that change leaves, the current one first."""
    here = session.branches.here
    others = (branch for name, branch in session.branches.every.items() if name not in (here.name, BASELINE))
    for branch in (here, *others):
        if any(kind == "leaf" for kind, _ in branch.overrides):
            yield branch


def _as_changed(scenario: Scenario, branch: Branch) -> Scenario:
    """The scenario with the leaves of a branch."""
    for override in branch.overrides.values():
        if override.kind == "leaf":
            scenario = scenario.with_leaf(override.node, override.tensor)
    return scenario


def _write_scenario(scenario: Scenario, kept: Kept, start: Path) -> Path:
    text = scenario.to_yaml()
    load_source(
        Source(str(start.with_name(f"{start.name}.yaml")), text)
    )  # raises where it names what is not there
    path = _write_new(start, ".yaml", text)
    if any(kept):
        write_whole(path.with_suffix(ENDING), text_of(kept), new=True)
    return path


def _write_new(start: Path, ending: str, text: str) -> Path:
    """Write a file of a name that none has yet, nor one that belongs to it."""
    start.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        path = start.with_name(f"{start.name}-{number}{ending}" if number > 1 else f"{start.name}{ending}")
        if not path.with_suffix(ENDING).exists():
            with suppress(FileExistsError):
                write_whole(path, text, new=True)
                return path
    raise FileExistsError(str(start))
