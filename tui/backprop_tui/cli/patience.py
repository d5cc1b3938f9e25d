"""Ctrl+C ends the app within seconds, even while NumPy, which cannot be interrupted, is computing."""

from __future__ import annotations

import os
import signal
import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Final

__all__ = ["Patience"]

_ANSWER: Final = 3.0
"""The seconds within which the app must answer."""
_TIMES: Final = 3
"""How often the app is asked: it may start to compute after answering, before it handles the key."""
_PAUSE: Final = 0.2


class Patience:
    """Ends the process if the app does not answer Ctrl+C.

    `ends` says whether it is ending already, `restore` gives the terminal back; `loop` is what has to answer.
    """

    def __init__(self, ends: Callable[[], bool], restore: Callable[[], None]) -> None:
        self._ends, self._restore = ends, restore
        self.loop: AbstractEventLoop | None = None

    def ask(self) -> None:
        """Ctrl+C was pressed: see whether the app takes keys. Called in the thread that reads them."""
        if self.loop is not None:
            Thread(target=self._ask, args=(self.loop,), daemon=True).start()

    def _ask(self, loop: AbstractEventLoop) -> None:
        for _ in range(_TIMES):
            if self._ends():
                return
            answered = Event()
            try:
                loop.call_soon_threadsafe(answered.set)
            except RuntimeError:  # it is closed
                return
            if not answered.wait(_ANSWER) and not self._ends():
                self._restore()
                _leave(128 + signal.SIGINT)
                return
            Event().wait(_PAUSE)


def _leave(code: int) -> None:
    """End the process, with all that was written to its streams."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
