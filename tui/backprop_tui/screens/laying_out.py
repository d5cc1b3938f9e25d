"""Pictures of large graphs, laid out in the background while a part of the graph is shown."""

from __future__ import annotations

import time
from dataclasses import replace

from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from backprop_tui.layout.stages import Stages
from backprop_tui.panels.graph import whole_scene, whole_scene_key
from backprop_tui.scene.scene import Scene, SceneKey
from backprop_tui.screens.plotting import PlottingScreen

__all__ = ["LayingOutScreen"]

_KEPT = 3
"""So many pictures are kept."""
_WORK = 0.02
"""Seconds in which the layout works before it looks whether a key was pressed."""
_PAUSE, _LONGEST_PAUSE = 0.3, 2.0
"""Seconds after a key in which it rests, so that keys have the machine, and the most of them on end."""


class LayingOutScreen(PlottingScreen):
    """A screen that has the whole of a large graph laid out, as soon as it is shown a part of it."""

    class LaidOut(Message):
        """A picture is ready."""

        def __init__(self, scene: Scene) -> None:
            super().__init__()
            self.scene = scene

    _awaited: SceneKey | None = None
    _layout: Worker[None] | None = None
    _begin: Timer | None = None
    _moved: float = 0.0
    """When the view changed last."""

    @property
    def laying_out(self) -> bool:
        """Whether a picture is being worked out."""
        return self._layout is not None and self._layout.is_running

    def lay_out(self) -> None:
        """Begin with the picture that is wanted, if it is not there; give up any other."""
        self._moved = time.monotonic()
        wanted = whole_scene_key(self.current)
        if wanted == self._awaited:
            return
        if self._layout is not None:
            self._layout.cancel()
        if self._begin is not None:
            self._begin.stop()
        self._awaited = wanted
        if wanted is not None and all(scene.key != wanted for scene in self.current.whole_scenes):
            self._begin = self.set_timer(_PAUSE, self._start, pause=self.app.has_class("-still"))

    def _start(self) -> None:
        stages = whole_scene(self.current)
        self._layout = self.run_worker(lambda: self._work(stages), group="layout", thread=True)

    def _work(self, stages: Stages[Scene | None]) -> None:
        """Lay out, in a thread of its own."""
        worker, since = get_current_worker(), time.monotonic()
        while not worker.is_cancelled:
            try:
                next(stages)
            except StopIteration as end:
                if end.value is not None:
                    self.post_message(self.LaidOut(end.value))
                return
            if time.monotonic() - since > _WORK:
                self._rest()
                since = time.monotonic()

    def _rest(self) -> None:
        """Wait until no key has been pressed for a while."""
        since = time.monotonic()
        while time.monotonic() - since < _LONGEST_PAUSE:
            time.sleep(_WORK / 4)
            if time.monotonic() - self._moved > _PAUSE:
                return

    def on_laying_out_screen_laid_out(self, message: LaidOut) -> None:
        """Show the whole instead of a part."""
        self.view = replace(self.current, whole_scenes=(message.scene, *self.current.whole_scenes)[:_KEPT])
