"""`check` and Ctrl+C: it ends at once, and says what was checked so far."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backprop_engine.scenario import verify as verifying
from command_line import Commands, file

RIGHT = "inputs: {x: 2, y: 3}\nnodes: {f: x * y}\n"
LONG = """
operators:
  double: {inputs: [a], forward: 2 * a, backward: {a: g}}
inputs: {x: 2}
params: {w: 3}
nodes:
  a: double(x)
  f: a * w
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody presses Ctrl+C after the second gradient of a file that has more than three."""
    whole = verifying.check_trace

    def check_trace(trace: Any) -> Iterator[Any]:
        for done, check in enumerate(whole(trace), 1):
            yield check
            if done == 2 and len(trace.graph.nodes) > 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(verifying, "check_trace", check_trace)


@pytest.mark.usefixtures("impatient")
def test_what_was_found_so_far_is_said(commands: Commands, tmp_path: Path) -> None:
    names = [file(tmp_path, RIGHT, "a.yaml"), file(tmp_path, LONG, "b.yaml"), file(tmp_path, RIGHT, "c.yaml")]
    code, out, err = commands("check", *names)
    lines = out.splitlines()
    assert code == 130
    assert lines[0].startswith("ok    ")
    assert lines[1] == f"STOP  {names[1]}  2 of 5 gradients"
    assert lines[-1] == "stopped: 1 file: 1 passed"
    assert "c.yaml" not in out
    assert "Traceback" not in err


@pytest.mark.usefixtures("impatient")
def test_in_the_first_file_nothing_was_checked(commands: Commands, tmp_path: Path) -> None:
    code, out, _ = commands("check", file(tmp_path, LONG, "b.yaml"), "--lang", "ko")
    assert code == 130
    assert out.splitlines()[0].startswith("중단")
    assert out.splitlines()[-1] == "중단했습니다: 검사한 파일이 없습니다"
