"""The folder of this platform where a user keeps settings, and languages beside those that come along."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

__all__ = ["user_folder"]


def user_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """``backprop-tui`` in the platform's folder for settings; it need not be there."""
    home = os.path.expanduser(environment.get("HOME") or environment.get("USERPROFILE") or "~")
    if platform == "win32":
        folder = environment.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    elif platform == "darwin":
        folder = os.path.join(home, "Library", "Application Support")
    else:
        configured = environment.get("XDG_CONFIG_HOME", "")  # one that is not absolute is to be ignored
        folder = configured if configured.startswith("/") else os.path.join(home, ".config")
    return os.path.join(folder, "backprop-tui")
