"""Long computations in a thread of their own, which can be abandoned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock
from typing import Final, Generic, TypeVar

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph
from backprop_engine.scenario.work import pass_work, takes_long
from backprop_engine.trace.record import listening
from backprop_tui.screens.slices import PAUSE, in_background
from backprop_tui.view import Computing

__all__ = ["Aside", "Computation", "aside"]

T = TypeVar("T")

_LOOK: Final = 0.1
"""Seconds between two checks whether the computation is still wanted while it waits for its turn."""


class _GivenUp(Exception):  # noqa: N818 - nothing is wrong
    """Nobody waits for it any more."""


@derived()
def _turn(graph: Graph) -> Lock:
    """Held while something is computed for a graph: its runs remember what they compute, one at a time."""
    return Lock()


class Aside(Generic[T]):
    """A function on its way in a thread of its own, from the start on.

    `ended` is called in that thread once it is done, but not after it is given up.
    """

    def __init__(self, function: Callable[[], T], ended: Callable[[], object] = lambda: None) -> None:
        self._function, self._ended = function, ended
        self._given_up, self._over = Event(), Event()
        self._found: list[T] = []
        self._raised: BaseException | None = None
        in_background(self._run)

    def is_over(self, within: float = 0) -> bool:
        """Whether it is done, perhaps within some seconds."""
        return self._over.wait(within) if within else self._over.is_set()

    def give_up(self) -> None:
        """Stop at the end of the operator that is being computed."""
        self._given_up.set()

    def result(self) -> T:
        """What the function gave, once it is over; raises what it raised."""
        if self._raised is not None:
            raise self._raised
        return self._found[0]

    def _run(self) -> None:
        try:
            with listening(self._heard):
                self._found.append(self._function())
        except _GivenUp:
            return
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            self._raised = error
        self._over.set()
        if not self._given_up.is_set():
            with suppress(RuntimeError):  # the app has ended meanwhile
                self._ended()

    def _heard(self, node: int) -> None:
        if self._given_up.is_set():
            raise _GivenUp


class Computation(Aside[T]):
    """A function that records iterations of a graph, and its progress."""

    def __init__(
        self, graph: Graph, function: Callable[[], T], ended: Callable[[], object] = lambda: None
    ) -> None:
        self._graph, self._turn = graph, _turn(graph)
        self._each, self._whole = pass_work(graph), max(1, takes_long(graph))
        self._done, self._begun, self._node = 0, 0, ""
        super().__init__(function, ended)

    @property
    def progress(self) -> Computing:
        """What is computed now, and how much of an iteration is done."""
        return Computing(self._node, self._done % self._whole / self._whole)

    def _run(self) -> None:
        while not self._turn.acquire(timeout=_LOOK):
            if self._given_up.is_set():
                return
        try:
            super()._run()
        finally:
            self._turn.release()

    def _heard(self, node: int) -> None:
        super()._heard(node)
        if node < len(self._each):  # the inside of an operator is a graph of its own
            self._done, self._begun = self._done + self._begun, self._each[node]
            self._node = self._graph.nodes[node].name


async def aside(function: Callable[[], T]) -> T:
    """The result of a function, computed while the screen takes keys; abandoned once nothing awaits it any
    more.
    """
    work = Aside(function)
    try:
        while not work.is_over():
            await asyncio.sleep(PAUSE)
    finally:
        work.give_up()
    return work.result()
