"""The prompt: a line at the bottom of the debugger, with the answers to earlier lines above it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from backprop_engine.debugger import Command, Session
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.drawing import Area, Lines
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import clip, in_ascii
from backprop_tui.prompt.complete import complete
from backprop_tui.prompt.outcome import Context, Outcome, fitted
from backprop_tui.prompt.reports import is_move, report
from backprop_tui.prompt.usage import hint
from backprop_tui.queries import Query, Request
from backprop_tui.screens.command_runner import CommandRunner
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel

__all__ = ["History", "PromptScreen"]

_KEPT_LINES = 2000
"""How many lines of answers are kept."""
_KEPT_INPUTS = 500
"""How many typed lines are kept."""


class History:
    """Lines, the last typed last; `older` and `newer` walk through them and never past an end.

    A line that was begun but not sent comes back after the newest one.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._at = 0
        self._begun = ""

    def add(self, line: str) -> None:
        """Remember a line that was sent; one that is empty or was typed just before is not kept twice."""
        if line.strip() and (not self.lines or self.lines[-1] != line):
            self.lines = [*self.lines, line][-_KEPT_INPUTS:]
        self._at, self._begun = len(self.lines), ""

    def older(self, current: str) -> str:
        """The previous line; `current` is the content of the prompt now."""
        if self._at == len(self.lines):
            self._begun = current
        self._at = max(0, self._at - 1)
        return self.lines[self._at] if self.lines else current

    def newer(self, current: str) -> str:
        """The next line; at the end, what was begun."""
        if self._at >= len(self.lines):
            return current
        self._at += 1
        return self.lines[self._at] if self._at < len(self.lines) else self._begun


class PromptScreen(ModalScreen[None], SteadyScreen[None]):
    """A line to type commands into. Tab completes, the arrows go through what was typed, Escape leaves;
    while something takes long, it stops that.

    An empty line repeats the last one if that was a move. Opened `once`, it closes when its command is
    carried out, and shows the result in a notice, unless that is long.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("tab", "complete(1)", show=False, priority=True),
        Binding("shift+tab", "complete(-1)", show=False, priority=True),
        Binding("up", "older", show=False, priority=True),
        Binding("down", "newer", show=False, priority=True),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
    ]

    def __init__(
        self,
        debugger: Handle,
        runner: CommandRunner,
        history: History,
        typed: str = "",
        lines: Sequence[Line] = (),
        *,
        once: bool = False,
        selected: int = 0,
    ) -> None:
        super().__init__()
        self.debugger, self.runner, self.history, self.begun = debugger, runner, history, typed
        self.once, self.selected = once, selected
        self.answered: list[Line] = list(lines)
        self._cycle: tuple[str, ...] = ()
        self._completed: str | None = None
        self._repeats = ""

    @property
    def field(self) -> Input:
        """The line that is being typed."""
        return self.query_one(Input)

    def compose(self) -> ComposeResult:
        """The answers, how the command is written or what the word could become, and the line."""
        with Vertical(id="prompt"):
            yield Panel(lambda width, height: self._drawn(width), id="answers", focusable=False, scrolls=True)
            yield Static(id="usage")
            yield Static(id="candidates")
            with Horizontal(id="typed"):
                yield Static(Content(" :"), id="sign")
                field = Input(compact=True, select_on_focus=False)
                field.cursor_blink = False
                yield field
                yield Static(
                    Content(msg("Esc closes").in_language(self.debugger.current.language)), id="leave"
                )

    def on_mount(self) -> None:
        """The line has the focus."""
        self.set_class(self.app.has_class("-ascii"), "-ascii")
        self.field.focus()
        self.field.value = self.begun
        self.field.selection = Selection(len(self.begun), len(self.begun) - self.selected)
        self._suggest(self.begun)
        self._show()

    def on_resize(self) -> None:
        """Wrap the answers anew."""
        self._show()

    # Answers

    def _drawn(self, width: int) -> Lines:
        lines = fitted(self.answered, max(10, width - 1))
        return Lines.of(lines, Area(0, len(lines) - 1, 1, 1))

    def _show(self) -> None:
        """As high as the answers are, up to a part of the screen; the last of them in view."""
        panel = self.query_one("#answers", Panel)
        height = self._drawn(max(10, self.size.width - 2)).height
        panel.styles.height = min(height, max(3, self.size.height * 2 // 5))
        panel.display = bool(self.answered)
        panel.redraw()

    def action_scroll(self, pages: int) -> None:
        """Read what is above or below."""
        panel = self.query_one("#answers", Panel)
        (panel.scroll_page_down if pages > 0 else panel.scroll_page_up)()

    def _answer(self, *lines: Line) -> None:
        self.answered = [*self.answered, *lines][-_KEPT_LINES:]
        self._show()

    def _show_above(self, place: str, text: str) -> None:
        """Show `text` above the line, in plain signs where the terminal is to get no others."""
        shown = in_ascii(clean(text)) if self.has_class("-ascii") else clean(text)
        field = self.query_one(place, Static)
        field.update(Content(shown))
        field.display = bool(shown)

    # Typing

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Carry the line out, and show its answer."""
        event.stop()
        line = event.value.strip() or self._repeats
        self.field.value = ""
        if not line:
            return
        self.history.add(line)
        self._answer((Span(": ", Role.DIM), Span(clean(line), Role.KEY)))
        self.runner.read(line, partial(self._carry_out, line), self._fail)
        if self.once and self.runner.busy:  # the result is reported where it is visible
            self.dismiss()

    def _carry_out(self, line: str, request: Request) -> None:
        self._repeats = line if is_move(request) else ""
        self.runner.apply(request, partial(self._tell, request), self._fail)

    def _fail(self, error: UsageError) -> None:
        words = error.in_language(self.debugger.current.language)
        if self.is_attached:
            self._answer((Span(clean(words), Role.WARNING),))
        else:
            self.runner.answer(words, wrong=True)

    def _tell(self, request: Request, view: View, outcome: Outcome) -> None:
        """Report the result of a line, even on a screen that has been left."""
        if outcome.screen is not None:
            if self.is_attached:
                self.dismiss()
            self.debugger.call_later(self.debugger.run_screen_command, outcome.screen)
            return
        if not self.is_attached:
            if not self.runner.say_briefly(view, request, outcome):
                self.debugger.open_prompt("", outcome.lines)
            return
        if self.once and self.runner.say_briefly(view, request, outcome):
            self.dismiss()
            return
        self._answer(*outcome.lines)
        if outcome.found:
            self._answer(
                (
                    Span(
                        msg("Esc closes this line; then x and X go through the hits").in_language(
                            view.language
                        ),
                        Role.DIM,
                    ),
                )
            )
        if outcome.session.pending is not None and not isinstance(request, Query):
            command = request
            self.runner.wait_for(lambda found: self._report(view, found, command))

    def _report(self, view: View, found: Session, command: Command) -> None:
        """Report the result of a search or a long move."""
        context = Context(view.scenario, view.language)
        self.debugger.compute(
            lambda: report(view.session, found, command, context),
            lambda lines: self._answer(*lines) if self.is_attached else None,
        )

    def action_leave(self) -> None:
        """Stop what takes long, or else leave."""
        if not self.runner.halt():
            self.dismiss()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is typed by hand ends a round of completions."""
        event.stop()
        if event.value != self._completed and event.value not in self._cycle:
            self._cycle = ()
            self._suggest(event.value)

    def action_complete(self, by: int) -> None:
        """Complete the word before the cursor; again, the next one that it could become."""
        field = self.field
        if field.value in self._cycle:
            at = (self._cycle.index(field.value) + by) % len(self._cycle)
            self._put(self._cycle[at])
            return
        before, after = field.value[: field.cursor_position], field.value[field.cursor_position :]
        found = complete(before, self.debugger.current.session)
        head = before[: found.start]
        if len(found.candidates) > 1 and len(found.common) == len(before) - found.start:
            self._cycle = tuple(f"{head}{candidate}{after}" for candidate in found.candidates)
            self._put(self._cycle[0 if by > 0 else -1])
        elif found.candidates:
            space = " " if len(found.candidates) == 1 and not after and _ends(found.candidates[0]) else ""
            self._completed = field.value = f"{head}{found.common}{space}{after}"
            field.cursor_position = len(head) + len(found.common) + len(space)
        self._suggest(field.value, found.candidates)

    def _suggest(self, line: str, candidates: Sequence[str] | None = None) -> None:
        """How the command is written, and below it what the word before the cursor could become."""
        view = self.debugger.current
        if candidates is None:
            found = complete(line[: self.field.cursor_position], view.session) if line.strip() else None
            candidates = found.candidates if found is not None else ()
        offered = clip("  ".join(candidates), max(10, self.size.width - 2)) if len(candidates) > 1 else ""
        self._show_above("#usage", hint(line, view.language))
        self._show_above("#candidates", offered)

    def _put(self, line: str) -> None:
        self.field.value = line
        self.field.cursor_position = len(line)

    def action_older(self) -> None:
        """The previous line."""
        self._put(self.history.older(self.field.value))

    def action_newer(self) -> None:
        """The next line."""
        self._put(self.history.newer(self.field.value))


def _ends(candidate: str) -> bool:
    """Whether a word is complete, so that nothing more is typed after it."""
    return candidate[-1:].isalnum() or candidate.endswith("]")
