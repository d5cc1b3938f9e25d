"""From the debugger to other screens: those that open on top of it, and those that open in its place.

Each is loaded when it is first asked for: no first screen waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from backprop_engine.debugger import Go
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.messages.message import msg
from backprop_tui.screens.arrangement import SLOTS
from backprop_tui.screens.bindings import CommandApp
from backprop_tui.screens.handle import Handle

if TYPE_CHECKING:
    from backprop_engine.practice.bug_search import BugSearch
    from backprop_tui.screens.bug_lab import BugLab
    from backprop_tui.view import View

__all__ = ["OtherScreens"]


class OtherScreens:
    """Opens other screens on what its handle shows; `refuse` says why one cannot be opened."""

    def __init__(self, handle: Handle, refuse: Callable[[str], None]) -> None:
        self._handle = handle
        self._refuse = refuse

    @property
    def _focused(self) -> str:
        """The name of the panel with the focus; empty where none has it."""
        widget = self._handle.focused_widget
        return "" if widget is None else widget.id or ""

    # On top of the debugger

    def palette(self) -> None:
        """The palette."""
        self._handle.application.action_command_palette()

    def ask_position(self) -> None:
        """Ask for a position and go there."""
        from backprop_tui.screens.go import GoScreen

        def go(position: int | None) -> None:
            if position is not None:
                self._handle.do(Go(position))

        view = self._handle.current
        self._handle.application.push_screen(GoScreen(view.session.last, view.language), go)

    def inspect(self) -> None:
        """The tensors of the chosen node, or of the step's own; from the step, its product."""
        from backprop_tui.screens.inspect import InspectScreen

        view, node = self._handle.current, self._handle.chosen_node
        edge = view.frame.edge if self._focused == "step" else None
        if edge is not None:
            node = view.graph.nodes[edge.operand]
        if node is not None:
            self._handle.application.push_screen(InspectScreen(view, node, edge))
        else:
            words = msg(
                "no node is chosen: click one, find one with `/` and choose it with x, or take a step first"
            )
            self._refuse(words.in_language(view.language))

    def beside(self, left: str = BASELINE, right: str = "") -> None:
        """Two branches side by side: by default the baseline and the current branch."""
        from backprop_tui.screens.beside import BesideScreen, pair_of

        view = self._handle.current
        right = right or view.session.branches.current
        if left != right:
            self._handle.compute(
                lambda: pair_of(view, left, right),
                lambda pair: self._handle.application.push_screen(BesideScreen(pair)),
            )
        else:
            words = msg(
                "there is only the baseline: change something first, with `{key}`", key=view.key("set")
            )
            self._handle.notify(words.in_language(view.language), markup=False)

    def help(self) -> None:
        """The help, with what the panel in focus shows first."""
        from backprop_tui.screens.help import HelpScreen

        view, focused = self._handle.current, self._focused
        explained = focused if focused in (*SLOTS, "transcript") else ""
        self._handle.application.push_screen(HelpScreen(view.language, self._handle.commands, explained))

    def about(self) -> None:
        """What the file says about itself, and what it computes."""
        from backprop_tui.screens.about import AboutScreen

        self._handle.application.push_screen(AboutScreen(self._handle.current))

    def practice(self) -> None:
        """Questions about the steps of the scenario, from where it is on, different ones each time."""
        from backprop_engine.practice.session import begin
        from backprop_tui.panels.practice import begun
        from backprop_tui.screens.practice import PracticeScreen

        view = self._handle.current
        seed = int.from_bytes(os.urandom(2))
        self._handle.compute(
            lambda: begun(begin(view.scenario, seed, at=view.frame.position), view),
            lambda state: self._handle.application.push_screen(PracticeScreen(state)),
            long=True,
        )

    def bug(self, named: str = "") -> None:
        """Begin the bug lab; in it, grade a guess, or list the mistakes."""
        from backprop_engine.practice.bug_search import begin_search
        from backprop_tui.screens.bug_lab import BugLab, MistakesSheet

        handle, view = self._handle, self._handle.current
        lab, seed = handle.guide, int.from_bytes(os.urandom(2))

        def hidden() -> tuple[BugLab, View]:
            begun = BugLab(begin_search(view.scenario, seed))
            shown = begun.view(view.language, ascii=view.ascii)
            shown.session.frame  # noqa: B018 - records the trace, which the screen begins with
            return begun, shown

        def show(begun: tuple[BugLab, View]) -> None:
            handle.application.push_screen(handle.debugger(begun[1], begun[0]))

        if not isinstance(lab, BugLab):
            handle.compute(hidden, show, long=True)
        elif named:
            handle.compute(partial(lab.graded, named), partial(self._take_guess, lab), long=True)
        else:
            handle.application.push_screen(MistakesSheet(view.language))

    def _take_guess(self, lab: BugLab, search: BugSearch) -> None:
        """Show the result of a guess."""
        lab.search = search
        self._handle.redraw_card()

    def tour(self) -> None:
        """The tour; what is open in the debugger stays."""
        from backprop_tui.screens.tour import TourGuide, tour_view

        view = self._handle.current
        tour = self._handle.debugger(tour_view(view.language, ascii=view.ascii), TourGuide())
        self._handle.application.push_screen(tour)

    # In its place

    def next_scenario(self) -> None:
        """The scenario that follows this one in the gallery."""
        from backprop_tui.files.opening import Opening
        from backprop_tui.screens.opened import view_opened

        app, view = self._handle.application, self._handle.current
        entry = view.next_scenario
        if entry is None:
            words = msg("this is the last scenario: Esc returns to the gallery")
            self._handle.say(words.in_language(view.language), wrong=True)
            return
        among = () if view.opening is None else view.opening.among
        if isinstance(app, CommandApp):
            app.left.keep(view)
        opening = Opening.of(entry.path, among=among)
        opened = view_opened(app, self._handle.notify, opening, view.language, ascii=view.ascii)
        if opened is not None and isinstance(app, CommandApp):
            app.switch_screen(app.once_computed(opened, self._handle.debugger))

    def gallery(self) -> None:
        """The gallery."""
        app = self._handle.application
        if isinstance(app, CommandApp):
            app.open_gallery()
