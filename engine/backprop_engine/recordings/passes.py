"""The backward passes of a recording: on each rank the graphs that they have, and the runs of each graph.

The debugger shows one graph at a time, on one rank; from there it goes to any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.graphs import numbers_of
from backprop_engine.recordings.plans import RunPlan, plan_of
from backprop_engine.recordings.ranks import Ranks
from backprop_engine.recordings.recording import Recording
from backprop_engine.recordings.runs import RecordedRun
from backprop_engine.trace.run import Among, Moment

__all__ = ["RecordedPasses"]


class _Pass(Struct, frozen=True, eq=False):
    """The runs of the engine that have one graph, and when each of them was."""

    signature: Any
    plans: tuple[RunPlan, ...]
    moments: tuple[Moment, ...]


class RecordedPasses:
    """Every run of the engine that was recorded, by rank and by graph; opened when asked for."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self._passes: dict[int, Sequence[_Pass]] = {}
        self._runs: dict[tuple[int, int], RecordedRun] = {}

    def main(self, rank: int) -> RecordedRun:
        """The runs of the graph that most runs of the engine on a rank have."""
        passes = self._on(rank)
        longest = max(range(len(passes)), key=lambda at: len(passes[at].plans))
        return self.run(rank, longest + 1)

    def run(self, rank: int, number: int) -> RecordedRun:
        """The runs of a graph of a rank, which are numbered from 1 in the order in which they first ran."""
        passes = self._on(rank)
        if not 1 <= number <= len(passes):
            raise UsageError(
                msg("there is no pass {number}", number=number),
                msg("passes are numbered 1 to {last}", last=len(passes)),
            )
        if (rank, number) not in self._runs:
            found = passes[number - 1]
            same = next((run for run in self._runs.values() if _is_same_graph(run, found)), None)
            several = len(self.ranks.recordings) > 1
            among = Among(
                rank if several else None, tuple(self.ranks.recordings), self.ranks.world, number, len(passes)
            )
            self._runs[rank, number] = RecordedRun(
                self, found.plans, found.moments, among, None if same is None else same.recorded
            )
        return self._runs[rank, number]

    def of_step(self, rank: int, step: int) -> Iterator[RecordedRun]:
        """The runs of every graph that ran backward in a step of a rank; those of the main one first."""
        passes = self._on(rank)
        by_count = sorted(range(len(passes)), key=lambda at: -len(passes[at].plans))
        for at in by_count:
            if any(moment.step == step for moment in passes[at].moments):
                yield self.run(rank, at + 1)

    def like(self, run: RecordedRun, rank: int) -> RecordedRun:
        """The runs on another rank of the graph of `run`, or, where it has no such graph, of its own."""
        signature = run.signature
        for number, found in enumerate(self._on(rank), 1):
            if found.signature == signature:
                return self.run(rank, number)
        return self.main(rank)

    def _on(self, rank: int) -> Sequence[_Pass]:
        if rank not in self.ranks.recordings:
            ranks = ", ".join(map(str, self.ranks.recordings))
            raise UsageError(
                msg("there is no rank {rank}", rank=rank), msg("available: {ranks}", ranks=ranks)
            )
        if rank not in self._passes:
            self._passes[rank] = _passes(self.ranks.recordings[rank])
        return self._passes[rank]


def _is_same_graph(run: RecordedRun, found: _Pass) -> bool:
    """Whether the graph of a run is also that of a pass, with the numbers in it."""
    return run.signature == found.signature and numbers_of(run.plans) == numbers_of(found.plans)


def _passes(recording: Recording) -> Sequence[_Pass]:
    """The graphs of a recording; `UsageError` where nothing ran backward."""
    found: dict[Any, list[tuple[RunPlan, Moment]]] = {}
    for step in recording.steps:
        for run in step.runs:
            if run.roots:
                plan = plan_of(step, run)
                runs = found.setdefault(plan.signature, [])
                before = runs[-1][1] if runs else Moment(-1)
                turn = before.turn + 1 if before.step == step.number else 0
                runs.append((plan, Moment(step.number, turn)))
    if not found:
        raise UsageError(
            msg("{path}: no backward pass was recorded", path=clean(str(recording.folder))),
            msg("`backprop-tui doctor {path}` tells what was", path=clean(str(recording.folder))),
        )
    return [
        _Pass(signature, tuple(plan for plan, _ in runs), tuple(moment for _, moment in runs))
        for signature, runs in found.items()
    ]
