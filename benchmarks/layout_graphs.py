"""The graphs that `layout.py` has drawn: the bundled scenarios', and larger ones that are made here."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from backprop_engine import load_scenario
from backprop_engine.graph.graph import Kind
from backprop_tui.files.bundled import bundled

LEAF, OPERATOR = (6, 3), (11, 3)
"""Cells that a box takes: a leaf's number, or a box with its number beside it."""


class Drawable(NamedTuple):
    """Boxes by their (width, height) in cells, and the (operand, user) edges between them."""

    sizes: list[tuple[int, int]]
    edges: list[tuple[int, int]]


class _Maker:
    def __init__(self) -> None:
        self.graph = Drawable([], [])

    def new(self, *operands: int) -> int:
        """One more box."""
        box = len(self.graph.sizes)
        self.graph.sizes.append(OPERATOR if operands else LEAF)
        self.graph.edges.extend((operand, box) for operand in operands)
        return box

    def weighted_sum(self, total: int, weights: list[int], values: list[int]) -> int:
        """What a scalar engine makes of ``b + w·x``: a product and a sum for each weight."""
        for weight, value in zip(weights, values, strict=True):
            total = self.new(total, self.new(weight, value))
        return total


def perceptron(*layers: int) -> Drawable:
    """A multi-layer perceptron of scalars; each neuron has weights and a bias of its own."""
    make = _Maker()
    values = [make.new() for _ in range(layers[0])]
    for width in layers[1:]:
        values = [
            make.new(make.weighted_sum(make.new(), [make.new() for _ in values], values))
            for _ in range(width)
        ]
    return make.graph


def recurrent(hidden: int, inputs: int, steps: int) -> Drawable:
    """A recurrent network of scalars, unrolled: every step uses the same weights."""
    make = _Maker()
    weights = [[make.new() for _ in range(hidden + inputs)] for _ in range(hidden)]
    biases = [make.new() for _ in range(hidden)]
    state = [make.new() for _ in range(hidden)]
    for _ in range(steps):
        values = state + [make.new() for _ in range(inputs)]
        state = [
            make.new(make.weighted_sum(bias, row, values)) for bias, row in zip(biases, weights, strict=True)
        ]
    return make.graph


def program(count: int, seed: int) -> Drawable:
    """A random expression graph: operators of one or two values, most of them recent ones."""
    rng = random.Random(seed)
    make = _Maker()
    for box in range(count):
        operands = rng.choice((0, 1, 2, 2)) if box else 0
        make.new(*(max(0, box - 1 - int(rng.expovariate(1 / 20))) for _ in range(operands)))
    return make.graph


GENERATED: dict[str, Callable[[], Drawable]] = {
    "perceptron, 51 nodes": lambda: perceptron(1, 6, 1),
    "perceptron, 211 nodes": lambda: perceptron(2, 5, 5, 3, 3),
    "random program, 211 nodes": lambda: program(211, seed=211),
    "perceptron, 2,000 nodes": lambda: perceptron(4, *[10] * 6, 8),
    "random program, 2,000 nodes": lambda: program(2_000, seed=2_000),
    "recurrent network, 1,990 nodes": lambda: recurrent(2, 1, 132),
    "perceptron, 10,000 nodes": lambda: perceptron(4, *[10] * 31, 8),
}


def library() -> Iterator[tuple[str, Drawable]]:
    """The graph of every bundled scenario, literals left out, as on the screen."""
    for stem, path in bundled().items():
        graph = load_scenario(path).graph
        shown = [node for node in graph.nodes if node.kind is not Kind.LITERAL]
        box = {node.position: index for index, node in enumerate(shown)}
        sizes = [OPERATOR if node.operands else LEAF for node in shown]
        edges = [
            (box[operand], box[node.position])
            for node in shown
            for operand in node.operands
            if operand in box
        ]
        yield stem, Drawable(sizes, edges)
