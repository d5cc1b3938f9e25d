"""The application: it holds the screens, the themes and the command palette."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.events import Event, InputEvent
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.translations import language_name, languages
from backprop_engine.scenario.work import takes_long
from backprop_engine.trace.run import Run
from backprop_tui.cells.text import in_ascii
from backprop_tui.commands.keys import remapped
from backprop_tui.commands.table import COMMANDS
from backprop_tui.screens.bindings import CommandScreen, TranslatedScreen, binding_id
from backprop_tui.screens.left_views import LeftViews, is_same
from backprop_tui.screens.steady import WINDOWS
from backprop_tui.settings import UserSettings, change_setting
from backprop_tui.textual_private import BoundedApp, ToldOfErrors, mounted, replaceable
from backprop_tui.themes import DARK, LIGHT
from backprop_tui.view import View

if TYPE_CHECKING:
    from backprop_tui.files.folders import ScenarioFolder
    from backprop_tui.files.opening import Opening
    from backprop_tui.screens.gallery import GalleryScreen

__all__ = ["DebuggerApp"]


_STYLES, _IN_ASCII = (Path(__file__).with_name(f"{name}.tcss") for name in ("app", "ascii"))
"""The styles of the debugger's screen, and those of all screens in plain signs."""
_YOUNG = 50000
_PAGES: Final = (
    "backprop_tui.render.check_line",
    "backprop_tui.render.equation.equation",
    "backprop_tui.render.equation.working",
    "backprop_tui.render.formulas.page",
    "backprop_tui.render.meaning",
    "backprop_tui.screens.read_ahead",
    "backprop_engine.evaluation.spelled_out",
    "backprop_engine.derivatives.decomposition",
    "backprop_engine.explain.effect",
    "backprop_engine.explain.run_summary",
    "backprop_engine.explain.shape_argument",
    "backprop_engine.explain.step_check",
    "numpy.random",
    "tomllib",
    "wcwidth",
)
"""What the pages of steps are made with, the last one's too."""
_UNTIL_READ: Final = 0.3
"""Seconds after the first screen during which no key is expected."""
_FOREVER: Final = 1e6
"""Seconds."""


def _provider() -> type[Provider]:
    from backprop_tui.screens.palette import Commands

    return Commands


class DebuggerApp(BoundedApp[None], ToldOfErrors[None]):
    """The debugger on a scenario or, where none is given, the gallery: of a `folder`, or of what is bundled.

    In a `still` one, time stands still: nothing plays, is laid out or vanishes while keys are pressed. In an
    `animated` one a pulse runs along the wires of each step.
    """

    TITLE = "backprop-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p,f2", "command_palette", show=False, priority=True, id=binding_id("palette")),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_provider}

    def __init__(
        self,
        view: View | None = None,
        *,
        language: str = "en",
        theme: str = "",
        ascii: bool = False,
        settings: UserSettings | None = None,
        still: bool = False,
        animated: bool = False,
        folder: ScenarioFolder | None = None,
        staged: bool = False,
    ) -> None:
        styles = [_STYLES, *([WINDOWS] if view is None else []), *([_IN_ASCII] if ascii else [])]
        super().__init__(css_path=[*styles])
        self.staged = staged
        self.ends = False
        self.has_failed = False
        """Whether it ends because of an error of its own; then `left` has all that was open."""
        self.left = LeftViews()
        self.start_view, self.language, self.ascii, self.folder = view, language, ascii, folder
        self.settings = settings or UserSettings()
        self.commands = remapped(COMMANDS, self.settings.keys)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        preferred = self.settings.theme if self.settings.theme in self.available_themes else ""
        self._begin_in(theme or preferred or DARK.name)
        self.animation_level = "none"
        self.set_class(ascii, "-ascii")
        self.set_class(still, "-still")
        self.set_class(animated and not still, "-animated")

    def _begin_in(self, name: str) -> None:
        """Take the first theme. A dark one is there before any style is read; setting it reads all again."""
        theme = self.get_theme(name)
        if theme is None or not theme.dark:
            self.theme = name
            return
        self.set_reactive(App.theme, name)
        self.set_class(True, f"-theme-{name}")
        self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours: none at all, where the theme leaves the background to the terminal."""
        filters = super().get_line_filters()
        if not self.no_color or not self.native_ansi_color:
            return filters
        return [NoColor() if isinstance(line_filter, Monochrome) else line_filter for line_filter in filters]

    def get_default_screen(self) -> Screen[None]:
        """The debugger or the gallery: nothing else is painted before it, and it is at the bottom."""
        first = self._gallery() if self.start_view is None else self._opened(self.start_view)
        return replaceable(first)

    async def on_event(self, event: Event) -> None:
        """Keys and clicks wait until the screen that they are for is there."""
        if isinstance(event, InputEvent):
            await mounted(self.screen)
        await super().on_event(event)

    def on_mount(self) -> None:
        """Offer the tour in the gallery, and load what a debugger needs later."""
        self.set_keymap({binding_id(name): ",".join(keys) for name, keys in self.settings.keys.items()})
        if self.start_view is None:
            self._offer_tour(self.open_gallery().action_tour)
        elif not self.is_headless:
            self.call_after_refresh(self.set_timer, _UNTIL_READ, self._load_pages)
        self._tell_problems()
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(), immediate=True)
        self.call_after_refresh(_start_garbage_collection)

    def _load_pages(self) -> None:
        """Load whatever keys should not have to wait for, and leave that out of garbage collection too."""
        for name in _PAGES:
            import_module(name)
        self.read_windows()
        gc.freeze()
        gc.collect()  # of nothing yet: the next one is a long way off

    def read_windows(self) -> None:
        """Read the styles of windows before one is opened, which would read all styles again."""
        if not self.stylesheet.has_source(str(WINDOWS)):
            self.stylesheet.read(WINDOWS)
            self.stylesheet.parse()

    def open_gallery(self) -> GalleryScreen:
        """To the gallery below or, if there is none, to one on top, from which Esc leads back."""
        from backprop_tui.screens.gallery import GalleryScreen

        below = [screen for screen in self.screen_stack if isinstance(screen, GalleryScreen)]
        if not below:
            gallery = self._gallery()
            self.push_screen(gallery)
            return gallery
        gallery = below[-1]
        while self.screen is not gallery:
            shown = self._keep_what_is_open()
            self.pop_screen()
            if shown is not None:
                gallery.choose(shown.scenario.path)
        return gallery

    def _gallery(self) -> GalleryScreen:
        """A gallery of what there is to choose from."""
        from backprop_tui.screens.gallery import GalleryScreen

        return GalleryScreen(self.language, ascii=self.ascii, folder=self.folder)

    def _keep_what_is_open(self) -> View | None:
        """Keep what the screen in front debugs, if anything; the tour always begins again."""
        from backprop_tui.screens.debugger import DebuggerScreen

        if isinstance(self.screen, DebuggerScreen) and self.screen.guide is None:
            self.left.keep(self.screen.current)
            return self.screen.current
        return None

    def fail(self) -> None:
        """Keep what all screens debug, for the caller of the app."""
        from backprop_tui.screens.debugger import DebuggerScreen

        self.has_failed = True
        for screen in self.screen_stack:
            if isinstance(screen, DebuggerScreen) and screen.guide is None:
                self.left.keep(screen.current)

    def return_to(self, opening: Opening) -> bool:
        """To the debugger below that has this open, if there is one."""
        from backprop_tui.screens.debugger import DebuggerScreen

        for screen in reversed(self.screen_stack):
            has = screen.current.opening if isinstance(screen, DebuggerScreen) and not screen.guide else None
            if has is not None and is_same(has, opening):
                while self.screen is not screen:
                    self.pop_screen()
                return True
        return False

    def _offer_tour(self, accept: Callable[[], None]) -> None:
        """At the first start, ask whether the user wants the tour; never if the answer cannot be saved."""
        if self.settings.path is None or self.settings.toured:
            return
        from backprop_tui.screens.tour import OfferScreen

        with suppress(UsageError):
            change_setting(self.settings.path, "toured", "yes")
            self.push_screen(OfferScreen(self.language, accept))

    def on_gallery_screen_opened(self, message: GalleryScreen.Opened) -> None:
        """Debug what was chosen in a gallery."""
        self.push_screen(self._opened(message.view))

    def _opened(self, view: View) -> Screen[None]:
        """The debugger for a view."""
        from backprop_tui.screens.debugger import DebuggerScreen

        return self.once_computed(view, lambda computed: DebuggerScreen(computed, staged=self.staged))

    def once_computed(self, view: View, screen: Callable[[View], Screen[None]]) -> Screen[None]:
        """A screen of a view, or one that computes its iteration first, where that takes long.

        If time stands still, that is not visible.
        """
        run = view.session.run
        here = type(run) is Run and run.missing(view.session.iteration) and not self.has_class("-still")
        if not here or not takes_long(run.graph):
            return screen(view)
        from backprop_tui.screens.computing import ComputingScreen

        return ComputingScreen(view, screen)

    def on_gallery_screen_tour_wanted(self) -> None:
        """Begin the tour."""
        from backprop_tui.screens.debugger import DebuggerScreen
        from backprop_tui.screens.tour import TourGuide, tour_view

        self.push_screen(DebuggerScreen(tour_view(self.language, ascii=self.ascii), TourGuide()))

    def _tell_problems(self) -> None:
        """Report what is invalid in the settings."""
        problems: list[str] = list(self.settings.problems)
        if self.settings.theme and self.settings.theme not in self.available_themes:
            problems.append(msg("settings: there is no theme {theme}", theme=self.settings.theme))
        if problems:
            text = "\n".join(in_language(problem, self.language) for problem in problems)
            self.notify(text, markup=False, severity="warning", timeout=10)

    def notify(self, message: str, *, timeout: float | None = None, **options: Any) -> None:
        """Say something over the panels, in plain signs where the terminal is to get no others.

        If time stands still, it stays.
        """
        seconds = _FOREVER if self.has_class("-still") else timeout
        super().notify(in_ascii(message) if self.ascii else message, timeout=seconds, **options)

    def exit(self, *arguments: Any, **options: Any) -> None:
        """End the app."""
        self.ends = True
        super().exit(*arguments, **options)

    async def run_action(self, *arguments: Any, **options: Any) -> bool:
        """What a key asks for; once the app ends, keys typed after that do nothing."""
        return self.ends or await super().run_action(*arguments, **options)

    def action_command_palette(self) -> None:
        """Show the palette, in the language of the app."""
        from backprop_tui.screens.palette import palette

        if not CommandPalette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(palette(self.language))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        return [offer for offer, _ in self.offered(screen, self.language)]

    def offered(
        self, screen: Screen[object], language: str
    ) -> Iterable[tuple[SystemCommand, tuple[str, ...]]]:
        """The palette in `language`: the commands of the screen, from its table, languages and themes;
        each with its names at the prompt.
        """
        offers = screen.offers if isinstance(screen, CommandScreen) else frozenset[str]()
        for row in screen.commands if isinstance(screen, CommandScreen) else ():
            if isinstance(screen, CommandScreen) and row.name in offers:
                title = f"{row.label.in_language(language)}  {row.called}"
                yield (
                    SystemCommand(
                        title, row.help.in_language(language), partial(screen.action_command, row.name)
                    ),
                    row.prompt,
                )
        if "step" in offers:  # a run is shown there, in a language
            for other in languages():
                title = msg(
                    "language {name}", name=f"{language_name(other, language)} ({other})"
                ).in_language(language)
                yield SystemCommand(title, "", partial(self.choose_language, other)), ()
        for theme in sorted(self.available_themes):
            title = msg("theme {name}", name=theme).in_language(language)
            yield SystemCommand(title, "", partial(self.choose_theme, theme)), ()

    def choose_language(self, language: str) -> None:
        """Speak another language from now on, also the next time."""
        self.language = language
        for screen in self.screen_stack:
            if isinstance(screen, TranslatedScreen):
                screen.speak(language)
        self._keep("language", language)

    def choose_theme(self, theme: str) -> None:
        """Another theme from now on, also the next time."""
        self.theme = theme
        self._keep("theme", theme)

    def _keep(self, name: str, value: str) -> None:
        """Write a setting, where settings are kept."""
        if self.settings.path is None:
            return
        try:
            change_setting(self.settings.path, name, value)
        except UsageError as error:
            self.notify(error.in_language(self.language), markup=False, severity="warning")


def _start_garbage_collection() -> None:
    """Enable garbage collection, with everything loaded before the first screen left out of it.

    A key press creates and drops tens of thousands of small objects, so the threshold is above Python's.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG)
    gc.enable()
