"""Recording a chain of scalars, against micrograd, PyTorch and a plain loop over NumPy scalars.

The chain is ``h = tanh(h * w + x)``, `LINKS` times over; every engine keeps every value and every gradient.
Each engine has one process of its own, and the processes take turns, so that whatever else the machine does
falls on all of them alike. A turn is `RECORDINGS` recordings, of which the fastest counts, since the first
finds the caches filled by another process.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

LINKS = 3_333
RECORDINGS = 5
H0, W, X = 0.5, 1.0, 0.001
"""Chosen so that the gradient neither vanishes nor explodes along the way."""


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


def _graph() -> Any:
    from backprop_engine import OPS, GraphBuilder, Kind

    builder = GraphBuilder()
    h, w, x = (builder.leaf(name, Kind.INPUT) for name in ("h0", "w", "x"))
    for link in range(LINKS):
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
    started = perf_counter()
    gradient = run()
    return perf_counter() - started, gradient


class Worker:
    """A process that records the chain with one engine whenever it is asked to."""

    def __init__(self, name: str) -> None:
        self.name = name
        command = [sys.executable, __file__, "--engine", name]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.seconds: list[float] = []
        self.gradient = self.run()
        self.seconds.clear()

    def run(self) -> float:
        """Let it take a turn, note the time, and give the gradient."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{ENGINES[self.name].title}: a recording failed")
        seconds, gradient = map(float, answer.split())
        self.seconds.append(seconds)
        return gradient

    def close(self) -> None:
        """Let the process end."""
        self.process.communicate()


def measure(turns: int) -> None:
    """Print the medians of `turns` turns of each engine that is installed, as multiples of ours."""
    if importlib.util.find_spec("backprop_engine") is None:
        raise SystemExit("backprop_engine is not importable: install the project, or set PYTHONPATH=engine")
    installed = {name: engine for name, engine in ENGINES.items() if importlib.util.find_spec(engine.module)}
    workers = {name: Worker(name) for name in installed}
    for _ in range(turns):
        for worker in workers.values():
            worker.run()
    for worker in workers.values():
        worker.close()

    print(f"a chain of {3 * LINKS:,} scalar nodes, forward and backward; medians of {turns} turns, ours = 1")
    ours = median(workers["ours"].seconds)
    for name, engine in ENGINES.items():
        if name in workers:
            ratios = sorted(seconds / ours for seconds in workers[name].seconds)
            low, high = ratios[len(ratios) // 4], ratios[-len(ratios) // 4]
            print(
                f"{engine.title:<50}{median(ratios):6.2f}   (half of the turns within {low:.2f}–{high:.2f})"
            )
        else:
            print(f"{engine.title:<50}     –   ({engine.module} is not installed)")
    same_chain = [worker.gradient for name, worker in workers.items() if name != "micrograd"]
    agree = max(same_chain) - min(same_chain) <= 1e-9 * abs(same_chain[0])
    print(f"∂h/∂w of the engines that record tanh: {'equal' if agree else same_chain}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=21, help="turns of each engine (21)")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        work(options.engine)
    else:
        measure(options.turns)


if __name__ == "__main__":
    main()
