"""Processor time of `backprop-tui --help`, against a Python that imports argparse.

Both are processes of their own, in turns, once what they import has been compiled. POSIX only.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

COMMANDS = {
    "python -c pass": "pass",
    "python -c 'import argparse'": "import argparse",
    "backprop-tui --help": "from backprop_tui.__main__ import main; main()",
}


def processor_time(command: Sequence[str]) -> float:
    """The milliseconds that a process and the system take to carry out `command`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=41, help="turns of each (41)")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    taken: dict[str, list[float]] = {title: [] for title in COMMANDS}
    for turn in range(options.turns + 1):
        for title, code in COMMANDS.items():
            time = processor_time([sys.executable, "-c", code, "--help"])
            if turn:  # the first one compiles
                taken[title].append(time)
    one = median(taken["python -c 'import argparse'"])
    for title, times in taken.items():
        print(f"{title:<30}{median(times):6.1f} ms{median(times) / one:7.2f}")


if __name__ == "__main__":
    main()
