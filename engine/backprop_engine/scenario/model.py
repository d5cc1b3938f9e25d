"""A scenario as it was read: a graph with its numbers, its texts, and what to expect."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from backprop_engine.arrays import Tensor
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.sections.texts import LocalText

if TYPE_CHECKING:
    from backprop_engine.scenario.sections.asks import Ask
    from backprop_engine.scenario.sections.expectations import Expectation
    from backprop_engine.scenario.sections.notes import Notes
    from backprop_engine.trace.run import Run, Training
    from backprop_engine.trace.trace import Trace

__all__ = ["Scenario"]


@dataclass(frozen=True, eq=False)
class Scenario:
    """A computational graph with its numbers, read from a file; nothing is computed yet.

    `name` is the stem of the file's name, `text` the file, and `notes` are by node's position. `breakpoints`
    and `watches` are as typed at the debugger's prompt. `asks` are questions for practice. `requires` and
    `next` name the scenarios to work through before and after, which may be missing. `original` has the
    leaves' numbers from the file, once some have been changed.

    >>> from backprop_engine import load_scenario
    >>> scenario = load_scenario("add_multiply")
    >>> scenario.with_leaf("x", 3).record().value("f")
    np.float64(-32.0)
    """

    name: str
    path: str
    title: LocalText
    description: LocalText
    source: str
    text: Source
    graph: Graph
    bindings: Bindings
    notes: Notes = field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()
    breakpoints: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    training: Training | None = None
    original: Bindings | None = None
    objective: LocalText = field(default_factory=LocalText)
    requires: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()

    def __repr__(self) -> str:
        return f"<Scenario {self.name}: {self.graph.counts}>"

    @property
    def dtype(self) -> str:
        """The floating type of every computation: `float64`, `float32` or `float16`."""
        return self.graph.dtype.name

    def run(self) -> Run:
        """The iterations of the scenario, each computed on demand; without `train`, there is one."""
        from backprop_engine.trace.run import Run

        return Run(self.graph, self.bindings, self.training)

    def record(self, iteration: int = 0) -> Trace:
        """The trace of an iteration, newly computed; `UsageError` if the run has no such iteration."""
        return self.run().trace(iteration)

    def with_leaf(self, name: str, value: Any) -> Scenario:
        """The same scenario with another value for one leaf.

        Raises `UsageError` for a name that isn't a leaf's, for a value of another shape, and for numbers that
        the leaf cannot have: class indices out of range, or past what the dtype can hold.
        """
        from backprop_engine.scenario.leaves.assignment import with_leaf

        changed = with_leaf(self.graph, self.bindings, name, value)
        return replace(self, bindings=changed, original=self.original or self.bindings)

    def to_yaml(self) -> str:
        """The text of a file that loads to this scenario; what `with_leaf` changed is written as numbers.

        Comments are not kept, and data files are named as they are in `text`, so the new file belongs into
        the same folder. Raises `UsageError` if it would be larger than a scenario file may be.
        """
        from backprop_engine.scenario.write.writer import to_yaml

        return to_yaml(self.text, self.graph, self._changed_leaves())

    def _changed_leaves(self) -> dict[str, Tensor]:
        """The leaves whose numbers differ from those in the file."""
        if self.original is None:
            return {}
        before, now = self.original.given, self.bindings.given
        return {
            leaf.name: now(leaf.position)
            for leaf in self.graph.leaves
            if before(leaf.position).tobytes() != now(leaf.position).tobytes()
        }
