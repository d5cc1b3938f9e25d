"""The sessions in `docs/four-runs.md` are what the programs beside it lead to, in both languages."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "pytorch"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.py"))


def normal(text: str) -> str:
    """A session without what differs between versions of PyTorch."""
    text = re.sub(r"torch \S+: (\d+ steps?), .*", r"torch: \1", text)
    return re.sub(r" · n\d+", "", text)


def sessions(page: str) -> dict[str, str]:
    """The console of each program on a page."""
    blocks = re.findall(
        r"```console\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL
    )
    return {block.split()[2]: block for block in blocks if block.startswith("$ python")}


def session(name: str, folder: Path) -> str:
    """What a terminal shows when a program is run in a folder, and the doctor is asked."""
    told = f"$ python {name}\n"
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    (folder / name).write_bytes((EXAMPLES / name).read_bytes())
    program = [sys.executable, name]
    told += subprocess.run(
        program, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout
    doctor = [sys.executable, "-m", "backprop_tui", "doctor", "run"]
    found = subprocess.run(doctor, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (1, "")
    return told + "$ backprop-tui doctor run\n" + found.stdout


def debugged(page: str, folder: Path) -> Iterator[tuple[str, str]]:
    """What a page says that the debugger shows of the run in a folder, and what it does show."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(\$ backprop-tui run .*?)```", text, re.DOTALL):
        line, _, told = block.partition("\n")
        words = [sys.executable, "-m", *shlex.split(line.removeprefix("$ ").replace("-tui", "_tui", 1))]
        shown = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout
        yield told, shown


@pytest.mark.parametrize("name", NAMES)
def test_a_session_is_what_its_program_leads_to(name: str, tmp_path: Path) -> None:
    told = session(name, tmp_path)
    for page in ("four-runs.md", "four-runs.ko.md"):
        assert normal(sessions(page)[name]) == normal(told)
        if name == "ranks.py":
            ((expected, shown),) = debugged(page, tmp_path)
            assert shown == expected


def test_every_program_has_a_session() -> None:
    assert sorted(sessions("four-runs.md")) == sorted(sessions("four-runs.ko.md")) == NAMES
    assert len(NAMES) == 4
