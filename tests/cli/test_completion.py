"""What shells complete, and the manual page."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backprop_tui.cli.completion import SHELLS, script
from backprop_tui.cli.main import SUBCOMMANDS, command_parser
from backprop_tui.cli.manual_page import manual_page
from backprop_tui.files.bundled import bundled
from command_line import Commands
from needed_programs import needed

COMPLETES = {
    "exp": {"export", "exploding_chain", "exploding_over_time"},
    "run rnn": {"rnn_cell", "rnn_two_steps"},
    "export rnn_cell --to ht": {"html"},
    "check mine": {"mine.yaml"},
    "run xor --max-": {"--max-memory", "--max-work"},
    "serve --lang k": {"ko"},
}
IN_BASH = """
source "$1"
shift
COMP_WORDS=(backprop-tui "$@")
COMP_CWORD=$#
_shtab_backprop_tui
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("typed", COMPLETES)
def test_bash_completes(commands: Commands, tmp_path: Path, typed: str) -> None:
    made = tmp_path / "script"
    made.write_text(commands("completion", "bash").out, encoding="utf-8")
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "mine.txt").touch()
    asked = [needed("bash"), "-c", IN_BASH, "bash", str(made), *typed.split()]
    offered = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert set(offered.split()) == COMPLETES[typed]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_told_of_everything(shell: str) -> None:
    told = script(shell)
    for name in [*SUBCOMMANDS, *bundled()]:
        assert name in told


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_can_read_its_script(shell: str) -> None:
    done = subprocess.run(
        [needed(shell), "-n"], input=script(shell), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_its_extra_it_says_what_to_install(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backprop_tui.cli.completion.find_spec", lambda name: None)
    assert "pip install 'backprop-tui[completion]'" in commands.refused("completion", "bash")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_manual_page_has_every_argument(language: str) -> None:
    page = manual_page(language).replace("\\-", "-")
    for name in ["", *SUBCOMMANDS]:
        for action in command_parser(name, language)._actions:
            assert all(f"{option}" in page for option in action.option_strings)
            assert action.help is not None
            assert action.help.split("\n")[0][:40].replace('"', "\\(dq") in page


@pytest.mark.parametrize("language", ["en", "ko"])
def test_troff_has_nothing_to_complain_about(language: str) -> None:
    asked = [needed("groff"), "-man", "-Tutf8", "-k", "-ww", "-z"]
    done = subprocess.run(asked, input=manual_page(language), capture_output=True, text=True, check=True)
    assert done.stderr == ""
