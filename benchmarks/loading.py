"""Loading a scenario, against PyYAML's C parser, which only turns the same text into events.

Four texts: `LINES` lines of ``h: tanh(h*w+x)``, each of which takes its operand from the line before; the
same lines in random order; as many lines of four operators each, no two of the same form; and a leaf of
nested numbers of `CHARACTERS` characters. The parser, our reader and the whole loader take turns in one
process, with the garbage collector off for each of them. What counts is the processor's time.
"""

from __future__ import annotations

import argparse
import gc
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from time import process_time
from unittest.mock import patch

import yaml

from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.scenario import loader
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source

LINES = 10_000
CHARACTERS = 1_000_000

STAGES = {
    "YAML to a tree": (loader, "read"),
    "leaves": (loader._Loader, "read_leaves"),
    "expressions": (loader._Loader, "read_nodes"),
    "names and order": (loader, "resolved_top"),
    "nodes of the graph": (loader, "unroll"),
    "the graph": (GraphBuilder, "build"),
    "numbers bound": (loader._Loader, "bind"),
}
"""What the loader does, and the function that does it; one that runs inside another does not count twice."""


HEAD = "inputs: {x: 0.5, h0: 0.1}\nparams: {w: 0.9}\n"
FUNCTIONS = ("tanh", "sin", "exp", "sigmoid", "relu", "abs")
HOLE = "_"
"""What stands for each operand of a form."""


def chain(count: int) -> list[str]:
    """Expressions of one form, one a line, each of the one before it."""
    return [f"  h{number + 1}: tanh(h{number}*w+x)\n" for number in range(count)]


def lines(count: int) -> str:
    """A chain of `count` expressions."""
    return f"{HEAD}nodes:\n{''.join(chain(count))}"


def in_random_order(count: int) -> str:
    """The same chain in an order that is not that of computing."""
    shuffled = chain(count)
    random.Random(0).shuffle(shuffled)
    return f"{HEAD}nodes:\n{''.join(shuffled)}"


def no_two_alike(count: int) -> str:
    """A chain of `count` expressions of four operators each, no two of the same form."""
    draw = random.Random(0)
    forms: dict[str, None] = {}
    while len(forms) < count:
        whole = form(draw, 4)
        forms[whole[1:-1] if whole.startswith("(") else whole] = None
    found = []
    for number, one in enumerate(forms):
        first, *rest = one.split(HOLE)
        operands = (draw.choice((f"h{number}", "w", "x")) for _ in rest[1:])
        following = (operand + around for operand, around in zip(operands, rest[1:], strict=True))
        found.append(f"  h{number + 1}: {first}h{number}{rest[0]}{''.join(following)}\n")
    return f"{HEAD}nodes:\n{''.join(found)}"


def form(draw: random.Random, operators: int) -> str:
    """A random expression of so many operators, with holes for operands."""
    if not operators:
        return HOLE
    if draw.random() < 0.2:
        inside = form(draw, operators - 1)
        return draw.choice(FUNCTIONS) + (inside if inside.startswith("(") else f"({inside})")
    left = draw.randrange(operators)
    return f"({form(draw, left)} {draw.choice('+-*/')} {form(draw, operators - 1 - left)})"


def numbers(size: int) -> str:
    """A matrix that takes about `size` characters, and its sum."""
    draw = random.Random(0)
    rows = []
    while size > 0:
        rows.append("    - [" + ", ".join(f"{draw.gauss(0, 1):.6f}" for _ in range(64)) + "]\n")
        size -= len(rows[-1])
    return "inputs:\n  x:\n" + "".join(rows) + "nodes: {y: sum(x)}\n"


def drain(text: str) -> None:
    """Let PyYAML's C parser go through `text`."""
    for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
        pass


def seconds(run: Callable[[], object]) -> float:
    """How long `run` takes; what it gives is given up outside the measured time."""
    gc.collect()
    gc.disable()
    try:
        started = process_time()
        kept = run()
        taken = process_time() - started
        del kept
    finally:
        gc.enable()
    return taken


class Stopwatch:
    """The seconds of each stage; while one stage runs inside another, the outer one stands still."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(STAGES, 0.0)
        self.running: list[str] = []
        self.since = 0.0

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Let a stage run."""
        self.switch()
        self.running.append(title)
        try:
            yield
        finally:
            self.switch()
            self.running.pop()

    def switch(self) -> None:
        """Note what the present stage has taken so far."""
        now = process_time()
        if self.running:
            self.spent[self.running[-1]] += now - self.since
        self.since = now


def stages(source: Source) -> dict[str, float]:
    """How long each stage of loading `source` takes."""
    watch = Stopwatch()
    with ExitStack() as patches:
        for title, (owner, name) in STAGES.items():
            patches.enter_context(patch.object(owner, name, watch.stage(title)(getattr(owner, name))))
        total = seconds(lambda: loader.load_source(source))
    return watch.spent | {"the rest": total - sum(watch.spent.values())}


def measure(title: str, text: str, turns: int) -> None:
    """Print the medians of `turns` turns as multiples of the parser's, and where the loader's time goes."""
    source = Source.from_bytes("benchmark.yaml", text.encode())
    runs: dict[str, Callable[[], object]] = {
        "PyYAML's C parser, every event of the text": lambda: drain(text),
        "backprop_engine, the text as a tree with places": lambda: read(source),
        "backprop_engine, a scenario ready to record": lambda: loader.load_source(source),
    }
    for run in runs.values():
        run()
    ratios: dict[str, list[float]] = {name: [] for name in runs}
    spent: dict[str, list[float]] = {}
    for _ in range(turns):
        taken = {name: seconds(run) for name, run in runs.items()}
        unit = next(iter(taken.values()))
        for name in runs:
            ratios[name].append(taken[name] / unit)
        for stage, second in stages(source).items():
            spent.setdefault(stage, []).append(second / unit)

    print(f"{title}; medians of {turns} turns, the parser = 1")
    for name, found in ratios.items():
        found.sort()
        low, high = found[len(found) // 4], found[-len(found) // 4]
        print(f"{name:<50}{median(found):6.2f}   (half of the turns within {low:.2f}–{high:.2f})")
    for stage, found in spent.items():
        print(f"    {stage:<46}{median(found):6.2f}")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=11, help="turns of each (11)")
    options = parser.parse_args()
    if not yaml.__with_libyaml__:
        raise SystemExit("this PyYAML comes without its C parser: there is nothing to compare with")
    measure(f"{LINES:,} lines of tanh(h*w+x)", lines(LINES), options.turns)
    measure("the same lines in random order", in_random_order(LINES), options.turns)
    measure(f"{LINES:,} lines of four operators, no two alike", no_two_alike(LINES), options.turns)
    measure(f"{CHARACTERS // 1_000_000} MB of nested numbers", numbers(CHARACTERS), options.turns)


if __name__ == "__main__":
    main()
