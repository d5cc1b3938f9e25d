"""Programs of other people that a test tries what we write in."""

from __future__ import annotations

import os
import shutil

import pytest


def needed(program: str) -> str:
    """Where a program is; without it a test is left out, or fails where all of them have to be there."""
    found = shutil.which(program)
    if found is None and os.environ.get("BACKPROP_REQUIRE_DRAWING"):
        pytest.fail(f"BACKPROP_REQUIRE_DRAWING is set, and there is no {program}")
    if found is None:
        pytest.skip(f"there is no {program}")
    return found
