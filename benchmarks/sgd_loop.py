"""A training by stochastic gradient descent with time travel, against the same loop written by hand in NumPy.

Two perceptrons with tanh and softmax: a batch of 150 with layers of 4, 16 and 3, and one of 256 with layers
of 64, 64 and 10. The loop keeps the loss of each iteration and nothing else. A run keeps what the debugger
needs to go back to any iteration: checkpoints, the numbers for plots, and the traces that were looked at
last. In turns, in one process and on one thread; what counts is the processor's time.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable
from itertools import pairwise
from statistics import quantiles
from time import process_time
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backprop_engine import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.optim import OPTIMIZERS
from backprop_engine.trace.run import Run, Training

RATE, STEPS, TURNS = 0.1, 1000, 7
SHAPES = {"150 × 4-16-3": (150, (4, 16, 3)), "256 × 64-64-10": (256, (64, 64, 10))}
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}

Numbers: TypeAlias = NDArray[Any]


class Perceptron:
    """The data and the initial parameters of a perceptron, drawn from a fixed seed."""

    def __init__(self, rows: int, sizes: tuple[int, ...]) -> None:
        random = np.random.default_rng(0)
        self.inputs = random.normal(size=(rows, sizes[0]))
        self.labels = random.integers(0, sizes[-1], rows)
        self.weights = [random.normal(size=pair) / pair[0] ** 0.5 for pair in pairwise(sizes)]
        self.biases = [np.zeros(size) for size in sizes[1:]]

    def run(self, steps: int) -> Run:
        """The training as the debugger has it; nothing of it is computed."""
        builder = GraphBuilder()
        hidden = builder.leaf("X", Kind.CONSTANT, self.inputs.shape)
        labels = builder.leaf("t", Kind.CONSTANT, self.labels.shape)
        values: dict[str, Numbers] = {"X": self.inputs, "t": self.labels}
        for at, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values |= {f"W{at}": weight, f"b{at}": bias}
            product = builder.apply("matmul", hidden, builder.leaf(f"W{at}", Kind.PARAM, weight.shape))
            hidden = builder.apply("add", product, builder.leaf(f"b{at}", Kind.PARAM, bias.shape))
            if at < len(self.weights) - 1:
                hidden = builder.apply("tanh", hidden)
        builder.apply("softmax_with_loss", hidden, labels, name="L")
        graph = builder.build()
        optimizer = OPTIMIZERS["sgd"]
        training = Training(optimizer, optimizer.settings_of({"lr": RATE}), steps)
        return Run(graph, Bindings.of(graph, values), training)

    def trained(self, steps: int) -> list[float]:
        """The loss of each iteration, by the loop written by hand."""
        weights, biases = list(self.weights), list(self.biases)
        rows, losses = np.arange(len(self.labels)), []
        for _ in range(steps):
            hidden = [self.inputs]
            for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
                hidden.append(np.tanh(hidden[-1] @ weight + bias))
            scores = hidden[-1] @ weights[-1] + biases[-1]
            scores -= scores.max(axis=1, keepdims=True)
            gradient = np.exp(scores)
            total = gradient.sum(axis=1, keepdims=True)
            losses.append(float(np.mean(np.log(total[:, 0]) - scores[rows, self.labels])))
            gradient /= total
            gradient[rows, self.labels] -= 1
            gradient /= len(rows)
            for at in reversed(range(len(weights))):
                of_weight, of_bias = hidden[at].T @ gradient, gradient.sum(axis=0)
                if at:
                    gradient = (gradient @ weights[at].T) * (1 - hidden[at] * hidden[at])
                weights[at] = weights[at] - RATE * of_weight
                biases[at] = biases[at] - RATE * of_bias
        return losses


def to_the_end(run: Run) -> Run:
    """A run, all of whose iterations are computed."""
    while run.extend():
        pass
    return run


def seconds(act: Callable[[], Any]) -> float:
    gc.collect()
    started = process_time()
    act()
    return process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help=f"iterations of a training ({STEPS})")
    parser.add_argument("--turns", type=int, default=TURNS, help=f"turns of each ({TURNS})")
    options = parser.parse_args()
    print(f"{options.steps} iterations, medians of {options.turns} turns; the loop by hand = 1")
    for name, (rows, sizes) in SHAPES.items():
        perceptron = Perceptron(rows, sizes)
        losses = to_the_end(perceptron.run(options.steps)).history.losses[: options.steps]
        apart = float(np.max(np.abs(np.asarray(losses) - perceptron.trained(options.steps))))
        ratios = [
            seconds(lambda: to_the_end(perceptron.run(options.steps)))  # noqa: B023 - called at once
            / seconds(lambda: perceptron.trained(options.steps))  # noqa: B023
            for _ in range(options.turns)
        ]
        low, middle, high = quantiles(ratios)
        print(
            f"{name:<16}{middle:6.2f}   (half of the turns {low:.2f} to {high:.2f}; losses {apart:.0e} apart)"
        )


if __name__ == "__main__":
    if not ONE_THREAD.items() <= os.environ.items():  # they are read while NumPy is loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    main()
