"""What a trace takes of memory, and what a training takes of its budget.

A trace is compared with the bytes of the tensors that it refers to, each array once however many places share
it, without the leaves, which are the caller's. A training is gone through to its end and back again, and its
largest memory compared with what `--max-memory` is compared with before anything is computed.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from sgd_loop import SHAPES, Perceptron, to_the_end

from backprop_engine import Bindings, Trace, record
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.training import held_numbers

CHAIN = 3_333
LARGE = (256, (784, 512, 512, 10))
CLIPPED = "adam, amsgrad: true, clip_norm: 0.001"
VECTOR = """\
inputs: {{x: {{shape: [{n}], init: ones}}}}
params: {{W: {{shape: [{n}, {n}], init: xavier_uniform, seed: 1}}, b: {{shape: [{n}], init: zeros}}}}
nodes: {{h: tanh(W @ x + b), L: mean(h * h)}}
train: {{optimizer: {optimizer}, lr: 0.01, steps: {steps}}}
dtype: {dtype}
"""
BATCH = """\
inputs: {{X: {{shape: [40000, 20], init: normal, seed: 1}}}}
params: {{W: {{shape: [20, 30], init: xavier_uniform, seed: 1}}, b: {{shape: [30], init: zeros}}}}
nodes: {{h: gelu(layer_norm(X @ W + b)), p: softmax(h), L: mean(p * p)}}
train: {{optimizer: {optimizer}, lr: 0.01, steps: {steps}}}
dtype: {dtype}
"""
SCALARS = """\
inputs: {{x: 2}}
params: {{w: 0.5, b: 0.1}}
nodes: {{y: w * x + b, L: (y - 1) ** 2}}
train: {{optimizer: {optimizer}, lr: 0.01, steps: {steps}}}
dtype: {dtype}
"""
TRAININGS = {
    "matrix 800 × 800": (VECTOR, 800, CLIPPED, 60),
    "activations of 40,000 rows": (BATCH, 0, "adam", 8),
    "scalars, 20,000 iterations": (SCALARS, 0, "adam", 20_000),
}
DTYPES = ("float64", "float32", "float16")


def chain() -> tuple[Graph, Bindings]:
    """A chain of scalars."""
    builder = GraphBuilder()
    hidden, weight, added = (builder.leaf(name, Kind.INPUT) for name in ("h0", "w", "x"))
    for _ in range(CHAIN):
        hidden = builder.apply("tanh", builder.apply("add", builder.apply("mul", hidden, weight), added))
    graph = builder.build()
    return graph, Bindings.of(graph, {"h0": 0.5, "w": 1.0, "x": 0.001})


def perceptron(rows: int, sizes: tuple[int, ...]) -> tuple[Graph, Bindings]:
    """A perceptron and its initial parameters."""
    run = Perceptron(rows, sizes).run(1)
    return run.graph, run.bindings


def tensor_bytes(trace: Trace, leaves: Bindings) -> int:
    """The bytes of the arrays that a trace refers to, each once; those of the leaves are not counted."""
    arrays: dict[int, Any] = {}
    forward = (trace.values, trace.outs, trace.operand_values)
    backward = (trace.contributions, trace.arrived, trace.gradients)
    for tensor in (each for tensors in (*forward, *backward) for each in tensors if each is not None):
        array = tensor
        while isinstance(getattr(array, "base", None), np.ndarray):
            array = array.base
        arrays[id(array)] = array
    for leaf in leaves.leaves.values():
        arrays.pop(id(leaf), None)
    return sum(array.nbytes for array in arrays.values())


def trace_ratio(graph: Graph, bindings: Bindings) -> float:
    """The memory of a trace as a multiple of its tensors' bytes."""
    record(graph, bindings)  # plans are made once for a graph
    gc.collect()
    tracemalloc.start()
    trace = record(graph, bindings)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / tensor_bytes(trace, bindings)


def trained(scenario: Scenario) -> tuple[float, float]:
    """What a training holds at its end, and at most, as multiples of what it promises."""
    promised = held_numbers(scenario.graph, scenario.training) * scenario.graph.dtype.itemsize
    scenario.run().trace(0)  # plans are made once for a graph
    gc.collect()
    tracemalloc.start()
    run = to_the_end(scenario.run())
    last = run.iterations - 1
    for iteration in (last, last // 2, 0, last - 1, 1, last // 3):
        run.trace(iteration)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    leaves = sum(leaf.nbytes for leaf in scenario.bindings.leaves.values())
    return (held + leaves) / promised, (peak + leaves) / promised


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    graphs: dict[str, Callable[[], tuple[Graph, Bindings]]] = {
        "a chain of scalars": chain,
        **{name: lambda shape=shape: perceptron(*shape) for name, shape in SHAPES.items()},  # type: ignore[misc]
        "256 × 784-512-512-10": lambda: perceptron(*LARGE),
    }
    print("a trace, as a multiple of the bytes of its tensors")
    for name, make in graphs.items():
        print(f"  {name:<32}{trace_ratio(*make()):6.2f}")
    print("a training, as a multiple of its budget: at the end, at most")
    for name, (text, n, optimizer, steps) in TRAININGS.items():
        for dtype in DTYPES:
            spelled = text.format(n=n, optimizer=optimizer, steps=steps, dtype=dtype)
            source = Source.from_bytes("training.yaml", spelled.encode())
            held, peak = trained(load_source(source, max_memory=2**40, max_work=10**15))
            print(f"  {name + ', ' + dtype:<44}{held:6.2f}{peak:6.2f}", flush=True)


if __name__ == "__main__":
    main()
