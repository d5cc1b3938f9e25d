"""What once failed stays refused or accepted, and a short run of the fuzzer finds nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import fuzz
import fuzz_targets
import pytest
from fuzz_targets import CORPUS, TARGETS, Target, mutated, refused

KEPT = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_failed_is_an_answer_or_an_error_for_people(path: Path) -> None:
    assert path.parent.name in TARGETS
    assert refused(TARGETS[path.parent.name], path.read_bytes()) in (True, False)


@pytest.mark.thorough
@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.fuzz(name, 300, 0, 0, tmp_path) == 0, capsys.readouterr().out
    counted = capsys.readouterr().out.split()
    assert counted[0] == name
    assert int(counted[1].replace(",", "")) >= 300
    assert 0 not in (int(counted[3].replace(",", "")), int(counted[5].replace(",", "")))


def test_one_seed_gives_the_same_inputs_every_time() -> None:
    seeds = [b"inputs: {x: 1}\nnodes: {f: x}\n", b"a: \xff\n"]
    first, again, other = (
        [mutated(seeds, random) for _ in range(100)] for random in (Random(1), Random(1), Random(2))
    )
    assert first == again != other
    assert len(set(first)) > 90


def test_any_other_exception_is_found_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def take(data: bytes) -> None:
        if b"b" in data:
            raise ZeroDivisionError("planted")

    monkeypatch.setitem(fuzz_targets.TARGETS, "planted", Target(take, lambda: [b"a", b"b", b"bb"]))
    assert fuzz.fuzz("planted", 0, 0, 0, tmp_path) == 1
    assert [path.read_bytes() for path in (tmp_path / "planted").iterdir()] == [b"b"]
    said = capsys.readouterr().out
    assert "ZeroDivisionError at test_fuzz_targets.py" in said
    assert "3 inputs          1 accepted          0 refused      2 findings of 1 kinds" in said
