"""Pictures of large graphs, laid out in the background while a part of the graph is shown."""

from __future__ import annotations

import time
from dataclasses import replace

from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from backprop_tui.layout.stages import Stages
from backprop_tui.panels.graph import whole_scene, whole_scene_key
from backprop_tui.scene.scene import Scene, SceneKey
from backprop_tui.screens.handle import Handle

__all__ = ["LayoutJob"]

_KEPT = 3
"""How many pictures are kept."""
_WORK = 0.02
"""Seconds for which the layout works before it checks whether a key was pressed."""
PAUSE, _LONGEST_PAUSE = 0.3, 2.0
"""Seconds for which it rests after a key, so that keys come first, and the most that it rests without a
break.
"""


class LayoutJob:
    """Lays out the whole of a large graph, as soon as a part of it is shown."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._awaited: SceneKey | None = None
        self._worker: Worker[None] | None = None
        self._begin: Timer | None = None
        self._changed = 0.0
        """When the view changed last."""

    @property
    def is_running(self) -> bool:
        """Whether a picture is being laid out."""
        return self._worker is not None and self._worker.is_running

    def follow(self) -> None:
        """Begin with the picture that the view wants, if it is not there; give up any other."""
        self._changed = time.monotonic()
        view = self._handle.current
        wanted = whole_scene_key(view)
        if wanted == self._awaited:
            return
        if self._worker is not None:
            self._worker.cancel()
        if self._begin is not None:
            self._begin.stop()
        self._awaited = wanted
        if wanted is not None and all(scene.key != wanted for scene in view.whole_scenes):
            still = self._handle.application.has_class("-still")
            self._begin = self._handle.set_timer(PAUSE, self.start, pause=still)

    def start(self) -> None:
        """Begin with the layout of the whole."""
        stages = whole_scene(self._handle.current)
        self._worker = self._handle.run_worker(lambda: self._work(stages), group="layout", thread=True)

    def _work(self, stages: Stages[Scene | None]) -> None:
        """Lay out, in a thread of its own."""
        worker, since = get_current_worker(), time.monotonic()
        while not worker.is_cancelled:
            try:
                next(stages)
            except StopIteration as end:
                if end.value is not None:
                    self._handle.call_later(self._show, end.value)
                return
            if time.monotonic() - since > _WORK:
                self._rest()
                since = time.monotonic()

    def _rest(self) -> None:
        """Wait until no key has been pressed for a while."""
        since = time.monotonic()
        while time.monotonic() - since < _LONGEST_PAUSE:
            time.sleep(_WORK / 4)
            if time.monotonic() - self._changed > PAUSE:
                return

    def _show(self, scene: Scene) -> None:
        """Show the whole instead of a part."""
        view = self._handle.current
        self._handle.show_view(replace(view, whole_scenes=(scene, *view.whole_scenes)[:_KEPT]))
