"""Pictures of scenarios for the gallery: made only for the chosen one, while the screen takes keys."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from textual.screen import Screen
from textual.timer import Timer
from textual.worker import get_current_worker

from backprop_tui.files.watching import Stamp, stamp

if TYPE_CHECKING:
    from backprop_tui.panels.preview import Preview

__all__ = ["Previews"]

_DELAY = 0.12
"""Seconds that a scenario must be chosen before its picture is made."""
_KEPT = 64


class Previews:
    """What is known about the files that were chosen so far; `show` is called when more is known.

    `draw` draws a picture as it will be shown.
    """

    def __init__(
        self, screen: Screen[None], draw: Callable[[Path, Preview], object], show: Callable[[], None]
    ) -> None:
        self._screen, self._draw, self._show = screen, draw, show
        self._known: OrderedDict[tuple[Path, Stamp], Preview] = OrderedDict()
        self._timer: Timer | None = None
        self._one_at_a_time = Lock()

    def known(self, path: Path) -> Preview | None:
        """What is known about a file as it is now."""
        return self._known.get((path, stamp(str(path))))

    @property
    def broken(self) -> frozenset[Path]:
        """The files that are known to have mistakes as they are now."""
        return frozenset(
            path
            for (path, seen), known in self._known.items()
            if known.error is not None and seen == stamp(str(path))
        )

    def follow(self, path: Path | None) -> None:
        """Another file is chosen: its picture is made after a moment, or at once if time stands still."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if path is None or self.known(path) is not None:
            return
        if self._screen.app.has_class("-still"):
            self._keep(path, stamp(str(path)), _made(path))
        else:
            self._timer = self._screen.set_timer(_DELAY, lambda: self._begin(path))

    def _begin(self, path: Path) -> None:
        self._screen.run_worker(lambda: self._work(path), group="preview", exclusive=True, thread=True)

    def _work(self, path: Path) -> None:
        """In a thread of its own; one that is not needed any more gives way to the next."""
        worker = get_current_worker()
        with self._one_at_a_time:
            if worker.is_cancelled:
                return
            seen = stamp(str(path))
            preview = _made(path)
            self._draw(path, preview)  # laid out here, so that it takes no time later
        self._screen.call_later(self._arrived, path, seen, preview)

    def _arrived(self, path: Path, seen: Stamp, preview: Preview) -> None:
        self._keep(path, seen, preview)
        self._show()

    def _keep(self, path: Path, seen: Stamp, preview: Preview) -> None:
        self._known[path, seen] = preview
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)


def _made(path: Path) -> Preview:
    from backprop_tui.panels.preview import preview_of  # which no first screen needs

    return preview_of(path)
