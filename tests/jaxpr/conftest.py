"""These tests need JAX: left out where it is missing, an error where `BACKPROP_REQUIRE_JAX` is set.

The folder is not called `jax`: pytest puts `tests/` on the path, where such a folder would answer to
``import jax``.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

collect_ignore_glob: list[str] = []
if find_spec("jax") is None:
    if os.environ.get("BACKPROP_REQUIRE_JAX"):
        raise pytest.UsageError("BACKPROP_REQUIRE_JAX is set, and JAX is not installed")
    collect_ignore_glob.append("*.py")
