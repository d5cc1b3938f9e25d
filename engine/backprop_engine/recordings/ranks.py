"""A run of several ranks, a folder each: opened as one, with the gradients that they put together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from msgspec import Struct

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import TensorEntry
from backprop_engine.recordings.folders import manifest_path, rank_folders
from backprop_engine.recordings.recording import RecordedStep, Recording, open_recording

__all__ = ["RankReduction", "Ranks", "leaf_gradients", "open_ranks"]

_MOST: Final = 100_000
"""No run has more ranks than this."""


class RankReduction(Struct, frozen=True):
    """A gradient that ranks put together: what each contributed, and what each has of the result.

    Both are by rank. `first` is the row at which a rank's part of the result begins, None where each has
    all of it.
    """

    leaf: str
    contributions: dict[int, TensorEntry]
    results: dict[int, TensorEntry]
    first: dict[int, int | None]


class Ranks:
    """A recorded run, as its ranks recorded it; of a run of one process there is one.

    `missing` are ranks that took part and left no recording.
    """

    def __init__(self, recordings: dict[int, Recording], world: int) -> None:
        self.recordings, self.world = dict(sorted(recordings.items())), world
        self.missing = tuple(sorted(set(range(world)) - set(recordings)))

    @property
    def first(self) -> Recording:
        """The recording of the lowest rank."""
        return next(iter(self.recordings.values()))

    @property
    def numbers(self) -> list[int]:
        """The steps of the loop that any rank recorded."""
        last = max(one.last_step for one in self.recordings.values())
        numbers = {step.number for one in self.recordings.values() for step in one.steps}
        return sorted(number for number in numbers if number <= last)

    def step(self, number: int) -> dict[int, RecordedStep]:
        """A step of each rank that recorded it."""
        return {rank: steps[number] for rank, steps in self._steps.items() if number in steps}

    @cached_property
    def _steps(self) -> Mapping[int, Mapping[int, RecordedStep]]:
        """The steps of each rank by their numbers."""
        return {
            rank: {step.number: step for step in recording.steps}
            for rank, recording in self.recordings.items()
        }

    def reductions(self, number: int) -> Iterator[RankReduction]:
        """The gradients that ranks put together in a step, in the order of the parameters."""
        steps = self.step(number)
        leaves = {rank: leaf_gradients(step) for rank, step in steps.items()}
        reduced = {
            rank: {leaf: one for run in step.runs for leaf, one in run.reduced.items()}
            for rank, step in steps.items()
        }
        for leaf in dict.fromkeys(leaf for one in reduced.values() for leaf in one):
            ranks = [rank for rank in reduced if leaf in reduced[rank]]
            yield RankReduction(
                leaf,
                {rank: leaves[rank][leaf] for rank in leaves if leaf in leaves[rank]},
                {rank: reduced[rank][leaf].gradient for rank in ranks},
                {rank: reduced[rank][leaf].first for rank in ranks},
            )


def leaf_gradients(step: RecordedStep) -> dict[str, TensorEntry]:
    """The gradient that arrived at each leaf last in a step, before ranks put theirs together."""
    found: dict[str, TensorEntry] = {}
    for run in step.runs:
        for call in run.calls:
            leaf = run.nodes[call.node].leaf
            if leaf is not None and call.upstream and call.upstream[0] is not None:
                found[leaf] = call.upstream[0]
    return found


def open_ranks(folder: str | os.PathLike[str]) -> Ranks:
    """Open the recording in `folder`, or those of all ranks in its folders `rank-0`, `rank-1`, ….

    `UsageError` says what is wrong with what cannot be read, as `open_recording` does.
    """
    path = Path(folder)
    found = [] if os.path.lexists(manifest_path(path)) else rank_folders(path)
    if not found:
        recording = open_recording(path)
        rank = recording.manifest.rank if recording.manifest.rank < recording.manifest.world else 0
        return Ranks({rank: recording}, 1)
    recordings = {rank: open_recording(each) for rank, each in found}
    for rank, recording in recordings.items():
        manifest = recording.manifest
        if manifest.rank != rank or not rank < manifest.world <= _MOST:
            raise UsageError(
                msg(
                    "{path}: this is the recording of rank {rank} of {world}",
                    path=clean(str(recording.folder)),
                    rank=manifest.rank,
                    world=manifest.world,
                )
            )
        if manifest.world != next(iter(recordings.values())).manifest.world:
            raise UsageError(
                msg(
                    "{path}: these ranks are not of one run: there were {world} of them",
                    path=clean(str(recording.folder)),
                    world=manifest.world,
                )
            )
    return Ranks(recordings, next(iter(recordings.values())).manifest.world)
