"""Names that panels had before they became one are still understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from backprop_engine.debugger import Session
from backprop_tui.commands.table import COMMANDS, FORMER_NAMES
from backprop_tui.panel_slots import slot_named
from backprop_tui.prompt.complete import complete
from backprop_tui.prompt.parse import command_named
from backprop_tui.settings import read_settings
from scenes import run

FORMER = ("chain", "formula", "why")


@pytest.mark.parametrize("name", FORMER)
def test_a_former_name_means_the_step_panel(name: str, tmp_path: Path) -> None:
    assert getattr(slot_named(name), "name", None) == "step"
    assert command_named(f"show-{name}").name == "show_step"
    path = tmp_path / "settings.toml"
    path.write_text(f'[keys]\nshow_{name} = ["j"]\n', encoding="utf-8")
    settings = read_settings(path)
    assert settings.problems == ()
    assert settings.keys["show_step"] == ("j",)


def test_a_former_name_is_nobody_elses_and_is_not_offered() -> None:
    names = {row.name for row in COMMANDS}
    assert not names & set(FORMER_NAMES)
    offered = complete("show-", Session(run("add_multiply"), 0)).candidates
    assert "show-step" in offered
    assert not {f"show-{name}" for name in FORMER} & set(offered)
