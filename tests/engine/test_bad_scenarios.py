"""A corpus of broken files: each names the right place, in words that stay as they are.

`tests/bad_scenarios/` holds files that cannot be loaded; beside each `NAME.yaml` stands `NAME.txt`, exactly
what is shown for it. `expected.yaml` is written by hand: code, line and column of every mistake in each file.

After changing a message on purpose, write the texts again and read the difference before keeping it:

    REWRITE_GOLDENS=1 pytest tests/engine/test_bad_scenarios.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from backprop_engine.errors import ScenarioError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.source import Source

CORPUS = Path(__file__).parent.parent / "bad_scenarios"
FILES = sorted(path.stem for path in CORPUS.glob("*.yaml") if path.stem != "expected")
EXPECTED: dict[str, list[list[object]]] = yaml.safe_load((CORPUS / "expected.yaml").read_text("utf-8"))

ELSEWHERE = {
    "file-not-found": "test_reader.py: there is no file to keep",
    "file-not-regular": "test_reader.py makes a directory, a pipe and a socket",
    "file-unreadable": "test_reader.py takes the permission away",
    "file-too-large": "test_reader.py writes 16 MiB",
    "expect-differs": "test_expect.py: the file loads, the run fails",
    "expect-shape": "test_expect.py: the file loads, the run fails",
    "expect-wrong": "test_expect.py: the file loads, the run fails",
}


def load(name: str) -> ScenarioError:
    source = (CORPUS / f"{name}.yaml").read_bytes()
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes(f"{name}.yaml", source))
    return caught.value


@pytest.mark.parametrize("name", FILES)
def test_every_mistake_is_named_at_its_place(name: str) -> None:
    found = [
        [one.code.name, one.place.line, one.place.column]
        for one in load(name).diagnostics
        if one.place is not None
    ]
    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", FILES)
def test_the_message_stays_as_it_is(name: str) -> None:
    golden = CORPUS / f"{name}.txt"
    shown = f"{load(name)}\n"
    if os.environ.get("REWRITE_GOLDENS"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_the_table_names_each_file_once() -> None:
    assert sorted(EXPECTED) == FILES
    assert sorted(path.stem for path in CORPUS.glob("*.txt")) == FILES


def test_every_code_has_a_file() -> None:
    in_corpus = {str(code) for mistakes in EXPECTED.values() for code, _, _ in mistakes}
    # In a process of its own: other rooms, such as the command line, declare codes that no file can have.
    program = (
        "from backprop_engine.scenario import expect, loader;"
        "from backprop_engine.errors import CODES;"
        "print(*CODES)"
    )
    declared = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert in_corpus | ELSEWHERE.keys() == set(declared)
    assert not in_corpus & ELSEWHERE.keys()
