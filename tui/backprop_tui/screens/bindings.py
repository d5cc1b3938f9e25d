"""Key bindings from the table of commands."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding

from backprop_tui.commands import CommandRow

__all__ = ["binding_id", "bindings"]


def binding_id(name: str) -> str:
    """What the keys of a command are called where others are chosen for it."""
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
