"""The debugger's screen: it owns the view, shows it in its panels, and hands commands to its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from backprop_engine.debugger import Command, Go, Select
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import Line
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS
from backprop_tui.panel_slots import PANEL_SLOTS, PanelSlot
from backprop_tui.panels.bars import command_at, header, key_hints, on_menu, too_small
from backprop_tui.panels.graph import boxes_shown, graph_picture, whole_scene_key
from backprop_tui.panels.registry import PANELS
from backprop_tui.panels.step import text_of
from backprop_tui.panels.timeline import position_at, timeline
from backprop_tui.queries import ScreenCommand
from backprop_tui.screens.arrangement import (
    BREAKPOINTS,
    SLOTS,
    STAGE,
    VERTICAL_BREAKPOINTS,
    Body,
    PanelArrangement,
)
from backprop_tui.screens.bindings import CommandApp, bindings
from backprop_tui.screens.check_job import CheckJob
from backprop_tui.screens.command_runner import CommandRunner
from backprop_tui.screens.file_follower import FileFollower
from backprop_tui.screens.graph_navigation import GraphNavigation
from backprop_tui.screens.handle import Guide
from backprop_tui.screens.layout_job import LayoutJob
from backprop_tui.screens.other_screens import OtherScreens
from backprop_tui.screens.player import Player
from backprop_tui.screens.plot_filler import PlotFiller
from backprop_tui.screens.refusals import Refusals, seen_in, why_idle
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.view import Computing, View
from backprop_tui.widgets.graph_panel import GraphPanel
from backprop_tui.widgets.mistakes_panel import MistakesPanel
from backprop_tui.widgets.panel import DrawFunction, Panel
from backprop_tui.widgets.table_panel import TablePanel

if TYPE_CHECKING:
    from backprop_tui.screens.prompt import History
    from backprop_tui.screens.read_ahead import ReadAhead
    from backprop_tui.screens.scene_job import SceneJob

__all__ = ["DebuggerScreen"]

T = TypeVar("T")

_LEAST = (60, 20)
"""The least columns and rows that are comfortable; a smaller screen says so."""
_UNTIL_READ = 0.4
"""Seconds after the first screen until the next step is drawn ahead; pages are loaded first."""
_FEW_BOXES = 40
"""The most boxes of a picture that is laid out while its key is answered."""
_HEADER, _BARS, _BORDERS = 1, 2, 2
"""The rows of the header, those of the timeline and the footer, and those of the timeline's border."""


class DebuggerScreen(SteadyScreen[None]):
    """A scenario being stepped through, perhaps with a `guide`. Its parts hold it as their `Handle`."""

    CSS_PATH = None
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(COMMANDS))
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = BREAKPOINTS  # type: ignore[misc]
    VERTICAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = VERTICAL_BREAKPOINTS  # type: ignore[misc]
    AUTO_FOCUS = "#graph"

    offers: ClassVar[frozenset[str]] = frozenset(row.name for row in COMMANDS)
    """The commands that the palette offers here."""

    view: reactive[View | None] = reactive(None, always_update=True, repaint=False)

    def __init__(self, view: View, guide: Guide | None = None, *, staged: bool = False) -> None:
        super().__init__()
        self.set_reactive(DebuggerScreen.view, replace(view, computing=None))
        self._panels: dict[str, Panel] = {}
        """All panels by name, as soon as they are there: they are asked for at every step."""
        self._pictured: tuple[View, Drawing] | None = None
        """The graph as it was drawn last, and the view that it was drawn for."""
        self._hints: tuple[object, Drawing] | None = None
        self._history: History | None = None
        """What was typed at the prompt, as soon as that was open."""
        self._ahead: ReadAhead | None = None
        """What draws the page of the next step, as soon as there is one."""
        self._guide = guide
        self.notices = 0
        """How many notices have been shown so far."""
        self._said = ""
        """The last of them."""
        self.runner = CommandRunner(self)
        self.player = Player(self)
        self.plots = PlotFiller(self)
        self.layout_job = LayoutJob(self)
        self.check_job = CheckJob(self)
        self.navigation = GraphNavigation(self)
        self.arrangement = PanelArrangement(self, STAGE if staged else "")
        self.refusals = Refusals(self, lambda: seen_in(self), self._refuse)
        self.follower = FileFollower(self, self.runner.carry_on)
        self.others = OtherScreens(self, partial(self.runner.answer, wrong=True))
        self.own_commands = self._commands_of_the_screen()
        """What the screen does for a row in its own way; what all other rows run is in the table."""

    def on_unmount(self) -> None:
        """The guide saves its results, however the screen was left."""
        self.runner.leave()
        if self._guide is not None:
            self._guide.left(partial(self.app.notify, severity="error", markup=False), self.current.language)

    def compose(self) -> ComposeResult:
        """The panels in the order that tab goes through them."""
        self._take_size()
        if self._guide is not None:
            yield Panel(self._card, id="tour", focusable=False)
        yield Panel(self._header, id="header", focusable=False)
        with self._shared_body():
            for slot in PANEL_SLOTS:
                drawn = PANELS[slot.name]
                yield _widget_of(slot)(
                    self._graph if slot.name == "graph" else self._drawn(drawn.draw, slot.name),
                    id=slot.name,
                    centred=drawn.centred,
                    scrubs=drawn.scrubs,
                    pinned=drawn.pinned,
                )
            yield Panel(self._drawn(_stage), id=STAGE)
        yield Panel(self._drawn(_transcript), id="transcript")
        yield Panel(self._drawn(timeline), id="timeline", focusable=False, scrubs=True)
        yield MistakesPanel(id="mistakes")
        yield Panel(self._footer, id="footer", focusable=False)

    def _shared_body(self) -> Body:
        """The container of the panels, divided before anything is drawn in another size."""
        body = Body(lambda: self.current, self.is_lacking, lambda: self.arrangement.plan, id="body")
        body.share(Size(self.app.size.width, self.app.size.height - _HEADER - self._rows_below()))
        return body

    def _rows_below(self) -> int:
        """The rows of the timeline and the footer, unless they are behind the stage."""
        if self.has_class("-staged"):
            return 0
        return _BARS + _BORDERS * (not self.has_class("-narrow") and not self.has_class("-low"))

    def _drawn(self, function: Callable[[View, int, int], Drawing], name: str = "") -> DrawFunction:
        """A panel's function, applied to whatever the view is when it is drawn."""
        return lambda width, height: (
            self._in_advance(name, width, height) or function(self.current, width, height)
        )

    def _in_advance(self, name: str, width: int, height: int) -> Drawing | None:
        """The panel called `name`, if it was drawn before its key was pressed."""
        return self._ahead.drawing(self.current, name, width, height) if self._ahead else None

    def _graph(self, width: int, height: int) -> Drawing:
        """The graph; the room that it has is a part of the view."""
        if self.current.room != (width, height):
            self.keep_view(replace(self.current, room=(width, height)))
            self._retitle()  # it names the density, which the room decides
        drawn = self._in_advance("graph", width, height)
        if drawn is not None:
            return drawn
        if self._pictured is None or self._pictured[0] is not self.current:
            if self.is_lacking(self.current):
                return self.panel("graph").drawing
            self._pictured = self.current, graph_picture(self.current)
        return self._pictured[1]

    def _retitle(self) -> None:
        if self._panels and self.query(Body):  # else the screen opens or closes
            self.arrangement.show_titles()

    def _header(self, width: int, height: int) -> Drawing:
        """The position in the run; if the screen is too small to be comfortable, a notice about that."""
        small = self.size.width < _LEAST[0] or self.size.height < _LEAST[1]
        if small and self.current.computing is None:
            return too_small(self.size, _LEAST, self.current.language, ascii=self.current.ascii)
        return header(self.current, width, height, self.player.playing)

    def _footer(self, width: int, height: int) -> Drawing:
        """The keys at the bottom, drawn once for a language, a width and what the user is doing."""
        language, contexts = self.current.language, self._contexts()
        made_for = (language, width, contexts)
        if self._hints is None or self._hints[0] != made_for:
            self._hints = (made_for, key_hints(self.commands, language, width, contexts=contexts))
        return self._hints[1]

    def _contexts(self) -> frozenset[str]:
        """What the user is doing, as far as that makes other keys useful."""
        session = self.current.session
        found = {
            "playing": bool(self.player.playing),
            "start": session.position == 0,
            "end": session.position == session.last and not session.levels,
            "inside": bool(session.levels),
            "stopped": bool(session.hit),
            "chosen": session.selection is not None,
            "branch": session.branches.current != BASELINE,
            "ranks": session.run.origin.rank is not None,
            "passes": session.run.origin.passes > 1,
            "filled": bool(self.arrangement.filling),
            self.focused.id or "" if self.focused is not None else "": True,
        }
        return frozenset(context for context, is_so in found.items() if is_so)

    def show_bars(self) -> None:
        """Draw the header and the footer, which say what the user is doing."""
        for name in ("header", "footer"):
            if name in self._panels:
                self._panels[name].redraw()

    def on_descendant_focus(self) -> None:
        """Another panel has other keys."""
        self.show_bars()

    @property
    def guide(self) -> Guide | None:
        """The guide that leads the user, if there is one."""
        return self._guide

    def redraw_card(self) -> None:
        """Show what the guide says now."""
        self.query_one("#tour", Panel).redraw()

    def _card(self, width: int, height: int) -> Drawing:
        assert self._guide is not None
        return self._guide.card_drawn(self.current.language, width, height)

    # The view, and its panels

    @property
    def current(self) -> View:
        """The view; there is one from the start."""
        assert self.view is not None
        return self.view

    def show_view(self, view: View) -> None:
        """Take another view, and show it in every panel."""
        view = self.check_job.awaiting(view)
        self.view = self._ahead.expected(view) if self._ahead else view

    def keep_view(self, view: View) -> None:
        """Take another view that looks the same: nothing is drawn."""
        self.set_reactive(DebuggerScreen.view, view)

    def debugger(self, view: View, guide: Guide | None = None) -> DebuggerScreen:
        """A debugger for another view, on the stage where this one is; led by a `guide`, if there is one."""
        return DebuggerScreen(view, guide, staged=guide is None and self.arrangement.filling == STAGE)

    @property
    def application(self) -> App[Any]:
        """The application."""
        return self.app

    @property
    def focused_widget(self) -> Widget | None:
        """The widget with the focus."""
        return self.focused

    @property
    def chosen_node(self) -> Node | None:
        """The node that is chosen, or the step's own."""
        from backprop_tui.prompt.values import here

        return here(self.current.session)

    def panel(self, name: str) -> Panel:
        """The panel called `name`."""
        return self._panels[name]

    def on_mount(self) -> None:
        """The titles; the panels draw themselves as soon as they have a size."""
        self.keep_view(self.check_job.awaiting(replace(self.current, commands=self.commands)))
        self._panels = {panel.id or "": panel for panel in self.query(Panel)}
        self._arrange()
        self.call_after_refresh(self.layout_job.follow)
        self.runner.carry_on()
        self.follower.start()
        self.call_after_refresh(self.set_timer, _UNTIL_READ, self.read_ahead)

    def _take_size(self) -> None:
        """Take the classes of the screen's size, before there is a panel whose style depends on them.

        Textual sets them when it has laid out for the first time, and lays out once more.
        """
        for cells, breakpoints in zip(self.app.size, (BREAKPOINTS, VERTICAL_BREAKPOINTS), strict=True):
            fitting = max(least for least, _ in breakpoints if least <= cells)
            self.update_classes({name: least == fitting for least, name in breakpoints})
        self.set_class(self.app.has_class("-ascii"), "-ascii")

    def watch_view(self) -> None:
        """Another view: every panel shows its function of it."""
        turned = self._guide is not None and self._guide.turn(self.current.session)
        if self.is_mounted:
            self.arrangement.show_titles()
            graph = self.panel("graph")
            later = graph if self.query_one(Body).share() else None  # it is drawn when it has its size
            for panel in self._panels.values():
                if not panel.display:
                    panel.release()
                elif panel is not later:
                    panel.redraw()
            if later is not None:
                self.call_after_refresh(self._draw_in_another_size, graph.size)
            self.plots.fill()
            self.layout_job.follow()
            self.read_ahead()
        if turned and self._guide is not None and self._guide.about:
            self.call_after_refresh(self.navigation.look_at, self._guide.about)

    @cached_property
    def scene_job(self) -> SceneJob:
        """What lays out pictures of large graphs."""
        from backprop_tui.screens.scene_job import SceneJob  # a first picture is laid out at once

        return SceneJob(self, self._in_its_rooms)

    def is_lacking(self, view: View) -> bool:
        """Whether the picture of a view is yet to be laid out; then that has begun.

        The first of a graph, for which there is none to look at meanwhile, and one of few boxes are laid out
        as they are drawn.
        """
        drawn = self._pictured
        if drawn is None or drawn[0].graph is not view.graph or boxes_shown(view) <= _FEW_BOXES:
            return False
        return self.scene_job.lacks(view)

    def after_picture(self, callback: Callable[[], None]) -> None:
        """Call a function once the picture of the current view is painted."""
        if self.is_lacking(self.current):
            self.scene_job.afterwards(callback)
        else:
            self.call_after_refresh(callback)

    def show_picture(self) -> None:
        """Draw the graph, whose picture has been laid out."""
        graph = self.panel("graph")
        self.arrangement.show_titles()
        if self.query_one(Body).share():
            self.call_after_refresh(self._draw_in_another_size, graph.size)
        else:
            graph.redraw()

    def _in_its_rooms(self, view: View) -> Sequence[View]:
        """A view in the rooms that its picture is needed for: what the panel may get, and what it has."""
        if whole_scene_key(view) is not None:
            return [view]
        return [replace(view, room=self.query_one(Body).most(view)), view]

    def _draw_in_another_size(self, before: Size) -> None:
        """Draw the graph, unless it has been drawn because its size has changed."""
        graph = self.panel("graph")
        if graph.size == before:
            graph.redraw()

    def is_prepared(self, view: View) -> bool:
        """Whether the page of a view need not wait for a numeric check; one that takes long begins now."""
        return not self.check_job.prepare(view)

    def read_ahead(self) -> None:
        """Have the page of the next step drawn, as soon as no key is pressed."""
        from backprop_tui.screens.read_ahead import ReadAhead  # no first screen waits for it

        self._ahead = self._ahead or ReadAhead(self)
        self._ahead.follow()

    def on_resize(self) -> None:
        """Another size has room for other panels."""
        self.call_after_refresh(self._arrange)
        self.query_one(MistakesPanel).fit()

    def on_screen_suspend(self) -> None:
        """Another screen is in front."""
        self.player.stop()

    def _arrange(self) -> None:
        if not self.query(Body):
            return  # the screen closes
        body, before = self.query_one(Body), self._rows_below()
        self.arrangement.arrange()
        self.set_class(self.arrangement.filling == STAGE, "-staged")
        body.share(body.size and Size(body.size.width, body.size.height + before - self._rows_below()))
        self.arrangement.show_titles()
        self.plots.fill()

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front and give it the focus."""
        if self.arrangement.bring_to_front(name):
            self._arrange()
        self.panel(name).focus()

    def _fill(self) -> None:
        """Have the panel with the focus fill the screen, or show the others again."""
        focused = self.focused.id if self.focused is not None else None
        name = focused if focused in SLOTS else "graph"
        self.arrangement.fill("" if self.arrangement.filling else name or "")
        self.show_panel(name or "graph")

    def _take_stage(self) -> None:
        """Show only the graph and one large equation, or show all panels again."""
        self.arrangement.fill("" if self.arrangement.filling == STAGE else STAGE)
        self._arrange()
        self.panel("graph").focus()
        self.call_after_refresh(self.read_ahead)

    def speak(self, language: str) -> None:
        """Show everything in another language."""
        self.show_view(replace(self.current, language=language))
        self.follower.speak()

    def notify(self, message: str, **options: Any) -> None:
        """Show a notice, and count it."""
        self.notices += 1
        super().notify(message, **options)

    def say(self, words: str, *, wrong: bool = False, seconds: float = 2) -> None:
        """Show a notice over a corner of the screen, in place of others if the last one said the same.

        What it quotes is never read as markup.
        """
        if words == self._said:
            self.app.clear_notifications()
        self._said = words
        self.notify(words, markup=False, severity="warning" if wrong else "information", timeout=seconds)

    # What takes long

    @property
    def computed_graph(self) -> Graph:
        """The graph of the run that is computed."""
        return self.current.session.run.graph

    def show_computing(self, computing: Computing | None) -> None:
        """Show the progress in the header, or that nothing is computed any more."""
        self.keep_view(replace(self.current, computing=computing))
        self.panel("header").redraw()

    def compute(self, function: Callable[[], T], then: Callable[[T], object], *, long: bool = False) -> None:
        """Compute what `then` gets while the screen takes keys; an answer says what failed."""
        self.runner.compute(function, then, long=long)

    # Commands

    @property
    def commands(self) -> tuple[CommandRow, ...]:
        """The table of commands, with the keys that the user chose."""
        return self.app.commands if isinstance(self.app, CommandApp) else COMMANDS

    def do(self, command: Command) -> None:
        """Carry out a command of the debugger."""
        self.runner.do(command)

    def action_command(self, name: str) -> None:
        """What a key, a click or the palette does for a row of the table."""
        row = self._row(name)
        self.refusals.watch(row, self.own_commands.get(name) or partial(self.runner.run, row))
        self.heard(name)

    def _refuse(self, row: CommandRow) -> None:
        """Say why the command of a row has changed nothing; one that waits for its turn has not been done
        yet.
        """
        if not self.runner.busy:
            self.runner.answer(why_idle(self.current, row))

    def heard(self, command: str) -> None:
        """A command was carried out: the tour may have asked for it."""
        if self.guide is not None:
            self.guide.hear(command)
            self.watch_view()

    def run_screen_command(self, command: ScreenCommand) -> None:
        """Carry out what only a screen can do."""
        own = partial(self.own_commands[command.name], *command.arguments)
        self.refusals.watch(self._row(command.name), own)
        self.heard(command.name)

    def _row(self, name: str) -> CommandRow:
        return next(row for row in self.commands if row.name == name)

    def _commands_of_the_screen(self) -> dict[str, Callable[..., None]]:
        return {
            "go": self.others.ask_position,
            "trouble": self.runner.to_trouble,
            "prompt": self.open_prompt,
            "palette": self.others.palette,
            "break": self.runner.toggle_breakpoint,
            "set": self.runner.edit_value,
            "nudge": self.runner.nudge_leaf,
            "fold": self._fold,
            "beside": self.others.beside,
            "edit_file": self.follower.edit,
            "zoom_in": partial(self.navigation.zoom, 1),
            "zoom_out": partial(self.navigation.zoom, -1),
            "fit": self.navigation.fit,
            "look": self.navigation.centre,
            "minimap": self._toggle_minimap,
            "hit": partial(self.navigation.choose_hit, 1),
            "hit_back": partial(self.navigation.choose_hit, -1),
            "play": self.player.toggle,
            "faster": partial(self.player.change_speed, 1),
            "slower": partial(self.player.change_speed, -1),
            "plot": self.plots.show,
            "plot_back": partial(self.plots.turn, -1),
            "down": partial(self._move_in_panel, 1),
            "up": partial(self._move_in_panel, -1),
            "next_panel": partial(self._focus_panel, 1),
            "previous_panel": partial(self._focus_panel, -1),
            **{f"show_{name}": partial(self.show_panel, name) for name in SLOTS},
            "fill": self._fill,
            "stage": self._take_stage,
            "transcript": self._toggle_transcript,
            "inspect": self.others.inspect,
            "copy": self._copy,
            "help": self.others.help,
            "about": self.others.about,
            "next_scenario": self.others.next_scenario,
            "practice": self.others.practice,
            "bug": self.others.bug,
            "tour": self.others.tour,
            "close": self._close,
            "gallery": self.others.gallery,
            "quit": self._quit,
        }

    def open_prompt(
        self, typed: str = "", lines: Sequence[Line] = (), *, once: bool = False, selected: int = 0
    ) -> None:
        """Open the prompt with some text typed, and some text above it; `once` for a single command."""
        from backprop_tui.screens.prompt import History, PromptScreen

        self._history = self._history or History()
        self.app.clear_notifications()  # they would cover what is typed
        self.app.push_screen(
            PromptScreen(self, self.runner, self._history, typed, lines, once=once, selected=selected)
        )

    def _quit(self) -> None:
        self.app.exit()

    def _fold(self) -> None:
        """Fold every group; in a panel whose rows fold, that of the chosen row."""
        self.runner.type(f"fold {self.navigation.group_of_row()}".strip())

    def _focus_panel(self, by: int) -> None:
        """Move the focus to the panel `by` places further among those that are seen."""
        seen = [widget for widget in self.focus_chain if isinstance(widget, Panel)]
        if isinstance(self.focused, Panel) and self.focused in seen:
            seen[(seen.index(self.focused) + by) % len(seen)].focus()
        elif seen:
            seen[0 if by > 0 else -1].focus()

    def _move_in_panel(self, by: int) -> None:
        """In a table with the focus, choose the next row or the one before; scroll any other panel."""
        panel = self.focused
        if isinstance(panel, TablePanel):
            self.action_choose(by)
        elif isinstance(panel, Panel):
            (panel.scroll_down if by > 0 else panel.scroll_up)()

    def _toggle_minimap(self) -> None:
        """Show or hide the minimap, if it would show anything."""
        words = self.navigation.toggle_minimap()
        self.runner.answer(words.in_language(self.current.language))

    def _toggle_transcript(self) -> None:
        """Show the run as text instead of panels, or show the panels again."""
        self.toggle_class("-transcript")
        self.panel("transcript" if self.has_class("-transcript") else "graph").focus()
        self.call_after_refresh(self.watch_view)

    def _copy(self) -> None:
        """Copy the text selected with the mouse, else the chosen node, else the step's equation and words."""
        copied = self.get_selected_text() or text_of(replace(self.current, awaited=None))
        self.app.copy_to_clipboard(copied)
        first = copied.strip().splitlines()[0].strip() if copied.strip() else ""
        self.say(msg("copied: {what}", what=first).in_language(self.current.language))

    def _close(self) -> None:
        """Stop a long task, close what is open, clear the selection, or go back to the gallery."""
        if self.runner.halt():
            self.player.stop()
        elif self.get_selected_text():
            self.clear_selection()
        elif self.follower.mistakes.is_open:
            self.follower.close_mistakes()
        elif self.arrangement.filling:
            self._fill()
        elif self.current.session.selection is not None or self.current.found:
            self.show_view(replace(self.current, found=()))
            self.do(Select(None))
        elif self._guide is not None and len(self.app.screen_stack) > 1:  # the tour lies over what was open
            self.app.pop_screen()
        else:
            self.others.gallery()

    # The mouse, and the cursor of a table

    def action_choose(self, by: int) -> None:
        """In the table with the focus, choose the node `by` rows away."""
        self.navigation.choose_row(by)

    def on_graph_panel_zoomed(self, message: GraphPanel.Zoomed) -> None:
        """What the wheel does with Ctrl."""
        self.navigation.zoom(message.by)

    def on_panel_clicked(self, message: Panel.Clicked) -> None:
        """A click chooses a node, or a position on the timeline; two clicks on a node inspect it."""
        view, panel = self.current, message.panel
        match panel.id:
            case "timeline":
                position = position_at(view, panel.size.width, message.x)
                if position is not None:
                    self.do(Go(position))
            case "header":
                if on_menu(message.x):
                    self.others.palette()
            case "footer":
                command = command_at(
                    self.commands, view.language, panel.size.width, message.x, contexts=self._contexts()
                )
                if command is not None:
                    self.call_later(self.run_action, command.action)
            case "plots":
                self.plots.click(message.x, message.y)
            case name:
                if self.navigation.click(name or "", message) and message.times == 2:
                    self.others.inspect()


def _widget_of(slot: PanelSlot) -> type[Panel]:
    """The widget of a panel."""
    if slot.name == "graph":
        return GraphPanel
    return TablePanel if PANELS[slot.name].node_at else Panel


def _stage(view: View, width: int, height: int) -> Drawing:
    from backprop_tui.panels.stage import stage  # imported here, since no first screen has a stage

    return stage(view, width, height)


def _transcript(view: View, width: int, height: int) -> Drawing:
    from backprop_tui.panels.transcript import transcript  # nor has it a transcript

    return transcript(view, width, height)
