"""A screen with a prompt: what is typed there, and what keys do that are short for typing it.

What reads and answers lines is loaded with the first line: no first screen waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from backprop_engine.debugger import (
    Break,
    Command,
    Delete,
    Fold,
    NameBranch,
    Redo,
    Select,
    Session,
    Set,
    SwitchBranch,
    Undo,
    halted,
    update,
)
from backprop_engine.errors import UsageError
from backprop_tui.cells.lines import Line, plain
from backprop_tui.commands import COMMANDS, CommandRow
from backprop_tui.prompt.history import History
from backprop_tui.screens.live import LiveScreen
from backprop_tui.screens.slices import PAUSE, PENDING, sliced
from backprop_tui.widgets.panel import Panel

if TYPE_CHECKING:
    from backprop_tui.prompt.execute import Outcome
    from backprop_tui.prompt.queries import Request

__all__ = ["PromptedScreen"]

_UNSEEN = (Break, Delete, Fold, NameBranch, Redo, Set, SwitchBranch, Undo)
"""Commands of which the screen shows too little by itself."""
_PATIENCE = 8
"""Seconds that an answer stays which nobody asked to keep."""
_BESIDE_ANSWERS, _LEAST_WIDTH = 3, 40
"""The columns of the screen beside an answer, and the fewest that one is laid out for."""
_SHORT = 3
"""Up to so many lines are a notice; what is longer is shown above the prompt."""


class PromptedScreen(LiveScreen):
    """Carries out commands of the debugger, typed ones among them, and says what came of them."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self._answered = False

    @property
    def commands(self) -> tuple[CommandRow, ...]:
        """The table of commands, with the keys that their reader chose."""
        return getattr(self.app, "commands", COMMANDS)

    # Commands of the debugger

    def do(self, command: Command) -> None:
        """Carry out a command of the debugger."""
        before = self.current.session
        try:
            self._take(before, update(before, command), command)
        except UsageError as error:
            self._notify(error.in_language(self.current.language), wrong=True)

    def _take(self, before: Session, after: Session, command: Request) -> None:
        """Show the session after a command; what takes long goes on until one does something else."""
        self._forget_answer()
        after = sliced(after)
        self.view = replace(self.current, session=after)
        if after.pending is not None:
            self.wait_for(lambda found: self._tell(before, found, command))
        elif after.notice is not None or isinstance(command, _UNSEEN):
            self._tell(before, after, command)

    def wait_for(self, then: Callable[[Session], None]) -> None:
        """Carry on what is pending, slice by slice, and hear keys in between; `then` hears what came of it.

        It hears nothing where its reader went on without it.
        """
        self.run_worker(self._wait_for(then), group=PENDING, exclusive=True)

    async def _wait_for(self, then: Callable[[Session], None]) -> None:
        session = self.current.session
        while session.pending is not None:
            self.set_reactive(PromptedScreen.view, replace(self.current, session=session))
            self.show_progress()
            await asyncio.sleep(PAUSE)
            if self.current.session is not session or not self.is_attached:
                return
            session = sliced(session)
        self.view = replace(self.current, session=session)
        then(session)

    def show_progress(self) -> None:
        """Show how far what is pending has come."""
        for panel in self.query("#header").results(Panel):
            panel.redraw()

    def on_mount(self) -> None:
        """Who begins far in a training begins with the way there."""
        self.carry_on()

    def carry_on(self) -> None:
        """Carry on what the view has pending."""
        if self.current.session.pending is not None:
            self.wait_for(lambda found: None)

    def halt(self) -> bool:
        """Stop what is pending where it has come to; whether anything was."""
        session = self.current.session
        if session.pending is None:
            return False
        after = halted(session)
        self.view = replace(self.current, session=after)
        if after.notice is not None:
            self._notify(after.notice.in_language(self.current.language))
        return True

    def _tell(self, before: Session, after: Session, command: Request) -> None:
        """A notice of what the screen does not show by itself; where one moved to, it does."""
        from backprop_tui.prompt.execute import told
        from backprop_tui.prompt.showing import is_move, notices

        view = self.current
        if is_move(command):
            lines = notices(before, after, view.language)
        else:
            lines = told(before, after, command, view.scenario, view.language)
        if lines:
            good = after.notice is None or after.notice.good
            self._notify(plain(lines[: _SHORT + 1]), wrong=bool(after.hit) or not good)

    def _notify(self, said: str, *, wrong: bool = False) -> None:
        """An answer over a corner of the screen, in place of the one before."""
        self._forget_answer()
        self._answered = True
        severity = "warning" if wrong else "information"
        self.notify(said, markup=False, severity=severity, timeout=_PATIENCE)  # type: ignore[arg-type]

    def _forget_answer(self) -> None:
        """Uncover what the last answer stands over: it is about another place."""
        if self._answered:
            self._answered = False
            self.app.clear_notifications()

    # Typing

    def carry_out(self, line: str) -> Outcome:
        """Carry out a typed line and show the session after it; what it shows beside is in the outcome.

        What takes long is left pending: see `wait_for`. Raises `UsageError` where the line asks for nothing.
        """
        from backprop_tui.prompt.execute import carry_out
        from backprop_tui.prompt.parse import parse
        from backprop_tui.prompt.showing import WIDTH

        view = self.current
        request = parse(line, view.session).request
        width = min(WIDTH, max(_LEAST_WIDTH, self.app.size.width - _BESIDE_ANSWERS))
        outcome = carry_out(view.session, request, view.scenario, view.language, width=width, finish=None)
        session, found = outcome.session, outcome.found
        if len(found) == 1:  # it is what was looked for
            session = update(session, Select(*found))
        if session is not view.session or found:
            self.view = replace(view, session=session, found=found or view.found)
        if outcome.ends:
            self.app.exit()
        return outcome

    def action_typed(self, name: str) -> None:
        """What a key or the palette does for a command without a method: type its name."""
        command = next(one for one in self.commands if one.name == name)
        if command.does == "asks":
            self.open_prompt(f"{command.prompt[0]} ")
        else:
            self.type(command.prompt[0])

    def type(self, line: str) -> None:
        """Carry out a line that a key is short for."""
        from backprop_tui.prompt.parse import parse
        from backprop_tui.prompt.queries import Query

        view = self.current
        try:
            request = parse(line, view.session).request
            if not isinstance(request, Query):
                self._take(view.session, update(view.session, request), request)
                return
            outcome = self.carry_out(line)
        except UsageError as error:
            self._notify(error.in_language(self.current.language), wrong=True)
            return
        if outcome.action:
            self.call_later(self.run_action, outcome.action)
        elif len(outcome.lines) > _SHORT:
            self.open_prompt("", outcome.lines)
        elif outcome.lines:
            self._notify(plain(outcome.lines))

    def open_prompt(self, typed: str = "", lines: tuple[Line, ...] = ()) -> None:
        """Open the prompt with something typed, and something to read above it."""
        from backprop_tui.screens.prompt import PromptScreen

        self.app.clear_notifications()  # they would cover what is typed
        self.app.push_screen(PromptScreen(self, typed, lines))

    def action_command_prompt(self) -> None:
        """Open the prompt."""
        self.open_prompt()

    def action_command_palette(self) -> None:
        """Open the palette."""
        self.app.action_command_palette()

    def action_command_set(self) -> None:
        """Open the prompt with the chosen node's value to change, or that of the step's own."""
        from backprop_tui.prompt.prefill import assignment

        self.open_prompt(assignment(self.current.session))

    def action_command_break(self) -> None:
        """Set a breakpoint on the chosen node, or the step's own; take it away where there is one."""
        from backprop_tui.prompt.parse import here

        session = self.current.session
        node = here(session)
        if node is None:
            self.open_prompt("break ")
            return
        for one in session.breakpoints:
            if one.target.kind == "node" and one.target.name == node.name and one.condition is None:
                self.do(Delete(one.number))
                return
        self.do(Break(node.name))

    # Language

    def speak(self, language: str) -> None:
        """Show everything in another language."""
        self.view = replace(self.current, language=language)
        if self.mistakes_are_shown:
            self.show_mistakes(self.error)
