"""Time and memory that broken files take: each file of the corpus, and each of those too large to keep.

Every file is loaded in a process of its own; what counts is its processor time while it loads, and the
largest memory that it ever had, the interpreter and NumPy included. POSIX only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "bad_scenarios"
SECONDS, MEGABYTES = 2.0, 300.0
"""What no broken file may take more of."""

CHILD = """
import json, os, re, resource, sys, time
from backprop_engine.errors import ScenarioError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
name, many = sys.argv[1], int(sys.argv[2])
if name.endswith(".yaml"):
    data = open(name, "rb").read()
else:
    from bad_scenarios.large import LARGE
    data = LARGE[name][0](many)
started, said = time.process_time(), ""
try:
    load_source(Source.from_bytes(name, data))
except ScenarioError as error:
    said = str(error)
seconds = time.process_time() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
codes = sorted(set(re.findall("error.([a-z-]+)", said)))
print(json.dumps([seconds, peak, said.partition("\\n")[0], codes]))
"""


class Taken(NamedTuple):
    """What a file took: seconds, megabytes at most, the answer's first line, and the codes in it."""

    name: str
    seconds: float
    megabytes: float
    said: str
    codes: list[str]

    def __str__(self) -> str:
        return f"{self.name:28} {self.seconds:6.2f} s {self.megabytes:6.0f} MB  {self.said[:100]}"


def taken(name: str, many: int) -> Taken:
    """Load one file in a process of its own."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("engine", "tests"))
    command = [sys.executable, "-c", CHILD, name, str(many)]
    done = subprocess.run(
        command,
        cwd=CORPUS,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    return Taken(name, *json.loads(done.stdout))


def names() -> list[str]:
    """The files of the corpus, and the names of those that are made."""
    sys.path.insert(0, str(ROOT / "tests"))
    from bad_scenarios.large import LARGE

    return [*sorted(path.name for path in CORPUS.glob("*.yaml") if path.stem != "expected"), *LARGE]


def print_codes(found: list[Taken]) -> None:
    """Print a row for each kind of mistake: files that contain it, and the most that one of them takes."""
    print("| code | files | seconds | MB |\n|---|---|---|---|")
    for code in sorted({code for file in found for code in file.codes}):
        files = [file for file in found if code in file.codes]
        seconds, megabytes = max(file.seconds for file in files), max(file.megabytes for file in files)
        print(f"| {code} | {len(files)} | {seconds:.2f} | {megabytes:.0f} |")


def main() -> None:
    """Load every file, and print those that took the most time and the most memory."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--many", type=int, default=90_000, help="mistakes in a file of many (90,000)")
    parser.add_argument("--worst", type=int, default=5, help="how many of the worst are printed (5)")
    parser.add_argument("--codes", action="store_true", help="also print a row for each kind of mistake")
    parser.add_argument("names", nargs="*", help="files to load; all if left out")
    options = parser.parse_args()
    found = [taken(name, options.many) for name in options.names or names()]
    for what, key in (("time", "seconds"), ("memory", "megabytes")):
        print(f"the most {what}, of {len(found)} files:")
        for one in sorted(found, key=lambda one: -getattr(one, key))[: options.worst]:
            print(f"  {one}")
    if options.codes:
        print_codes(found)
    over = [one for one in found if one.seconds > SECONDS or one.megabytes > MEGABYTES]
    loaded = [one.name for one in found if not one.said]
    print(f"{len(over)} take more than {SECONDS:g} s or {MEGABYTES:g} MB, {len(loaded)} load after all")
    sys.exit(1 if over or loaded else 0)


if __name__ == "__main__":
    main()
