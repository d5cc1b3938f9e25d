"""Holds what is recorded, so that tests see what happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from backprop_engine.scenario import work
from backprop_engine.trace.record import Listener, listening
from backprop_tui.screens import computation

__all__ = ["Gate", "held"]


class Gate:
    """Holds a recording before each operator while it is not open."""

    def __init__(self) -> None:
        self.open, self.heard, self.ended = Event(), Event(), Event()

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """As of the engine."""

        def held(node: int) -> None:
            listener(node)
            self.heard.set()
            assert self.open.wait(60)

        try:
            with listening(held):
                yield
        finally:
            self.ended.set()

    def close(self) -> None:
        """Hold what is recorded from now on."""
        for event in (self.open, self.heard, self.ended):
            event.clear()


def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """A gate for what is computed beside the keys, where every iteration takes long; open at the end."""
    gate = Gate()
    monkeypatch.setattr(work, "_LONG", -1)
    monkeypatch.setattr(computation, "listening", gate.listening)
    yield gate
    gate.open.set()
