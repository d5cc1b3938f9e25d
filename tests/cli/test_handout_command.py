"""`run --md`: the worked example from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Commands


def test_a_run_as_markdown(commands: Commands) -> None:
    exported = commands("export", "add_multiply", "--to", "markdown", "--lang", "ko")
    assert exported.code == 0
    assert exported == commands("run", "add_multiply", "--md", "--lang", "ko")
    assert "--step-into" in commands.refused("run", "add_multiply", "--md", "--step-into")
    assert "--md" in commands.refused("run", "add_multiply", "--md", "-x", "s")
    assert "not allowed with" in commands.refused("run", "add_multiply", "--md", "--json")


def test_an_iteration_of_a_training(commands: Commands) -> None:
    told = commands("run", "gradient_descent", "--md", "--iteration", "1").out
    assert "iteration 1 of" in told
    assert told.count("\n## Update\n") == 1


@pytest.mark.thorough
def test_pictures_go_into_a_folder(commands: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    assert commands("export", "add_multiply", "--to", "svg", "--size", "60x20", "-o", str(folder)) == (
        0,
        "",
        "",
    )
    assert [file.name for file in sorted(folder.iterdir())] == [f"{number:03}.svg" for number in range(8)]
    assert "name a folder with -o" in commands.refused("export", "add_multiply", "--to", "svg")
    (tmp_path / "file").touch()
    told = commands.refused("export", "add_multiply", "--to", "svg", "-o", str(tmp_path / "file"))
    assert str(tmp_path / "file") in told
