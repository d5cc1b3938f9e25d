"""The tests' own demand that every case asserts something: what it lets pass, and what it does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asserting import asserts

PASSES = {
    "an assertion": "assert 1 + 1 == 2",
    "an assertion with words": "assert 1 + 1 == 2, 'words'",
    "an assertion in a loop": "for number in range(3): assert number < 3",
    "an expected error": "with pytest.raises(ValueError): int('x')",
    "a comparison of arrays": "np.testing.assert_array_equal([1.0], [1.0])",
}
FAILS = {
    "nothing": "pass",
    "an early return": "if len('a') == 1: return\n    assert False",
    "an empty loop": "for number in (): assert number",
    "another file's assertion": "subprocess.run([sys.executable, '-c', 'assert True'], check=True)",
    "a plugin's assertion": "plain(True)",
}
AROUND = """import subprocess, sys
import numpy as np
import pytest
from plain import plain

"""


@pytest.mark.thorough
def test_what_asserts_passes_and_what_does_not_fails(tmp_path: Path) -> None:
    cases = {**PASSES, **FAILS}
    functions = [f"def test_{number}() -> None:\n    {body}\n" for number, body in enumerate(cases.values())]
    (tmp_path / "test_cases.py").write_text(AROUND + "\n".join(functions), "utf-8")
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "plain.py").write_text("def plain(holds):\n    assert holds\n", "utf-8")
    tests = Path(__file__).parents[1] / "support"
    paths = os.pathsep.join([str(tests), str(tmp_path / "site-packages")])
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rA",
            "-p",
            "asserting",
            "--rootdir",
            str(tmp_path),
            str(tmp_path),
        ],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.findall(r"^([A-Z]+) .*::test_(\d+)", run.stdout, re.MULTILINE)
    ended = {int(number): how for how, number in told}
    outcomes = {name: ended[number] for number, name in enumerate(cases)}
    assert outcomes == dict.fromkeys(PASSES, "PASSED") | dict.fromkeys(FAILS, "FAILED")
    assert run.stdout.count("nothing is asserted here") >= len(FAILS)


def test_a_part_must_assert_something_too() -> None:
    with asserts("one part"):
        assert True
    with pytest.raises(AssertionError, match="nothing is asserted here") as refused, asserts("another part"):
        pass
    assert refused.value.__notes__ == ["in another part"]
