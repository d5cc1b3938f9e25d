"""Programs of other people that a test tries what we write in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def needed(program: str) -> str:
    """Where a program is; without it a test is left out, or fails where all of them have to be there."""
    found = shutil.which(program)
    if found is None and os.environ.get("BACKPROP_REQUIRE_DRAWING"):
        pytest.fail(f"BACKPROP_REQUIRE_DRAWING is set, and there is no {program}")
    if found is None:
        pytest.skip(f"there is no {program}")
    return found


def needed_mermaid() -> Path:
    """The file `mermaid.min.js` of the npm package that `.ci/install` names, at `BACKPROP_MERMAID`."""
    found = os.environ.get("BACKPROP_MERMAID", "")
    if not found and os.environ.get("BACKPROP_REQUIRE_DRAWING"):
        pytest.fail("BACKPROP_REQUIRE_DRAWING is set, and BACKPROP_MERMAID is not")
    if not found:
        pytest.skip("BACKPROP_MERMAID does not say where mermaid.min.js is")
    return Path(found).resolve(strict=True)
