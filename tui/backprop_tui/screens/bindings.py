"""Key bindings from the table of commands, and what a screen needs in order to carry them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.binding import Binding

from backprop_tui.commands.row import CommandRow
from backprop_tui.files.opening import Opening
from backprop_tui.screens.left_views import LeftViews

if TYPE_CHECKING:
    from textual.screen import Screen

    from backprop_tui.view import View

__all__ = ["CommandApp", "CommandScreen", "TranslatedScreen", "binding_id", "bindings"]


@runtime_checkable
class CommandScreen(Protocol):
    """A screen that carries out commands of the table."""

    @property
    def commands(self) -> tuple[CommandRow, ...]:
        """The table with the names used there, and the keys that the user chose."""
        ...

    @property
    def offers(self) -> frozenset[str]:
        """The commands that the palette offers there."""
        ...

    def action_command(self, name: str) -> None:
        """What a key, a click or the palette does for a row of the table."""
        ...


@runtime_checkable
class TranslatedScreen(Protocol):
    """A screen that can change its language while it is open."""

    def speak(self, language: str) -> None:
        """Show everything in another language."""
        ...


@runtime_checkable
class CommandApp(Protocol):
    """An app with a table of commands of its own, in which the user's keys are, and a gallery."""

    commands: tuple[CommandRow, ...]
    left: LeftViews

    def open_gallery(self) -> None:
        """To the gallery below or, if there is none, to one on top, from which Esc leads back."""
        ...

    def once_computed(self, view: View, screen: Callable[[View], Screen[None]]) -> Screen[None]:
        """A screen of a view, or one that computes its iteration first, where that takes long."""
        ...

    def return_to(self, opening: Opening) -> bool:
        """To the debugger below that has this open, if there is one."""
        ...


def binding_id(name: str) -> str:
    """The name of a command's keys in the settings that replace them."""
    return f"command.{name}"


def bindings(commands: tuple[CommandRow, ...]) -> Iterator[Binding]:
    """The key bindings of a screen with these commands. They come before those of the widget in focus."""
    for command in commands:
        if command.name == "palette" or not command.keys:
            continue
        yield Binding(
            ",".join(command.keys),
            command.action,
            command.name,
            show=False,
            priority=True,
            id=binding_id(command.name),
        )
