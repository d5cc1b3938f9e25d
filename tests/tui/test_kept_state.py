"""What is kept for its reader: two instances lose nothing of it, and a kill leaves the old or the new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import in_language
from backprop_tui.files import locks
from backprop_tui.files.locks import locked
from backprop_tui.files.progress import read_progress
from backprop_tui.settings import change_setting
from killed import killed_at_every_line, together

CHANGES = 25
SETTINGS = """
from pathlib import Path
from backprop_tui.settings import change_setting
WAIT
for number in range({count}):
    change_setting(Path({path!r}), f"{who}{{number}}", "yes")
"""
PROGRESS = """
from pathlib import Path
from backprop_engine.practice.score import Score
from backprop_tui.files.progress import note_practice
WAIT
for number in range({count}):
    note_practice(f"s{{number % 3}}", Score((1.0,), {{"{who}": 1}}), path=Path({path!r}))
"""


def in_two_processes(script: str, path: Path) -> None:
    together(*(script.format(path=str(path), who=who, count=CHANGES) for who in ("a", "b")))


def test_two_processes_lose_no_setting_of_each_others(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "settings.toml"
    in_two_processes(SETTINGS, path)
    assert sorted(path.read_text("utf-8").splitlines()) == sorted(
        f'{who}{number} = "yes"' for who in "ab" for number in range(CHANGES)
    )


def test_two_processes_lose_no_progress_of_each_others(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "progress.json"
    in_two_processes(PROGRESS, path)
    kept = read_progress(path).values()
    assert sum(found.sessions for found in kept) == 2 * CHANGES
    for who in "ab":
        assert sum(found.mistakes[who] for found in kept) == CHANGES


def test_an_instance_that_does_not_finish_is_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    path = tmp_path / "settings.toml"
    with locked(path), pytest.raises(UsageError) as refused:
        change_setting(path, "theme", "nord")
    assert str(refused.value) == f"{path} was not changed: another instance is changing it"
    assert "다른" in in_language(refused.value.text, "ko")
    assert not path.exists()
    change_setting(path, "theme", "nord")
    assert path.exists()


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    killed_at_every_line(
        path,
        "with locked(path): pass",
        "locks.py",
        prepared="from backprop_tui.files.locks import locked",
    )
    change_setting(path, "theme", "nord")
    assert path.read_text("utf-8") == 'theme = "nord"\n'


def test_a_kill_leaves_the_old_settings_or_the_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b'theme = "x"\n')
    remains = killed_at_every_line(
        path,
        "change_setting(path, 'language', 'ko')",
        "settings.py",
        "locks.py",
        "whole_files.py",
        prepared="from backprop_tui.settings import change_setting",
    )
    assert remains.found == ['theme = "x"\n', 'theme = "x"\nlanguage = "ko"\n']
    assert remains.moments > 40


def test_a_kill_leaves_the_old_progress_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_bytes(b'{"version": 1, "scenarios": {"xor": {"sessions": 3}}}')
    remains = killed_at_every_line(
        path,
        "note_practice('xor', Score((1.0,), {}), path=path)",
        "progress.py",
        "locks.py",
        "whole_files.py",
        prepared="from backprop_engine.practice.score import Score\n"
        "from backprop_tui.files.progress import note_practice",
    )
    assert [json.loads(one or "")["scenarios"]["xor"]["sessions"] for one in remains.found] == [3, 4]
    assert remains.moments > 40


def test_a_kill_leaves_the_old_breakpoints_or_the_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "case.debug"
    path.write_bytes(b"breakpoints: [f]\nwatch: []\n")
    remains = killed_at_every_line(
        path,
        "keep(path, Kept(('q',), ('f',)))",
        "debug_file.py",
        "whole_files.py",
        prepared="from backprop_tui.prompt.debug_file import Kept, keep",
    )
    old, new = remains.found
    assert old == "breakpoints: [f]\nwatch: []\n"
    assert new is not None
    assert new.endswith("breakpoints:\n  - q\nwatch:\n  - f\n")
