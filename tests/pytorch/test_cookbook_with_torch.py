"""The programs of the cookbook that need PyTorch print what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from needing import Needing, needing

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's own, of what it calls deprecated in itself
PROGRAMS = needing("torch")


def test_both_languages_have_the_same_programs() -> None:
    pages = ("cookbook.md", "cookbook.ko.md")
    english, korean = ([one[1:] for one in PROGRAMS if one.page == page] for page in pages)
    assert english == korean != []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.page)
def test_a_program_prints_what_is_shown(
    program: Needing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert program.printed() == program.shown
