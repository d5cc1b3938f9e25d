"""What takes long, in slices: so short that a key is heard between two of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from threading import Thread
from time import monotonic
from typing import Final, ParamSpec, TypeVar

from textual.app import App
from textual.worker import WorkerCancelled

from backprop_engine.debugger import Session, advance
from backprop_engine.trace.record import listening
from backprop_engine.trace.run import Run

__all__ = [
    "FILLING",
    "PAUSE",
    "PENDING",
    "SLICE",
    "TakesLong",
    "at_once",
    "extended",
    "in_background",
    "settled",
    "sliced",
]

Arguments = ParamSpec("Arguments")
T = TypeVar("T")

SLICE: Final = 0.04
"""Seconds that a slice takes; an iteration that takes longer is a slice of its own."""
PENDING, FILLING = _GROUPS = ("pending", "plots")
"""The groups of workers: of what the reader waits for, and of what the plots lack."""
PAUSE: Final = 0.01
"""Seconds between two slices, for keys and for painting."""


class TakesLong(Exception):  # noqa: N818 - nothing is wrong
    """An operator would be computed now."""


def at_once(function: Callable[[], T]) -> T:
    """What a function gives, if no operator is computed for it; else `TakesLong`, before the first one is."""

    def heard(node: int) -> None:
        raise TakesLong

    with listening(heard):
        return function()


def sliced(session: Session) -> Session:
    """What is pending carried on for a slice; it may be done then."""
    if session.pending is None:
        return session
    end = monotonic() + SLICE
    while True:
        session = advance(session)
        if session.pending is None or monotonic() >= end:
            return session


def extended(run: Run) -> float:
    """Compute iterations that are missing, for half a slice; gives the seconds that it took.

    The reader does not wait for them, so rest as long before asking for more.
    """
    begin = monotonic()
    while run.extend() and monotonic() < begin + SLICE / 2:
        pass
    return monotonic() - begin


def in_background(
    work: Callable[Arguments, object], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> None:
    """Do in a thread of its own what cannot be sliced; the end of the app does not wait for it.

    NumPy hears nothing before an operator is done, so what is left in the middle of one ends after it.
    """
    Thread(target=copy_context().run, args=(work, *args), kwargs=kwargs, daemon=True).start()


async def settled(app: App[None]) -> None:
    """Wait until what takes long is done: a picture is of what comes of it, however fast the machine is."""
    while working := [worker for worker in app.workers if worker.group in _GROUPS]:
        with suppress(WorkerCancelled):
            await working[0].wait()
