"""A scenario's file as its reader begins to debug it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from backprop_tui.prompt.debug_file import session_of
from backprop_tui.view import View

if TYPE_CHECKING:
    from backprop_engine.scenario.model import Scenario
    from backprop_tui.files.opening import Opening

__all__ = ["opened_view"]


def opened_view(
    opening: Opening,
    language: str,
    *,
    ascii: bool,
    warn: Callable[[str], object],
    scenario: Scenario | None = None,
) -> View:
    """The start of a run, with the breakpoints and watches that were saved beside the file or stand in it.

    The file is read unless its `scenario` is given. What cannot be set is told to `warn`, a sentence each.
    Raises what `Opening.load` raises.
    """
    read = opening.load() if scenario is None else scenario
    return View(read, session_of(read, warn=warn), language, ascii, opening)
