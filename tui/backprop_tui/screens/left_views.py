"""Views that were left for the gallery or for another scenario, so that they can be resumed."""

from __future__ import annotations

import os

from backprop_tui.files.opening import Opening
from backprop_tui.view import View

__all__ = ["LeftViews", "is_same"]


def is_same(one: Opening, other: Opening) -> bool:
    """Whether both are one file with the same settings."""
    return _key(one) == _key(other)


def _key(opening: Opening) -> tuple[str, tuple[str, ...]]:
    return os.path.abspath(opening.path), opening.settings


class LeftViews:
    """Views by the files that they were opened from, as the user left them."""

    def __init__(self) -> None:
        self._views: dict[tuple[str, tuple[str, ...]], View] = {}

    def keep(self, view: View) -> None:
        """Keep a view that is about to be left."""
        if view.opening is not None:
            key = _key(view.opening)
            self._views.pop(key, None)
            self._views[key] = view

    def of(self, opening: Opening) -> View | None:
        """The view of a file as it was left, if it ever was."""
        return self._views.get(_key(opening))

    @property
    def every(self) -> tuple[View, ...]:
        """All of them; the one that was left last is the last."""
        return tuple(self._views.values())

    @property
    def last(self) -> View | None:
        """The one that was left last."""
        return next(reversed(self._views.values()), None)
