"""The doctor names the line of each fault that was planted in networks as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_faults import PLANTED, at_fault, found

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it calls deprecated in itself


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named_at_its_line(name: str, tmp_path: Path) -> None:
    findings = found(PLANTED[name], tmp_path)
    named = [one for one in findings if at_fault(one.file, one.line)]
    assert PLANTED[name].kind in [one.kind for one in named]
    assert [one for one in findings if one not in named and one.step == named[0].step] == []


def test_faults_are_twelve() -> None:
    assert len(PLANTED) == 12
