"""Pictures whose layout takes long, laid out in a thread while the previous one stays on the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event
from typing import Final

from backprop_tui.panels.graph import is_laid_out, shown_scene
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.slices import in_background
from backprop_tui.view import View

__all__ = ["SceneJob"]

_GRACE: Final = 0.02
"""Seconds that a key waits, so that a picture that is laid out by then changes together with all the rest."""


class SceneJob:
    """Lays out one picture at a time; the one that is wanted by then comes next.

    `rooms` gives a view in each room in which its picture has to be laid out before it can be shown.
    """

    def __init__(self, handle: Handle, rooms: Callable[[View], Sequence[View]]) -> None:
        self._handle, self._rooms = handle, rooms
        self._is_running = self._has_failed = False
        self._made = Event()
        self._then: list[Callable[[], None]] = []

    def lacks(self, view: View) -> bool:
        """Whether the picture of a view is not laid out yet; if so, that has begun.

        Where time stands still, and once a layout has failed here, the caller lays it out.
        """
        if self._has_failed or self._handle.application.has_class("-still"):
            return False
        missing = self._missing(view)
        if not missing:
            return False
        if not self._is_running:
            self._begin(missing)
            if self._made.wait(_GRACE):
                return bool(self._missing(view))
        return True

    def afterwards(self, function: Callable[[], None]) -> None:
        """Call a function as soon as the picture that is being laid out is on the screen."""
        self._then.append(function)

    def _missing(self, view: View) -> list[View]:
        return [each for each in self._rooms(view) if not is_laid_out(each)]

    def _begin(self, views: Sequence[View]) -> None:
        self._is_running = True
        self._made.clear()
        in_background(self._make, views)

    def _make(self, views: Sequence[View]) -> None:
        """In a thread of its own."""
        failed = True
        with suppress(Exception):  # who draws the picture then meets it again
            for view in views:
                shown_scene(view)
            failed = False
        self._has_failed = failed
        self._made.set()
        with suppress(RuntimeError):  # the app has ended meanwhile
            self._handle.call_later(self._show)

    def _show(self) -> None:
        """Show the picture, if it is that of the current view; else begin with that."""
        self._is_running = False
        if not self._handle.is_attached or self._handle.is_lacking(self._handle.current):
            return
        self._handle.show_picture()
        self._handle.call_after_refresh(self._call)

    def _call(self) -> None:
        """Call what waits for the picture, unless the panel has changed its size for it."""
        if not self._handle.is_attached or self._handle.is_lacking(self._handle.current):
            return
        waiting, self._then = self._then, []
        for function in waiting:
            self._handle.call_after_refresh(function)
