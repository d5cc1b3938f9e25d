"""What is kept of a session of questions, or of a search for a bug: how it went, and what was mistaken."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Score"]


class Score(Struct, frozen=True, eq=False):
    """The credit of each question that was answered, 0 to 1, and how often each misconception came up.

    `bugs` counts those that were found. Without credits there is nothing to keep.
    """

    credits: tuple[float, ...]
    mistakes: Mapping[str, int]
    bugs: int = 0

    @property
    def credit(self) -> float:
        """That of all questions."""
        return sum(self.credits)
