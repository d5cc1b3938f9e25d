"""Numeric checks that take long, made in a thread of their own while the page says that they are under
way.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from threading import Event
from typing import Final

from backprop_engine.explain.backward_facts import BackwardFacts
from backprop_engine.trace.trace import Frame
from backprop_tui.panels.run_pages import is_at_end
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.slices import in_background
from backprop_tui.view import View

__all__ = ["CheckJob"]

_GRACE: Final = 0.015
"""Seconds that a page waits, so that a check that is done by then does not flicker."""
_SHOWING: Final = "step", "stage"
"""The panels that show how a check ended."""


class CheckJob:
    """Makes one check at a time: the last that was asked for comes next."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._at_work: Frame | None = None
        """The step whose check is being made."""
        self._made = Event()
        self._next: Frame | None = None

    def awaiting(self, view: View) -> View:
        """The view, whose page says so if the check of its step is under way.

        Where time stands still, the page waits for it.
        """
        if not _is_due(view) or self._handle.application.has_class("-still"):
            return view if view.awaited is None else replace(view, awaited=None)
        if view.awaits_check:
            return view
        self._ask_for(view.frame)
        if self._at_work is view.frame and self._made.wait(_GRACE):
            return replace(view, awaited=None)
        return replace(view, awaited=view.frame)

    def prepare(self, view: View) -> bool:
        """Begin the check of a step that the user may come to, if it takes long; returns whether it does."""
        if not _is_due(view):
            return False
        self._ask_for(view.frame)
        return True

    def _ask_for(self, frame: Frame) -> None:
        if self._at_work is None:
            self._begin(frame)
        elif not _same(frame, self._at_work):
            self._next = frame

    def _begin(self, frame: Frame) -> None:
        self._at_work, self._next = frame, None
        self._made.clear()
        in_background(self._make, frame)

    def _make(self, frame: Frame) -> None:
        """In a thread of its own."""
        from backprop_engine.explain.step_check import step_check  # no first screen checks a gradient

        with suppress(Exception):  # the page meets it again, as it would without this thread
            if frame.edge is not None:
                step_check(frame.trace, frame.edge)
            if frame.position == frame.trace.schedule.last:
                from backprop_engine.explain.run_summary import run_summary

                run_summary(frame.trace)
        self._made.set()
        with suppress(RuntimeError):  # the app has ended meanwhile
            self._handle.call_later(self._show)

    def _show(self) -> None:
        """Show how a check ended, if its page is still shown, and make the next one."""
        made, self._at_work = self._at_work, None
        if not self._handle.is_attached or made is None:
            return
        if self._next is not None:
            self._begin(self._next)
        view = self._handle.current
        if view.awaits_check and _same(view.frame, made):
            self._handle.keep_view(replace(view, awaited=None))
            for name in _SHOWING:
                panel = self._handle.panel(name)
                if panel.display:
                    panel.redraw()
        self._handle.read_ahead()


def _is_due(view: View) -> bool:
    if is_at_end(view):
        from backprop_engine.explain.run_summary import is_long_summary

        if is_long_summary(view.session.trace):
            return True
    facts = view.facts
    return isinstance(facts, BackwardFacts) and not facts.graph.faults and facts.is_expensive


def _same(one: Frame, other: Frame) -> bool:
    return one.trace is other.trace and one.position == other.position
