"""The application: it holds the screens, the themes and the command palette."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from backprop_tui.commands import COMMANDS, GALLERY_COMMANDS
from backprop_tui.themes import DARK, LIGHT
from backprop_tui.view import View

__all__ = ["DebuggerApp"]


class DebuggerApp(App[None]):
    """The debugger on a scenario, or the gallery where none is given."""

    CSS_PATH = "app.tcss"
    TITLE = "backprop-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", show=False, priority=True),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self, view: View | None = None, *, language: str = "en", theme: str = "", ascii: bool = False
    ) -> None:
        super().__init__()
        self.start_view, self.language, self.ascii = view, language, ascii
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme or DARK.name
        self.animation_level = "none"
        self.set_class(ascii, "-ascii")

    def on_mount(self) -> None:
        """Open the debugger or the gallery."""
        if self.start_view is None:
            from backprop_tui.screens.gallery import GalleryScreen

            self.push_screen(GalleryScreen(self.language, ascii=self.ascii))
        else:
            from backprop_tui.screens.debugger import DebuggerScreen

            self.push_screen(DebuggerScreen(self.start_view))

        self.call_after_refresh(_look_for_garbage_from_now_on)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the commands of the screen, from the one table, and the themes."""
        commands = COMMANDS if hasattr(screen, "action_command_step") else GALLERY_COMMANDS
        for command in commands:
            action = getattr(screen, f"action_command_{command.name}", None)
            if action is not None:
                yield SystemCommand(
                    f"{command.label(self.language)}  {command.shown}", command.help(self.language), action
                )
        for theme in sorted(self.available_themes):
            yield SystemCommand(f"theme {theme}", "", lambda name=theme: setattr(self, "theme", name))


def _look_for_garbage_from_now_on() -> None:
    """What was loaded before the first screen stays, and need not be looked through again and again."""
    gc.freeze()
    gc.enable()
