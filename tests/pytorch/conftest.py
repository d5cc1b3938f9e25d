"""These tests need PyTorch: left out where it is missing, an error where `BACKPROP_REQUIRE_TORCH` is set.

The folder is not called `torch`: pytest puts `tests/` on the path, where such a folder would answer to
``import torch``.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

collect_ignore_glob: list[str] = []
if find_spec("torch") is None:
    if os.environ.get("BACKPROP_REQUIRE_TORCH"):
        raise pytest.UsageError("BACKPROP_REQUIRE_TORCH is set, and PyTorch is not installed")
    collect_ignore_glob.append("*.py")
else:
    import torch

    torch.set_num_threads(1)
