"""The pages on exports: every format is there, and what they say of sizes is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backprop_tui.export.formats import FORMATS
from backprop_tui.export.limits import MOST_NODES
from command_line import Commands

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "exports.md", "ko": DOCS / "exports.ko.md"}


@pytest.mark.parametrize("language", PAGES)
def test_every_format_is_described(language: str) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*`) \|", text, re.MULTILINE)[1:]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(FORMATS)
    assert f"| {FORMATS['html'].about.in_language(language)} |" in text
    assert str(MOST_NODES) in text


@pytest.mark.thorough
@pytest.mark.parametrize("language", PAGES)
def test_the_commands_that_are_shown_write_what_they_say(
    language: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGES[language].read_text(encoding="utf-8")
    shown = re.findall(r"^backprop-tui (.*)$", text, re.MULTILINE)
    assert len(shown) >= 8
    for command in shown:
        outcome = Commands(capsys)(*command.split())
        assert outcome.code == int("--exercise" in command), outcome.err
        assert (tmp_path / command.split()[-1]).exists()
    page = (tmp_path / "rnn_cell.html").read_text(encoding="utf-8")
    assert page.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
