"""Waiting until an app has done what it was told, by its event loop's own book.

Textual's own tests wait until the process takes no time: twice a fiftieth of a second for each key. But what
is left to do is known: what the loop has ready, what it will wake up for, and what workers are at.
"""

from __future__ import annotations

import asyncio
from asyncio import BaseEventLoop
from typing import Final, cast

from textual._context import active_app
from textual._wait import wait_for_idle

__all__ = ["settled"]

_SOON: Final = 0.04
"""Seconds. A screen paints every sixtieth; what a loop wakes up for later is a notice's end or a blink."""


async def settled(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until nothing is ready, and nothing is due soon; while a worker works, as Textual does."""
    loop, app = cast("BaseEventLoop", asyncio.get_running_loop()), active_app.get()
    last, timers = loop.time() + max_sleep, loop.time() + _SOON
    while loop.time() < last:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        if any(worker.is_running for worker in app.workers):
            return await wait_for_idle(min_sleep, max_sleep)
        waiting = [one.when() for one in loop._scheduled if not one.cancelled()]  # type: ignore[attr-defined]
        due = min(waiting, default=last)
        if due > timers:
            return None
        await asyncio.sleep(max(0.0, due - loop.time()))
    return None
