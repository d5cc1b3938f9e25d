"""Snapshots of the screen, as text to read and compare."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class TextSnapshots(SingleFileSnapshotExtension):
    """One `.txt` file a test."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def in_words(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The text that the test saw before."""
    return snapshot.use_extension(TextSnapshots)
