"""`docs/keys.md` is what the table of commands says now."""

from __future__ import annotations

from pathlib import Path

from backprop_engine.debugger.troubles import TROUBLES
from backprop_tui.commands import COMMANDS
from backprop_tui.keys_page import keys_page

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == keys_page(), "run `python docs/build.py`"


def test_every_command_is_a_row_with_its_names() -> None:
    rows = [line for line in keys_page().partition("## Places")[0].splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(COMMANDS)
    for command, row in zip(COMMANDS, rows, strict=True):
        assert command.help("en").replace("|", "\\|") in row
        for name in command.prompt[1:]:
            assert f"`{name}`" in row


def test_every_trouble_is_a_row() -> None:
    for name, trouble in TROUBLES.items():
        assert f"| `{name}{' BOUND' if trouble.bound else ''}` | {trouble.meaning.en} |" in keys_page()
