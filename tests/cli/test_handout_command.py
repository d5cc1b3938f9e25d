"""`run --md`: the worked example from the command line."""

from __future__ import annotations

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
