"""A corpus of broken files: each names the right place, in words that stay as they are.

`tests/bad_scenarios/` holds files that cannot be loaded; beside each `NAME.yaml` stands `NAME.txt`, exactly
what is shown for it. `expected.yaml` is written by hand: code, line and column of every mistake in each file.
Files that are too large to keep are made by `large.py`.

After changing a message on purpose, write the texts again and read the difference before keeping it:

    REWRITE_GOLDENS=1 pytest tests/engine/scenario/test_bad_scenarios.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bad_scenarios.large import LARGE

from backprop_engine.errors import CODES, ScenarioError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.mistakes import MAX_REPORTED, severity
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source, read_source
from backprop_engine.scenario.read.yaml_nodes import plain
from effort import tried
from programs import environment, program

CORPUS = Path(__file__).parents[2] / "bad_scenarios"
FILES = sorted(path.stem for path in CORPUS.glob("*.yaml") if path.stem != "expected")
EXPECTED: Any = plain(read(read_source(CORPUS / "expected.yaml")))  # it refuses a name that stands twice

MANY = 2_000
"""How many mistakes a large file has; `benchmarks/broken_files.py` has more."""

ELSEWHERE = {
    "file-not-found": "test_reader.py: there is no file to keep",
    "file-not-regular": "test_reader.py makes a directory, a pipe and a socket",
    "file-unreadable": "test_reader.py takes the permission away",
    "file-too-large": "`large.py` makes files that are refused before they are parsed",
    "expect-differs": "test_expect.py: the file loads, the run fails",
    "expect-shape": "test_expect.py: the file loads, the run fails",
    "expect-wrong": "test_expect.py: the file loads, the run fails",
    "node-lost": "no file is known that comes to it: it is the loader's last resort",
    "data-unreadable": "test_file_paths.py makes a directory, a pipe and a socket",
    "data-size": "test_file_bounds.py writes a large file",
}


@pytest.fixture(autouse=True)
def in_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of data files count from the scenario's folder, which a bare name has not."""
    monkeypatch.chdir(CORPUS)


def refused(name: str, data: bytes) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes(f"{name}.yaml", data))
    return caught.value


def load(name: str) -> ScenarioError:
    return refused(name, (CORPUS / f"{name}.yaml").read_bytes())


@pytest.mark.parametrize("name", FILES)
def test_every_mistake_is_named_at_its_place(name: str) -> None:
    found = [
        [one.code.name, one.place.line, one.place.column]
        for one in load(name).diagnostics
        if one.place is not None
    ]
    assert found == EXPECTED[name]


@pytest.mark.every_case
@pytest.mark.parametrize("name", FILES)
def test_the_message_stays_as_it_is(name: str) -> None:
    golden = CORPUS / f"{name}.txt"
    shown = f"{load(name)}\n"
    if os.environ.get("REWRITE_GOLDENS"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")
    assert all(character.isprintable() or character == "\n" for character in shown)


@pytest.mark.parametrize("name", FILES)
def test_the_worst_comes_first(name: str) -> None:
    """By what it hides, and then as it stands in the file; twenty at most, and none twice."""
    shown = load(name).diagnostics
    ranks = [
        (severity(one.code.name), one.place.line, one.place.column) for one in shown if one.place is not None
    ]
    assert len(ranks) == len(shown) <= MAX_REPORTED
    assert ranks == sorted(set(ranks))


def test_structure_before_names_before_shapes_before_figures_before_texts() -> None:
    codes = ("no-nodes", "unknown-key", "leaf-form", "unknown-name", "operands", "shapes", "expect-name")
    assert [severity(name) for name in (*codes, "bad-text")] == list(range(8))
    assert {severity(name) for name in CODES if name.startswith(("yaml-", "file-"))} == {0}


def test_twenty_mistakes_in_texts_do_not_hide_a_worse_one() -> None:
    notes = "".join(f"  g{number}: Look\n" for number in range(40))
    text = f"inputs: {{x: 2}}\nnotes:\n{notes}nodes:\n  f: x * y\nwatch: [x +]\n"
    shown = refused("many_notes", text.encode()).diagnostics
    assert [one.code.name for one in shown] == ["expr-syntax", "unknown-name", *["unknown-note"] * 18]


@pytest.mark.parametrize(
    ("made", "count", "others"),
    [
        ("bad_expressions", 20, ""),
        ("bad_expressions", 999, "and 979 more"),
        ("bad_expressions", 2000, "and at least 980 more"),
        ("bad_leaves", 2000, "and at least 980 more"),
        ("unknown_keys", 2000, "and at least 980 more"),
        ("unknown_names", 24, "and 28 more"),
        ("unknown_names", 2000, "and at least 980 more"),
        ("unknown_operators", 40, "and 20 more"),
        ("unknown_operators", 60, "and at least 30 more"),
        ("unknown_operators", 2000, "and at least 30 more"),
        ("bad_notes", 2000, "and at least 30 more"),
        ("long_cycle", 2000, ""),
    ],
)
def test_of_many_mistakes_the_others_are_counted(made: str, count: int, others: str) -> None:
    """Those of which so many were found that nobody reads on are not all looked for."""
    error = refused("case", LARGE[made][0](count))
    assert (len(error.diagnostics), str(error.others)) == (min(20, error.count), others)
    assert str(error).endswith(others or str(error.diagnostics[-1]))


def test_nodes_left_unread_are_not_called_unknown() -> None:
    calls = "".join(f"  f{number}: foo{number}(x)\n" for number in range(1200))
    text = (
        f"inputs: {{x: 2}}\nnodes:\n  a: last * 2\n{calls}  last: x * 2\nexpect: {{values: {{f1199: 2}}}}\n"
    )
    codes = {one.code.name for one in refused("case", text.encode()).diagnostics}
    assert codes == {"unknown-op"}


@pytest.mark.thorough
@pytest.mark.parametrize("name", tried([*LARGE], [*LARGE][::5]))
def test_a_large_file_is_refused_at_the_right_place(name: str) -> None:
    make, (code, line, column) = LARGE[name]
    first = refused(name, make(MANY)).diagnostics[0]
    assert first.place is not None
    assert (first.code.name, first.place.line, first.place.column) == (code, line, column)


@pytest.mark.thorough
def test_the_program_ends_none_in_a_traceback() -> None:
    done = program("check", ".")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    lines = done.stdout.decode().splitlines()
    bad = [line.split()[1] for line in lines if line.startswith("BAD")]
    assert bad == sorted(f"{name}.yaml" for name in (*FILES, "expected"))
    assert lines[-1] == f"{len(bad)} files: 0 passed, {len(bad)} could not be used"


def test_the_table_names_each_file_once() -> None:
    assert sorted(EXPECTED) == FILES
    assert sorted(path.stem for path in CORPUS.glob("*.txt")) == FILES


def test_every_code_has_a_file() -> None:
    in_corpus = {str(code) for mistakes in EXPECTED.values() for code, _, _ in mistakes}
    # In a process of its own: other rooms, such as the command line, declare codes that no file can have.
    lines = (
        "import pkgutil, importlib, backprop_engine.scenario as rooms",
        "for one in pkgutil.walk_packages(rooms.__path__, f'{rooms.__name__}.'):",
        "    importlib.import_module(one.name)",
        "from backprop_engine.errors import CODES",
        "print(*CODES)",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    declared = subprocess.check_output(command, text=True, env=environment()).split()
    assert in_corpus | ELSEWHERE.keys() == set(declared)
    assert not in_corpus & ELSEWHERE.keys()
