"""The languages, and sentences written in each of them side by side."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LANGUAGES", "Words"]

LANGUAGES = ("en", "ko")
"""The languages that the debugger speaks."""


class Words(NamedTuple):
    """A sentence of ours in each language that the debugger speaks."""

    en: str
    ko: str

    def in_language(self, language: str) -> str:
        """The sentence in `language`, one of `LANGUAGES`."""
        return str(getattr(self, language))
