"""Arguments that name nothing: an empty one, standard input twice, a setting without a value, a dead link.

Also limits that are larger than any number.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Commands


@pytest.mark.parametrize("command", ["check", "run"])
def test_an_empty_argument_is_no_folder(commands: Commands, command: str) -> None:
    outcome = commands(command, "")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "backprop-tui: an empty argument is not the name of a scenario\n"


def test_an_empty_argument_is_told_before_anything_is_checked(commands: Commands) -> None:
    outcome = commands("check", "add_multiply", "")
    assert (outcome.code, outcome.out) == (2, "")


def test_standard_input_is_read_once(commands: Commands) -> None:
    outcome = commands("check", "-", "-")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "backprop-tui: - is given twice: standard input can be read only once\n"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("x=", "x=: a number or list is missing after the `=`, such as x=3"),
        ("x= ", "x= : a number or list is missing after the `=`, such as x=3"),
        ("x=1,5", "x=1,5: expected a number in `x`, found the text `1,5`; write `1.5`"),
        ("=3", "=3: write a name, `=` and a number or list, such as x=3"),
        ("X=3", "there is no leaf X; did you mean `x`?"),
    ],
)
def test_a_setting_that_sets_nothing(commands: Commands, setting: str, said: str) -> None:
    outcome = commands("run", "add_multiply", "--set", setting)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"backprop-tui: {said}\n"


def test_a_link_to_nowhere_is_told(commands: Commands, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to("nowhere.yaml")
    outcome = commands("check", str(link))
    assert outcome.code == 2
    assert "error[file-not-found]: this is a link to nowhere.yaml, which does not exist" in outcome.err
    assert "hint" not in outcome.err


@pytest.mark.parametrize("option", ["--max-memory", "--max-work"])
@pytest.mark.parametrize("digits", [308, 309, 5000])
def test_a_limit_past_every_number_is_no_limit(commands: Commands, option: str, digits: int) -> None:
    outcome = commands("check", "add_multiply", option, "9" * digits)
    assert (outcome.code, outcome.err) == (0, "")
