"""A scenario as it was read: a graph with its numbers, and what people are to know and to expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.errors import Place
from backprop_engine.expressions import Expr
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph
from backprop_engine.scenario.nodes import Node, Scalar
from backprop_engine.scenario.source import Source

if TYPE_CHECKING:
    from backprop_engine.trace.run import Run, Training
    from backprop_engine.trace.trace import Trace

__all__ = ["Expectation", "Figure", "Formula", "LocalText", "Quantity", "Scenario"]

Quantity: TypeAlias = Literal["value", "gradient"]


class LocalText(Struct, frozen=True):
    """A text for people, by language; empty where the author gave none."""

    by_language: Mapping[str, str] = {}

    def in_language(self, language: str) -> str:
        """The text in `language` (`ko`, or `ko-KR`), else in English, else in the first language given."""
        texts = self.by_language
        for wanted in (language, language.partition("-")[0], "en"):
            if wanted in texts:
                return texts[wanted]
        return next(iter(texts.values()), "")

    def __bool__(self) -> bool:
        return bool(self.by_language)

    def __str__(self) -> str:
        return self.in_language("en")


class Formula(Struct, frozen=True, eq=False):
    """An expected gradient written by hand: an expression over nodes, with `grad(NAME)`."""

    tree: Expr
    scalar: Scalar


class Figure(Struct, frozen=True, eq=False):
    """One expected value or gradient; `key` is its name in the file, `node` what stands behind it."""

    of: Quantity
    name: str
    expected: Tensor | Formula
    key: Scalar
    node: Node

    @property
    def place(self) -> Place:
        """Where the figure stands in the file."""
        return self.node.place


class Expectation(Struct, frozen=True, eq=False):
    """A block under `expect`: figures, how close they must come, and whether they are known to be wrong."""

    figures: tuple[Figure, ...]
    block: Node
    iteration: int = 0
    rtol: float = 1e-9
    atol: float = 1e-12
    digits: int | None = None
    wrong: bool = False

    def close(self, found: Any, expected: Any) -> Any:
        """For each cell, whether it comes out; infinities and NaN must be equal, and equal themselves."""
        with np.errstate(all="ignore"):
            difference = np.abs(found - expected)
            if self.digits is None:
                allowed = self.atol + self.rtol * np.abs(expected)
            else:
                # Half a unit of the last digit, and a hair: the binary forms of both are inexact.
                allowed = 0.5 * 10.0**-self.digits + 4 * np.spacing(np.abs(expected))
            both_nan = np.isnan(found) & np.isnan(expected)
            return (found == expected) | both_nan | (np.isfinite(expected) & (difference <= allowed))


@dataclass(frozen=True, eq=False)
class Scenario:
    """A computational graph with its numbers, read from a file; nothing is computed yet.

    `name` is the stem of the file's name, `text` the file, and `notes` are by node's position. `breakpoints`
    and `watches` are as typed at the debugger's prompt. `original` are the numbers that the file gives the
    leaves, once some were changed.
    """

    name: str
    path: str
    title: LocalText
    description: LocalText
    source: str
    text: Source
    graph: Graph
    bindings: Bindings
    notes: Mapping[int, LocalText] = field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()
    breakpoints: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    training: Training | None = None
    original: Bindings | None = None

    @property
    def dtype(self) -> str:
        """The floating type of every computation: `float64`, `float32` or `float16`."""
        return self.graph.dtype.name

    def run(self) -> Run:
        """The iterations of the scenario, each computed when it is asked for; one without `train`."""
        from backprop_engine.trace.run import Run

        return Run(self.graph, self.bindings, self.training)

    def record(self, iteration: int = 0) -> Trace:
        """The trace of an iteration, computed afresh; `UsageError` for one that there is not."""
        return self.run().trace(iteration)

    def with_leaf(self, name: str, value: Any) -> Scenario:
        """The same scenario with another value for one leaf.

        Raises `UsageError` for a name that is no leaf, for a value of another shape, and for numbers that the
        leaf cannot have: class indices out of range, or past what the dtype can hold.
        """
        from backprop_engine.scenario.settings import with_leaf

        changed = with_leaf(self.graph, self.bindings, name, value)
        return replace(self, bindings=changed, original=self.original or self.bindings)

    def to_yaml(self) -> str:
        """The text of a file that loads to this scenario; what `with_leaf` changed is written as numbers.

        Comments are not kept, and data files are named as they are in `text`, so the new file belongs into
        the same folder. Raises `UsageError` where it would be larger than a scenario file may be.
        """
        from backprop_engine.scenario.writer import to_yaml

        return to_yaml(self)
