"""What the app begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from backprop_tui.files.folders import ScenarioFolder
    from backprop_tui.settings import UserSettings
    from backprop_tui.view import View

__all__ = ["Start"]


class Start(NamedTuple):
    """What the app starts with: a view or, without one, the gallery, of a folder if there is one."""

    view: View | None
    language: str
    theme: str
    settings: UserSettings
    folder: ScenarioFolder | None = None
    animated: bool = False
    ascii: bool = False
    staged: bool = False
