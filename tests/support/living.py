"""The debugger on a file of its own, that somebody saves."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from backprop_engine.debugger import Session
from backprop_tui.files.opening import Opening
from backprop_tui.view import View
from driving import WIDE, debugger, opened, seen

TEXT = """
title: Before
inputs: {x: 2, y: 3}
nodes:
  q: x + y
  f: q * x
"""


def overwritten(path: Path, text: str) -> None:
    """The file in its place, later and with another size."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 1_000, before + 1_000))


@asynccontextmanager
async def live(
    folder: Path,
    text: str = TEXT,
    *,
    at: int = 0,
    settings: tuple[str, ...] = (),
    size: tuple[int, int] = WIDE,
    language: str = "en",
) -> AsyncIterator[tuple[Pilot[None], Path]]:
    """The debugger on a file of its own."""
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    opening = Opening.of(path, settings)
    scenario = opening.load()
    view = View(scenario, Session(scenario.run(), at), language, opening=opening)
    async with opened(view, size=size, language=language) as pilot:
        await settled(pilot)
        yield pilot, path


async def settled(pilot: Pilot[None]) -> None:
    """Until what was begun is done."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def save(pilot: Pilot[None], path: Path, text: str | None) -> None:
    """Somebody saves the file (or removes it), and the debugger has looked."""
    if text is None:
        path.unlink()
    else:
        overwritten(path, text)
    debugger(pilot).follower.look(settled=True)
    await settled(pilot)


def words_of(pilot: Pilot[None]) -> str:
    """What can be read on the screen, across the lines that it is wrapped into."""
    return " ".join(re.sub(r"[│▌╭╮╰╯─]", " ", seen(pilot)).split())
