"""A screen on a file that its reader is writing: loaded again at every save, opened in their editor at a key.

A file with mistakes does no harm to the run on the screen: what is wrong is shown below it until the file is
good again.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import PurePath

from textual.app import SuspendNotSupported
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen

from backprop_engine.debugger import travelled
from backprop_engine.debugger.resume import carried
from backprop_engine.errors import BackpropError, ScenarioError, UsageError
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import in_language
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import FILE_NOT_FOUND
from backprop_engine.trace.run import Run
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.editor import command_line, run_editor, wanted_editor
from backprop_tui.opening import Opening
from backprop_tui.panels.mistakes import mistakes
from backprop_tui.texts import text
from backprop_tui.view import View
from backprop_tui.watching import INTERVAL, Stamp, Watcher, data_files, stamp
from backprop_tui.widgets.panel import Panel

__all__ = ["LiveScreen"]


@dataclass(frozen=True, eq=False)
class _Read:
    """What came of reading a file again; `files` are the data files it names, if that could be told."""

    view: View | None
    error: BackpropError | None
    files: tuple[str, ...] | None
    stamps: dict[str, Stamp]
    problems: tuple[str, ...] = ()
    """What else is to be told."""


def _read_again(opening: Opening, view: View) -> _Read:
    """Load the file and compute what its reader looks at, away from the thread that takes keys."""
    files = data_files(opening.path)
    stamps = {path: stamp(path) for path in (opening.path, *(files or ()))}
    try:
        scenario = opening.load()
        read, problems = _moved(view, scenario, scenario.run())
        read.session.frame  # noqa: B018 - records the trace
    except BackpropError as error:
        return _Read(None, error, files, stamps)
    return _Read(read, None, files, stamps, problems)


def _moved(view: View, scenario: Scenario, run: Run) -> tuple[View, tuple[str, ...]]:
    """The view of a scenario as it is now, and what could not be taken along.

    Breakpoints and watches that the file has got since are set.
    """
    from backprop_tui.prompt.keeping import Kept, with_kept

    session = carried(view.session, run)
    problems = [session.notice.in_language(view.language)] if session.notice is not None else []
    added = Kept(
        tuple(one for one in scenario.breakpoints if one not in view.scenario.breakpoints),
        tuple(one for one in scenario.watches if one not in view.scenario.watches),
    )
    session = replace(with_kept(session, added, problems.append), notice=None)
    session = travelled(replace(session, position=0, levels=(), selection=None), session)
    return replace(view, scenario=scenario, session=session, found=()), tuple(problems)


class LiveScreen(Screen[None]):
    """Watches the file behind its view, if there is one.

    A subclass composes `mistakes_panel()` among its panels, one of which is called `graph`.
    """

    view: reactive[View | None] = reactive(None, always_update=True, repaint=False)

    error: BackpropError | None = None
    """What is wrong with the file as it is now."""
    _watcher: Watcher | None = None

    @property
    def current(self) -> View:
        """The view; there is one from the start."""
        assert self.view is not None
        return self.view

    def mistakes_panel(self) -> Panel:
        """The place for what is wrong with the file; it takes none while nothing is."""
        return Panel(self._mistakes, id="mistakes")

    def _mistakes(self, width: int, height: int) -> Drawing:
        return Lines.of(()) if self.error is None else mistakes(self.error, width, self.current.language)

    # Watching

    def on_mount(self) -> None:
        """Watch the file from what it was before it was read."""
        opening = self.current.opening
        if opening is not None:
            self._watcher = Watcher((opening.path,), {opening.path: opening.stamp})
            self.set_interval(INTERVAL, self.look)
            self.run_worker(self._watch_data(self._watcher, opening), group="data")

    async def _watch_data(self, watcher: Watcher, opening: Opening) -> None:
        files = await asyncio.to_thread(data_files, opening.path)
        watcher.watch((opening.path, *(files or ())))

    def look(self, *, settled: bool = False) -> None:
        """Load the file again if it or its data have changed."""
        opening = self.current.opening
        if self._watcher is not None and opening is not None and self._watcher.poll(settled=settled):
            self.run_worker(self._load(self._watcher, opening), group="load", exclusive=True)

    async def _load(self, watcher: Watcher, opening: Opening) -> None:
        before = self.current
        read = await asyncio.to_thread(_read_again, opening, before)
        if read.files is not None:
            watcher.watch((opening.path, *read.files), read.stamps)
        self.show_mistakes(read.error)
        if read.view is None:
            return
        view, problems = read.view, read.problems
        if self.current is not before:  # who moved on in the meantime is taken from where they are now
            view, problems = _moved(self.current, view.scenario, view.session.baseline)
        self.view = view
        self.carry_on()
        self.tell("reload.done", name=_name(opening))
        if problems:
            told = "\n".join(in_language(one, view.language) for one in problems)
            self.notify(clean(told, newlines=True), markup=False, severity="warning", timeout=8)

    def carry_on(self) -> None:
        """Carry on what the view has pending, such as the way to where one was in a long training."""
        raise NotImplementedError

    # Mistakes

    def show_mistakes(self, error: BackpropError | None) -> None:
        """Show what is wrong with the file, or that nothing is any more."""
        self.error = error
        if error is None:
            self.close_mistakes()
        else:
            self._open_mistakes(error)

    @property
    def mistakes_are_shown(self) -> bool:
        """Whether the panel of mistakes is open."""
        return bool(self.query_one("#mistakes", Panel).display)

    def _open_mistakes(self, error: BackpropError) -> None:
        panel, language = self.query_one("#mistakes", Panel), self.current.language
        name = _name(self.current.opening)
        diagnostics = error.diagnostics if isinstance(error, ScenarioError) else ()
        if [one.code for one in diagnostics] == [FILE_NOT_FOUND]:
            title = text("mistakes.gone", language, name=name)
        else:
            title = text("mistakes.title", language, name=name, count=len(diagnostics) or 1)
        panel.border_title = Content(title)
        panel.border_subtitle = Content(text("mistakes.keys", language))
        panel.display = True
        self._fit_mistakes()
        panel.scroll_home(animate=False)
        panel.redraw()

    def _fit_mistakes(self) -> None:
        """As high as what it shows; the style sheet says how high it may be."""
        panel, language = self.query_one("#mistakes", Panel), self.current.language
        if self.error is not None and panel.display:
            panel.styles.height = mistakes(self.error, max(10, self.size.width - 5), language).height + 2

    def on_resize(self) -> None:
        """Words wrap elsewhere."""
        self._fit_mistakes()

    def close_mistakes(self) -> None:
        """Close the panel until the next mistake; the focus goes where it belongs."""
        panel = self.query_one("#mistakes", Panel)
        if panel.has_focus:
            self.query_one("#graph", Panel).focus()
        panel.display = False

    # The editor

    def edit(self, node: Node | None) -> None:
        """Open the file in the reader's editor: at its first mistake, else where `node` is written."""
        opening = self.current.opening
        path = opening.path if opening is not None else self.current.scenario.path
        if opening is None and not os.path.isfile(path):
            self.tell("edit.no_file", wrong=True)
            return
        editor = wanted_editor(os.environ)
        if not editor:
            self.tell("edit.none", wrong=True, path=path)
            return
        try:
            status = self._lend_terminal(command_line(editor, path, self._line(node)))
        except SuspendNotSupported:
            self.tell("edit.unsupported", wrong=True, path=path)
        except UsageError as error:
            self.tell("edit.failed", wrong=True, problem=error.in_language(self.current.language))
        else:
            if status:
                self.tell("edit.status", wrong=True, editor=editor, status=status)
            self.look(settled=True)

    def _line(self, node: Node | None) -> int:
        """The line to open the file at; a node inside of an operator is written where that operator is."""
        if isinstance(self.error, ScenarioError):
            places = [one.place for one in self.error.diagnostics]
        else:
            session = self.current.session
            outer = [session.run.graph[level.name] for level in session.levels[:1]]
            places = [one.place for one in (node, *outer) if one is not None]
        return next((place.line for place in places if place is not None), 1)

    def _lend_terminal(self, words: list[str]) -> int:
        """Let a program have the terminal until it ends; gives its exit status."""
        failed: UsageError | None = None
        status = 0
        with self.app.suspend():
            try:
                status = run_editor(words)
            except UsageError as error:  # the terminal is not taken back where an error passes by
                failed = error
        if failed is not None:
            raise failed
        return status

    def tell(self, key: str, *, wrong: bool = False, **parts: object) -> None:
        """A short notice, in the reader's language; what it quotes is never taken for markup."""
        said = clean(text(key, self.current.language, **parts))
        if wrong:
            self.notify(said, markup=False, severity="warning", timeout=8)
        else:
            self.notify(said, markup=False, timeout=2)


def _name(opening: Opening | None) -> str:
    return clean(PurePath(opening.path).name) if opening is not None else ""
