"""What the user had set, written to files when the app crashes.

For every branch with changes there is a scenario as it was there, with the breakpoints and watches beside it,
so that opening it goes on from there. A scenario without changes gets its breakpoints and watches alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from backprop_engine.debugger import Session
from backprop_engine.debugger.branches import BASELINE, Branch
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.whole_files import write_whole
from backprop_tui.prompt.debug_file import ENDING, Kept, beside, kept_of, text_of
from backprop_tui.prompt.file_answers import with_leaves_of
from backprop_tui.view import View

__all__ = ["rescue"]

_STEM: Final = 120
"""The bytes that a name keeps of the scenario's, so that no file system finds the whole too long."""


def rescue(
    views: Iterable[View], folder: Path, lost: Callable[[Exception], None] = lambda _: None
) -> list[Path]:
    """Write what was set in each view; the files, those to be opened first.

    They are beside the scenario, or in `folder` where that is none of the reader's own files, or nothing can
    be written beside it. A file that is there already stays as it is. What cannot be written is left out, and
    `lost` hears why.
    """
    written: list[Path] = []
    for view in views:
        try:
            written += _rescued(view, folder, lost)
        except Exception as error:  # noqa: BLE001 - a second error does not affect the other views
            lost(error)
    return written


def _rescued(view: View, folder: Path, lost: Callable[[Exception], None]) -> list[Path]:
    """The files of one view: of its branches or, where none of them has it, of what is beside them."""
    kept, starts = kept_of(view.session), _starts(view, folder)
    written: list[Path] = []
    for branch in _changed(view.session):
        try:
            changed = with_leaves_of(branch, view.scenario)
            written.append(_in_first(starts, partial(_write_scenario, changed, kept)))
        except (OSError, UsageError, ScenarioError) as error:
            lost(error)
    if any(kept) and not any(path.with_suffix(ENDING).exists() for path in written):
        try:
            written.append(_in_first(starts, partial(_write_new, ending=ENDING, text=text_of(kept))))
        except OSError as error:
            lost(error)
    return written


def _starts(view: View, folder: Path) -> list[Path]:
    """What the files' names begin with, in the folders where they may be."""
    stem = re.sub(r"[^\w-]+", "-", Path(view.scenario.path).stem).encode()[:_STEM].decode(errors="ignore")
    own = beside(view.scenario)
    folders = [own.parent] if own is not None and own.parent.is_dir() else []
    return [each / f"{stem or 'scenario'}-rescued" for each in (*folders, folder)]


def _in_first(starts: Sequence[Path], write: Callable[[Path], Path]) -> Path:
    """What is written at the first of these places where it can be; else what the last of them raises."""
    for start in starts[:-1]:
        with suppress(OSError, ScenarioError):
            return write(start)
    return write(starts[-1])


def _changed(session: Session) -> Iterator[Branch]:
    """The branches that change leaves, the current one first."""
    here = session.branches.here
    others = (branch for name, branch in session.branches.every.items() if name not in (here.name, BASELINE))
    for branch in (here, *others):
        if any(kind == "leaf" for kind, _ in branch.overrides):
            yield branch


def _write_scenario(scenario: Scenario, kept: Kept, start: Path) -> Path:
    text = scenario.to_yaml()
    # raises where it names what is not there
    load_source(Source(str(start.with_name(f"{start.name}.yaml")), text))
    path = _write_new(start, ".yaml", text)
    if any(kept):
        with suppress(OSError):  # the scenario exists, and is reported
            write_whole(path.with_suffix(ENDING), text_of(kept), new=True)
    return path


def _write_new(start: Path, ending: str, text: str) -> Path:
    """Write a file of a name that none has yet, nor one that belongs to it."""
    start.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        path = start.with_name(f"{start.name}-{number}{ending}" if number > 1 else f"{start.name}{ending}")
        if not os.path.lexists(path.with_suffix(ENDING)):
            with suppress(FileExistsError):
                write_whole(path, text, new=True)
                return path
    raise FileExistsError(str(start))
