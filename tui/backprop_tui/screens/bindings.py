"""Key bindings from the table of commands."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding

from backprop_tui.commands import Command

__all__ = ["bindings"]


def bindings(commands: tuple[Command, ...]) -> Iterator[Binding]:
    """The key bindings of a screen with these commands. They come before those of the widget in focus."""
    for command in commands:
        if command.name == "palette":
            continue
        yield Binding(
            ",".join(command.keys),
            command.action or f"command_{command.name}",
            command.name,
            show=False,
            priority=True,
        )
