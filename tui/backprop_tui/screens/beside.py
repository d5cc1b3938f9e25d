"""Two branches side by side, stepped through together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from msgspec import structs
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.reactive import reactive

from backprop_engine.debugger import (
    Command,
    Go,
    Iterate,
    Session,
    StepBy,
    StepOver,
    SwitchBranch,
    finished,
    update,
)
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.text import in_ascii
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.panels.bars import command_at, header, key_hints, on_menu
from backprop_tui.panels.beside import (
    Pair,
    both_graphs,
    course,
    differences,
    differing,
    graph_heading,
    steps,
)
from backprop_tui.screens.bindings import CommandApp, bindings
from backprop_tui.screens.computations import STOPPED, Computations
from backprop_tui.screens.refusals import Refusals
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.view import Computing, View
from backprop_tui.widgets.graph_panel import GraphPanel
from backprop_tui.widgets.panel import Panel

__all__ = ["BesideScreen", "pair_of"]

_MOVES: Final[Mapping[str, Command]] = {
    "step": StepBy(),
    "back": StepBy(-1),
    "over": StepOver(),
    "over_back": StepOver(-1),
    "iteration": Iterate(),
    "iteration_back": Iterate(-1),
}
"""The commands that work as elsewhere, in both branches."""
_OTHERS: Final = ("backward", "start", "end", "continue", "continue_back")
_PANELS: Final = ("next_panel", "previous_panel", "down", "up")
_LEAVING: Final = ("close", "beside", "quit")
"""The commands whose keys lead back to one branch."""

_NO_OTHER: Final = msg("there is no other difference in this iteration")
_CALLED: Final[Mapping[str, Mapping[str, Any]]] = {
    "start": {"help": msg("to the start of the run or, in training, of the iteration")},
    "end": {"help": msg("to the end of the run or, in training, of the iteration")},
    "continue": {
        "label": msg("next difference"),
        "help": msg("to the next step at which the branches differ"),
        "idle": _NO_OTHER,
        "footer": 2,
    },
    "continue_back": {
        "label": msg("previous difference"),
        "help": msg("back to the previous step at which the branches differ"),
        "idle": _NO_OTHER,
        "footer": 4,
    },
    "down": {"help": msg("scroll down")},
    "up": {"help": msg("scroll up")},
    "help": {"footer": 2},
    "close": {"help": msg("back to one branch"), "footer": 1},
}
"""Commands that have another name here."""
_SECONDS: Final = 4
"""Seconds that an answer stays."""


def _looked_at(session: Session) -> Session:
    """The session, with what is shown of it computed."""
    session.frame  # noqa: B018 - records the trace
    return session


def pair_of(view: View, *branches: str) -> Pair:
    """Two branches at the user's position; `UsageError` if there is no such branch."""
    here = replace(view.session, levels=())
    sessions = [
        _looked_at(finished(update(update(here, SwitchBranch(name)), Go(here.position)))) for name in branches
    ]
    left, right = (replace(view, session=replace(session, notice=None)) for session in sessions)
    return left, right


class BesideScreen(SteadyScreen[None]):
    """Both branches at one position, which moves in both."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(COMMANDS))
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [(0, "-narrow"), (100, "-wide")]  # type: ignore[misc]

    offers: ClassVar[frozenset[str]] = frozenset((*_MOVES, *_OTHERS, *_PANELS, "close", "help", "palette"))
    """The commands that the palette offers here."""

    pair: reactive[Pair | None] = reactive(None, always_update=True, repaint=False)

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.set_reactive(BesideScreen.pair, pair)
        self.refusals = Refusals(self, self._seen, self._refuse)
        self._answers = 0
        self._computations = Computations(self)

    @property
    def current(self) -> Pair:
        """The pair; there is one from the start."""
        assert self.pair is not None
        return self.pair

    def compose(self) -> ComposeResult:
        """The bar, the graph of both, both steps, the nodes that differ, the timeline, and the keys."""
        yield Panel(
            lambda width, height: header(self.current[1], width, height), id="header", focusable=False
        )
        with Vertical(id="beside"):
            yield GraphPanel(
                lambda width, height: both_graphs(self.current, width, height), id="both", centred=True
            )
            yield Panel(lambda width, height: steps(self.current, width, height), id="steps")
            yield Panel(lambda width, height: differences(self.current, width, height), id="differences")
        yield Panel(lambda width, height: course(self.current, width), id="course", focusable=False)
        yield Panel(
            lambda width, height: key_hints(
                self._offered(), self.current[0].language, width, contexts=self._contexts()
            ),
            id="footer",
            focusable=False,
        )

    def _contexts(self) -> frozenset[str]:
        """Where in the run the user is, as far as that makes other keys useful."""
        session = self.current[0].session
        found = {"start": session.position == 0, "end": session.position == session.last}
        return frozenset(context for context, is_so in found.items() if is_so)

    def on_mount(self) -> None:
        """Titles, and the focus on the graph."""
        self.set_class(self.app.has_class("-ascii"), "-ascii")
        self.app.clear_notifications()  # they would cover the nodes that differ
        self.query_one("#both").focus()
        self._show_titles()

    def watch_pair(self) -> None:
        """Another position: every panel shows its function of it."""
        if self.is_mounted:
            self._show_titles()
            for panel in self.query(Panel):
                panel.redraw()

    def _show_titles(self) -> None:
        language = self.current[0].language
        names = " ↔ ".join(view.session.branches.current for view in self.current)
        steps, session = differing(self.current), self.current[0].session
        here = msg("this step differs") if session.outer_here in steps else msg("the same at this step")
        count = msg("{count} of {of} steps differ", count=sum(map(bool, steps)), of=session.schedule.last)
        titles = {
            "both": graph_heading(self.current),
            "steps": f"{msg('Side by side').in_language(language)} ─ {names} ─ {here.in_language(language)}",
            "differences": f"{msg('Nodes that differ so far').in_language(language)}"
            f" ─ {count.in_language(language)}",
        }
        for name, title in titles.items():
            shown = in_ascii(title.replace("↔", "|")) if self.current[0].ascii else title
            self.query_one(f"#{name}", Panel).entitle(shown)

    def on_panel_clicked(self, message: Panel.Clicked) -> None:
        """The bar at the top opens the palette, that at the bottom carries out what is clicked."""
        panel = message.panel
        if panel.id == "header" and on_menu(message.x):
            self.app.action_command_palette()
        elif panel.id == "footer":
            language, contexts = self.current[0].language, self._contexts()
            row = command_at(self._offered(), language, panel.size.width, message.x, contexts=contexts)
            if row is not None:
                self.call_later(self.action_command, row.name)

    def speak(self, language: str) -> None:
        """Show everything in another language."""
        left, right = (replace(view, language=language) for view in self.current)
        self.pair = (left, right)

    # What takes long

    @property
    def application(self) -> App[Any]:
        """The application."""
        return self.app

    @property
    def computed_graph(self) -> Graph:
        """The graph of both branches."""
        return self.current[0].session.run.graph

    def show_computing(self, computing: Computing | None) -> None:
        """Show the progress in the header, or that nothing is computed any more."""
        left, right = self.current
        self.set_reactive(BesideScreen.pair, (left, replace(right, computing=computing)))
        self.query_one("#header", Panel).redraw()

    def on_unmount(self) -> None:
        """Stop computing."""
        self._computations.give_up()

    # Commands

    @property
    def commands(self) -> tuple[CommandRow, ...]:
        """The table of commands as they are called here, with the keys that the user chose."""
        known = self.app.commands if isinstance(self.app, CommandApp) else COMMANDS
        return tuple(structs.replace(row, **_CALLED.get(row.name, {})) for row in known)

    def _offered(self) -> tuple[CommandRow, ...]:
        return tuple(row for row in self.commands if row.name in self.offers)

    def action_command(self, name: str) -> None:
        """What a key, a click or the palette does for a row of the table."""
        if name in _LEAVING:
            if self._computations.give_up():
                self._answer(STOPPED)
            else:
                self.dismiss()
        elif name in self.offers:
            row = next(row for row in self.commands if row.name == name)
            self.refusals.watch(row, partial(self._carry_out, name))
        else:
            label = next(row.label for row in self.commands if row.name == name)
            self._answer(
                msg("{command} does not work side by side; Esc returns to one branch", command=label)
            )

    def _carry_out(self, name: str) -> None:
        """Do what a command does in both branches, within the iteration."""
        schedule = self.current[0].session.outer_trace.schedule
        match name:
            case "backward":
                self._go(schedule.seed)
            case "start":
                self._go(0)
            case "end":
                self._go(schedule.last)
            case "continue" | "continue_back":
                self._go_to_difference(-1 if name == "continue_back" else 1)
            case "next_panel":
                self.focus_next()
            case "previous_panel":
                self.focus_previous()
            case "down" | "up":
                if isinstance(self.focused, Panel):
                    (self.focused.scroll_down if name == "down" else self.focused.scroll_up)()
            case "help":
                self._show_help()
            case "palette":
                self.app.action_command_palette()
            case _:
                self._do(_MOVES[name])

    def _show_help(self) -> None:
        """The help on this screen; nothing is typed here."""
        from backprop_tui.screens.help import HelpScreen

        rows = tuple(structs.replace(row, typed="") for row in self._offered() if row.shown)
        self.app.push_screen(HelpScreen(self.current[0].language, rows, "beside"))

    # Answers

    def _seen(self) -> object:
        """All that commands change, as values to compare."""
        return (
            self.current[0].session.position,
            tuple(panel.scroll_offset for panel in self.query(Panel)),
            (self.focused, tuple(self.app.screen_stack), self._answers),
        )

    def _refuse(self, row: CommandRow) -> None:
        session = self.current[0].session
        if self._computations.busy:  # it has not been done yet
            return
        if row.name == "end" and session.position < session.last:
            self._answer(msg("this is the end of the iteration: s goes on to the next"))
        else:
            self._answer(row.idle)

    def _answer(self, said: Message | UsageError) -> None:
        """Say something, in place of what was said before."""
        self._answers += 1
        self.app.clear_notifications()
        self.notify(said.in_language(self.current[0].language), markup=False, timeout=_SECONDS)

    # Moving

    def _do(self, command: Command) -> None:
        """Carry out a command on both branches."""
        self._computations.in_turn(
            lambda: self._computations.compute(
                lambda: [_looked_at(finished(update(view.session, command))) for view in self.current],
                self._show,
                self._answer,
            )
        )

    def _show(self, sessions: list[Session]) -> None:
        """Show both branches at the place a command has led to."""
        notice = sessions[0].notice or sessions[1].notice
        left, right = (
            replace(view, session=replace(session, notice=None))
            for view, session in zip(self.current, sessions, strict=True)
        )
        self.app.clear_notifications()  # they are about another place
        self.pair = (left, right)
        if notice is not None:
            self._answer(notice.message)

    def _go(self, here: int) -> None:
        """To a position in this iteration."""
        session = self.current[0].session
        self._do(Go(session.position - session.outer_here + here))

    def _go_to_difference(self, by: int) -> None:
        """To the next step at which the branches differ, or the one before."""
        positions, here = differing(self.current), self.current[0].session.outer_here
        at = bisect_left(positions, here) - 1 if by < 0 else bisect_right(positions, here)
        if 0 <= at < len(positions):
            self._go(positions[at])
