"""What the debugger's searches and edits cost, as multiples of recording the graph they work on.

The chain is that of `record_chain.py`, ``h = tanh(h * w + x)``, `LINKS` times over: 9,999 scalar nodes. Edits
are tried on as many nodes in chains side by side, too, where most of the graph does not depend on a leaf. All
takes place in one process and in turns; a turn is the fastest of `TRIES`.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from backprop_engine import OPS, Bindings, Graph, GraphBuilder, Kind, Trace, record
from backprop_engine.debugger import Break, Continue, Session, Set, ToEnd, Undo, finished, update
from backprop_engine.trace.run import Run

LINKS = 3_333
CHAINS = 101
TRIES = 5
VANISHED = "if norm(product) < 1e-6"
Prepare = Callable[[], Callable[[], Any]]
"""Gets ready for a try, which is not timed, and gives what is."""


def chain() -> Graph:
    """One chain of scalars, as deep as it is long."""
    builder = GraphBuilder()
    h, w, x = (builder.leaf(name, Kind.INPUT) for name in ("h0", "w", "x"))
    for link in range(LINKS):
        product = builder.apply(OPS["mul"], (h, w), f"p{link}")
        total = builder.apply(OPS["add"], (product, x), f"s{link}")
        h = builder.apply(OPS["tanh"], (total,), f"h{link + 1}")
    return builder.build()


def sheaf() -> Graph:
    """Chains of a leaf of its own each, and their sum."""
    builder = GraphBuilder()
    w = builder.leaf("w", Kind.INPUT)
    ends = []
    for number in range(CHAINS):
        h = builder.leaf(f"x{number}", Kind.INPUT)
        for link in range(LINKS // CHAINS):
            product = builder.apply(OPS["mul"], (h, w), f"p{number}_{link}")
            total = builder.apply(OPS["add"], (product, w), f"s{number}_{link}")
            h = builder.apply(OPS["tanh"], (total,), f"h{number}_{link}")
        ends.append(h)
    for number, end in enumerate(ends[1:]):
        ends[0] = builder.apply(OPS["add"], (ends[0], end), f"t{number}")
    return builder.build()


def bindings_of(graph: Graph) -> Bindings:
    """Numbers that let the gradient vanish on its way back."""
    numbers = {"h0": 0.5, "w": 1.0, "x": 0.001} if "h0" in graph else {"w": 0.75}
    return Bindings.of(graph, {leaf.name: numbers.get(leaf.name, 0.25) for leaf in graph.leaves})


def at_end(graph: Graph, bindings: Bindings, text: str) -> Session:
    """A session on a trace that nothing was looked for in yet."""
    session = Session(Run.of(record(graph, bindings)))
    return update(update(session, Break(text)), ToEnd())


def searching(graph: Graph, bindings: Bindings, text: str, *, hit: bool) -> Prepare:
    """Reverse-continue from the end, the first evaluation included."""

    def prepare() -> Callable[[], Any]:
        session = at_end(graph, bindings, text)

        def search() -> None:
            found = finished(update(session, Continue(back=True)))
            assert bool(found.hit) == hit

        return search

    return prepare


def searching_afresh(text: str) -> Prepare:
    """As `searching`, on a graph that was never stepped through: its steps are counted for the first time."""
    return lambda: searching(graph := chain(), bindings_of(graph), text, hit=True)()


def searching_on(graph: Graph, bindings: Bindings, text: str) -> Prepare:
    """Reverse-continue from one hit to the one before."""
    session = finished(update(at_end(graph, bindings, text), Continue(back=True)))
    return lambda: lambda: finished(update(session, Continue(back=True)))


def editing(graph: Graph, bindings: Bindings, name: str, number: float) -> Prepare:
    """Another number for one leaf, and all that follows from it."""
    session = Session(Run.of(record(graph, bindings)))

    def edit() -> Trace:
        return update(session, Set(name, np.asarray(number))).trace

    return lambda: edit


def undoing(graph: Graph, bindings: Bindings, name: str) -> Prepare:
    """Back to the numbers before."""
    session = update(Session(Run.of(record(graph, bindings))), Set(name, np.asarray(0.25)))
    return lambda: lambda: update(session, Undo()).trace


def seconds(prepare: Prepare) -> float:
    """The fastest of some tries."""
    times = []
    for _ in range(TRIES):
        run = prepare()
        gc.collect()
        started = perf_counter()
        run()
        times.append(perf_counter() - started)
    return min(times)


def measure(turns: int) -> None:
    """Print the medians of `turns` turns of each, as multiples of recording the same graph."""
    deep, wide = chain(), sheaf()
    deep_bindings, wide_bindings = bindings_of(deep), bindings_of(wide)
    records: dict[str, Prepare] = {
        "chain": lambda: lambda: record(deep, deep_bindings),
        "sheaf": lambda: lambda: record(wide, wide_bindings),
    }
    rows: dict[str, tuple[str, Prepare]] = {
        f"back to `{VANISHED}`": ("chain", searching(deep, deep_bindings, VANISHED, hit=True)),
        "the same on a graph just built": ("chain", searching_afresh(VANISHED)),
        "on to the hit before": ("chain", searching_on(deep, deep_bindings, VANISHED)),
        "back to `if abs(grad) < value`, two subjects": (
            "chain", searching(deep, deep_bindings, "if abs(grad) < value", hit=True)
        ),
        "back to `first nan`, where there is none": (
            "chain", searching(deep, deep_bindings, "first nan", hit=False)
        ),
        "an edit of a leaf that all depends on": ("chain", editing(deep, deep_bindings, "w", 0.9)),
        f"an edit of a leaf of one chain in {CHAINS}": ("sheaf", editing(wide, wide_bindings, "x7", 0.5)),
        "an edit that changes nothing": ("chain", editing(deep, deep_bindings, "w", 1.0)),
        "undo": ("chain", undoing(deep, deep_bindings, "h0")),
    }  # fmt: skip
    ratios: dict[str, list[float]] = {row: [] for row in rows}
    for turn in range(turns + 1):
        units = {name: seconds(prepare) for name, prepare in records.items()}
        for row, (graph, prepare) in rows.items():
            took = seconds(prepare) / units[graph]
            if turn:  # the first one fills the caches
                ratios[row].append(took)
    print(f"{3 * LINKS:,} scalar nodes; medians of {turns} turns, recording the graph = 1")
    for row, found in ratios.items():
        found.sort()
        low, high = found[len(found) // 4], found[-1 - len(found) // 4]
        print(f"{row:<50}{median(found):8.3f}   (half of the turns within {low:.3f}–{high:.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=9, help="turns of each (9)")
    measure(parser.parse_args().turns)


if __name__ == "__main__":
    main()
