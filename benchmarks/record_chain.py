"""Recording a chain of scalars, against micrograd, PyTorch and a plain loop over NumPy scalars.

The chain is ``h = tanh(h * w + x)``, `LINKS` times over; every engine keeps every value and every gradient.
Each engine has one process of its own, and the processes take turns, so that whatever else the machine does
falls on all of them alike. A turn is `RECORDINGS` recordings, of which the fastest counts, since the first
finds the caches filled by another process. What counts is the processor's time.

Beside it: what ten times as many nodes cost to build from Python, and to record for the first time, when
every pass is planned; and what ten times as many plain tuples cost, with a dictionary of their names.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time
from typing import Any, NamedTuple

LINKS = 3_333
RECORDINGS = 5
H0, W, X = 0.5, 1.0, 0.001
"""Chosen so that the gradient neither vanishes nor explodes along the way."""
MORE = 10
"""How many times as long the longer chain is."""
GROWTH = "growth"
"""What the process is called that builds and records chains of both lengths."""


class Engine(NamedTuple):
    """A way to record the chain: ``prepare()`` gives a function that records once and returns ∂h/∂w."""

    title: str
    module: str
    prepare: Callable[[], Callable[[], float]]


def backprop_engine_recording() -> Callable[[], float]:
    from backprop_engine import Bindings, Graph, record

    graph: Graph = _graph()
    bindings = Bindings.of(graph, {"h0": H0, "w": W, "x": X})
    return lambda: float(record(graph, bindings).gradient("w"))


def backprop_engine_from_scratch() -> Callable[[], float]:
    from backprop_engine import Bindings, record

    def run() -> float:
        graph = _graph()
        return float(record(graph, Bindings.of(graph, {"h0": H0, "w": W, "x": X})).gradient("w"))

    return run


def _graph(links: int = LINKS) -> Any:
    from backprop_engine import OPS, GraphBuilder, Kind

    builder = GraphBuilder()
    h, w, x = (builder.leaf(name, Kind.INPUT) for name in ("h0", "w", "x"))
    for link in range(links):
        product = builder.apply(OPS["mul"], (h, w), f"p{link}")
        total = builder.apply(OPS["add"], (product, x), f"s{link}")
        h = builder.apply(OPS["tanh"], (total,), f"h{link + 1}")
    return builder.build()


def numpy_loop() -> Callable[[], float]:
    """What the arithmetic itself costs, when nothing but this one chain can be computed."""
    import numpy as np

    def run() -> float:
        h, w, x, one = np.float64(H0), np.float64(W), np.float64(X), np.float64(1.0)
        values = [h]
        for _ in range(LINKS):
            product = h * w
            total = product + x
            h = np.tanh(total)
            values += (product, total, h)
        gradient, dw, dx = one, np.float64(0.0), np.float64(0.0)
        gradients = [gradient]
        for last in range(3 * LINKS, 0, -3):
            out, before = values[last], values[last - 3]
            local = gradient * (one - out * out)
            dx = dx + local
            dw = dw + local * before
            gradient = local * w
            gradients += (local, local, gradient)
        return float(dw)

    return run


def micrograd_engine() -> Callable[[], float]:
    """With relu, since micrograd has no tanh. Its topological sort calls itself once for every node."""
    from micrograd.engine import Value

    sys.setrecursionlimit(100 * LINKS)

    def run() -> float:
        h, w, x = Value(H0), Value(W), Value(X)
        for _ in range(LINKS):
            h = (h * w + x).relu()
        h.backward()
        return float(w.grad)

    return run


def torch_retaining() -> Callable[[], float]:
    """With `retain_grad` on every node, without which PyTorch keeps the gradients of leaves only."""
    import torch

    torch.set_num_threads(1)

    def run() -> float:
        h, w, x = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (H0, W, X))
        for _ in range(LINKS):
            product = h * w
            total = product + x
            h = torch.tanh(total)
            for node in (product, total, h):
                node.retain_grad()
        h.backward()
        assert w.grad is not None
        return float(w.grad)

    return run


ENGINES = {
    "ours": Engine("backprop_engine, record(graph, bindings)", "backprop_engine", backprop_engine_recording),
    "scratch": Engine(
        "backprop_engine, the graph built anew each time", "backprop_engine", backprop_engine_from_scratch
    ),
    "numpy": Engine("NumPy scalars in a loop written for this chain", "numpy", numpy_loop),
    "micrograd": Engine("micrograd (relu in place of tanh)", "micrograd", micrograd_engine),
    "torch": Engine("PyTorch, retain_grad on every node", "torch", torch_retaining),
}


def work(name: str) -> None:
    """Take a turn for every line that comes in, and answer with the seconds and the gradient."""
    run = ENGINES[name].prepare()
    for _ in sys.stdin:
        seconds, gradients = zip(*(_timed(run) for _ in range(RECORDINGS)), strict=True)
        print(min(seconds), gradients[0], flush=True)


def _timed(run: Callable[[], float]) -> tuple[float, float]:
    gc.collect()
    started = process_time()
    gradient = run()
    return process_time() - started, gradient


def grow() -> None:
    """Take a turn for every line that comes in: how often as long `MORE` times as many links take, to build,
    to record for the first time, and as plain tuples.
    """
    _stages(LINKS)
    for _ in sys.stdin:
        few, many = (
            [min(times) for times in zip(*(_stages(links) for _ in range(RECORDINGS)), strict=True)]
            for links in (LINKS, MORE * LINKS)
        )
        print(*(long / short for long, short in zip(many, few, strict=True)), flush=True)


def _stages(links: int) -> tuple[float, float, float]:
    """The seconds to build a chain, to record it for the first time, and to make as many tuples."""
    from backprop_engine import Bindings, record

    def timed(run: Callable[[], Any]) -> tuple[Any, float]:
        gc.collect()
        started = process_time()
        made = run()
        return made, process_time() - started

    _, plain = timed(lambda: _tuples(links))
    graph, built = timed(lambda: _graph(links))
    bindings = Bindings.of(graph, {"h0": H0, "w": W, "x": X})
    _, recorded = timed(lambda: record(graph, bindings))
    return built, recorded, plain


def _tuples(links: int) -> Any:
    """The least that a graph of named nodes could be: a tuple for each, and a dictionary of their names."""
    nodes: list[tuple[str, tuple[int, ...]]] = []
    names: dict[str, int] = {}
    for link in range(links):
        for letter in "psh":
            name = f"{letter}{link}"
            names[name] = len(nodes)
            nodes.append((name, (len(nodes) - 1,)))
    return nodes, names


class Worker:
    """A process that records the chain with one engine whenever it is asked to."""

    def __init__(self, name: str) -> None:
        self.name = name
        command = [sys.executable, __file__, "--engine", name]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self) -> list[float]:
        """Let it take a turn, and give the numbers that it answers with."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name}: a recording failed")
        return [float(number) for number in answer.split()]

    def close(self) -> None:
        """Let the process end."""
        self.process.communicate()


def measure(turns: int) -> None:
    """Print the medians of `turns` turns of each engine that is installed, as multiples of ours."""
    if importlib.util.find_spec("backprop_engine") is None:
        raise SystemExit("backprop_engine is not importable: install the project, or set PYTHONPATH=engine")
    installed = {name: engine for name, engine in ENGINES.items() if importlib.util.find_spec(engine.module)}
    workers = {name: Worker(name) for name in installed}
    gradients = {name: worker.run()[1] for name, worker in workers.items()}
    times: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(turns):
        for name, worker in workers.items():
            times[name].append(worker.run()[0])
    for worker in workers.values():
        worker.close()

    print(f"a chain of {3 * LINKS:,} scalar nodes, forward and backward; medians of {turns} turns, ours = 1")
    for name, engine in ENGINES.items():
        if name in workers:
            print(f"{engine.title:<50}{_spread(times[name], times['ours'])}")
        else:
            print(f"{engine.title:<50}     –   ({engine.module} is not installed)")
    same_chain = [gradient for name, gradient in gradients.items() if name != "micrograd"]
    agree = max(same_chain) - min(same_chain) <= 1e-9 * abs(same_chain[0])
    print(f"∂h/∂w of the engines that record tanh: {'equal' if agree else same_chain}")
    print(f"{'a recording, the loop over NumPy scalars = 1':<50}{_spread(times['ours'], times['numpy'])}")


def measure_growth(turns: int) -> None:
    """Print the medians of what `MORE` times as many nodes cost, as multiples of what fewer do."""
    worker = Worker(GROWTH)
    built, recorded, plain = zip(*(worker.run() for _ in range(turns)), strict=True)
    worker.close()
    print(f"{3 * MORE * LINKS:,} nodes, as a multiple of {3 * LINKS:,}; medians of {turns} turns")
    print(f"{'building them from Python':<50}{_spread(built)}")
    print(f"{'recording them for the first time':<50}{_spread(recorded)}")
    print(f"{'as many tuples, with a dictionary of their names':<50}{_spread(plain)}")


def _spread(numbers: Sequence[float], units: Sequence[float] | None = None) -> str:
    """The median of `numbers` as multiples of `units`, turn by turn, and what half of them lie within."""
    ratios = sorted(
        number / unit for number, unit in zip(numbers, units or [1.0] * len(numbers), strict=True)
    )
    low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
    return f"{median(ratios):6.2f}   (half of the turns within {low:.2f}–{high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=21, help="turns of each engine (21)")
    parser.add_argument("--growth-turns", type=int, default=7, help="turns of building longer chains (7)")
    parser.add_argument("--engine", choices=(*ENGINES, GROWTH), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        grow() if options.engine == GROWTH else work(options.engine)
        return
    measure(options.turns)
    if options.growth_turns:
        measure_growth(options.growth_turns)


if __name__ == "__main__":
    main()
