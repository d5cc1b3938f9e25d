"""The interface of the debugger's screen for the parts that it is composed of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from textual.app import App
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkType

from backprop_engine.debugger import Command, Session
from backprop_engine.graph.graph import Graph, Node
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import Line
from backprop_tui.commands.row import CommandRow
from backprop_tui.queries import ScreenCommand
from backprop_tui.view import Computing, View
from backprop_tui.widgets.panel import Panel

__all__ = ["Guide", "Handle"]

T = TypeVar("T")


class Guide(Protocol):
    """A card above the debugger that leads the user: the tour, or the bug lab."""

    @property
    def about(self) -> str:
        """The node that the card is about; empty where it is about none."""
        ...

    def turn(self, session: Session) -> bool:
        """Turn the card if its task is done; returns whether it was."""
        ...

    def hear(self, command: str) -> None:
        """Take notice of a command, which may be the card's task."""
        ...

    def card_drawn(self, language: str, width: int, height: int) -> Drawing:
        """The card as it is now."""
        ...

    def left(self, say: Callable[[str], None], language: str) -> None:
        """The debugger that it leads through has closed; `say` reports what went wrong."""
        ...


class Handle(Protocol):
    """The screen, which owns the only view and shows it. Each part holds this handle, and no other part."""

    # The view

    @property
    def current(self) -> View:
        """The view as it is now."""
        ...

    def show_view(self, view: View) -> None:
        """Take another view, and show it in every panel."""
        ...

    def keep_view(self, view: View) -> None:
        """Take another view that looks the same: nothing is drawn."""
        ...

    def show_picture(self) -> None:
        """Draw the graph, whose picture has been laid out."""
        ...

    def is_lacking(self, view: View) -> bool:
        """Whether the picture of a view is yet to be laid out; then that has begun."""
        ...

    def after_picture(self, callback: Callable[[], None]) -> None:
        """Call a function once the picture of the current view is painted."""
        ...

    def is_prepared(self, view: View) -> bool:
        """Whether the page of a view need not wait for a numeric check; one that takes long begins now."""
        ...

    def read_ahead(self) -> None:
        """Have the page of the next step drawn, as soon as no key is pressed."""
        ...

    @property
    def chosen_node(self) -> Node | None:
        """The node that is chosen, or the step's own."""
        ...

    def debugger(self, view: View, guide: Guide | None = None) -> Screen[None]:
        """A debugger for another view, on the stage where this one is; led by a `guide`, if there is one."""
        ...

    # Commands

    def heard(self, command: str) -> None:
        """A command was carried out: the tour may have asked for it."""
        ...

    @property
    def guide(self) -> Guide | None:
        """The guide that leads the user, if there is one."""
        ...

    def redraw_card(self) -> None:
        """Show what the guide says now."""
        ...

    @property
    def commands(self) -> tuple[CommandRow, ...]:
        """The table of commands, with the keys that the user chose."""
        ...

    def do(self, command: Command) -> None:
        """Carry out a command of the debugger."""
        ...

    def run_screen_command(self, command: ScreenCommand) -> None:
        """Carry out what only a screen can do."""
        ...

    def open_prompt(
        self, typed: str = "", lines: Sequence[Line] = (), *, once: bool = False, selected: int = 0
    ) -> None:
        """Open the prompt with some text typed, and some text above it.

        If opened `once`, it closes after its command. The last `selected` characters are replaced by what is
        typed next.
        """
        ...

    def notify(self, message: str, **options: Any) -> None:
        """Show a notice as Textual does."""
        ...

    def say(self, words: str, *, wrong: bool = False, seconds: float = 2) -> None:
        """Show a notice over a corner of the screen; what it quotes is never read as markup."""
        ...

    @property
    def notices(self) -> int:
        """How many notices have been shown so far."""
        ...

    # What takes long

    @property
    def computed_graph(self) -> Graph:
        """The graph of the run that is computed."""
        ...

    def show_computing(self, computing: Computing | None) -> None:
        """Show the progress, or that nothing is computed any more."""
        ...

    def compute(self, function: Callable[[], T], then: Callable[[T], object], *, long: bool = False) -> None:
        """Compute what `then` gets while the screen takes keys; an answer says what failed."""
        ...

    # Panels

    def show_bars(self) -> None:
        """Draw the header and the footer, which say what the user is doing."""
        ...

    def panel(self, name: str) -> Panel:
        """The panel called `name`."""
        ...

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front and give it the focus."""
        ...

    @property
    def focused_widget(self) -> Widget | None:
        """The widget with the focus."""
        ...

    # Textual's own: time, and work while the screen takes keys

    @property
    def application(self) -> App[Any]:
        """The application."""
        ...

    @property
    def is_attached(self) -> bool:
        """Whether the screen is still there."""
        ...

    def has_class(self, *class_names: str) -> bool:
        """Whether the screen has a class, such as that of its width."""
        ...

    def call_later(self, callback: Callable[..., Any], *args: Any) -> bool:
        """Call a function once what is under way is done; also from another thread."""
        ...

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any) -> bool:
        """Call a function once the screen is painted."""
        ...

    def set_timer(self, delay: float, callback: Callable[[], None], *, pause: bool = False) -> Timer:
        """Call a function after `delay` seconds."""
        ...

    def set_interval(self, interval: float, callback: Callable[[], None], *, pause: bool = False) -> Timer:
        """Call a function every `interval` seconds."""
        ...

    def run_worker(
        self, work: WorkType[Any], *, group: str = ..., exclusive: bool = ..., thread: bool = ...
    ) -> Worker[Any]:
        """Do something while the screen takes keys."""
        ...
