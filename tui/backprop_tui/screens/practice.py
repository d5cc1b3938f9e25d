"""The screen of practice: the graph as far as it is known, a question, and a line to answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Input, Static

from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.practice import session as practising
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line
from backprop_tui.files.progress import keep_score
from backprop_tui.panels.graph import graph_picture
from backprop_tui.panels.practice import (
    PracticeState,
    answer,
    begun,
    blank,
    heading,
    on,
    question,
    question_rows,
    skip,
    view_of,
)
from backprop_tui.screens.computations import Computations
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.view import Computing, View
from backprop_tui.widgets.graph_panel import GraphPanel
from backprop_tui.widgets.panel import Panel

__all__ = ["PracticeScreen"]

_LONGEST_ANSWER = 500
_FRAME = (4, 2)
"""The columns and rows around what a panel shows."""
_LINES = 3
"""The heading, the line to answer, and the keys."""


class PracticeScreen(SteadyScreen[None]):
    """Asks the questions of a session one by one; the answers are kept when it closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("tab", "skip", show=False, priority=True),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    state: reactive[PracticeState | None] = reactive(None, always_update=True, repaint=False)

    def __init__(self, state: PracticeState) -> None:
        super().__init__()
        self.set_reactive(PracticeScreen.state, state)
        self._computations = Computations(self)
        self._computing: Computing | None = None

    @property
    def current(self) -> PracticeState:
        """The state; there is one from the start."""
        assert self.state is not None
        return self.state

    # What is computed

    @property
    def application(self) -> App[Any]:
        """The application."""
        return self.app

    @property
    def computed_graph(self) -> Graph:
        """The graph of the run that is practised."""
        return self.current.before.scenario.graph

    @property
    def busy(self) -> bool:
        """Whether an answer is being graded, or a question made."""
        return self._computations.busy

    def show_computing(self, computing: Computing | None) -> None:
        """Show the progress at the bottom, or the keys."""
        self._computing = computing
        for keys in self.query("#practice-keys").results(Panel):  # none are left where the screen closes
            keys.redraw()

    def _to(self, state: Callable[[], PracticeState]) -> None:
        """Show a state, once it is computed; until then an answer waits where it is typed."""
        self._computations.compute(state, self._take, self._fail, long=True)

    def _take(self, state: PracticeState) -> None:
        self.state = state

    def _fail(self, error: UsageError) -> None:
        self.notify(error.in_language(self.current.before.language), severity="error", markup=False)

    # How it is drawn

    def compose(self) -> ComposeResult:
        """What is practised, the graph, the question, the line to answer, and the keys."""
        yield Panel(
            lambda width, height: heading(self.current, width), id="practice-heading", focusable=False
        )
        with Vertical(id="practice"):
            yield GraphPanel(self._graph, id="practice-graph", centred=True)
            yield Panel(lambda width, height: question(self.current, width, height), id="question")
        with Horizontal(id="answer"):
            yield Static("", id="blank", markup=False)
            field = Input(id="typed-answer", compact=True, max_length=_LONGEST_ANSWER)
            field.cursor_blink = False
            yield field
        yield Panel(self._keys, id="practice-keys", focusable=False)

    def on_mount(self) -> None:
        """The line to answer has the focus."""
        self.set_class(self.app.has_class("-ascii"), "-ascii")
        self.app.clear_notifications()
        self.query_one("#practice-graph", Panel).entitle(
            msg("The graph before the step").in_language(self.current.before.language)
        )
        self.query_one("#question", Panel).entitle(msg("Question").in_language(self.current.before.language))
        self.query_one(Input).focus()
        self._show()

    def watch_state(self) -> None:
        """Another state: every panel shows its function of it."""
        if self.is_mounted:
            self._show()

    def on_resize(self) -> None:
        """The graph and the question share the room anew."""
        self._share_room()

    def _share_room(self) -> None:
        """The graph gets the room that the question does not need."""
        around = _FRAME[1] * 2 + _LINES
        rows = question_rows(self.current, self.size.width - _FRAME[0], self.size.height - around)
        self.query_one("#question").styles.height = rows + _FRAME[1]

    def _show(self) -> None:
        self._share_room()
        for panel in self.query(Panel):
            panel.redraw()
        self.query_one("#blank", Static).update(Content(blank(self.current)))

    def speak(self, language: str) -> None:
        """Another language from the next question on, which is asked again."""

        def asked_again() -> None:
            state = self.current
            view = View(state.before.scenario, state.before.session, language, state.before.ascii)
            self._to(lambda: begun(state.practice, view))

        self._computations.in_turn(asked_again)

    def _graph(self, width: int, height: int) -> Drawing:
        view = view_of(self.current)
        return graph_picture(
            View(view.scenario, view.session, view.language, view.ascii, room=(width, height), minimap=False)
        )

    def _keys(self, width: int, height: int) -> Drawing:
        language = self.current.before.language
        if self._computing is not None:
            name = self._computing.name or self.current.before.scenario.name
            doing = msg("computing {name} …", name=name).in_language(language)
            return Lines.of([clip_line((Span(f" {doing}", Role.HEADING),), width)])
        if self.current.over:
            keys = [("Esc", msg("back"))]
        elif self.current.grade is not None:
            keys = [("Enter", msg("go on")), ("Esc", msg("leave"))]
        else:
            keys = [
                ("Enter", msg("answer")),
                ("?", msg("hint, for half the credit")),
                ("Tab", msg("skip")),
                ("Esc", msg("leave")),
            ]
        line: list[Span] = []
        for key, does in keys:
            line += [Span(f" {key} ", Role.KEY), Span(f"{does.in_language(language)}  ")]
        shown: Line = clip_line(tuple(line), width)
        return Lines.of([shown])

    # What the reader does

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Grade the answer; go on, once it was discussed."""
        if self.busy:
            return
        typed, state = event.value, self.current
        event.input.value = ""
        if state.over:
            self.action_leave()
        elif state.grade is not None:
            self._to(lambda: on(state))
        else:
            self._to(lambda: answer(state, typed))

    def on_input_changed(self, event: Input.Changed) -> None:
        """A question mark alone asks for the hint at once."""
        if event.value == "?" and not self.busy and not self.current.over and self.current.grade is None:
            event.input.value = ""
            self.state = answer(self.current, "?")

    def action_skip(self) -> None:
        """The next question."""
        state = self.current
        if state.over or self.busy:
            return
        self.query_one(Input).value = ""
        self._to(lambda: on(state) if state.grade is not None else skip(state))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()

    def on_unmount(self) -> None:
        """Keep the answers, however the screen was left."""
        self._computations.give_up()
        try:
            keep_score(self.current.practice.scenario, practising.score_of(self.current.practice))
        except UsageError as error:
            self.app.notify(error.in_language(self.current.before.language), severity="error", markup=False)
