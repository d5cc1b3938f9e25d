"""Carries out commands of the debugger, typed ones among them, and says what came of them.

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
    Go,
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
from backprop_engine.debugger.troubles import next_trouble
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.trace.trace import nodes_of
from backprop_tui.cells.lines import plain
from backprop_tui.commands.row import CommandRow
from backprop_tui.queries import Query, Request
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.slices import PAUSE, PENDING, sliced
from backprop_tui.view import View

if TYPE_CHECKING:
    from backprop_tui.prompt.outcome import Outcome

__all__ = ["CommandRunner"]

_UNSEEN = (Break, Delete, Fold, NameBranch, Redo, Set, SwitchBranch, Undo)
"""Commands of which the screen shows too little by itself."""
_ANSWER_SECONDS = 8
"""Seconds that an answer stays."""
_BESIDE_ANSWERS, _LEAST_WIDTH = 3, 40
"""The columns left free beside an answer, and the least width that an answer is laid out for."""
_SHORT = 3
"""An answer of at most this many lines is a notice; what is longer is shown above the prompt."""


def _name_of(request: Request, commands: tuple[CommandRow, ...]) -> str:
    """The name of the command that a request is made by; empty where none is."""
    made = (row.name for row in commands if isinstance(row.runs, type) and isinstance(request, row.runs))
    return next(made, "")


class CommandRunner:
    """Carries out commands on the view that its handle shows."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._answered = False

    def run(self, row: CommandRow) -> None:
        """What a key or the palette does for a row of the table."""
        if row.asks:
            self._handle.open_prompt(f"{row.prompt[0]} ", once=True)
        elif row.runs is not None and not callable(row.runs) and not isinstance(row.runs, Query):
            self.do(row.runs)
        else:
            self.type(row.prompt[0])

    def do(self, command: Command) -> None:
        """Carry out a command of the debugger."""
        try:
            self._take(command)
        except UsageError as error:
            self.answer(error.in_language(self._handle.current.language), wrong=True)

    def _take(self, command: Command) -> None:
        """Show the session after a command; what takes long goes on until the reader does something else."""
        before = self._handle.current.session
        after = update(before, command)
        self._forget_answer()
        after = sliced(after)
        view = self._handle.current
        found = view.found if after.run.graph is before.run.graph else ()
        self._handle.show_view(replace(view, session=after, found=found))
        if after.pending is not None:
            self.wait_for(lambda found: self._report(before, found, command))
        elif after.notice is not None or isinstance(command, _UNSEEN):
            self._report(before, after, command)

    # What takes long

    def wait_for(self, then: Callable[[Session], None]) -> None:
        """Carry on what is pending, slice by slice, and hear keys in between; `then` hears what came of it.

        It hears nothing where its reader went on without it.
        """
        self._handle.run_worker(self._wait_for(then), group=PENDING, exclusive=True)

    async def _wait_for(self, then: Callable[[Session], None]) -> None:
        handle = self._handle
        session = handle.current.session
        while session.pending is not None:
            handle.keep_view(replace(handle.current, session=session))
            handle.panel("header").redraw()  # which shows how far it has come
            await asyncio.sleep(PAUSE)
            if handle.current.session is not session or not handle.is_attached:
                return
            session = sliced(session)
        handle.show_view(replace(handle.current, session=session))
        then(session)

    def carry_on(self) -> None:
        """Carry on what the view has pending."""
        if self._handle.current.session.pending is not None:
            self.wait_for(lambda found: None)

    def halt(self) -> bool:
        """Stop what is pending where it has come to; whether anything was."""
        view = self._handle.current
        if view.session.pending is None:
            return False
        after = halted(view.session)
        self._handle.show_view(replace(view, session=after))
        if after.notice is not None:
            self.answer(after.notice.in_language(view.language))
        return True

    # What came of it

    def _report(self, before: Session, after: Session, command: Command) -> None:
        """Say what the screen does not show by itself; where a move led, it does show."""
        from backprop_tui.prompt.outcome import Context
        from backprop_tui.prompt.reports import is_move, notices, report

        view = self._handle.current
        if is_move(command):
            lines = notices(before, after, view.language)[:1]  # the panels tell the rest
        else:
            lines = report(before, after, command, Context(view.scenario, view.language))
        if lines:
            good = after.notice is None or after.notice.good
            self.answer(plain(lines[: _SHORT + 1]), wrong=bool(after.hit) or not good)

    def answer(self, words: str, *, wrong: bool = False) -> None:
        """An answer over a corner of the screen, in place of the one before."""
        self._forget_answer()
        self._answered = True
        self._handle.say(words, wrong=wrong, seconds=_ANSWER_SECONDS)

    def _forget_answer(self) -> None:
        """Uncover what the last answer is over: it is about another place."""
        if self._answered:
            self._answered = False
            self._handle.application.clear_notifications()

    # Typed lines

    def apply(self, request: Request) -> Outcome:
        """Apply what was typed and show the session after it; what it shows beside is in the outcome.

        What takes long is left pending: see `wait_for`. `UsageError` where it cannot be done.
        """
        from backprop_tui.prompt.execute import apply
        from backprop_tui.prompt.outcome import WIDTH, Context

        view, app = self._handle.current, self._handle.application
        width = min(WIDTH, max(_LEAST_WIDTH, app.size.width - _BESIDE_ANSWERS))
        outcome = apply(view.session, request, Context(view.scenario, view.language, width), None)
        session, found = outcome.session, outcome.found
        if len(found) == 1:  # it is what was looked for
            session = update(session, Select(*found))
        if session is not view.session or found:
            self._handle.show_view(replace(view, session=session, found=found or view.found))
        if outcome.ends:
            app.exit()
        self._handle.heard(_name_of(request, self._handle.commands))
        return outcome

    def say_briefly(self, before: View, request: Request, outcome: Outcome) -> bool:
        """Say in a notice what a line came to; False where there is too much to read for that."""
        if not isinstance(request, Query):
            if outcome.session.pending is not None:
                self.wait_for(lambda found: self._report(before.session, found, request))
            else:
                self._report(before.session, outcome.session, request)
            return True
        if len(outcome.lines) > _SHORT:
            return False
        if outcome.lines:
            self.answer(plain(outcome.lines), wrong=outcome.failed)
        return True

    def type(self, line: str) -> None:
        """Carry out a line that a key is short for."""
        from backprop_tui.prompt.parse import parse

        view = self._handle.current
        try:
            request = parse(line, view.session).request
            if not isinstance(request, Query):
                self._take(request)
                return
            outcome = self.apply(request)
        except UsageError as error:
            self.answer(error.in_language(view.language), wrong=True)
            return
        if outcome.screen is not None:
            self._handle.call_later(self._handle.run_screen_command, outcome.screen)
        elif len(outcome.lines) > _SHORT:
            self._handle.open_prompt("", outcome.lines)
        elif outcome.lines:
            self.answer(plain(outcome.lines), wrong=outcome.failed)

    def to_trouble(self) -> None:
        """Go where the next number arises that is not finite."""
        session, language = self._handle.current.session, self._handle.current.language
        start = session.position - session.outer_here
        trouble = next_trouble(session.outer_trace, session.outer_here)
        if trouble is None:
            words = msg(
                "every number in this iteration is finite; `b first nan`, then c, searches the others"
            )
            self.answer(words.in_language(language))
        elif start + trouble.position != session.position or session.levels:
            self.do(Go(start + trouble.position))
            step = self._handle.current.frame.step
            if step is not None:
                self.do(Select(nodes_of(step)[-1]))
        else:
            words = msg("this is the only step where a non-finite number arises; Enter shows the entry")
            self.answer(words.in_language(language))

    # What keys do with the current node

    def edit_value(self) -> None:
        """Open the prompt with the chosen node's value to change, or that of the step's own."""
        from backprop_tui.prompt.values import assignment

        typed = assignment(self._handle.current.session)
        self._handle.open_prompt(typed, once=True, selected=len(typed.partition(" = ")[2]))

    def nudge_leaf(self) -> None:
        """Open the prompt with a leaf to nudge: the chosen one, or else one that the step is about."""
        from backprop_tui.prompt.values import NUDGE, nudging

        typed = nudging(self._handle.current.session)
        self._handle.open_prompt(typed, once=True, selected=len(NUDGE) if typed.endswith(NUDGE) else 0)

    def toggle_breakpoint(self) -> None:
        """Set a breakpoint on the chosen node, or the step's own; take it away where there is one."""
        session, node = self._handle.current.session, self._handle.chosen_node
        if node is None:
            self._handle.open_prompt("break ", once=True)
            return
        for breakpoint_ in session.breakpoints:
            target = breakpoint_.target
            if target.kind == "node" and target.name == node.name and breakpoint_.condition is None:
                self.do(Delete(breakpoint_.number))
                return
        self.do(Break(node.name))
