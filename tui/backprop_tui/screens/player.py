"""Playing: the debugger steps on by itself, at a speed that the user chooses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.timer import Timer

from backprop_engine.debugger import StepBy, stopping
from backprop_engine.messages.message import msg
from backprop_tui.screens.handle import Handle

__all__ = ["SPEEDS", "Player"]

SPEEDS: Final = (0.5, 1, 2, 5, 10, 20)
"""Steps per second."""


class Player:
    """Steps on by itself until it is paused, at the end, or where a breakpoint is."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self.speed = 2
        """Which of `SPEEDS`."""
        self.timer: Timer | None = None
        self._left_at = 0
        """Where playing left the run; elsewhere it is where a command of the reader led meanwhile."""

    @property
    def playing(self) -> float:
        """How many steps per second it takes; 0 if it does not play."""
        return 0 if self.timer is None else SPEEDS[self.speed]

    def toggle(self) -> None:
        """Begin to play, or pause."""
        if self.timer is not None:
            self._pause()
        elif self._handle.current.session.here < self._last():
            self._play()

    def change_speed(self, by: int) -> None:
        """More steps per second, or fewer."""
        before, self.speed = self.speed, min(max(self.speed + by, 0), len(SPEEDS) - 1)
        if self.timer is not None:
            self.timer.stop()
            self._play()
            return
        speed = f"{SPEEDS[self.speed]:g}"
        words = msg("{speed} steps per second", speed=speed)
        if self.speed == before:
            slowest = msg("{speed} steps per second, the slowest", speed=speed)
            words = msg("{speed} steps per second, the fastest", speed=speed) if by > 0 else slowest
        self._handle.say(words.in_language(self._handle.current.language))

    def _play(self) -> None:
        self._left_at = self._handle.current.session.position
        still = self._handle.application.has_class("-still")
        self.timer = self._handle.set_interval(1 / SPEEDS[self.speed], self.step, pause=still)
        self._handle.show_bars()
        speed = f"{SPEEDS[self.speed]:g}"
        self._handle.say(
            msg("playing, {speed} steps per second", speed=speed).in_language(self._handle.current.language)
        )

    def _pause(self) -> None:
        self.stop()
        self._handle.say(msg("paused").in_language(self._handle.current.language))

    def stop(self) -> None:
        """Pause without a notice: under another screen neither the steps nor a notice would be seen."""
        if self.timer is not None:
            self.timer.stop()
            self.timer = None
            self._handle.show_bars()

    def step(self) -> None:
        """One step more; where something takes long, playing waits for it."""
        if not self._waits():
            self._see_whether_over(self._step_on)

    def _waits(self) -> bool:
        return self._handle.current.session.pending is not None or self._handle.current.computing is not None

    def _step_on(self, over: bool) -> None:
        """Step on, unless a command of the user led to where playing is over."""
        if self.timer is None:  # paused meanwhile
            return
        if self._handle.current.session.position == self._left_at or not over:
            self._handle.do(StepBy())
            if self._waits():
                return
            self._left_at = self._handle.current.session.position
            self._see_whether_over(self._pause_if)
        else:
            self._pause_if(over)

    def _pause_if(self, over: bool) -> None:
        if over and self.timer is not None:
            self._pause()

    def _see_whether_over(self, then: Callable[[bool], None]) -> None:
        """Whether playing is over here; a breakpoint that a command met may be gone since."""
        session = self._handle.current.session
        over = session.here == self._last() or bool(session.hit)
        self._handle.compute(lambda: over or bool(stopping(session)), then)

    def _last(self) -> int:
        """Where playing ends: the end of what was stepped into, or of the whole run."""
        session = self._handle.current.session
        if session.levels:
            return session.trace.schedule.last
        return session.outer_here + session.last - session.position
