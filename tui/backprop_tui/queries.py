"""What can be requested beside the engine's commands, as values: questions, and commands of the screen."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from backprop_engine.debugger import Command as EngineCommand

__all__ = [
    "Compare",
    "Expect",
    "Export",
    "Find",
    "Help",
    "Info",
    "ListNodes",
    "Load",
    "NudgeLeaf",
    "Print",
    "Query",
    "Quit",
    "Request",
    "Save",
    "ScreenCommand",
    "Who",
    "Why",
]


class Print(Struct, frozen=True):
    """The value of a node, of a gradient, or of an expression, at this position."""

    text: str


class Expect(Struct, frozen=True):
    """Whether an expression is true in every entry."""

    text: str


class ListNodes(Struct, frozen=True):
    """Every node with its value and its gradient."""


class Who(Struct, frozen=True):
    """What contributed to the gradient of a node, or to one entry of it."""

    node: int
    entry: tuple[int, ...] = ()


class Why(Struct, frozen=True):
    """The paths that the gradient of a node, or one entry of it, comes along."""

    node: int
    entry: tuple[int, ...] = ()


class Find(Struct, frozen=True):
    """Nodes by name, or steps that are about something."""

    text: str


class Info(Struct, frozen=True):
    """What is set up: `breakpoints`, `watches`, `stack`, `branches` or `groups`; empty for all of it."""

    topic: str = ""


class Compare(Struct, frozen=True):
    """What differs between two branches."""

    first: str
    second: str


class NudgeLeaf(Struct, frozen=True):
    """Move one entry of a leaf a little, and see how the output changes."""

    name: str
    entry: tuple[int, ...]
    size: float


class Save(Struct, frozen=True):
    """Keep breakpoints and watches in a file; without a name the one beside the scenario."""

    path: str = ""


class Load(Struct, frozen=True):
    """Take breakpoints and watches from a file; without a name the one beside the scenario."""

    path: str = ""


class Export(Struct, frozen=True):
    """Write the scenario as it is now to a new file."""

    path: str


class ScreenCommand(Struct, frozen=True):
    """What only a screen can do: a command by its name in the table, and its arguments."""

    name: str
    arguments: tuple[str, ...] = ()


class Help(Struct, frozen=True):
    """All commands, or one of them, by any of its names."""

    name: str = ""


class Quit(Struct, frozen=True):
    """Leave: the app, or the script."""


Query: TypeAlias = (
    Print | Expect | ListNodes | Who | Why | Find | Info | Compare | NudgeLeaf | Save | Load | Export
    | ScreenCommand | Help | Quit
)  # fmt: skip
Request: TypeAlias = EngineCommand | Query
