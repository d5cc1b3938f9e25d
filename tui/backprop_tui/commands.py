"""Every command of the debugger, once: key bindings, footer, help and palette follow from this table."""

from __future__ import annotations

from msgspec import Struct

from backprop_tui.texts import text

__all__ = ["COMMANDS", "GALLERY_COMMANDS", "Command"]


class Command(Struct, frozen=True):
    """A command: its keys, and the action of the screen that carries it out.

    Its label and help are the texts ``command.<name>`` and ``command.<name>.help``. `shown` are the keys as
    people read them; `footer` is its rank at the bottom of the screen, where the last give way first, and 0
    for those that never stand there.
    """

    name: str
    keys: tuple[str, ...]
    shown: str
    footer: int = 0
    action: str = ""

    def label(self, language: str) -> str:
        """Its name in the footer and the palette."""
        return text(f"command.{self.name}", language)

    def help(self, language: str) -> str:
        """What it does."""
        return text(f"command.{self.name}.help", language)


COMMANDS: tuple[Command, ...] = (
    Command("step", ("s", "right"), "s →", 1),
    Command("back", ("S", "left"), "S ←", 2),
    Command("over", ("n",), "n", 3),
    Command("over_back", ("N",), "N", 8),
    Command("backward", ("m",), "m", 4),
    Command("iteration", ("right_curly_bracket",), "}"),
    Command("iteration_back", ("left_curly_bracket",), "{"),
    Command("start", ("home",), "Home", 11),
    Command("end", ("end",), "End", 10),
    Command("go", ("g",), "g", 7),
    Command("next_panel", ("tab",), "Tab", 9),
    Command("previous_panel", ("shift+tab",), "Shift+Tab"),
    Command("inspect", ("enter",), "Enter", 6),
    Command("copy", ("y",), "y", 12),
    Command("help", ("question_mark", "f1"), "?", 5),
    Command("palette", ("ctrl+p",), "Ctrl+P"),
    Command("gallery", ("escape",), "Esc"),
    Command("quit", ("q",), "q", 1),
)

GALLERY_COMMANDS = tuple(command for command in COMMANDS if command.name in {"help", "palette", "quit"})
