"""What the app is started in: the variables that Textual heeds, and how large its terminal says it is.

Textual reads most of its variables as it is imported, and ends in an error where it cannot do what one says.
So it is imported here only once it is needed; a server that needs only `bounded` does without it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from inspect import isclass
from typing import Final

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean

__all__ = [
    "bounded",
    "check_variables",
    "drawn_on_the_terminal",
    "measured_by_the_terminal",
    "nothing_heeded",
]

_MOST_COLUMNS, _MOST_ROWS = 1000, 500
_MOST_FRAMES: Final = 1000
"""Frames in a second, past which an app does nothing but draw."""
_COLOUR_SYSTEMS: Final = ("auto", "standard", "256", "truecolor", "windows")
_UNSET: Final = {"COLOR_SYSTEM": "auto", "DRIVER": None, "FILTERS": "", "LOG_FILE": None, "PRESS": ""}
"""What those of Textual's variables that it looks up later mean when they are not set."""


def check_variables() -> None:
    """Raise a `UsageError` if a variable asks Textual for something that it cannot do."""
    from textual import constants

    if constants.COLOR_SYSTEM not in _COLOUR_SYSTEMS:
        raise UsageError(
            msg(
                "{variable} is {value}: write one of {choices}, or unset it",
                variable="TEXTUAL_COLOR_SYSTEM",
                value=_quoted(constants.COLOR_SYSTEM),
                choices=", ".join(_COLOUR_SYSTEMS),
            )
        )
    if constants.MAX_FPS > _MOST_FRAMES:
        raise UsageError(
            msg(
                "{variable} is {value}: write a number up to {most}, or unset it",
                variable="TEXTUAL_FPS",
                value=_quoted(str(constants.MAX_FPS)),
                most=_MOST_FRAMES,
            )
        )
    if constants.DRIVER is not None and not _is_driver(constants.DRIVER):
        raise UsageError(
            msg(
                "{variable} is {value}, which is not a driver of Textual: unset it",
                variable="TEXTUAL_DRIVER",
                value=_quoted(constants.DRIVER),
            )
        )


def _quoted(value: str | None) -> str:
    return clean(f"`{value}`")


def _is_driver(name: str) -> bool:
    """Whether `name`, such as ``package.module:Class``, is that of a driver."""
    from textual.driver import Driver

    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except Exception:  # noqa: BLE001 - a module that cannot be imported may fail in any way
        return False
    return isclass(found) and issubclass(found, Driver)


@contextmanager
def nothing_heeded() -> Iterator[None]:
    """As if none of the variables were set that change what Textual draws or writes."""
    heeded = [name for name in os.environ if name == "NO_COLOR" or name.startswith("TEXTUAL_")]
    with _without(heeded):
        from textual import constants

        before = {name: getattr(constants, name) for name in _UNSET}
        for name, value in _UNSET.items():
            setattr(constants, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(constants, name, value)


@contextmanager
def measured_by_the_terminal() -> Iterator[None]:
    """Without the variables that say how large a terminal is, if it says so itself.

    They are as old as the shell that has set them, and other programs believe them as well.
    """
    size = os.terminal_size((0, 0))
    with suppress(OSError, ValueError, AttributeError):
        size = os.get_terminal_size(sys.__stdout__.fileno())  # type: ignore[union-attr]
    with _without(("COLUMNS", "LINES") if all(size) else ()):
        yield


@contextmanager
def drawn_on_the_terminal() -> Iterator[None]:
    """Have Textual draw on standard output where standard error, on which it does so, is no terminal."""
    before = sys.__stderr__
    if before is None or not before.isatty():
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]
    try:
        yield
    finally:
        sys.__stderr__ = before  # type: ignore[misc]


@contextmanager
def _without(names: Collection[str]) -> Iterator[None]:
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)


def bounded(columns: int, rows: int) -> tuple[int, int]:
    """The size of a terminal, at least one cell and at most as many as can be drawn without a wait."""
    return min(max(1, columns), _MOST_COLUMNS), min(max(1, rows), _MOST_ROWS)
