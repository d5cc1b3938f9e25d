"""What several tests of the engine begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaf_files import IRIS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The scenario's own folder, beside which there is more that is none of its business."""
    (tmp_path / "outside.csv").write_text("1,2\n")
    (tmp_path / "home" / "data").mkdir(parents=True)
    (tmp_path / "home" / "iris.csv").write_text(IRIS)
    (tmp_path / "home" / "data" / "wine.csv").write_text("1,2\n3,4\n")
    return tmp_path / "home"
