"""The proof is proven: fifty faults planted one by one in the engine's source, and `check` catches each.

They are drawn by a fixed seed over every operator file and what records a run, file after file; of each the
kind that was caught least so far. A fault that changes no byte of any run does not count, nor does one that
ends in an error of Python's own before anything is reported: both are listed, and the file's next is drawn.
What `check` has to find them with are the bundled scenarios and those generated for each operator, whose
figures are HIPS autograd's.

`BACKPROP_EFFORT=thorough` plants them, as `.ci/run` does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from faults import ENGINE, FILES, KINDS, Fault, faults_in
from generated import scenario_files
from planting import Field, Outcome

from backprop_engine.ops import OPS

SEED, WANTED = 3, 50
AT_ONCE = 2
"""So many faults are planted at one time, each in an engine of its own."""
TRIES = 8
"""How many faults of a file are tried, at most, until one is caught."""
SCENARIOS = Path(__file__).parents[2] / "scenarios"


class Draw:
    """Draws files, and in each a fault of the kind that was caught least so far, until one is caught."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(SEED)
        self.left = {file: faults_in(file) for file in FILES}
        self.caught: Counter[str] = Counter()
        self.tried: Counter[str] = Counter()
        self.done: set[str] = set()
        """Files in whose turn a fault was caught."""

    def rounds(self) -> Iterator[list[Fault]]:
        """A fault of each of the files whose turn it is."""
        files = self._files()
        turns: dict[str, int] = {}
        while True:
            for file in [file for file, tries in turns.items() if self._ends(file, tries)]:
                del turns[file]
            self.done.clear()
            while len(turns) < AT_ONCE and (file := next(files, None)) is not None:
                if self.left[file]:
                    turns.setdefault(file, 0)
            if not turns:
                return
            for file in turns:
                turns[file] += 1
            yield [self._fault(file) for file in turns]

    def _ends(self, file: str, tries: int) -> bool:
        return file in self.done or tries == TRIES or not self.left[file]

    def _files(self) -> Iterator[str]:
        """Every file that has faults left, in an order of chance; then again."""
        while any(self.left.values()):
            yield from map(str, self.random.permutation([file for file in FILES if self.left[file]]))

    def _fault(self, file: str) -> Fault:
        """The file's next."""
        fewest = min(self._rank(fault) for fault in self.left[file])
        rarest = [fault for fault in self.left[file] if self._rank(fault) == fewest]
        fault = rarest[int(self.random.integers(len(rarest)))]
        self.left[file].remove(fault)
        self.tried[fault.kind] += 1
        return fault

    def _rank(self, fault: Fault) -> int:
        return 3 * self.caught[fault.kind] + self.tried[fault.kind]


def _defined_in(file: str) -> list[str]:
    """The operators that the file defines."""
    names = re.findall(r"define\(\s*\"(\w+)\"", (ENGINE / file).read_text(encoding="utf-8"))
    return [name for name in names if name in OPS]


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> list[Field]:
    folder = tmp_path_factory.mktemp("planted")
    scenarios: dict[str, list[Path]] = {}
    for name, op in OPS.items():
        scenarios[name] = []
        for stem, text in scenario_files(op).items():
            scenarios[name].append(folder / f"{stem}.yaml")
            scenarios[name][-1].write_text(text, encoding="utf-8")
    bundled = sorted(SCENARIOS.rglob("*.yaml"))
    return [Field(folder / f"engine_{number}", scenarios, bundled) for number in range(AT_ONCE)]


@pytest.mark.thorough
def test_without_a_fault_everything_passes(fields: list[Field]) -> None:
    assert fields[0].passes()


@pytest.mark.thorough
def test_every_kind_fits_somewhere() -> None:
    assert {fault.kind for file in FILES for fault in faults_in(file)} == set(KINDS)


@pytest.mark.thorough
def test_every_planted_fault_is_caught(fields: list[Field], capsys: pytest.CaptureFixture[str]) -> None:
    draw = Draw()
    outcomes: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    files: set[str] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for faults in draw.rounds():
            near = [_defined_in(fault.file) for fault in faults]
            for fault, (outcome, said) in zip(
                faults, pool.map(Field.plant, fields, faults, near), strict=True
            ):
                if len(outcomes[Outcome.CAUGHT]) == WANTED:
                    break
                outcomes[outcome].append(f"{fault}\n{' ' * 15}{said}" if said else str(fault))
                if outcome is Outcome.CAUGHT:
                    draw.caught[fault.kind] += 1
                    draw.done.add(fault.file)
                    files.add(fault.file)
            if len(outcomes[Outcome.CAUGHT]) == WANTED:
                break
    with capsys.disabled():
        print()  # noqa: T201
        for outcome, faults in outcomes.items():
            for number, line in enumerate(faults, 1):
                print(f"{outcome.value:10} {number:3}  {line}")  # noqa: T201
        print(f"{WANTED} faults caught, in {len(files)} files: {dict(draw.caught)}")  # noqa: T201
    assert outcomes[Outcome.MISSED] == []
    assert len(outcomes[Outcome.CAUGHT]) == WANTED
    assert set(draw.caught) == set(KINDS)
