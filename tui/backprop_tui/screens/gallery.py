"""The gallery: the bundled scenarios, and what each is about."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen

from backprop_engine.explain.lines import Line, Role, Span, wrap_line
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.text import clip
from backprop_tui.bundle import bundled
from backprop_tui.commands import GALLERY_COMMANDS
from backprop_tui.drawing import Area, Drawing, Lines
from backprop_tui.panels.bars import key_hints
from backprop_tui.screens.bindings import bindings
from backprop_tui.texts import text
from backprop_tui.widgets.panel import Panel

__all__ = ["GalleryScreen"]


class GalleryScreen(Screen[None]):
    """A list of scenarios beside a description of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(GALLERY_COMMANDS),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("home", "move(-1000)", show=False, priority=True),
        Binding("end", "move(1000)", show=False, priority=True),
        Binding("enter,space,s,right", "open", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [(0, "-narrow"), (100, "-wide")]  # type: ignore[misc]

    chosen: reactive[int] = reactive(0)

    def __init__(self, language: str, *, ascii: bool = False) -> None:
        super().__init__()
        self.language, self.ascii = language, ascii
        self.stems = list(bundled())

    def compose(self) -> ComposeResult:
        """The list and the description."""
        yield Panel(lambda width, height: self._heading(), id="header", focusable=False)
        with Container(id="gallery"):
            yield Panel(lambda width, height: self._list(width), id="scenarios")
            yield Panel(lambda width, height: self._about(max(10, width - 2)), id="about")
        yield Panel(lambda width, height: self._hints(width), id="footer", focusable=False)

    def on_mount(self) -> None:
        """Titles, which never change."""
        self.query_one("#scenarios", Panel).border_title = Content(text("gallery.scenarios", self.language))
        self.query_one("#about", Panel).border_title = Content(text("gallery.about", self.language))
        self.set_class(self.app.has_class("-ascii"), "-ascii")
        self.query_one("#scenarios").focus()

    def watch_chosen(self) -> None:
        """Another scenario is chosen."""
        if self.is_mounted:
            for panel in self.query(Panel):
                panel.redraw()

    def _heading(self) -> Lines:
        return Lines.of([(Span(" "), Span(text("gallery.title", self.language), Role.HEADING))])

    def _hints(self, width: int) -> Drawing:
        extra = (("Enter", text("gallery.open", self.language)),)
        return key_hints(GALLERY_COMMANDS, self.language, width, extra)

    def _list(self, width: int) -> Lines:
        lines: list[Line] = []
        focus = None
        folder = ""
        for number, (stem, path) in enumerate(bundled().items()):
            if path.parent.name != folder:
                folder = path.parent.name
                lines.append((Span(f" {folder.replace('_', ' ')}", Role.DIM),))
            chosen = number == self.chosen
            if chosen:
                focus = Area(0, len(lines), 1, 1)
            mark = (">" if self.ascii else "▶") if chosen else " "
            title = clip(_title(stem, self.language), max(4, width - 4))
            lines.append((Span(f" {mark} ", Role.KEY), Span(title, Role.SELECTED if chosen else Role.TEXT)))
        return Lines.of(lines, focus)

    def _about(self, width: int) -> Lines:
        lines = self._description() if self.stems else []
        return Lines.of((Span(" "), *piece) for line in lines for piece in wrap_line(line, width))

    def _description(self) -> list[Line]:
        scenario = _scenario(self.stems[self.chosen])
        lines: list[Line] = [(Span(_title(scenario.name, self.language), Role.HEADING),), (Span(""),)]
        lines += [(Span(line),) for line in scenario.description.in_language(self.language).splitlines()]
        if scenario.source:
            source = f"{text('gallery.source', self.language)}: {scenario.source}"
            lines += [(Span(""),), (Span(source, Role.DIM),)]
        lines += [(Span(""),), (Span(f"backprop-tui {scenario.name}", Role.CODE),)]
        return lines

    def on_panel_clicked(self, message: Panel.Clicked) -> None:
        """A click chooses, two open."""
        if message.panel.id != "scenarios":
            return
        row = 0
        folder = ""
        for number, path in enumerate(bundled().values()):
            row += 2 if path.parent.name != folder else 1
            folder = path.parent.name
            if row == message.y + 1:
                self.chosen = number
                if message.times == 2:
                    self.action_open()

    def action_move(self, by: int) -> None:
        """Choose another scenario."""
        self.chosen = min(max(0, self.chosen + by), len(self.stems) - 1)

    def action_open(self) -> None:
        """Open the chosen scenario in the debugger."""
        from backprop_engine.debugger import Session
        from backprop_tui.screens.debugger import DebuggerScreen
        from backprop_tui.view import View

        scenario = _scenario(self.stems[self.chosen])
        view = View(scenario, Session(scenario.run()), self.language, self.ascii)
        self.app.push_screen(DebuggerScreen(view))

    def action_command_help(self) -> None:
        """Show the help."""
        from backprop_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.language))

    def action_command_quit(self) -> None:
        """Leave."""
        self.app.exit()


@lru_cache(maxsize=256)
def _scenario(stem: str) -> Scenario:
    return load_scenario(bundled()[stem])


def _title(stem: str, language: str) -> str:
    scenario = _scenario(stem)
    return " ".join((scenario.title.in_language(language) or stem).split())
