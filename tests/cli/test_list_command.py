"""`list`: shelves and tracks, and how far one is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backprop_engine.practice.score import Score
from backprop_engine.scenario.bundled import bundled, tracks
from backprop_tui.files.progress import note_practice
from command_line import Commands


def test_without_a_track_every_scenario_is_listed_below_the_tracks(commands: Commands) -> None:
    lines = commands("list").out.splitlines()
    assert [line.split()[0] for line in lines[1 : 1 + len(tracks())]] == list(tracks())
    below = lines[1 + len(tracks()) :]
    assert sorted(line.split()[0] for line in below if line.startswith("  ")) == sorted(bundled())


@pytest.mark.parametrize("name", tracks())
def test_a_track_is_listed_in_its_order(commands: Commands, name: str) -> None:
    found = [line.split() for line in commands("list", "--track", name).out.splitlines()[1:]]
    numbered = [words for words in found if words[0].isdecimal()]
    assert [words[1] for words in numbered] == list(tracks()[name].scenarios)
    assert [int(words[0]) for words in numbered] == list(range(1, len(numbered) + 1))


def test_it_says_how_well_a_scenario_was_practised(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert "practised" not in commands("list", "--track", "article").out
    note_practice("one_node", Score((1.0, 0.5, 1.0), {}), today=lambda: date(2026, 3, 1))
    assert "practised on 2026-03-01: 83%" in commands("list", "--track", "article").out
    note_practice("one_node", Score((0.5,), {}), today=lambda: date(2026, 3, 4))
    shown = commands("list", "--track", "article").out
    assert "practised 2 times, most recently on 2026-03-04; best score 83%" in shown
    assert "2026-03-04에" not in shown
    assert (
        "2번 연습함, 마지막은 2026-03-04, 최고 83%"
        in commands("list", "--track", "article", "--lang", "ko").out
    )
    assert "1 of 14 mastered" in commands("list").out


def test_an_unknown_track_is_refused(commands: Commands) -> None:
    assert "invalid choice: 'articles'" in commands.refused("list", "--track", "articles")
