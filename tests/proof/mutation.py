"""Mutation testing of the engine: `python tests/proof/mutation.py --room graph --sample 200`.

Changes of the source are planted one at a time, the same for the same seed, and the tests of the rooms that
run the changed lines are tried, until one fails. What no test finds is printed with its place. The checkout
is copied first, and a mutant is never written to a file. The first run measures which tests run which lines,
which takes as long as those tests; `--keep FILE` keeps it for the next.

With BACKPROP_EFFORT=thorough all cases of the tests are there to find a mutant.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from covered import Covered
from mutants import Mutant, mutants_of
from planted_in_memory import Server, imported

CHECKOUT: Final = Path(__file__).parents[2]
ROOMS: Final = {
    "graph": ("graph", "trace", "ops", "scenario", "evaluation", "explain", "program", "debugger"),
    "trace": ("trace", "graph", "optim", "scenario", "evaluation", "explain", "debugger", "practice"),
    "ops": (
        *("ops", "derivatives", "evaluation", "scenario", "expressions", "trace"),
        *("catalogue", "explain", "program"),
    ),
    "scenario": ("scenario", "trace", "graph", "expressions", "program", "practice"),
}
"""The folders of tests/engine whose tests are tried for the rooms of the engine."""
_ALSO: Final = (
    "tests/scenarios",
    "tests/engine/test_library.py",
    "tests/engine/test_notebook.py",
    "tests/docs/test_made_pages.py",
)
"""What is tried for every room: among these are the pages that list every operator with its settings."""
_ENGINE: Final = "engine/backprop_engine"
_FIRST: Final = 40
"""So many tests are tried first where each try imports the engine anew."""
_AT_ONCE: Final = 500
"""So many tests are measured before what was measured is kept: a run that is ended goes on from there."""
_OUTSIDE: Final = (
    "numpy", "pytest", "hypothesis", "hypothesis.extra.numpy", "msgspec", "yaml", "autograd.numpy", "mpmath",
    "rich.console", "textual.app", "jsonschema", "coverage",
)  # fmt: skip


def main() -> None:
    """Plant the mutants and print those that live, and how many there are; exit code 1 with any alive."""
    options = _options()
    rooms = options.room or ([] if options.places else [*ROOMS])
    rooms += [room for place in options.places if (room := place.partition("/")[0]) not in rooms]
    with TemporaryDirectory(prefix="backprop-mutation-") as folder:
        root = Path(folder) / "checkout"
        kinds = shutil.ignore_patterns(
            ".git", "__pycache__", ".*_cache", ".venv*", ".hypothesis", "site", "build"
        )
        shutil.copytree(CHECKOUT, root, ignore=kinds)
        field = Field(root, options.keep, options.seconds, options.exact)
        try:
            survivors = [_room(field, room, options) for room in rooms]
        finally:
            field.close()
    sys.exit(1 if any(survivors) else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("places", nargs="*", help="only the mutants of a file, or line: graph/steps.py:40")
    parser.add_argument(
        "--room", action="append", choices=ROOMS, help="a room of the engine; all if left out"
    )
    parser.add_argument("--sample", type=int, help="how many mutants of each room (all)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another sample (0)")
    parser.add_argument(
        "--seconds", type=float, default=30, help="how long a mutant's tests take at most (30)"
    )
    parser.add_argument(
        "--keep", type=lambda name: Path(name).absolute(), help="what was measured, for the next run"
    )
    parser.add_argument("--exact", action="store_true", help="import the engine anew for every mutant")
    return parser.parse_args()


def _room(field: Field, room: str, options: argparse.Namespace) -> int:
    """Plant a room's mutants and say what became of them; how many are alive."""
    chosen = _sample(room, options)
    counts: Counter[str] = Counter()
    began = time.monotonic()
    for number, mutant in enumerate(chosen, 1):
        told = field.plant(room, mutant)
        counts[told.partition(" ")[0]] += 1
        if told.startswith("survived"):
            print(f"{mutant}\n    {told}", flush=True)
        print(
            f"\r{room} {number}/{len(chosen)} {dict(counts)} {mutant.file} {told[:60]}",
            end="\033[K",
            file=sys.stderr,
        )
    found = counts["killed"] + counts["timeout"]
    print(
        f"{room:9} {len(chosen):5} mutants  {counts['killed']:5} killed  {counts['timeout']:3} timeouts  "
        f"{counts['survived']:3} survived  {found / max(1, len(chosen)):.1%}  "
        f"{(time.monotonic() - began) / max(1, len(chosen)):.1f} s each",
        flush=True,
    )
    return counts["survived"]


def _sample(room: str, options: argparse.Namespace) -> list[Mutant]:
    """The mutants of the room that are planted, file by file."""
    mutants = []
    for path in sorted((CHECKOUT / _ENGINE / room).rglob("*.py")):
        file = path.relative_to(CHECKOUT / _ENGINE).as_posix()
        mutants += mutants_of(file, path.read_text("utf-8"))
    if options.places:
        wanted = {*options.places}
        mutants = [one for one in mutants if {one.file, f"{one.file}:{one.lines.start}"} & wanted]
    if options.sample is None or options.sample >= len(mutants):
        return mutants
    drawn = Random(options.seed).sample(range(len(mutants)), options.sample)
    return [mutants[number] for number in sorted(drawn)]


class Field:
    """A copy of the checkout at `root`, in which mutants are planted and looked for."""

    def __init__(self, root: Path, keep: Path | None, seconds: float, exact: bool) -> None:
        self.root = root
        self.exact = exact
        self.keep = keep
        self.seconds = seconds
        self.found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """How many mutants of each file each test found."""
        os.chdir(root)
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPATH"] = os.pathsep.join(str(root / wing) for wing in ("engine", "tui"))
        sys.path[:0] = [str(root / "engine"), str(root / "tui"), str(root / "tests" / "support")]
        for name in _OUTSIDE:
            importlib.import_module(name)
        assert "backprop_engine" not in sys.modules
        folders = dict.fromkeys(folder for needed in ROOMS.values() for folder in needed)
        self._server = Server(root, (*(f"tests/engine/{folder}" for folder in folders), *_ALSO))
        self._covered = self._measured()

    def _measured(self) -> Covered:
        files = [
            path.relative_to(self.root / _ENGINE).as_posix()
            for room in ROOMS
            for path in sorted((self.root / _ENGINE / room).rglob("*.py"))
        ]
        covered = Covered(self.root, files, self.keep)
        if stale := covered.stale(self._server.tests):
            covered.forget(stale)
            while stale:
                print(f"measuring which lines {len(stale)} tests run", file=sys.stderr)
                measured = self._server.measure(stale[:_AT_ONCE], covered.files, self.root)
                if isinstance(measured, str):
                    print(f"without any mutant {measured} fails: it is left out")
                    stale.remove(measured)
                else:
                    covered.add(*measured)
                    del stale[:_AT_ONCE]
        return covered

    def plant(self, room: str, mutant: Mutant) -> str:
        """Try the tests on the mutant: killed, timeout or survived, and by what."""
        tests = self._tests(room, mutant)
        if not tests:
            return "survived: no test runs it"
        tree, path = mutant.tree(), self.root / _ENGINE / mutant.file
        outcome = None
        if mutant.function is not None and not self.exact:
            outcome = self._server.ask(tree, path, tests, self._covered.seconds)
        if outcome is None or (outcome.test is None and outcome.again):
            for some in (tests[:_FIRST], tests[_FIRST:]):
                if some:
                    outcome = imported(tree, path, self.root, some, self._covered.seconds)
                    if outcome.test:
                        break
        assert outcome is not None
        if outcome.test is None:
            return f"survived {len(tests)} tests"
        self.found[mutant.file][outcome.test] += 1
        return f"{'timeout' if outcome.timeout else 'killed'} by {outcome.test}"

    def _tests(self, room: str, mutant: Mutant) -> list[str]:
        """The tests to try, the likeliest and fastest first, as many as there is time for."""
        covered = self._covered
        running = covered.tests_of(mutant.file, mutant.lines) or covered.tests_of(mutant.file, mutant.around)
        if mutant.function is None or not running:
            # A table's lines run once, and a test of an entry that NumPy computes runs none in its file.
            named = covered.tests_named(mutant.words)
            running = [*dict.fromkeys((*running, *covered.tests_of(mutant.file), *named))]
        folders = (*(f"tests/engine/{folder}/" for folder in ROOMS[room]), *_ALSO)
        running = [test for test in running if test.startswith(folders)]
        words = mutant.words if mutant.function is None else frozenset()
        found = self.found[mutant.file]
        turns: Counter[str] = Counter()
        order = []
        for test in sorted(running, key=lambda test: covered.seconds[test]):
            function = test.partition("[")[0]
            turns[function] += 1
            named = bool(words) and not words.isdisjoint(re.findall(r"\w+", test))
            turn = 0 if found[test] else turns[function].bit_length()
            order.append((not named, turn, -found[test], covered.seconds[test], test))
        tests, left = [], self.seconds
        for *_, test in sorted(order):
            left -= covered.seconds[test]
            if left < 0 and tests:
                break
            tests.append(test)
        return tests

    def close(self) -> None:
        """End the server."""
        self._server.close()


if __name__ == "__main__":
    main()
