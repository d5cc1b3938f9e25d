"""The folder of this platform where a user keeps settings, and languages beside those that come along."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["user_folder"]


def user_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """``backprop-tui`` in the platform's folder for settings; it need not be there."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or "~").expanduser()
    if platform == "win32":
        folder = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        configured = environment.get("XDG_CONFIG_HOME", "")  # one that is not absolute is to be ignored
        folder = Path(configured) if configured.startswith("/") else home / ".config"
    return folder / "backprop-tui"
