"""The debugger's screen: panels side by side on a wide terminal, one above the other on a narrow one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size

from backprop_engine.debugger import (
    Fold,
    Go,
    Over,
    Select,
    Step,
    ToBackward,
    ToEnd,
    ToStart,
)
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.explain.numbers import summary
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import plain
from backprop_tui.cells.text import in_ascii
from backprop_tui.commands import COMMANDS
from backprop_tui.panel_slots import FIRST_IN_FRONT, PANEL_SLOTS, PanelSlot
from backprop_tui.panels.bars import command_at, header, key_hints, on_menu, too_small
from backprop_tui.panels.chain_rule import chain_rule
from backprop_tui.panels.graph import graph_picture, node_at
from backprop_tui.panels.table import DRAWN
from backprop_tui.panels.timeline import position_at, timeline
from backprop_tui.panels.transcript import transcript
from backprop_tui.panels.why import why
from backprop_tui.screens.bindings import bindings
from backprop_tui.screens.body import Body, rows_of_graph
from backprop_tui.screens.looking import LookingScreen
from backprop_tui.texts import text
from backprop_tui.view import View
from backprop_tui.widgets.graph_panel import GraphPanel
from backprop_tui.widgets.panel import DrawFunction, Panel
from backprop_tui.widgets.table_panel import TablePanel

__all__ = ["DebuggerScreen"]

WIDE, ROOMY = 100, 160
"""From so many columns on, panels stand side by side, and more of them."""
LEAST = (60, 20)
"""The least columns and rows that are comfortable; a smaller screen says so."""
_BARS = 3
"""The rows of the header, the timeline and the footer on a narrow screen."""
_BREAKPOINTS: list[tuple[int, str]] = [(0, "-narrow"), (WIDE, "-wide"), (ROOMY, "-roomy")]


class DebuggerScreen(LookingScreen):
    """A scenario being stepped through."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(COMMANDS))
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = _BREAKPOINTS  # type: ignore[misc]
    AUTO_FOCUS = "#graph"

    def __init__(self, view: View) -> None:
        super().__init__()
        self.set_reactive(DebuggerScreen.view, view)
        self._panels: dict[str, Panel] = {}
        """All panels by name, as soon as they are there: they are asked for at every step."""
        self._hints: tuple[object, Drawing] | None = None
        self._links: dict[tuple[str, str], list[tuple[str, str]]] = {}
        """What stands in a panel's border, by panel and language, for the arrangement there is."""
        self.recent = tuple(dict.fromkeys((*FIRST_IN_FRONT, *(place.name for place in PANEL_SLOTS[1:]))))
        """The panels from the one brought to the front last; of each region the first of them is seen."""

    def compose(self) -> ComposeResult:
        """The panels in the order that tab goes through them."""
        yield Panel(self._header, id="header", focusable=False)
        with Body(self._rows_of_graph, id="body"):
            for place in PANEL_SLOTS:
                drawn = DRAWN[place.name]
                yield _kind(place)(
                    self._drawn(drawn.draw),
                    id=place.name,
                    centred=drawn.centred,
                    scrubs=drawn.scrubs,
                    pinned=drawn.pinned,
                )
        yield Panel(self._drawn(transcript), id="transcript")
        yield Panel(self._drawn(timeline), id="timeline", focusable=False, scrubs=True)
        yield self.mistakes_panel()
        yield Panel(self._footer, id="footer", focusable=False)

    def _drawn(self, function: Callable[[View, int, int], Drawing]) -> DrawFunction:
        """A panel's function, applied to whatever the view is when it is drawn."""
        return lambda width, height: function(self.current, width, height)

    def _header(self, width: int, height: int) -> Drawing:
        """Where one is; on a screen too small to be comfortable, that it is."""
        if self.size.width < LEAST[0] or self.size.height < LEAST[1]:
            return too_small(self.size, LEAST, self.current.language, ascii=self.current.ascii)
        return header(self.current, width, height)

    def _footer(self, width: int, height: int) -> Drawing:
        """The keys at the bottom, drawn once for a language and a width."""
        made_for = (self.current.language, width)
        if self._hints is None or self._hints[0] != made_for:
            self._hints = (made_for, key_hints(self.commands, self.current.language, width))
        return self._hints[1]

    def panel(self, name: str) -> Panel:
        """The panel called `name`."""
        return self._panels[name]

    # Showing

    def on_mount(self) -> None:
        """The titles; the panels draw themselves as soon as they have a size."""
        self._panels = {panel.id or "": panel for panel in self.query(Panel)}
        # Textual sets these classes when it has laid out for the first time, and lays out once more.
        fitting = max(one for one in _BREAKPOINTS if one[0] <= self.app.size.width)
        for one in _BREAKPOINTS:
            self.set_class(one == fitting, one[1])
        self.set_class(self.app.has_class("-ascii"), "-ascii")
        width, height = self.app.size
        self.query_one(Body).share(Size(width, height - _BARS))  # before anything is drawn in another size
        self._arrange()
        self.call_after_refresh(self.lay_out)

    def watch_view(self) -> None:
        """Another view: every panel shows its function of it."""
        if self.is_mounted:
            self._show_titles()
            for panel in self._panels.values():
                if panel.display:
                    panel.redraw()
            self.query_one(Body).share()
            self.fill()
            self.lay_out()

    def on_resize(self) -> None:
        """Another size has room for other panels."""
        self.call_after_refresh(self._arrange)

    def _region(self, place: PanelSlot) -> str:
        """Where a panel stands on a screen of this size; on a narrow one all but the graph share a place."""
        if self.has_class("-narrow"):
            return "graph" if place.region == "graph" else "shared"
        return place.roomy if self.has_class("-roomy") else place.region

    def _rows_of_graph(self, size: Size) -> int | None:
        """The rows that the graph gets of so many; None where the style sheet says."""
        return rows_of_graph(self.current, size) if self.app.size.width < WIDE else None

    def _arrange(self) -> None:
        """Of each region, show the panel brought to the front last."""
        self._links.clear()
        front: dict[str, str] = {"graph": "graph"}
        for name in self.recent:
            front.setdefault(self._region(_PLACE[name]), name)
        for place in PANEL_SLOTS:
            self.panel(place.name).set_class(front[self._region(place)] != place.name, "-behind")
        self.query_one(Body).share()
        self._show_titles()

    def _show_titles(self) -> None:
        """Titles of panels; text of a scenario is never taken for markup."""
        view = self.current
        for place in PANEL_SLOTS:
            panel = self.panel(place.name)
            if panel.has_class("-behind"):
                continue
            drawn = DRAWN[place.name]
            title = drawn.title(view) if drawn.title else place.title(view.language)
            panel.entitle(self._said(title), self._behind(place))
        self.panel("timeline").entitle(self._said(text("panel.timeline", view.language)))

    def _said(self, shown: str) -> str:
        return in_ascii(shown) if self.current.ascii else shown

    def _behind(self, front: PanelSlot) -> list[tuple[str, str]]:
        """The panels behind one, each with the digit that brings it to the front, and what a click does."""
        asked = (front.name, self.current.language)
        if asked not in self._links:
            region = self._region(front)
            self._links[asked] = [
                (self._said(f"{number} {place.title(self.current.language)}"), f"screen.show('{place.name}')")
                for number, place in enumerate(PANEL_SLOTS, 1)
                if place is not front and self._region(place) == region
            ]
        return self._links[asked]

    # Commands

    def action_command_step(self) -> None:
        """One step."""
        self.do(Step())

    def action_command_back(self) -> None:
        """One step back."""
        self.do(Step(-1))

    def action_command_over(self) -> None:
        """Over a node."""
        self.do(Over())

    def action_command_over_back(self) -> None:
        """Back over a node."""
        self.do(Over(-1))

    def action_command_backward(self) -> None:
        """To where the backward pass begins."""
        self.do(ToBackward())

    def action_command_start(self) -> None:
        """To the start."""
        self.do(ToStart())

    def action_command_end(self) -> None:
        """To the end."""
        self.do(ToEnd())

    def action_command_go(self) -> None:
        """Ask for a position and go there."""
        from backprop_tui.screens.go import GoScreen

        def go(position: int | None) -> None:
            if position is not None:
                self.do(Go(position))

        self.app.push_screen(GoScreen(self.current.session.last, self.current.language), go)

    def action_command_next_panel(self) -> None:
        """Give the focus to the next panel."""
        self._give_focus(1)

    def action_command_previous_panel(self) -> None:
        """Give the focus to the previous panel."""
        self._give_focus(-1)

    def _give_focus(self, by: int) -> None:
        """To the panel `by` places further; what stands behind others comes to the front."""
        names = [place.name for place in PANEL_SLOTS]
        if self.mistakes_are_shown:
            names.append("mistakes")
        focused = self.focused.id if self.focused is not None and self.focused.id in names else names[-by]
        self.show(names[(names.index(focused) + by) % len(names)])

    def show(self, name: str) -> None:
        """Bring a panel to the front and give it the focus."""
        if name in self.recent:
            self.recent = (name, *(one for one in self.recent if one != name))
            self._arrange()
        self.fill()
        self.panel(name).focus()
        self.call_after_refresh(self.panel(name).redraw)

    def action_show(self, name: str) -> None:
        """What a digit does."""
        self.show(name)

    def action_command_transcript(self) -> None:
        """Read the run as text instead of panels, or have the panels back."""
        self.toggle_class("-transcript")
        reading = self.has_class("-transcript")
        name = "transcript" if reading else "graph"
        self.panel(name).focus()
        self.call_after_refresh(self.watch_view)

    def action_command_inspect(self) -> None:
        """Show the tensors of the chosen node, or of the step's own; from the chain rule, its product."""
        from backprop_tui.screens.inspect import InspectScreen

        edge = self.current.frame.edge
        if edge is not None and self.focused is not None and self.focused.id == "chain":
            self.app.push_screen(InspectScreen(self.current, self.current.graph.nodes[edge.operand], edge))
            return
        node = self.chosen_node()
        if node is None:
            self._notify(text("inspect.choose", self.current.language), wrong=True)
            return
        self.app.push_screen(InspectScreen(self.current, node))

    def action_command_beside(self) -> None:
        """Two branches side by side: the baseline, and the one that one is on."""
        self.action_beside(BASELINE, self.current.session.branches.current)

    def action_beside(self, one: str, other: str) -> None:
        """Two branches side by side."""
        from backprop_tui.screens.beside import BesideScreen, pair_of

        if one == other:
            self.notify(text("beside.alone", self.current.language), markup=False)
        else:
            self.app.push_screen(BesideScreen(pair_of(self.current, one, other)))

    def action_command_copy(self) -> None:
        """Copy what the mouse has marked, else the chosen node, else the step's equation and words."""
        view = self.current
        marked = self.get_selected_text()
        if not marked and view.session.selection is not None:
            node = view.graph.nodes[view.session.selection]
            gradient = summary(view.frame.gradient(node), 60)
            marked = f"{node.name} = {summary(view.frame.value(node), 60)}, gradient {gradient}"
        if not marked:
            drawings = (chain_rule(view, 78, 20), why(view, 78, 20))
            marked = plain(
                drawing.row(y, 0, 78) for drawing in drawings for y in range(drawing.height)
            ).strip("\n")
        self.app.copy_to_clipboard(marked)
        first = marked.strip().splitlines()[0].strip() if marked.strip() else ""
        self.notify(text("copied", view.language, what=first), markup=False, timeout=2)

    def action_command_edit_file(self) -> None:
        """Open the file in the reader's editor, where the chosen node is written, or the step's own."""
        self.edit(self.chosen_node())

    def action_command_help(self) -> None:
        """Show the help."""
        from backprop_tui.screens.help import HelpScreen

        focused = self.focused.id if self.focused is not None else None
        explained = focused if focused in (*_PLACE, "transcript") else None
        self.app.push_screen(HelpScreen(self.current.language, self.commands, explained or ""))

    def action_command_tour(self) -> None:
        """Take the tour; what is open here stays."""
        from backprop_tui.screens.tour import TourScreen, tour_view

        self.app.push_screen(TourScreen(tour_view(self.current.language, ascii=self.current.ascii)))

    def action_command_gallery(self) -> None:
        """Stop what takes long, close what is open, let go of what is chosen, or go back to the gallery."""
        if self.current.session.pending is not None:
            self.halt()
        elif self.get_selected_text():
            self.clear_selection()
        elif self.mistakes_are_shown:
            self.close_mistakes()
        elif self.current.session.selection is not None or self.current.found:
            self.view = replace(self.current, found=())
            self.do(Select(None))
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def action_command_quit(self) -> None:
        """Leave."""
        self.app.exit()

    # The mouse, and the table's cursor

    def on_panel_clicked(self, message: Panel.Clicked) -> None:
        """A click chooses a node, or a position on the timeline; two clicks on a node inspect it."""
        view = self.current
        if message.panel.id == "timeline":
            position = position_at(view, message.panel.size.width, message.x)
            if position is not None:
                self.do(Go(position))
            return
        if message.panel.id == "header":
            if on_menu(message.x):
                self.action_command_palette()
            return
        if message.panel.id == "footer":
            command = command_at(self.commands, view.language, message.panel.size.width, message.x)
            if command is not None:
                self.call_later(self.run_action, command.action)
            return
        if message.panel.id == "plots":
            self.click_plot(message.panel, message.x, message.y)
            return
        drawn = self.drawn(message.panel)
        group = drawn.group_at(view, message.y) if drawn and drawn.group_at else ""
        if group and message.times == 1:
            self.do(Fold(group))
            return
        node = None
        if message.panel.id == "graph":
            node = node_at(graph_picture(view), message.x, message.y)
        elif drawn is not None and drawn.node_at is not None:
            node = drawn.node_at(view, message.y)
        if node is not None:
            self.do(Select(node.position))
            if message.times == 2:
                self.action_command_inspect()


_PLACE = {place.name: place for place in PANEL_SLOTS}


def _kind(place: PanelSlot) -> type[Panel]:
    """The widget of a panel."""
    drawn = DRAWN[place.name]
    if place.name == "graph":
        return GraphPanel
    return TablePanel if drawn.node_at else Panel
