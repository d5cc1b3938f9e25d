"""Carries out commands of the debugger, typed ones included, and reports their results.

What reads and answers lines is loaded with the first line: no first screen waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

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
from backprop_engine.debugger.session import PendingMove
from backprop_engine.debugger.troubles import next_trouble
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.scenario.work import takes_long
from backprop_engine.trace.trace import nodes_of
from backprop_tui.cells.lines import Line, plain
from backprop_tui.cells.text import clip
from backprop_tui.commands.row import CommandRow
from backprop_tui.queries import Query, Request
from backprop_tui.screens.computations import STOPPED, Computations
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.slices import PAUSE, PENDING, sliced
from backprop_tui.view import View

if TYPE_CHECKING:
    from backprop_tui.prompt.outcome import Outcome

__all__ = ["CommandRunner"]

T = TypeVar("T")

_UNSEEN = (Break, Delete, Fold, NameBranch, Redo, Set, SwitchBranch, Undo)
"""Commands of which the screen shows too little by itself."""
_ANSWER_SECONDS = 8
"""Seconds that an answer stays."""
_BESIDE_ANSWERS, _LEAST_WIDTH = 3, 40
"""The columns left free beside an answer, and the least width that an answer is laid out for."""
_MOST_ANSWERED = 600
"""The cells of the longest notice: more would cover the screen."""
_SHORT = 3
"""An answer of at most this many lines is a notice; what is longer is shown above the prompt."""


def _name_of(request: Request, commands: tuple[CommandRow, ...]) -> str:
    """The name of the command that a request comes from; empty if there is none."""
    made = (row.name for row in commands if isinstance(row.runs, type) and isinstance(request, row.runs))
    return next(made, "")


def _carried_on(session: Session) -> Session:
    """What is pending carried on for a slice."""
    return _looked_at(sliced(session))


def _looked_at(session: Session) -> Session:
    """The session, with what the panels show of it computed."""
    if session.pending is None:
        session.frame  # noqa: B018 - records the trace
        session.compared  # noqa: B018 - and that of the baseline
    return session


def _leads_to_another_run(session: Session) -> bool:
    """Whether the pending command changes the run, rather than moving in it."""
    return isinstance(session.pending, PendingMove) and session.pending.goal.run is not session.run


class CommandRunner:
    """Carries out commands on the view that its handle shows."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._answered = False
        self._computations = Computations(handle)

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
        self._in_turn(partial(self._take, command))

    def _take(self, command: Command) -> None:
        """Show the session after a command; whatever takes long goes on until the user does something
        else.
        """
        before = self._handle.current.session
        self._compute(lambda: _looked_at(update(before, command)), partial(self._show, before, command))

    def _show(self, before: Session, command: Command, after: Session) -> None:
        self._forget_answer()
        if not takes_long(after.run.graph):  # else a slice is an iteration
            after = sliced(after)
        view = self._handle.current
        found = view.found if after.run.graph is before.run.graph else ()
        self._handle.show_view(replace(view, session=after, found=found))
        if after.pending is not None:
            self.wait_for(lambda found: self._report(before, found, command))
        elif after.notice is not None or isinstance(command, _UNSEEN):
            self._report(before, after, command)

    # What takes long

    @property
    def busy(self) -> bool:
        """Whether an iteration that takes long is being computed."""
        return self._computations.busy

    def compute(self, function: Callable[[], T], then: Callable[[T], object], *, long: bool = False) -> None:
        """Compute what `then` gets, in its turn, while the screen takes keys; an answer says what failed."""
        self._in_turn(lambda: self._compute(function, then, long=long))

    def _compute(self, function: Callable[[], T], then: Callable[[T], object], *, long: bool = False) -> None:
        self._computations.compute(function, then, self._fail, long=long)

    def _fail(self, error: UsageError) -> None:
        self.answer(error.in_language(self._handle.current.language), wrong=True)

    def _in_turn(self, begin: Callable[[], None]) -> None:
        """Begin something, after the step that is being computed; a long way is given up for it."""
        if self._handle.current.session.pending is not None:
            self._computations.give_up()
        self._computations.in_turn(begin)

    def leave(self) -> None:
        """Stop computing: the screen closes."""
        self._computations.give_up()

    def wait_for(self, then: Callable[[Session], None]) -> None:
        """Carry on what is pending, slice by slice, and handle keys in between; `then` gets the result.

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
            if not self._waits_for(session):
                return
            found = await self._computations.awaited(
                partial(_carried_on, session), partial(self._waits_for, session)
            )
            if found is None:
                return
            session = found
        handle.show_view(replace(handle.current, session=session))
        then(session)

    def _waits_for(self, session: Session) -> bool:
        """Whether the reader still waits for what is pending in a session."""
        return self._handle.current.session is session and self._handle.is_attached

    def carry_on(self) -> None:
        """Carry on what the view has pending."""
        if self._handle.current.session.pending is not None:
            self.wait_for(lambda found: None)

    def halt(self) -> bool:
        """Stop what is pending where it is, or abandon what is being computed; returns whether anything
        was.
        """
        was_busy, before = self._computations.give_up(), self._handle.current.session
        if before.pending is None and not was_busy:
            return False
        if before.pending is not None:
            self._handle.keep_view(replace(self._handle.current, session=before.waiting(None)))
        if before.pending is None or (was_busy and _leads_to_another_run(before)):
            self.answer(STOPPED.in_language(self._handle.current.language))
        else:
            self._compute(lambda: _looked_at(halted(before)), self._show_halted)
        return True

    def _show_halted(self, after: Session) -> None:
        view = self._handle.current
        self._handle.show_view(replace(view, session=after))
        if after.notice is not None:
            self.answer(after.notice.in_language(view.language))

    # Results

    def _report(self, before: Session, after: Session, command: Command) -> None:
        """Report what the screen does not show by itself; it does show where a move led."""
        from backprop_tui.prompt.outcome import Context
        from backprop_tui.prompt.reports import is_move, notices, report

        view = self._handle.current

        def told() -> list[Line]:
            if is_move(command):
                return notices(before, after, view.language)[:1]  # the panels tell the rest
            return report(before, after, command, Context(view.scenario, view.language))

        def tell(lines: list[Line]) -> None:
            good = after.notice is None or after.notice.good
            if lines:
                self.answer(plain(lines[: _SHORT + 1]), wrong=bool(after.hit) or not good)

        self._compute(told, tell)

    def answer(self, words: str, *, wrong: bool = False) -> None:
        """Show an answer over a corner of the screen, in place of the previous one."""
        self._forget_answer()
        self._answered = True
        self._handle.say(clip(words, _MOST_ANSWERED), wrong=wrong, seconds=_ANSWER_SECONDS)

    def _forget_answer(self) -> None:
        """Uncover what the last answer is over: it is about another place."""
        if self._answered:
            self._answered = False
            self._handle.application.clear_notifications()

    # Typed lines

    def read(self, line: str, then: Callable[[Request], None], failed: Callable[[UsageError], None]) -> None:
        """Parse a line; `failed` gets the reason if it is not valid."""
        from backprop_tui.prompt.parse import parse

        def begin() -> None:
            session = self._handle.current.session
            self._computations.compute(lambda: parse(line, session).request, then, failed)

        self._in_turn(begin)

    def apply(
        self, request: Request, then: Callable[[View, Outcome], None], failed: Callable[[UsageError], None]
    ) -> None:
        """Apply what was typed and show the session after it; `then` gets the view before, and the outcome.

        What takes long is left pending: see `wait_for`. `failed` gets the reason if it cannot be done.
        """
        from backprop_tui.prompt.execute import apply
        from backprop_tui.prompt.outcome import WIDTH, Context

        view, app = self._handle.current, self._handle.application
        width = min(WIDTH, max(_LEAST_WIDTH, app.size.width - _BESIDE_ANSWERS))
        context = Context(view.scenario, view.language, width)

        def applied() -> tuple[Outcome, Session]:
            outcome = apply(view.session, request, context, None)
            session, found = outcome.session, outcome.found
            if len(found) == 1:  # it is what was looked for
                session = update(session, Select(*found))
            return outcome, session if session is view.session else _looked_at(session)

        def show(applied: tuple[Outcome, Session]) -> None:
            outcome, session = applied
            if session is not view.session or outcome.found:
                now = self._handle.current
                self._handle.show_view(replace(now, session=session, found=outcome.found or now.found))
            if outcome.ends:
                app.exit()
            self._handle.heard(_name_of(request, self._handle.commands))
            then(view, outcome)

        self._computations.compute(applied, show, failed)

    def say_briefly(self, before: View, request: Request, outcome: Outcome) -> bool:
        """Show the result of a line in a notice; False if it is too long for one."""
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
        """Carry out the line that a key stands for."""

        def carry_out(request: Request) -> None:
            if isinstance(request, Query):
                self.apply(request, self.show_outcome, self._fail)
            else:
                self._take(request)

        self.read(line, carry_out, self._fail)

    def show_outcome(self, before: View, outcome: Outcome) -> None:
        """Show the answer to a query if no prompt is open."""
        if outcome.screen is not None:
            self._handle.call_later(self._handle.run_screen_command, outcome.screen)
        elif len(outcome.lines) > _SHORT:
            self._handle.open_prompt("", outcome.lines)
        elif outcome.lines:
            self.answer(plain(outcome.lines), wrong=outcome.failed)

    def to_trouble(self) -> None:
        """Go to where the next non-finite number arises."""
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
        """Set a breakpoint on the chosen node, or the step's own; remove it if there is one."""
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
