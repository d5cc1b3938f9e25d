"""These tests need Chromium, its driver and selenium: left out where one is missing.

Where `BACKPROP_REQUIRE_BROWSER` is set, that is an error. Nothing is downloaded in either case.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest

missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
if find_spec("selenium") is None:
    missing.append("selenium")
collect_ignore_glob: list[str] = []
if missing:
    if os.environ.get("BACKPROP_REQUIRE_BROWSER"):
        raise pytest.UsageError(
            f"BACKPROP_REQUIRE_BROWSER is set, and there is no {' and no '.join(missing)}"
        )
    collect_ignore_glob.append("*.py")
