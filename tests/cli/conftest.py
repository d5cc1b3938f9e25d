"""What the tests of the command line share."""

from __future__ import annotations

import pytest

from command_line import Commands


@pytest.fixture
def commands(capsys: pytest.CaptureFixture[str]) -> Commands:
    """Runs command lines in this process."""
    return Commands(capsys)
