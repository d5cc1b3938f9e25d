"""Snapshots of the screen, as text to read and compare."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from backprop_engine.scenario.model import Scenario
from scenes import scenario, written
from settling import settled
from typist import EVERYTHING, Typist


class TextSnapshots(SingleFileSnapshotExtension):
    """One `.txt` file a test."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture(autouse=True)
def settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app is waited for by its event loop's book, not by the clock."""
    for module in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{module}.wait_for_idle", settled)


@pytest.fixture
def in_words(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The text that the test saw before."""
    return snapshot.use_extension(TextSnapshots)


@pytest.fixture
def everything(tmp_path: Path) -> Scenario:
    return written(tmp_path, EVERYTHING)


@pytest.fixture
def add() -> Typist:
    return Typist(scenario("add_multiply"))
