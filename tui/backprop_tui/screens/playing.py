"""Playing: the debugger steps on by itself, at a speed that its reader chooses."""

from __future__ import annotations

from typing import Final

from textual.timer import Timer

from backprop_engine.debugger import Step, stopping
from backprop_tui.screens.prompted import PromptedScreen
from backprop_tui.texts import text

__all__ = ["SPEEDS", "PlayingScreen"]

SPEEDS: Final = (0.5, 1, 2, 5, 10, 20)
"""Steps a second."""


class PlayingScreen(PromptedScreen):
    """A screen that can step on by itself; it stops at the end and where a breakpoint is."""

    def __init__(self) -> None:
        super().__init__()
        self.speed = 2
        """Which of `SPEEDS`."""
        self.timer: Timer | None = None

    def action_command_play(self) -> None:
        """Begin to play, or pause."""
        if self.timer is not None:
            self._pause()
        elif self.current.session.here < self._last():
            self._play()

    def action_command_faster(self) -> None:
        """More steps a second."""
        self._change(1)

    def action_command_slower(self) -> None:
        """Fewer steps a second."""
        self._change(-1)

    def _change(self, by: int) -> None:
        self.speed = min(max(self.speed + by, 0), len(SPEEDS) - 1)
        if self.timer is not None:
            self.timer.stop()
            self._play()

    def _play(self) -> None:
        still = self.app.has_class("-still")
        self.timer = self.set_interval(1 / SPEEDS[self.speed], self.play_on, pause=still)
        self.notify(
            text("playing", self.current.language, speed=f"{SPEEDS[self.speed]:g}"), markup=False, timeout=2
        )

    def _pause(self) -> None:
        if self.timer is not None:
            self.timer.stop()
            self.timer = None
            self.notify(text("paused", self.current.language), markup=False, timeout=2)

    def on_screen_suspend(self) -> None:
        """Under another screen nobody sees what plays, nor that it has paused."""
        if self.timer is not None:
            self.timer.stop()
            self.timer = None

    def play_on(self) -> None:
        """One step more; where something takes long, playing waits for it."""
        if self.current.session.pending is not None:
            return
        self.do(Step())
        session = self.current.session
        if session.here == self._last() or stopping(session):
            self._pause()

    def _last(self) -> int:
        """Where playing ends: of what one has stepped into, or of the whole run."""
        session = self.current.session
        if session.levels:
            return session.trace.schedule.last
        return session.outer_here + session.last - session.position
