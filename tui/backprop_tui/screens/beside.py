"""Two branches side by side, stepped through together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.reactive import reactive
from textual.screen import Screen

from backprop_engine.debugger import Command, Go, StepBy, StepOver, SwitchBranch, finished, update
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.text import in_ascii
from backprop_tui.commands.table import COMMANDS
from backprop_tui.panels.bars import header, key_hints, on_menu
from backprop_tui.panels.beside import (
    Pair,
    both_graphs,
    course,
    differences,
    differing,
    graph_heading,
    steps,
)
from backprop_tui.screens.bindings import bindings
from backprop_tui.view import View
from backprop_tui.widgets.graph_panel import GraphPanel
from backprop_tui.widgets.panel import Panel

__all__ = ["BesideScreen", "pair_of"]

_USED = ("step", "back", "over", "over_back", "continue", "continue_back", "backward", "start", "end")
"""The commands that go through both branches at once; to continue is to go to where they differ."""
_COMMANDS = tuple(row for row in COMMANDS if row.name in _USED)


def pair_of(view: View, *branches: str) -> Pair:
    """Two branches where the reader stands; `UsageError` where there is no such branch."""
    here = replace(view.session, levels=())
    sessions = [finished(update(update(here, SwitchBranch(name)), Go(here.position))) for name in branches]
    left, right = (replace(view, session=replace(session, notice=None)) for session in sessions)
    return left, right


class BesideScreen(Screen[None]):
    """Both branches at one position, which moves in both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(_COMMANDS),
        Binding("escape,q", "dismiss", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [(0, "-narrow"), (100, "-wide")]  # type: ignore[misc]

    offers: ClassVar[frozenset[str]] = frozenset(_USED)
    """The commands that the palette offers here."""

    pair: reactive[Pair | None] = reactive(None, always_update=True, repaint=False)

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.set_reactive(BesideScreen.pair, pair)

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
        yield Panel(self._hints, id="footer", focusable=False)

    def _hints(self, width: int, height: int) -> Drawing:
        language = self.current[0].language
        close = (
            ("Esc", msg("close").in_language(language)),
            ("c C", msg("next difference").in_language(language)),
        )
        shown = tuple(row for row in _COMMANDS if not row.name.startswith("continue"))
        return key_hints(shown, language, width, close)

    def on_mount(self) -> None:
        """Titles, and the focus on the graph."""
        self.set_class(self.app.has_class("-ascii"), "-ascii")
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
        """The bar at the top opens the palette."""
        if message.panel.id == "header" and on_menu(message.x):
            self.app.action_command_palette()

    def speak(self, language: str) -> None:
        """Show everything in another language."""
        left, right = (replace(view, language=language) for view in self.current)
        self.pair = (left, right)

    # Moving

    def _do(self, command: Command) -> None:
        """Carry out a command on both branches."""
        left, right = (
            replace(view, session=finished(update(view.session, command))) for view in self.current
        )
        self.pair = (left, right)

    def _go(self, here: int) -> None:
        """To a position in this iteration."""
        session = self.current[0].session
        self._do(Go(session.position - session.outer_here + here))

    def action_command(self, name: str) -> None:
        """What a key or the palette does for a row of the table, in both branches, within the iteration."""
        schedule = self.current[0].session.outer_trace.schedule
        match name:
            case "backward":
                self._go(schedule.seed)
            case "start":
                self._go(0)
            case "end":
                self._go(schedule.last)
            case "continue":
                self._go_to_difference(1)
            case "continue_back":
                self._go_to_difference(-1)
            case _:
                runs = next(row.runs for row in _COMMANDS if row.name == name)
                assert isinstance(runs, StepBy | StepOver)
                self._do(runs)

    def _go_to_difference(self, by: int) -> None:
        """To the next step at which the branches differ, or the one before."""
        positions, here = differing(self.current), self.current[0].session.outer_here
        at = bisect_left(positions, here) - 1 if by < 0 else bisect_right(positions, here)
        if 0 <= at < len(positions):
            self._go(positions[at])
        else:
            text = msg("there is no other difference in this iteration").in_language(self.current[0].language)
            self.app.clear_notifications()
            self.notify(text, markup=False, timeout=2)
