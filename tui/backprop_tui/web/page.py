"""The page: its words in the reader's language, and the colours around the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from textual.theme import BUILTIN_THEMES, Theme

from backprop_engine.messages.message import Message, msg
from backprop_tui.themes import DARK, LIGHT

__all__ = ["FOLDER", "Page"]

FOLDER = Path(__file__).parent / "static"
"""Our own files that the page loads, without the page itself."""
_COLOURS = ("background", "foreground", "panel", "primary")
_THEMES = {**BUILTIN_THEMES, DARK.name: DARK, LIGHT.name: LIGHT}


@dataclass(frozen=True)
class Page:
    """The contents of a page; `most` is how many may be open at a time."""

    title: str
    language: str
    theme: str
    most: int

    def html(self) -> str:
        """The page as a browser loads it."""
        return _template().render(
            title=self.title,
            language=self.language,
            colours=_colours(_THEMES[self.theme]),
            message=lambda name: self._messages()[name].in_language(self.language),
        )

    def _messages(self) -> dict[str, Message]:
        """The texts of the page, by their names in its template."""
        return {
            "starting": msg("Starting …"),
            "ended": msg("This session has ended."),
            "failed": msg("The program ended with an error. See the terminal that runs `serve`."),
            "refused": msg("The program could not start:"),
            "full": msg(
                "The maximum number of pages ({most}) is open. Close one of them, then start again.",
                most=self.most,
            ),
            "lost": msg("The server no longer responds. Start again once it is running."),
            "again": msg("Start again (Enter)"),
            "script": msg("This page needs JavaScript."),
        }


def _colours(theme: Theme) -> dict[str, str]:
    """The colours around the terminal; a theme that leaves them to the terminal gets our own."""
    ours = DARK.to_color_system().generate()
    theirs = theme.to_color_system().generate()
    return {name: (theirs if theirs[name].startswith("#") else ours)[name] for name in _COLOURS}


@cache
def _template() -> jinja2.Template:
    source = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(source)
