"""The file that the user is editing: loaded again at every save, and opened in an editor by a key.

A file with mistakes does not affect the run on the screen: the mistakes are shown below it until the file is
valid again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from msgspec import structs
from textual.app import SuspendNotSupported

from backprop_engine.debugger import start_move
from backprop_engine.errors import BackpropError, Place, ScenarioError, UsageError
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import Message, in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.run import Run
from backprop_tui.files.opening import Opening
from backprop_tui.files.watching import INTERVAL, Stamp, Watcher, data_files, stamp
from backprop_tui.screens.computation import aside
from backprop_tui.screens.handle import Handle
from backprop_tui.view import View
from backprop_tui.widgets.mistakes_panel import MistakesPanel

__all__ = ["FileFollower"]

_WARNING_SECONDS = 8
"""Seconds that a warning stays."""
_GLANCE = 2
"""Seconds that a notice about a reloaded file stays; each line about what has changed adds one."""


class FileFollower:
    """Watches the view's file, if there is one; `carry_on` goes on with what a loaded view has pending."""

    def __init__(self, handle: Handle, carry_on: Callable[[], None]) -> None:
        self._handle = handle
        self._carry_on = carry_on
        self._watcher: Watcher | None = None

    def start(self) -> None:
        """Watch the file, starting from its state before it was read."""
        opening = self._handle.current.opening
        if opening is not None:
            self._watcher = Watcher((opening.path, *opening.stamps), opening.stamps)
            self.look(settled=True)  # it may have been left for a while
            self._handle.set_interval(INTERVAL, self.look)
            self._handle.run_worker(self._watch_data(self._watcher, opening), group="data")

    async def _watch_data(self, watcher: Watcher, opening: Opening) -> None:
        files = await asyncio.to_thread(data_files, opening.path)
        watcher.watch((opening.path, *(files or ())))
        view = self._handle.current
        if view.opening is opening:  # as it was read at first
            known = structs.replace(opening, stamps={**watcher.stamps, **opening.stamps})
            self._handle.keep_view(replace(view, opening=known))

    def look(self, *, settled: bool = False) -> None:
        """Load the file again if it or its data have changed."""
        opening = self._handle.current.opening
        if self._watcher is not None and opening is not None and self._watcher.poll(settled=settled):
            self._handle.run_worker(self._load(self._watcher, opening), group="load", exclusive=True)

    async def _load(self, watcher: Watcher, opening: Opening) -> None:
        handle = self._handle
        before = handle.current
        read = await aside(partial(_read_again, opening, before))
        if read.files is not None:
            watcher.watch((opening.path, *read.files), read.stamps)
        self._show_mistakes(read.error)
        if read.view is None:
            return
        view, problems = read.view, read.problems
        scenario, run, now = view.scenario, view.session.baseline, before
        while handle.current is not now:  # who moved on in the meantime is taken from where they are now
            now = handle.current
            view, problems = await aside(partial(_looked_at, now, scenario, run))
        handle.show_view(replace(view, opening=structs.replace(opening, stamps=read.stamps)))
        self._carry_on()
        self._say_changes(opening, before.scenario, view)
        if problems:
            text = "\n".join(in_language(problem, view.language) for problem in problems)
            handle.say(clean(text, newlines=True), wrong=True, seconds=_WARNING_SECONDS)

    def _say_changes(self, opening: Opening, before: Scenario, view: View) -> None:
        """Say that the file was loaded again, and what is different in it."""
        from backprop_engine.scenario.changes import changes_between

        first = msg("{name} has changed and was reloaded", name=_name(opening)).in_language(view.language)
        told = [change.in_language(view.language) for change in changes_between(before, view.scenario).told()]
        text = "\n".join([first, *told])
        self._handle.say(clean(text, newlines=True), seconds=_GLANCE + len(told))

    # Mistakes

    @property
    def mistakes(self) -> MistakesPanel:
        """The panel with the file's mistakes."""
        panel = self._handle.panel("mistakes")
        assert isinstance(panel, MistakesPanel)
        return panel

    def _show_mistakes(self, error: BackpropError | None) -> None:
        """Show what is wrong with the file, or that nothing is any more."""
        if error is None:
            self.mistakes.error = None
            self.close_mistakes()
        else:
            self.mistakes.open(error, _name(self._handle.current.opening), self._handle.current.language)

    def speak(self) -> None:
        """Show the mistakes in the language of the view."""
        if self.mistakes.is_open:
            self._show_mistakes(self.mistakes.error)

    def close_mistakes(self) -> None:
        """Close the panel until the next mistake; the focus goes where it belongs."""
        if self.mistakes.has_focus:
            self._handle.panel("graph").focus()
        self.mistakes.close()

    # The editor

    def edit(self) -> None:
        """Open the file in the user's editor: at its first mistake, else at the chosen node."""
        from backprop_tui.files.editor import command_line, wanted_editor

        opening = self._handle.current.opening
        path = opening.path if opening is not None else self._handle.current.scenario.path
        line = self._line(self._handle.chosen_node)
        if os.path.isdir(path):  # a recording: the source is the program that ran
            place = next(self._places(self._handle.chosen_node), None)
            if place is None or not os.path.isfile(place.path):
                self._warn(
                    msg("{path}: there is no such file here", path=place.path)
                    if place is not None
                    else msg("the source line of this was not recorded")
                )
                return
            path, line = place.path, place.line
        elif opening is None and not os.path.isfile(path):
            self._warn(msg("this scenario was not read from a file"))
            return
        editor = wanted_editor(os.environ)
        if not editor:
            self._warn(
                msg(
                    "no editor is set: run `export EDITOR=nano`, or name your own, before starting. The "
                    "file is {path}",
                    path=path,
                )
            )
            return
        try:
            status = self._lend_terminal(command_line(editor, path, line))
        except SuspendNotSupported:
            self._warn(msg("an editor cannot be opened from here. The file is {path}", path=path))
        except UsageError as error:
            self._warn(msg("the editor could not be run: {problem}", problem=error.text))
        else:
            if status:
                self._warn(msg("{editor} exited with status {status}", editor=editor, status=status))
            self.look(settled=True)

    def _line(self, node: Node | None) -> int:
        """The line to open the file at; a node inside of an operator is written where that operator is."""
        error = self.mistakes.error
        places: Iterator[Place]
        if isinstance(error, ScenarioError):
            places = (diagnostic.place for diagnostic in error.diagnostics if diagnostic.place is not None)
        else:
            places = self._places(node)
        return next((place.line for place in places), 1)

    def _places(self, node: Node | None) -> Iterator[Place]:
        """Where a node is written, or else the operator that it is inside of."""
        session = self._handle.current.session
        outer = [session.run.graph[level.name] for level in session.levels[:1]]
        for written in (node, *outer):
            if written is not None and written.place is not None:
                yield written.place

    def _lend_terminal(self, words: list[str]) -> int:
        """Let a program have the terminal until it ends; returns its exit status."""
        from backprop_tui.files.editor import run_editor

        failed: UsageError | None = None
        status = 0
        with self._handle.application.suspend():
            try:
                status = run_editor(words)
            except UsageError as error:  # the terminal is not taken back where an error passes by
                failed = error
        if failed is not None:
            raise failed
        return status

    def _warn(self, message: Message) -> None:
        text = clean(message.in_language(self._handle.current.language))
        self._handle.say(text, wrong=True, seconds=_WARNING_SECONDS)


# Reading again


@dataclass(frozen=True, eq=False)
class _Read:
    """The result of reading a file again; `files` are the data files it names, if they are known."""

    view: View | None
    error: BackpropError | None
    files: tuple[str, ...] | None
    stamps: dict[str, Stamp]
    problems: tuple[str, ...] = ()
    """What else to report."""


def _read_again(opening: Opening, view: View) -> _Read:
    """Load the file and compute what is shown, outside the thread that takes keys."""
    files = data_files(opening.path)
    stamps = {path: stamp(path) for path in (opening.path, *(files or ()))}
    try:
        scenario = opening.load()
        read, problems = _looked_at(view, scenario, scenario.run())
    except BackpropError as error:
        return _Read(None, error, files, stamps)
    return _Read(read, None, files, stamps, problems)


def _looked_at(view: View, scenario: Scenario, run: Run) -> tuple[View, tuple[str, ...]]:
    """The view carried over, with what it shows computed."""
    read, problems = _carried_over(view, scenario, run)
    read.session.frame  # noqa: B018 - records the trace
    return read, problems


def _carried_over(view: View, scenario: Scenario, run: Run) -> tuple[View, tuple[str, ...]]:
    """The view of a scenario as it is now, and what could not be carried over.

    Breakpoints and watches that the file has got since are set.
    """
    from backprop_engine.debugger.resume import resumed
    from backprop_tui.prompt.debug_file import Kept, with_kept

    session = resumed(view.session, run)
    problems = [session.notice.in_language(view.language)] if session.notice is not None else []
    added = Kept(
        tuple(text for text in scenario.breakpoints if text not in view.scenario.breakpoints),
        tuple(text for text in scenario.watches if text not in view.scenario.watches),
    )
    session = replace(with_kept(session, added, problems.append), notice=None)
    session = start_move(replace(session, position=0, levels=(), selection=None), session)
    return replace(view, scenario=scenario, session=session, found=()), tuple(problems)


def _name(opening: Opening | None) -> str:
    return clean(PurePath(opening.path).name) if opening is not None else ""
