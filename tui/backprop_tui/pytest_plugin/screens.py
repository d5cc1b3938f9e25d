"""A screen of the debugger as a value: the same text and the same picture wherever it is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import PathLike
from pathlib import Path

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_engine.scenario.loader import load_scenario
from backprop_tui.files.bundled import resolve
from backprop_tui.headless.screens import Screen, drawn
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.themes import known_theme
from backprop_tui.view import View

__all__ = ["Screen", "draw"]


def draw(
    path: str | PathLike[str],
    *,
    at: int = 0,
    keys: str | Sequence[str] = (),
    size: tuple[int, int] = (120, 40),
    lang: str = "en",
    theme: str = "",
    ascii: bool = False,
    folder: Path | None = None,
) -> Screen:
    """The screen of a scenario at position `at`, after `keys` were pressed.

    `path` is a file, relative to `folder`, or the name of a bundled scenario. `keys` are named as Textual
    names them, in a list or with spaces between them; `size` is in columns and rows. Nothing on the screen
    depends on the time, the environment or anybody's settings. Raises `ScenarioError` for a file that cannot
    be used, and `UsageError` for a position, a size, a language or a theme that does not exist.
    """
    scenario = load_scenario(_found(path, folder))
    session = session_of(scenario)
    if not 0 <= at <= session.last:
        raise UsageError(
            msg(
                "there is no position {position}: the run has positions 0 to {last}",
                position=at,
                last=session.last,
            )
        )
    if lang not in languages():
        raise UsageError(
            msg(
                "{name} is not a supported language: choose from {names}",
                name=lang,
                names=", ".join(languages()),
            )
        )
    if not (10 <= size[0] <= 1000 and 5 <= size[1] <= 500):
        raise UsageError(
            msg("{text} is not a size: write 120x40, from 10x5 to 1000x500", text="x".join(map(str, size)))
        )
    view = View(scenario, replace(session, position=at), lang, ascii)
    pressed = keys.split() if isinstance(keys, str) else list(keys)

    def screen() -> Screen:
        return asyncio.run(drawn(view, pressed, size, known_theme(theme)))

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return screen()
    with ThreadPoolExecutor(1) as other:  # the test itself runs in a loop
        return other.submit(screen).result()


def _found(path: str | PathLike[str], folder: Path | None) -> Path:
    """The file that a path means: from the folder on, or else a bundled scenario of that name."""
    here = (folder or Path()) / path
    return here if here.exists() else resolve(str(path))
