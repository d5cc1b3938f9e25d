"""What was typed before, to be gone through with the arrow keys."""

from __future__ import annotations

from typing import Final

__all__ = ["History"]

_MOST: Final = 500


class History:
    """Lines, the last typed last; `older` and `newer` walk through them and never past an end.

    What was begun and not sent yet comes back behind the newest.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._at = 0
        self._begun = ""

    def add(self, line: str) -> None:
        """Remember a line that was sent; one that is empty or was typed just before is not kept twice."""
        if line.strip() and (not self.lines or self.lines[-1] != line):
            self.lines = [*self.lines, line][-_MOST:]
        self._at, self._begun = len(self.lines), ""

    def older(self, current: str) -> str:
        """The line before; `current` is what stands in the prompt now."""
        if self._at == len(self.lines):
            self._begun = current
        self._at = max(0, self._at - 1)
        return self.lines[self._at] if self.lines else current

    def newer(self, current: str) -> str:
        """The line behind; at the end, what was begun."""
        if self._at >= len(self.lines):
            return current
        self._at += 1
        return self.lines[self._at] if self._at < len(self.lines) else self._begun
