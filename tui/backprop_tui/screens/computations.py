"""Computes what a command asks for: at once if that is quick, otherwise while the screen takes keys.

A command that only moves within an iteration records nothing, so it is carried out at once in any run. A
command that would record something of a graph whose iteration takes long is started again in a thread of its
own, and so is one that computes much in any graph, such as grading.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from textual.app import App
from textual.worker import Worker, WorkType

from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.scenario.work import takes_long
from backprop_tui.screens.computation import Computation
from backprop_tui.screens.slices import PENDING, SLICE, TakesLong, at_once
from backprop_tui.view import Computing

__all__ = ["STOPPED", "Computations", "ComputingHost"]

T = TypeVar("T")

STOPPED: Final = msg("Stopped; nothing has changed.")
_INTERVAL: Final = 0.05
"""Seconds between two updates of the progress."""


class ComputingHost(Protocol):
    """A screen that has something computed."""

    @property
    def application(self) -> App[Any]:
        """The application."""
        ...

    @property
    def is_attached(self) -> bool:
        """Whether the screen is still there."""
        ...

    @property
    def computed_graph(self) -> Graph:
        """The graph of the run that is computed."""
        ...

    def show_computing(self, computing: Computing | None) -> None:
        """Show the progress, or that nothing is computed any more."""
        ...

    def run_worker(self, work: WorkType[Any], *, group: str = ...) -> Worker[Any]:
        """Do something while the screen takes keys."""
        ...


class Computations:
    """What a screen has computed, one after the other."""

    def __init__(self, host: ComputingHost) -> None:
        self._host = host
        self._current: Computation[Any] | None = None
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def busy(self) -> bool:
        """Whether something is being computed."""
        return self._current is not None

    def in_turn(self, begin: Callable[[], None]) -> None:
        """Begin something once everything requested before is done."""
        if self.busy:
            self._waiting.append(begin)
        else:
            begin()

    def compute(
        self,
        function: Callable[[], T],
        then: Callable[[T], object],
        failed: Callable[[UsageError], None],
        *,
        long: bool = False,
    ) -> None:
        """Compute what `then` gets; if it cannot be done, `failed` gets the reason.

        What goes through many runs, or through rules that no trace hears of, is `long` however short an
        iteration is.
        """
        try:
            found = self._quickly(function, long=long)
        except TakesLong:
            pass
        except UsageError as error:
            failed(error)
            return
        else:
            then(found)
            return
        computation = self._begun(function)
        if computation.is_over(SLICE):
            self._finish(computation, then, failed)
        else:
            self._host.show_computing(computation.progress)
            self._host.run_worker(self._follow(computation, then, failed), group=PENDING)

    async def awaited(self, function: Callable[[], T], wanted: Callable[[], bool]) -> T | None:
        """The result of a function; None if it is abandoned, or is not `wanted` any more."""
        try:
            return self._quickly(function)
        except TakesLong:
            pass
        computation = self._begun(function)
        if not await self._is_over(computation, wanted):
            return None
        self._end()
        return computation.result()

    def give_up(self) -> bool:
        """Stop computing, and drop what was requested since; returns whether anything was being computed."""
        if self._current is None:
            return False
        self._current.give_up()
        self._waiting.clear()
        self._end()
        return True

    def _quickly(self, function: Callable[[], T], *, long: bool = False) -> T:
        """The result of a function; `TakesLong` if the user would have to wait for it without a sign."""
        if self._host.application.has_class("-still"):
            return function()
        if long:
            raise TakesLong
        return at_once(function) if takes_long(self._host.computed_graph) else function()

    def _begun(self, function: Callable[[], T]) -> Computation[T]:
        computation = self._current = Computation(self._host.computed_graph, function)
        return computation

    def _end(self) -> None:
        self._current = None
        if self._host.is_attached:
            self._host.show_computing(None)

    async def _is_over(self, computation: Computation[Any], wanted: Callable[[], bool]) -> bool:
        """Show how far it is until it is over; whether it was not given up."""
        while not computation.is_over():
            self._host.show_computing(computation.progress)
            await asyncio.sleep(_INTERVAL)
            if computation is not self._current:
                return False
            if not self._host.is_attached or not wanted():
                self.give_up()
                return False
        return True

    async def _follow(
        self, computation: Computation[T], then: Callable[[T], object], failed: Callable[[UsageError], None]
    ) -> None:
        if await self._is_over(computation, lambda: True):
            self._finish(computation, then, failed)

    def _finish(
        self, computation: Computation[T], then: Callable[[T], object], failed: Callable[[UsageError], None]
    ) -> None:
        self._end()
        try:
            found = computation.result()
        except UsageError as error:
            failed(error)
        else:
            then(found)
        while self._waiting and not self.busy:
            self._waiting.popleft()()
