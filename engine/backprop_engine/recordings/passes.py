"""The backward passes of a recording, sorted by rank and by graph.

The debugger shows one graph on one rank at a time, and can switch to any other.
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
from backprop_engine.trace.run import Moment, RunOrigin

__all__ = ["RecordedPasses"]


class _Pass(Struct, frozen=True, eq=False):
    """The runs of the backward engine that share a graph, and when each of them ran."""

    signature: Any
    plans: tuple[RunPlan, ...]
    moments: tuple[Moment, ...]


class RecordedPasses:
    """All recorded runs of the backward engine, by rank and by graph; each is opened on demand."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self._passes: dict[int, Sequence[_Pass]] = {}
        self._runs: dict[tuple[int, int], RecordedRun] = {}

    def main(self, rank: int) -> RecordedRun:
        """The run of the graph that the backward engine ran most often on a rank."""
        passes = self._on(rank)
        longest = max(range(len(passes)), key=lambda at: len(passes[at].plans))
        return self.run(rank, longest + 1)

    def run(self, rank: int, number: int) -> RecordedRun:
        """The run of a backward pass on a rank; passes are numbered from 1, in the order of their first runs.

        Raises `UsageError` for a rank or a pass that was not recorded.
        """
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
            origin = RunOrigin(
                rank if several else None, tuple(self.ranks.recordings), self.ranks.world, number, len(passes)
            )
            self._runs[rank, number] = RecordedRun(
                self, found.plans, found.moments, origin, None if same is None else same.recorded
            )
        return self._runs[rank, number]

    def of_step(self, rank: int, step: int) -> Iterator[RecordedRun]:
        """The runs of all backward passes that a step on a rank has, the most frequent pass first."""
        passes = self._on(rank)
        by_count = sorted(range(len(passes)), key=lambda at: -len(passes[at].plans))
        for at in by_count:
            if any(moment.step == step for moment in passes[at].moments):
                yield self.run(rank, at + 1)

    def counterpart(self, run: RecordedRun, rank: int) -> RecordedRun:
        """The run of the same graph on another rank; if it has no such graph, its most frequent pass."""
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
    """Whether a run and a pass have the same graph, including the numbers in it."""
    return run.signature == found.signature and numbers_of(run.plans) == numbers_of(found.plans)


def _passes(recording: Recording) -> Sequence[_Pass]:
    """The backward passes of a recording; `UsageError` if there are none."""
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
            msg("`backprop-tui doctor {path}` reports what was recorded", path=clean(str(recording.folder))),
        )
    return [
        _Pass(signature, tuple(plan for plan, _ in runs), tuple(moment for _, moment in runs))
        for signature, runs in found.items()
    ]
