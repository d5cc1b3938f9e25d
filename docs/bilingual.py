"""Texts of the made pages, in both languages at once."""

from __future__ import annotations

from typing import NamedTuple

from backprop_engine.messages.message import in_language

MADE = "<!-- Made by docs/build.py from the tables of the engine; change those. -->"


class Text(NamedTuple):
    """A text of a page in both languages, with places to fill in."""

    en: str
    ko: str

    def in_language(self, language: str) -> str:
        """The text in one of them."""
        return self.ko if language == "ko" else self.en

    def __call__(self, **arguments: object) -> Text:
        """The text with its places filled in, each in the language of the text."""
        english, korean = (
            {name: in_language(value, language) for name, value in arguments.items()}
            for language in ("en", "ko")
        )
        return Text(self.en.format(**english), self.ko.format(**korean))


def cell(text: str) -> str:
    """Text as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
