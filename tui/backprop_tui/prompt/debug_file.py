"""Breakpoints and watches in files: those of a scenario, and those that were saved beside it.

The saved file is a small YAML file with the lists `breakpoints` and `watch`, as a scenario has them. It is
called as the scenario is, with the ending `.debug`, and replaces the scenario's own lists.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from backprop_engine.debugger import Break, Session, Watch, update
from backprop_engine.errors import ScenarioError, UsageError, reason
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import read_source
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlScalar, YamlSequence
from backprop_engine.scenario.sections.texts import MAX_LINES
from backprop_tui.files.bundled import bundled_folder
from backprop_tui.files.opening import Opening
from backprop_tui.view import View

__all__ = ["ENDING", "Kept", "beside", "keep", "kept_in", "kept_of", "opened_view", "session_of", "with_kept"]

ENDING: Final = ".debug"
LONGEST_UNFOLDED: Final = 12
"""How many nodes the passes of all derivatives may have, and be shown unfolded at first."""
_KEYS: Final = ("breakpoints", "watch")
_HEAD: Final = (
    "# Breakpoints and watches, saved by the debugger. It reads them again with the scenario beside.\n"
)


class Kept(NamedTuple):
    """Breakpoints and watches as they are typed."""

    breakpoints: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()


def session_of(
    scenario: Scenario, position: int = 0, warn: Callable[[str], object] = lambda msg: None
) -> Session:
    """The debugger at `position` of a scenario's run, with the breakpoints and watches that were saved beside
    it, or else its own.

    What cannot be set is told to `warn`, one sentence each, and left out.
    """
    session = Session(scenario.run(), position, folded=_long_passes(scenario.graph))
    kept = Kept(scenario.breakpoints, scenario.watches)
    path = beside(scenario)
    if path is not None and os.path.lexists(path):
        try:
            kept = kept_in(path)
        except UsageError as error:
            warn(error.text)
    return with_kept(session, kept, warn)


def _long_passes(graph: Graph) -> tuple[str, ...]:
    """The derivatives that start folded, so that what they differentiate is in view: all or none."""
    passes = [group for group in graph.groups if group.is_pass]
    long = sum(group.stop - group.start for group in passes) > LONGEST_UNFOLDED
    return tuple(group.name for group in passes) if long else ()


def opened_view(
    opening: Opening,
    language: str,
    *,
    ascii: bool,
    warn: Callable[[str], object],
    scenario: Scenario | None = None,
) -> View:
    """The start of a run, with the breakpoints and watches that were saved beside the file or are in it.

    The file is read unless its `scenario` is given. What cannot be set is told to `warn`, one sentence each.
    Raises what `Opening.load` raises.
    """
    shown = opening.load() if scenario is None else scenario
    return View(shown, session_of(shown, warn=warn), language, ascii, opening)


def with_kept(session: Session, kept: Kept, warn: Callable[[str], object]) -> Session:
    """The session with these breakpoints and watches besides its own."""
    for text in kept.breakpoints:
        try:
            session = update(session, Break(text))
        except UsageError as error:
            warn(msg("the breakpoint `{text}` was skipped: {problem}", text=clean(text), problem=error.text))
    for text in kept.watches:
        try:
            session = update(session, Watch(text))
        except UsageError as error:
            warn(msg("the watch `{text}` was skipped: {problem}", text=clean(text), problem=error.text))
    return session


def kept_of(session: Session) -> Kept:
    """What of a session lasts: its watches, and all breakpoints but those that stop once."""
    lasting = (breakpoint_.text for breakpoint_ in session.breakpoints if not breakpoint_.once)
    return Kept(tuple(lasting), session.watches)


# The file


def beside(scenario: Scenario) -> Path | None:
    """The file beside a scenario, or beside a recording's folder; None where that has no place beside it, or
    it was not read from a file of the reader's own.
    """
    if scenario.path.startswith("<"):
        return None
    path = Path(scenario.path)
    if path.name in ("", ".."):  # the folder that the program was started in, or one above
        path = Path(os.path.abspath(path))
        if not path.name:
            return None
    with suppress(OSError):  # `Path.resolve` raises another error for a link that leads to itself
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(bundled_folder())):
            return None
    return path.with_suffix(ENDING)


def kept_in(path: Path) -> Kept:
    """What a saved file holds; `UsageError` for any other file."""
    try:
        root = read(read_source(path))
    except ScenarioError as error:
        raise UsageError(
            msg("{path}: {problem}", path=clean(str(path)), problem=error.diagnostics[0].message)
        ) from None
    kept = _lists(root)
    if kept is None:
        raise UsageError(
            msg(
                "{path}: a saved file has the lists `breakpoints` and `watch`, and nothing else",
                path=clean(str(path)),
            )
        )
    if max(map(len, kept)) > MAX_LINES:
        problem = msg("a list for the debugger can have at most {most:,} texts", most=MAX_LINES)
        raise UsageError(msg("{path}: {problem}", path=clean(str(path)), problem=problem))
    return kept


def _lists(root: object) -> Kept | None:
    """The lists of a saved file; None if it is not one."""
    if not isinstance(root, YamlMapping) or not all(key.text in _KEYS for key, _ in root):
        return None
    lists: dict[str, tuple[str, ...]] = dict.fromkeys(_KEYS, ())
    for key, value in root:
        if not isinstance(value, YamlSequence) or not all(isinstance(entry, YamlScalar) for entry in value):
            return None
        lists[key.text] = tuple(clean(entry.text) for entry in value if isinstance(entry, YamlScalar))
    return Kept(*lists.values())


def keep(path: Path, kept: Kept) -> None:
    """Write a saved file, in place of an earlier one but of nothing else; never half of it."""
    if os.path.lexists(path):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise UsageError(msg("{path} is not a regular file: nothing was written", path=clean(str(path))))
        try:
            kept_in(path)
            # What users wrote beside the lists would be lost.
            ours = "#" not in path.read_text(encoding="utf-8").replace(_HEAD, "")
        except (UsageError, OSError, ValueError):
            ours = False
        if not ours:
            raise UsageError(
                msg("{path} exists and holds something else: nothing was written", path=clean(str(path)))
            )
    from backprop_engine.whole_files import write_whole  # few write such a file

    try:
        write_whole(path, text_of(kept))
    except OSError as error:
        raise UsageError(msg("{path}: {problem}", path=clean(str(path)), problem=reason(error))) from None


def text_of(kept: Kept) -> str:
    """The text of a saved file; what is in it reads back as it is."""
    # imported here, since nothing is written on the way to the first screen
    from backprop_engine.scenario.write.emit import flow_text

    lines = [_HEAD]
    for key, texts in zip(_KEYS, kept, strict=True):
        lines.append(f"{key}:\n" if texts else f"{key}: []\n")
        lines += (f"  - {flow_text(text, in_flow=False)}\n" for text in texts)
    return "".join(lines)
