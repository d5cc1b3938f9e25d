"""What a screen says of a scenario that is opened from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from backprop_engine.errors import BackpropError
from backprop_engine.messages.message import in_language
from backprop_tui.prompt.opened_view import opened_view

if TYPE_CHECKING:
    from backprop_tui.files.opening import Opening
    from backprop_tui.view import View

__all__ = ["view_opened"]

_SECONDS = 10


def view_opened(screen: Screen[Any], opening: Opening, language: str, *, ascii: bool) -> View | None:
    """The start of a scenario's run. Where the file has mistakes the `screen` shows them, and it is None."""
    problems: list[str] = []
    try:
        view = opened_view(opening, language, ascii=ascii, warn=problems.append)
    except BackpropError as error:
        screen.notify(error.in_language(language), markup=False, severity="error", timeout=_SECONDS)
        return None
    if problems:
        told = "\n".join(in_language(problem, language) for problem in problems)
        screen.notify(told, markup=False, severity="warning", timeout=_SECONDS)
    return view
