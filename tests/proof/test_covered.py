"""What was measured of the tests is kept between runs, also where a run ended before all of them were."""

from __future__ import annotations

from pathlib import Path

from covered import Covered

_TESTS = ("tests/test_one.py::test_a", "tests/test_one.py::test_b")


def _measure(root: Path, tests: list[str]) -> None:
    """One run that measures these tests, of those that are stale, and ends."""
    covered = Covered(root, ["graph/one.py"], root / "kept.json")
    covered.forget(covered.stale(_TESTS))
    covered.add(dict.fromkeys(tests, 1.0), {test: {"graph/one.py": [1, 2]} for test in tests})


def _stale(root: Path) -> list[str]:
    return Covered(root, ["graph/one.py"], root / "kept.json").stale(_TESTS)


def test_a_run_that_ended_early_goes_on_from_there(tmp_path: Path) -> None:
    first, second = _TESTS
    for file in ("engine/backprop_engine/graph/one.py", "tests/test_one.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("1\n2\n", "utf-8")
    assert _stale(tmp_path) == [first, second]
    _measure(tmp_path, [first])
    assert _stale(tmp_path) == [second]
    _measure(tmp_path, [second])
    assert _stale(tmp_path) == []
    for file in ("engine/backprop_engine/graph/one.py", "tests/test_one.py"):
        (tmp_path / file).write_text(f"2\n1\n# {file}\n", "utf-8")
        assert _stale(tmp_path) == [first, second]
        _measure(tmp_path, [first])
        assert _stale(tmp_path) == [second]
        assert Covered(tmp_path, ["graph/one.py"], tmp_path / "kept.json").tests_of("graph/one.py", [2])
        _measure(tmp_path, [second])
        assert _stale(tmp_path) == []
