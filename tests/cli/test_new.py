"""`new`: a scenario to start from, and nothing is ever overwritten."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from backprop_engine import load_scenario
from backprop_engine.messages.translations import languages
from backprop_tui.cli.new import starter
from command_line import Commands
from programs import program


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("language", languages())
def test_what_it_writes_passes(commands: Commands, language: str) -> None:
    assert commands("new", "my.yaml", "--lang", language).code == 0
    outcome = commands("check", "my.yaml")
    assert outcome.code == 0, outcome
    assert "6 figures" in outcome.out
    commented = Path("my.yaml").read_text("utf-8")
    Path("my.yaml").write_text(commented.replace("# train:", "train:"), "utf-8")
    assert load_scenario("my.yaml").training is not None
    assert commands("check", "my.yaml").code == 0
    losses = [float(loss) for loss in load_scenario("my.yaml").run().losses()]
    assert losses[0] == 0.25
    assert losses[-1] < 1e-3


def test_languages_differ_only_in_words() -> None:
    english, korean = starter("en"), starter("ko")
    assert "$" not in english + korean
    hangul = re.compile("[가-힣]")
    for one, other in zip(english.splitlines(), korean.splitlines(), strict=True):
        if hangul.search(other):
            assert not hangul.search(one)
            assert one.split()[0] == other.split()[0]
        else:
            assert one == other


def test_the_comment_on_inits_is_true(commands: Commands) -> None:
    leaf = re.search(r"^#   (W: .*)$", starter("en"), re.MULTILINE)
    assert leaf is not None
    Path("w.yaml").write_text(f"params:\n  {leaf[1]}\nnodes: {{f: sum(W)}}\n", "utf-8")
    assert commands("check", "w.yaml").code == 0


@pytest.mark.parametrize(
    "name", ["my.yaml", "rnn_cell", "rnn_cell.yaml", "new", "check", "my file.yaml", "가중치.yaml", "a.yml"]
)
def test_what_it_says_can_be_done(commands: Commands, name: str) -> None:
    outcome = commands("new", name)
    assert (outcome.code, outcome.err) == (0, "")
    first, *lines = outcome.out.splitlines()
    assert first == f"Wrote {name}. Next:"
    assert len(lines) == 3
    for line in lines[1:]:
        command = shlex.split(re.split(r" {3,}", line.strip())[0])
        told = commands(*command[1:])
        assert told.code == 0, command
        assert "param w = [0.5 -1]" in told.out or "6 figures" in told.out
    assert commands(*shlex.split(lines[0])[1:2], "--at", "99").code == 2  # it is a scenario, with fewer steps


def test_what_it_says_stays_in_its_language(commands: Commands) -> None:
    _, *lines = commands("new", "my.yaml", "--lang", "ko").out.splitlines()
    opened, *told = [shlex.split(re.split(r" {3,}", line.strip())[0])[1:] for line in lines]
    assert opened == ["my.yaml", "--lang", "ko"]
    for command, words in zip(told, ("입력 x", "통과"), strict=True):
        assert words in commands(*command).out


def test_a_name_with_a_hyphen_first(commands: Commands) -> None:
    outcome = commands("new", "--", "-x.yaml")
    assert outcome.code == 0
    assert "backprop-tui check ./-x.yaml" in outcome.out


def test_standard_output(commands: Commands) -> None:
    assert commands("new", "-") == (0, starter("en"), "")
    assert commands("new", "-", "--lang", "ko") == (0, starter("ko"), "")
    assert os.listdir() == []


# What is there stays


def test_a_file_stays_as_it_is(commands: Commands) -> None:
    Path("mine.yaml").write_text("mine", "utf-8")
    told = commands.refused("new", "mine.yaml")
    assert told == "backprop-tui: mine.yaml already exists and was left unchanged: choose another name\n"
    assert Path("mine.yaml").read_text("utf-8") == "mine"


def test_a_link_to_nothing_is_not_followed(commands: Commands) -> None:
    os.symlink("elsewhere.yaml", "link.yaml")
    assert "already exists" in commands.refused("new", "link.yaml")
    assert os.listdir() == ["link.yaml"]


@pytest.mark.parametrize("name", ["folder", "folder/", "."])
def test_a_folder(commands: Commands, name: str) -> None:
    Path("folder").mkdir()
    assert "is a folder: name a file in it, such as " in commands.refused("new", name)
    assert os.listdir("folder") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing/my.yaml", "there is no folder missing: create it first"),
        ("missing/", "missing/: "),
        ("file/my.yaml", "file/my.yaml: Not a directory"),
        ("", "a file without a name: "),
        ("a\0b", "this is not a valid file name"),
        ("x" * 300, "File name too long"),
        ("missing/\x1b[31m", "there is no folder missing"),
    ],
)
def test_where_there_can_be_no_file(commands: Commands, name: str, said: str) -> None:
    Path("file").touch()
    told = commands.refused("new", name)
    assert said in told
    assert [one for one in told if one < " " and one != "\n"] == []
    assert os.listdir() == ["file"]


def test_a_file_is_needed(commands: Commands) -> None:
    assert "FILE" in commands.refused("new")
    assert "invalid choice" in commands.refused("new", "my.yaml", "--lang", "fr")
    assert os.listdir() == []


def test_a_file_that_cannot_be_written_whole_is_taken_away() -> None:
    small = "import os, resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    done = program("new", "my.yaml", beforehand=small)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"backprop-tui: my.yaml: File too large\n"
    assert os.listdir() == []
