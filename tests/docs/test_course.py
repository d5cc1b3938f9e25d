"""The example of a project with scenarios of its own, as it stands and with a number changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
COURSE = DOCS / "examples" / "course"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return Path(shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))


def outcome(folder: Path) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout


@pytest.mark.thorough
def test_it_is_green(course: Path) -> None:
    code, told = outcome(course)
    assert code == 0, told
    assert "26 passed" in told


@pytest.mark.thorough
def test_a_changed_number_is_red_and_so_is_the_screen(course: Path) -> None:
    chain = course / "scenarios" / "chain.yaml"
    chain.write_text(chain.read_text(encoding="utf-8").replace("z: -4}", "z: -5}"), encoding="utf-8")
    code, told = outcome(course)
    assert code == 1
    assert f"{chain}:7:21: error[expect-differs]: `f` is -15, expected -12" in told
    assert "test_the_last_step_of_the_chain" in told


@pytest.mark.parametrize("page", ["testing.md", "testing.ko.md"])
def test_the_page_shows_the_example(page: str) -> None:
    shown = (DOCS / page).read_text(encoding="utf-8")
    program = (COURSE / "test_course.py").read_text(encoding="utf-8")
    blocks = [block.partition("\n```")[0] for block in shown.split("```python\n")[1:]]
    assert all(line in program for block in blocks[:2] for line in block.splitlines())
    assert (COURSE / "pyproject.toml").read_text(encoding="utf-8").strip() in shown
