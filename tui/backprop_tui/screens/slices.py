"""Long tasks in slices that are so short that keys are handled between two of them."""

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
"""The groups of workers: for what the user waits for, and for what the plots lack."""
PAUSE: Final = 0.01
"""Seconds between two slices, for keys and for painting."""


class TakesLong(Exception):  # noqa: N818 - nothing is wrong
    """An operator would be computed now."""


def at_once(function: Callable[[], T]) -> T:
    """The result of a function, if no operator is computed for it; otherwise `TakesLong`, before the first
    one is.
    """

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
    """Compute missing iterations for half a slice; returns the seconds that it took.

    The user does not wait for them, so rest as long before asking for more.
    """
    begin = monotonic()
    while run.extend() and monotonic() < begin + SLICE / 2:
        pass
    return monotonic() - begin


def in_background(
    work: Callable[Arguments, object], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> None:
    """Do in a thread of its own what cannot be sliced; the end of the app does not wait for it.

    NumPy cannot be interrupted within an operator, so an abandoned task ends after the current one.
    """
    Thread(target=copy_context().run, args=(work, *args), kwargs=kwargs, daemon=True).start()


async def settled(app: App[None]) -> None:
    """Wait until long tasks are done, so that a picture shows their result, however slow the machine is."""
    while working := [worker for worker in app.workers if worker.group in _GROUPS]:
        with suppress(WorkerCancelled):
            await working[0].wait()
