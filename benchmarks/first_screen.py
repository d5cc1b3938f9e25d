"""Time from the start of a process to its first full screen, against an empty Textual app.

Both run in a pseudo-terminal, in turns. The first screen stands when a screenful has been written and nothing
has followed for a while; the while itself is not counted. Where Linux tells it, the processor's time until
then stands beside it: it depends less on what else the machine does. POSIX only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from statistics import median

from terminal import COLUMNS, ROWS, NoScreenError, Terminal

EMPTY_APP = "import numpy\nfrom textual.app import App\nApp().run()"


def first_screen(command: Sequence[str], *, quiet: float, shows: str = "") -> tuple[float, float]:
    """Seconds from the start of `command` until its first full screen stood, which has the text `shows`, and
    those of the processor.
    """
    terminal = Terminal(command)
    try:
        return terminal.first_screen(quiet=quiet, shows=shows), terminal.processor_time()
    finally:
        terminal.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="runs of each (15)")
    parser.add_argument(
        "--quiet", type=float, default=150, help="milliseconds of silence that end a run (150)"
    )
    parser.add_argument("--shows", default="", metavar="TEXT", help="a text that the full screen must have")
    parser.add_argument(
        "command",
        nargs="*",
        help="what to start (python -m backprop_tui add_multiply); after -- if it has options",
    )
    options = parser.parse_args()
    command = options.command or [sys.executable, "-m", "backprop_tui", "add_multiply"]
    empty = [sys.executable, "-c", EMPTY_APP]
    quiet = options.quiet / 1000

    seconds: dict[str, list[tuple[float, float]]] = {"empty": [], "command": []}
    try:
        for run in range(options.runs + 1):
            baseline = first_screen(empty, quiet=quiet)
            measured = first_screen(command, quiet=quiet, shows=options.shows)
            if run > 0:  # the first one fills the caches of files
                seconds["empty"].append(baseline)
                seconds["command"].append(measured)
    except NoScreenError as error:
        raise SystemExit(f"no full screen; the last that was written:\n{error}") from None

    print(f"start to first full screen at {COLUMNS}×{ROWS}; medians of {options.runs} runs, empty app = 1")
    titles = {"empty": "an empty Textual app that imports NumPy", "command": " ".join(command[-3:])}
    for number, clock in enumerate(("time", "processor")):
        one = median(taken[number] for taken in seconds["empty"])
        for key, title in titles.items():
            if not one:
                continue  # no Linux
            ratios = sorted(taken[number] / one for taken in seconds[key])
            low, high = ratios[len(ratios) // 4], ratios[-len(ratios) // 4]
            spread = f"(half of the runs within {low:.2f}–{high:.2f})"
            print(f"{title:<50}{clock:<10}{median(ratios):6.2f}   {spread}")


if __name__ == "__main__":
    main()
