"""One plain environment for every test, whatever the terminal it is started from."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_DISTURBING = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "LC_ALL", "LC_MESSAGES", "PYTHON_COLORS")

# Textual reads its variables while it is imported, so they go before any test is collected.
for _name in (*_DISTURBING, *(name for name in os.environ if name.startswith("TEXTUAL"))):
    os.environ.pop(_name, None)
os.environ["LANG"] = "en_US.UTF-8"

settings.register_profile(
    "untimed", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")
