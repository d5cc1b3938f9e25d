"""The recordings of the ranks of a run, each in a folder of its own, opened together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import ReducedGradient, TensorEntry
from backprop_engine.recordings.folders import manifest_path, rank_folders
from backprop_engine.recordings.recording import RecordedStep, Recording, open_recording

__all__ = ["Ranks", "leaf_gradients", "open_ranks"]

_MOST: Final = 100_000
"""No run has more ranks than this."""


class Ranks:
    """The recordings of a run by rank; a run of a single process has one.

    `world` is the number of ranks that took part, and `missing` are those that left no recording.
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
        """The numbers of the steps that at least one rank recorded, in ascending order."""
        last = max(one.last_step for one in self.recordings.values())
        numbers = {step.number for one in self.recordings.values() for step in one.steps}
        return sorted(number for number in numbers if number <= last)

    def step(self, number: int) -> dict[int, RecordedStep]:
        """A step by rank, for the ranks that recorded it."""
        return {rank: steps[number] for rank, steps in self._steps.items() if number in steps}

    @cached_property
    def _steps(self) -> Mapping[int, Mapping[int, RecordedStep]]:
        """The steps of each rank by their numbers."""
        return {
            rank: {step.number: step for step in recording.steps}
            for rank, recording in self.recordings.items()
        }

    def reduced(self, number: int) -> dict[str, dict[int, ReducedGradient]]:
        """What ranks made of their gradients in a step, by the name of the leaf and by rank."""
        found: dict[str, dict[int, ReducedGradient]] = {}
        for rank, step in self.step(number).items():
            for run in step.runs:
                for leaf, event in run.reduced.items():
                    found.setdefault(leaf, {})[rank] = event
        return found


def leaf_gradients(step: RecordedStep) -> dict[str, TensorEntry]:
    """The last gradient that arrived at each leaf in a step, before any reduction between ranks."""
    found: dict[str, TensorEntry] = {}
    for run in step.runs:
        for call in run.calls:
            leaf = run.nodes[call.node].leaf
            if leaf is not None and call.upstream and call.upstream[0] is not None:
                found[leaf] = call.upstream[0]
    return found


def open_ranks(folder: str | os.PathLike[str]) -> Ranks:
    """Open the recording in `folder`, or those of all ranks in its folders `rank-0`, `rank-1`, ….

    Raises `UsageError` for recordings that cannot be read, or that do not belong to one run.
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
                    "{path}: this rank belongs to another run, of {world} ranks",
                    path=clean(str(recording.folder)),
                    world=manifest.world,
                )
            )
    return Ranks(recordings, next(iter(recordings.values())).manifest.world)
