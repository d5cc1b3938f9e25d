"""The gallery: scenarios in the order to read them in, and what each is about.

They are those that are bundled, by topic or by track, or those of a folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, wrap_lines
from backprop_tui.cells.text import in_ascii
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import GALLERY_COMMANDS
from backprop_tui.files.bundled import ScenarioEntry, Shelf, bundled, heading, shelves, track_shelves
from backprop_tui.panels.bars import key_hints
from backprop_tui.panels.scenarios import ScenarioList, dots, matching, share_in_words, title_of_entry
from backprop_tui.screens.bindings import CommandApp, bindings
from backprop_tui.screens.previews import Previews
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.widgets.panel import Panel
from backprop_tui.widgets.table_panel import TablePanel

if TYPE_CHECKING:
    from backprop_engine.scenario.sections.texts import ScenarioTexts
    from backprop_tui.files.folders import ScenarioFolder
    from backprop_tui.files.opening import Opening
    from backprop_tui.files.progress import Practised
    from backprop_tui.panels.preview import Preview
    from backprop_tui.view import View

__all__ = ["GalleryScreen"]


class GalleryScreen(SteadyScreen[None]):
    """A list of scenarios, those of a `folder` or the bundled ones, beside a description of the chosen
    one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(GALLERY_COMMANDS),
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("pageup", "choose(-10)", show=False),
        Binding("pagedown", "choose(10)", show=False),
        Binding("home", "choose(-1000000)", show=False),
        Binding("end", "choose(1000000)", show=False),
        Binding("enter,space,s,right", "open", show=False),
        Binding("slash", "search", show=False),
        Binding("t", "tour", show=False),
        Binding("T", "tracks", show=False),
        Binding("escape", "go_back", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [(0, "-narrow"), (100, "-wide")]  # type: ignore[misc]

    class Opened(Message):
        """A scenario was chosen, to be debugged."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    class TourWanted(Message):
        """The user wants to take the tour."""

    offers: ClassVar[frozenset[str]] = frozenset({"help", "quit"})
    """The commands that the palette offers here."""

    chosen: reactive[int] = reactive(0)

    def __init__(self, language: str, *, ascii: bool = False, folder: ScenarioFolder | None = None) -> None:
        super().__init__()
        self.language, self.ascii, self.folder = language, ascii, folder
        self.all = self.shown = shelves(bundled()) if folder is None else folder.shelves
        self.by_track = False
        self.practised: Mapping[Path, Practised] = {}
        self.previews = Previews(self, self._drawn_ahead, self._redraw)
        self.most = max((entry.level for shelf in self.all for entry in shelf.entries), default=0)

    def compose(self) -> ComposeResult:
        """The list and the description, and a line to search with."""
        yield Panel(lambda width, height: self._heading(), id="header", focusable=False)
        with Container(id="gallery"):
            yield TablePanel(lambda width, height: self._list(width), id="scenarios")
            yield Panel(lambda width, height: self._about(max(10, width - 2), height), id="about")
        field = Input(id="search", compact=True)
        field.cursor_blink = False
        field.display = False
        yield field
        yield Panel(lambda width, height: self._hints(width), id="footer", focusable=False)

    def on_mount(self) -> None:
        """Titles, and the focus."""
        self.set_class(self.app.has_class("-ascii"), "-ascii")
        self.speak(self.language)
        self.query_one("#scenarios").focus()
        self._follow()
        if self.folder is not None and self.folder.problem is not None:
            problem = self.folder.problem.in_language(self.language)
            self.notify(problem, markup=False, severity="warning", timeout=10)

    def speak(self, language: str) -> None:
        """Show everything in another language."""
        self.language = language
        self.query_one("#about", Panel).border_title = Content(msg("About").in_language(language))
        self.query_one("#search", Input).placeholder = msg("part of a title, a name or a folder").in_language(
            language
        )
        self._show_count()
        self._redraw()

    def on_screen_resume(self) -> None:
        """A scenario may have been edited in the meantime, or written."""
        if self.folder is not None and not self.folder.is_large:
            self._list_again(self.folder)
        self._read_progress()
        self._follow()
        self._redraw()

    def _list_again(self, folder: ScenarioFolder) -> None:
        """List a folder as it is now, unless it is empty; the chosen one stays chosen."""
        from backprop_tui.files.folders import scenario_folder

        try:
            self.folder = scenario_folder(folder.path)
        except UsageError:
            return
        self.all = self.folder.shelves
        self._show_all()

    def _show_all(self) -> None:
        """Show the list, as far as it matches the search."""
        self._show(matching(self.all, self.query_one("#search", Input).value) if self.searching else self.all)

    def action_tracks(self) -> None:
        """List the tracks, with practice scores; or the topics again."""
        if self.folder is not None:
            return
        self.by_track = not self.by_track
        self.all = track_shelves() if self.by_track else shelves(bundled())
        self._read_progress()
        self._show_all()

    def _read_progress(self) -> None:
        """Read the practice scores so far, where they are shown."""
        if self.by_track:
            from backprop_tui.files.practised import standing

            self.practised = standing(self.entries(self.all))
        else:
            self.practised = {}

    def watch_chosen(self) -> None:
        """Another scenario is chosen."""
        if self.is_mounted:
            self._follow()
        self._redraw()

    def _follow(self) -> None:
        """Have the picture of the chosen one made."""
        self.previews.follow(None if self.entry is None else self.entry.path)

    def _redraw(self) -> None:
        if self.is_mounted:
            for panel in self.query(Panel):
                panel.redraw()

    def _show_count(self) -> None:
        """How many scenarios are listed, and of how many."""
        listed, count = len(self.entries(self.shown)), len(self.entries(self.all))
        shown = (
            f"{listed}"
            if listed == count
            else msg("{shown} of {of}", shown=listed, of=count).in_language(self.language)
        )
        what = msg("Tracks") if self.by_track else msg("Scenarios")
        title = f"{what.in_language(self.language)} ─ {shown}"
        self.query_one("#scenarios", Panel).border_title = Content(in_ascii(title) if self.ascii else title)

    @staticmethod
    def entries(shelves: tuple[Shelf, ...]) -> list[ScenarioEntry]:
        """The scenarios of all shelves, in order."""
        return [entry for shelf in shelves for entry in shelf.entries]

    @property
    def entry(self) -> ScenarioEntry | None:
        """The chosen scenario; None where the search found none."""
        listed = self.entries(self.shown)
        return listed[self.chosen] if self.chosen < len(listed) else None

    # Drawing

    def _heading(self) -> Lines:
        title = msg("backprop-tui ─ the debugger for backpropagation").in_language(self.language)
        if self.folder is not None:
            title = f"{self.folder.name} ─ backprop-tui"
        return Lines.of([(Span(" "), Span(title, Role.HEADING))])

    def _hints(self, width: int) -> Drawing:
        extra = [("Enter", msg("open").in_language(self.language))]
        if self.searching:
            extra.append(("Esc", msg("show all").in_language(self.language)))
            return key_hints((), self.language, width, tuple(extra))
        extra.append(("/", msg("search").in_language(self.language)))
        extra.append(("t", msg("tour").in_language(self.language)))
        if self.folder is None:
            other = msg("topics") if self.by_track else msg("tracks")
            extra.append(("T", other.in_language(self.language)))
        if self.leads_back:
            extra.append(("Esc", msg("close").in_language(self.language)))
        return key_hints(GALLERY_COMMANDS, self.language, width, tuple(extra))

    def _list(self, width: int) -> Drawing:
        if not self.shown:
            return Lines.of([(Span(f" {msg('no scenario matches').in_language(self.language)}", Role.DIM),)])
        return ScenarioList(
            self.shown,
            self.chosen,
            self.language,
            width,
            self.most,
            self.previews.broken,
            self.ascii,
            {path: share_in_words(one.best) for path, one in self.practised.items()},
        )

    def _about(self, width: int, height: int) -> Lines:
        entry = self.entry
        if entry is None:
            return Lines.of([])
        preview = self.previews.known(entry.path)
        if preview is None:
            lines = wrap_lines(self._description(entry), width)
        else:
            lines = self._pictured(entry, preview, width, height)
        return Lines.of((Span(" "), *line) for line in lines)

    def _pictured(self, entry: ScenarioEntry, preview: Preview, width: int, height: int) -> list[Line]:
        """A description with its picture."""
        from backprop_tui.panels.preview import with_preview

        text = self._description(entry)
        return with_preview(text, preview, self.language, width, height, ascii=self.ascii)

    def _drawn_ahead(self, path: Path, preview: Preview) -> None:
        """Draw a picture as it will be shown, if its scenario is still the chosen one."""
        entry, room = self.entry, self.query_one("#about", Panel).size
        if entry is not None and entry.path == path:
            self._pictured(entry, preview, max(10, room.width - 2), room.height)

    def _description(self, entry: ScenarioEntry) -> list[Line]:
        about = heading(entry.path)
        lines: list[Line] = [(Span(title_of_entry(entry, self.language), Role.HEADING),)]
        if entry.level:
            level = msg("level {level} of {most}", level=entry.level, most=self.most).in_language(
                self.language
            )
            lines.append((Span(f"{dots(entry.level)} {level}", Role.DIM),))
        description = about.description.in_language(self.language).splitlines()
        lines += [(Span(line),) for line in ("", *description) if description]
        if self.by_track:
            lines += [(Span(""),), *self._on_the_track(entry, about)]
        if about.source:
            source = f"{msg('source').in_language(self.language)}: {about.source}"
            lines += [(Span(""),), (Span(source, Role.DIM),)]
        lines += [(Span(""),), (Span(f"backprop-tui {entry.named or entry.stem}", Role.CODE),)]
        return lines

    def _on_the_track(self, entry: ScenarioEntry, about: ScenarioTexts) -> Iterator[Line]:
        """What a scenario teaches, what comes before it, and how it was practised."""
        from backprop_tui.files.practised import practised_in_words

        yield (Span(" ".join(about.objective.in_language(self.language).split()), Role.NAME),)
        if about.requires:
            needed = msg("requires {names}", names=", ".join(map(clean, about.requires)))
            yield (Span(needed.in_language(self.language), Role.DIM),)
        words = practised_in_words(self.practised.get(entry.path))
        yield (Span(words.in_language(self.language), Role.DIM),)

    # Choosing and opening

    def on_panel_clicked(self, message: Panel.Clicked) -> None:
        """A click chooses, two open."""
        drawing = message.panel.drawing
        number = drawing.at_row(message.y) if isinstance(drawing, ScenarioList) else None
        if number is not None:
            self.chosen = number
            if message.times == 2:
                self.action_open()

    def choose(self, path: str) -> None:
        """Choose the scenario in this file, if it is listed."""
        paths = [str(entry.path) for entry in self.entries(self.shown)]
        if path in paths:
            self.chosen = paths.index(path)

    def action_choose(self, by: int) -> None:
        """Choose another scenario."""
        self.chosen = max(0, min(self.chosen + by, len(self.entries(self.shown)) - 1))

    def action_open(self) -> None:
        """Open the chosen scenario in the debugger."""
        from backprop_tui.files.opening import Opening
        from backprop_tui.screens.opened import view_opened

        entry = self.entry
        if entry is None:
            self.notify(
                msg("no scenario matches").in_language(self.language),
                markup=False,
                severity="warning",
            )
            return
        self.app.clear_notifications()
        among = () if self.folder is None else tuple(self.entries(self.all))
        if self.by_track:
            among = self._track_of(self.chosen)
        opening = Opening.of(entry.path, among=among)
        if isinstance(self.app, CommandApp) and self.app.return_to(opening):
            return
        if entry.path in self.previews.broken and not self._was_left(opening):
            words = msg("{file} has mistakes: see About", file=clean(entry.path.name))
            self.notify(words.in_language(self.language), markup=False, severity="error")
            return
        view = view_opened(self.app, self.notify, opening, self.language, ascii=self.ascii)
        if view is not None:
            self.post_message(self.Opened(view))

    def _track_of(self, number: int) -> tuple[ScenarioEntry, ...]:
        """The track, as a whole, that the scenario of this number is listed under."""
        for shelf in self.shown:
            if number < len(shelf.entries):
                return next(whole.entries for whole in self.all if whole.name == shelf.name)
            number -= len(shelf.entries)
        return ()

    def _was_left(self, opening: Opening) -> bool:
        return isinstance(self.app, CommandApp) and self.app.left.of(opening) is not None

    # Searching

    @property
    def searching(self) -> bool:
        """Whether the line to search with is open."""
        return bool(self.query_one("#search", Input).display)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys typed into the search line are text, not commands."""
        if action == "command":
            return not isinstance(self.focused, Input)
        return action != "go_back" or self.searching or self.leads_back

    def action_search(self) -> None:
        """Open the line to search with."""
        field = self.query_one("#search", Input)
        field.display = True
        field.focus()
        self._redraw()

    @property
    def lies_on_top(self) -> bool:
        """Whether a scenario is open below, to go back to."""
        return len(self.app.screen_stack) > 1

    @property
    def leads_back(self) -> bool:
        """Whether there is a scenario to go back to: one that is open below, or one that was left."""
        return self.lies_on_top or (isinstance(self.app, CommandApp) and self.app.left.last is not None)

    def action_go_back(self) -> None:
        """End the search; without one, go back to the scenario that is open below, or that was left last."""
        if self.searching:
            self._end_search()
        elif self.lies_on_top:
            self.dismiss()
        elif isinstance(self.app, CommandApp) and self.app.left.last is not None:
            self.post_message(self.Opened(replace(self.app.left.last, language=self.language)))

    def _end_search(self) -> None:
        """List all again; the chosen one stays chosen."""
        field = self.query_one("#search", Input)
        field.display = False
        field.value = ""
        self._show(self.all)
        self.query_one("#scenarios").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what matches the text typed so far."""
        if self.searching:
            self._show(matching(self.all, event.value))

    def on_input_submitted(self) -> None:
        """Open the chosen one."""
        self.action_open()

    def _show(self, shown: tuple[Shelf, ...]) -> None:
        """List these; the chosen one stays chosen if it is among them, else the first is."""
        before, self.shown = self.entry, shown
        paths = [entry.path for entry in self.entries(shown)]
        self.chosen = paths.index(before.path) if before is not None and before.path in paths else 0
        self._follow()
        self._show_count()
        self._redraw()

    # Commands

    @property
    def commands(self) -> tuple[CommandRow, ...]:
        """The table of commands, with the keys that the user chose."""
        return self.app.commands if isinstance(self.app, CommandApp) else GALLERY_COMMANDS

    def action_tour(self) -> None:
        """Take the tour."""
        self.post_message(self.TourWanted())

    def action_command(self, name: str) -> None:
        """What a key or the palette does for a row of the table."""
        if name == "help":
            self._show_help()
        elif name == "quit":
            self.app.exit()

    def _show_help(self) -> None:
        from backprop_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.language, panel="gallery"))
