"""A key that steps: its time to the last byte, the processor's, and the bytes that it brings to the terminal.

Beside it stands an empty Textual app with a header, a footer and one line of text, which is another after
every key. Both run in pseudo-terminals of 120×40, and keys go to one and the other in turns: forward through
steps seen for the first time, back, and forward again. POSIX only; the processor's time on Linux.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from terminal import COLUMNS, ROWS, NoScreenError, Terminal

from backprop_engine import load_scenario
from backprop_engine.debugger import Session
from backprop_tui.files.bundled import resolve

EMPTY_APP = """
from textual.app import App
from textual.widgets import Footer, Header, Static
class Empty(App):
    BINDINGS = [("s", "count", "Count")]
    count = 0
    def compose(self):
        yield Header()
        yield Static("step 0")
        yield Footer()
    def action_count(self):
        self.count += 1
        self.query_one(Static).update(f"step {self.count}")
Empty().run()
"""
SCENARIOS = ("rnn_cell", "lstm", "softmax_classifier", "digits_mlp")
QUIET = 0.06
WARM_UP = 1


class Key(NamedTuple):
    """What a key took, in milliseconds, and the bytes that it brought."""

    time: float
    processor: float
    size: int


def pressed(terminal: Terminal, key: bytes) -> Key:
    """Press a key, and wait until nothing more follows."""
    before = terminal.processor_time()
    seconds, written = terminal.press(key, quiet=QUIET, timeout=1.0)
    return Key(seconds * 1e3, (terminal.worked - before) * 1e3, len(written))


def passes(scenario: str, steps: int, empty: Terminal, nothing: list[Key]) -> Iterator[tuple[str, list[Key]]]:
    """The keys of each pass through the first `steps` steps; `nothing` gets those of the empty app."""
    debugger = Terminal([sys.executable, "-m", "backprop_tui", scenario])
    try:
        seconds = debugger.first_screen(quiet=1.0, timeout=120.0)
        print(f"{Path(scenario).stem}: first screen after {seconds:.2f} s", flush=True)
        for title, key in (("first", b"s"), ("back", b"S"), ("again", b"s")):
            keys: list[Key] = []
            while len(keys) < steps:
                nothing.append(pressed(empty, b"s"))
                keys.append(pressed(debugger, key))
            yield title, keys[WARM_UP:]
    finally:
        debugger.end()


def chain(folder: Path, nodes: int) -> str:
    """A file whose lines, of three nodes each, come to so many."""
    lines = (f"  h{at}: tanh(h{at - 1} * w + x)" for at in range(1, nodes // 3 + 1))
    path = folder / f"chain_{nodes}.yaml"
    path.write_text("\n".join(["inputs: {x: 0.25}", "params: {w: 0.5, h0: 0.1}", "nodes:", *lines]), "utf-8")
    return str(path)


def length(scenario: str) -> int:
    """How many steps a run has; after the last one a key brings a notice."""
    return Session(load_scenario(resolve(scenario)).run()).last


def row(title: str, keys: Sequence[Key], empty: Key) -> str:
    """The medians of some keys, in milliseconds and against the empty app, and their bytes."""
    time, processor = median(key.time for key in keys), median(key.processor for key in keys)
    sizes = sorted(key.size for key in keys)
    return (
        f"{title:<28}{time:7.1f}{time / empty.time:6.2f}"
        f"{processor:9.1f}{processor / empty.processor if empty.processor else 0:6.2f}"
        f"{median(sizes):10.0f}{sizes[-1]:8}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=30, help="steps of each pass (30)")
    parser.add_argument("scenario", nargs="*", help=f"bundled stems or files ({', '.join(SCENARIOS)})")
    parser.add_argument("--large", type=int, default=0, help="nodes of a long chain that is measured too")
    options = parser.parse_args()
    print(f"a key that steps at {COLUMNS}×{ROWS}; medians, in milliseconds and with the empty app = 1; bytes")
    print(f"{'':<28}{'time':>7}{'':6}{'processor':>9}{'':6}{'bytes':>10}{'most':>8}")
    empty = Terminal([sys.executable, "-c", EMPTY_APP])
    empty.first_screen(quiet=0.3)
    for _ in range(WARM_UP):
        empty.press(b"s", quiet=QUIET)
    with TemporaryDirectory() as folder:
        scenarios = list(options.scenario or SCENARIOS)
        scenarios += [chain(Path(folder), options.large)] * bool(options.large)
        for scenario in scenarios:
            nothing: list[Key] = []
            try:
                found = list(passes(scenario, min(options.steps, length(scenario)), empty, nothing))
            except NoScreenError as error:
                raise SystemExit(f"{scenario}: no screen; the last that was written:\n{error}") from None
            one = Key(*(median(key[at] for key in nothing) for at in range(3)))
            for title, keys in found:
                print(row(f"{Path(scenario).stem}, {title}", keys, one), flush=True)
            print(row("the empty app", nothing, one), flush=True)
    empty.end()


if __name__ == "__main__":
    main()
