"""What a screen says about a scenario that is opened from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.app import App

from backprop_engine.errors import BackpropError
from backprop_engine.messages.message import in_language, msg
from backprop_tui.prompt.debug_file import opened_view
from backprop_tui.screens.bindings import CommandApp

if TYPE_CHECKING:
    from backprop_tui.files.opening import Opening
    from backprop_tui.view import View

__all__ = ["view_opened"]

_SECONDS = 10
_GLANCE = 4


def view_opened(
    app: App[Any], notify: Callable[..., None], opening: Opening, language: str, *, ascii: bool
) -> View | None:
    """A scenario as it was left, or the start of its run.

    If the file has mistakes, `notify` reports them on the screen, and the result is None.
    """
    left = app.left.of(opening) if isinstance(app, CommandApp) else None
    if left is not None:
        if left.session.position:
            words = msg("as you left it: Home goes to the start").in_language(language)
            notify(words, markup=False, timeout=_GLANCE)
        return replace(left, language=language)
    problems: list[str] = []
    try:
        view = opened_view(opening, language, ascii=ascii, warn=problems.append)
    except BackpropError as error:
        notify(error.in_language(language), markup=False, severity="error", timeout=_SECONDS)
        return None
    if problems:
        told = "\n".join(in_language(problem, language) for problem in problems)
        notify(told, markup=False, severity="warning", timeout=_SECONDS)
    return view
