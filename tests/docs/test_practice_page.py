"""The pages on practice: each session goes as it is shown, and every kind and mistake is there.

With REWRITE_GOLDENS the sessions and the table are made so.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from backprop_engine.practice import KINDS, MUTANTS
from backprop_tui.cli.main import run
from command_line import Commands

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "practice.md", "ko": DOCS / "practice.ko.md"}
_SESSION = re.compile(r"```console\n\$ backprop-tui (.*)\n((?:.*\n)*?)```")
_TABLE = re.compile(r"(\| (?:name \| mistake|이름 \| 실수) \|\n\|---\|---\|\n)((?:\|.*\n)*)")


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def settled(language: str, pattern: re.Pattern[str], made: dict[str, str]) -> None:
    """Compare what follows each key on a page, or write it."""
    text = PAGES[language].read_text(encoding="utf-8")
    if os.environ.get("REWRITE_GOLDENS"):
        text = pattern.sub(lambda match: match[0].replace(match[2], "") if match[2] else match[0], text)
        for key, found in made.items():
            text = text.replace(key, key + found, 1)
        PAGES[language].write_text(text, encoding="utf-8")
    assert {match[1]: match[2] for match in pattern.finditer(text)} == {
        re.sub(r"^```console\n\$ backprop-tui |\n$", "", key) if "console" in key else key: found
        for key, found in made.items()
    }


@pytest.mark.parametrize("language", PAGES)
def test_sessions_go_as_shown(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    made = {}
    for match in _SESSION.finditer(text):
        typed = re.findall(r"^(?:.* )?> (.+)$", match[2], re.MULTILINE)
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        outcome = Commands(capsys)(*match[1].split())
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.count(" > ") + outcome.out.count("\n> ") >= len(typed) > 0
        shown = "".join(f"{line.rstrip()}\n" for line in outcome.out.splitlines())
        made[f"```console\n$ backprop-tui {match[1]}\n"] = shown
    assert len(made) == 3
    settled(language, _SESSION, made)


@pytest.mark.parametrize("language", PAGES)
def test_every_mistake_is_in_the_table(language: str) -> None:
    rows = "".join(f"| `{one.name}` | {one.title.in_language(language)} |\n" for one in MUTANTS)
    (head,) = (match[1] for match in _TABLE.finditer(PAGES[language].read_text(encoding="utf-8")))
    settled(language, _TABLE, {head: rows})


@pytest.mark.parametrize("language", PAGES)
def test_every_kind_is_in_the_table(language: str) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    assert [name for name in re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) if name in KINDS] == list(
        KINDS
    )


@pytest.mark.parametrize("language", PAGES)
def test_answers_come_from_a_file(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (command,) = re.findall(
        r"^backprop-tui (.*) < answers.txt$", PAGES[language].read_text("utf-8"), re.MULTILINE
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n2\n"))
    assert run(command.split()) == 0
    assert capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} >= {"results.json", "scores.csv"}
