"""A recording as a scenario that the debugger can open."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct

from backprop_engine.errors import UsageError
from backprop_engine.graph.collector import without_collector
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.translations import languages
from backprop_engine.recordings.finding import Finding
from backprop_engine.recordings.folders import rank_of
from backprop_engine.recordings.passes import RecordedPasses
from backprop_engine.recordings.planned_nodes import PlannedNode
from backprop_engine.recordings.ranks import Ranks, open_ranks
from backprop_engine.recordings.recording import Recording
from backprop_engine.recordings.runs import RecordedRun
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.run import Run

__all__ = ["FindingPlace", "RecordedScenario", "load_recording", "place_of"]


@dataclass(frozen=True, eq=False)
class RecordedScenario(Scenario):
    """A scenario whose run was recorded; it has no source, and cannot be written as a file."""

    recorded: RecordedRun | None = field(default=None, kw_only=True)

    def run(self) -> Run:
        """The iterations as they were recorded."""
        assert self.recorded is not None
        return self.recorded

    def with_leaf(self, name: str, value: Any) -> Scenario:
        """Raises `UsageError`: the values of a recording cannot be replaced."""
        raise UsageError(
            msg("{path} is a recording: its numbers are those that were recorded", path=clean(self.path)),
            msg("change a number in the debugger: `set {name} …`", name=clean(name)),
        )

    def to_yaml(self) -> str:
        """Raises `UsageError`: a recording cannot be written as a scenario."""
        raise UsageError(msg("{path} is a recording, which has no scenario", path=clean(self.path)))


def load_recording(folder: str | os.PathLike[str]) -> RecordedScenario:
    """Open the recording in a folder for the debugger; raises `UsageError` if that is not possible."""
    with without_collector():
        ranks, rank = _ranks_around(Path(folder))
        run = RecordedPasses(ranks).main(rank)
    recording = run.recording
    path, name = os.fspath(folder), Path(folder).absolute().name
    model = clean(recording.manifest.model) or clean(name)
    return RecordedScenario(
        clean(name),
        path,
        _texts(msg("{model}, recorded", model=model)),
        _texts(_description(recording, run)),
        "",
        Source(path, ""),
        run.graph,
        run.bindings,
        recorded=run,
    )


def _ranks_around(folder: Path) -> tuple[Ranks, int]:
    """The ranks of the run in a folder, and the one to begin with: the lowest, or the folder's own."""
    if rank_of(folder) is not None:
        with suppress(UsageError):  # then what is wrong with the others does not matter
            around = open_ranks(folder.absolute().parent)
            for rank, recording in around.recordings.items():
                if recording.folder.name == folder.absolute().name:
                    return around, rank
    ranks = open_ranks(folder)
    return ranks, next(iter(ranks.recordings))


class FindingPlace(Struct, frozen=True, eq=False):
    """The run and the position at which the debugger shows a finding."""

    run: RecordedRun
    position: int


def place_of(passes: RecordedPasses, rank: int, finding: Finding) -> FindingPlace | None:
    """The place of a finding on a rank; None if its step has no backward pass, or there is nothing to show.

    It is the forward step of the finding's node, or its backward step if the problem arose there; for a leaf,
    the step that completes its gradient. A finding without a node is placed at the first node that its line
    made, else at the first that takes the NaN, else where its line starts the backward pass, else at the
    start of its step.
    """
    if not finding.node and not finding.file:  # a rank that stopped
        return None
    runs = [(run, at) for run in passes.of_step(rank, finding.step) for at in run.iterations_of(finding.step)]
    for wanted in (_made_of, _on_line, _takes_nan):
        for run, iteration in runs:
            plan = run.plans[iteration]
            nodes = chain(enumerate(plan.computed, run.graph.order.start), enumerate(plan.leaves))
            for at, node in nodes:
                if wanted(finding, node):
                    return FindingPlace(run, run.start(iteration) + _within(run, at, finding))
    for run, iteration in runs:
        started = run.plans[iteration].run
        if (clean(started.file), started.line) == (finding.file, finding.line):
            return FindingPlace(run, run.start(iteration) + run.schedule(iteration).seed)
    return next((FindingPlace(run, run.start(iteration) + 1) for run, iteration in runs), None)


def _made_of(finding: Finding, node: PlannedNode) -> bool:
    return bool(finding.node) and finding.node in node.made


def _on_line(finding: Finding, node: PlannedNode) -> bool:
    call, written = node.call, (finding.file, finding.line)
    return call is not None and bool(finding.file) and (clean(call.file), call.line) == written


def _takes_nan(finding: Finding, node: PlannedNode) -> bool:
    values = (edge.source.value for edge in node.operands if edge.source.kind in ("leaf", "constant"))
    return finding.kind == "input-nan" and any(value is not None and value.nan for value in values)


def _within(run: RecordedRun, node: int, finding: Finding) -> int:
    """The position in an iteration at which a finding at a node is shown."""
    if node not in run.graph.order:
        uses = run.graph.schedule.uses_of.get(node)
        return run.graph.schedule.arrival(uses[-1]) if uses else 1
    edges = run.graph.schedule.edges_of.get(node)
    if edges and not finding.kind.startswith(("forward", "input")):
        return run.graph.schedule.starts[edges.start]
    return node - run.graph.order.start + 1


def _description(recording: Recording, run: RecordedRun) -> Message:
    manifest, first, last = recording.manifest, run.moments[0].step, run.moments[-1].step
    count = run.iterations
    passes = msg("1 backward pass") if count == 1 else msg("{count} backward passes", count=count)
    steps = msg("in step {step}", step=first)
    if last != first:
        steps = msg("in steps {first} to {last}", first=first, last=last)
    said = [
        msg(
            "Recorded with {framework} {version}: {passes} {steps}.",
            framework=clean(manifest.framework),
            version=clean(manifest.version),
            passes=passes,
            steps=steps,
        )
    ]
    if run.origin.rank is not None:
        count, world = len(run.origin.ranks), run.origin.world
        said.append(msg("Recordings of {count} of {world} ranks were found.", count=count, world=world))
    others = sum(len(step.runs) for step in recording.steps) - run.iterations
    if others == 1:
        said.append(msg("1 other pass has a different graph; `pass` shows it."))
    elif others:
        said.append(msg("{count} other passes have a different graph; `pass` shows them.", count=others))
    return joined(" ", said)


def _texts(message: Message) -> LocalText:
    """A message in every language, as the text of a scenario."""
    return LocalText(_Translated(message))


class _Translated(Mapping[str, str]):
    """The translations of a message by language; the files of a language are read on demand."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def __getitem__(self, language: str) -> str:
        if language not in languages():
            raise KeyError(language)
        return self._message.in_language(language)

    def __iter__(self) -> Iterator[str]:
        return iter(languages())

    def __len__(self) -> int:
        return len(languages())
