"""Progress is written whole, read with care, and two instances lose nothing of each other's."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from backprop_engine import UsageError
from backprop_engine.practice.score import Score
from backprop_tui.files.progress import Practised, note_practice, read_progress

DAY = date(2026, 5, 4)


def note(path: Path, name: str = "xor", credit: float = 1.0, **mistakes: int) -> None:
    note_practice(name, Score((credit,), mistakes), path=path, today=lambda: DAY)


def test_sessions_add_up(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "progress.json"
    note(path, credit=0.5, sign=1)
    note(path, sign=2, transposed=1)
    note(path, "rnn_cell")
    kept = read_progress(path)
    assert set(kept) == {"xor", "rnn_cell"}
    assert kept["xor"] == Practised(2, "2026-05-04", 2, 1.5, 1.0, 0, {"sign": 3, "transposed": 1})
    assert kept["xor"].share == 0.75
    assert [found.name for found in path.parent.iterdir() if found.name.endswith(".json")] == [
        "progress.json"
    ]


def test_two_instances_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: note(path, f"s{number % 4}", sign=1), range(40)))
    kept = read_progress(path)
    assert {name: found.sessions for name, found in kept.items()} == {f"s{number}": 10 for number in range(4)}
    assert sum(found.mistakes["sign"] for found in kept.values()) == 40


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 1, "scenarios": {"x": {"sessions": "many"}}}',
        '{"version": 99}',
        "\x00\xff",
        "[" * 9000,
        '{"version": 1, "scenarios": {"xor": {"sessions": -5}}}',
        '{"version": 1, "scenarios": {"xor": {"best": 1e308}}}',
        '{"version": 1, "scenarios": {"xor": {"last": "\\u001b[31m2026"}}}',
        '{"version": 1, "scenarios": {"xor": {"mistakes": {"sign": 1000000000000000000000000000000}}}}',
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "progress.json"
    path.write_text(text, encoding="utf-8")
    assert read_progress(path) == {}
    note(path)
    assert read_progress(path)["xor"].sessions == 1
    assert (tmp_path / "progress.json.damaged").read_text(encoding="utf-8") == text


def test_a_pipe_in_its_place_is_set_aside_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    os.mkfifo(path)
    assert read_progress(path) == {}
    note(path)
    assert read_progress(path)["xor"].sessions == 1


def test_what_a_later_version_adds_does_not_harm(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text(
        json.dumps({"version": 1, "scenarios": {"xor": {"sessions": 3, "mood": "fine"}}}), encoding="utf-8"
    )
    assert read_progress(path)["xor"].sessions == 3


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file", encoding="utf-8")
    with pytest.raises(UsageError):
        note(tmp_path / "folder" / "progress.json")
    assert read_progress(tmp_path / "folder" / "progress.json") == {}
