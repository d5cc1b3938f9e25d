"""A recording as what the debugger opens: its run, and what to say about it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.translations import languages
from backprop_engine.recordings.finding import Finding
from backprop_engine.recordings.plans import RunPlan, plan_of
from backprop_engine.recordings.recording import Recording, open_recording
from backprop_engine.recordings.runs import RecordedRun
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.run import Run

__all__ = ["RecordedScenario", "load_recording", "position_of", "recorded_run"]


@dataclass(frozen=True, eq=False)
class RecordedScenario(Scenario):
    """A recorded run with the texts of a scenario; there is no file of it that could be written."""

    recorded: RecordedRun | None = field(default=None, kw_only=True)

    def run(self) -> Run:
        """The iterations as they were recorded."""
        assert self.recorded is not None
        return self.recorded

    def with_leaf(self, name: str, value: Any) -> Scenario:
        """Refused: what was recorded stays as it is."""
        raise UsageError(
            msg("{path} is a recording: its numbers are those that were recorded", path=clean(self.path)),
            msg("change a number in the debugger: `set {name} …`", name=clean(name)),
        )

    def to_yaml(self) -> str:
        """Refused: a recording says what was computed, not how."""
        raise UsageError(msg("{path} is a recording: there is no scenario of it", path=clean(self.path)))


def load_recording(folder: str | os.PathLike[str]) -> RecordedScenario:
    """The recording in a folder, ready to be debugged; `UsageError` for one that cannot be."""
    recording = open_recording(folder)
    run = recorded_run(recording)
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


def recorded_run(recording: Recording) -> RecordedRun:
    """The iterations of the graph that most runs of the engine have; `UsageError` where there is none."""
    return RecordedRun(recording, *_one_graph(recording))


def position_of(run: RecordedRun, finding: Finding) -> int | None:
    """The position of a run at which a finding is seen; None where its graph is not that of the run.

    It is where the node gives its value, or, for what went wrong on the way back, where it hands its gradient
    on.
    """
    if not finding.node or finding.step not in run.steps:
        return None
    plan, start = run.plans[run.steps.index(finding.step)], run.start(run.steps.index(finding.step))
    first = len(run.graph.nodes) - len(plan.computed)
    found = (at for at, node in enumerate(plan.computed, first) if finding.node in node.made)
    position = next(found, None)
    if position is None:
        return None
    edges = run.graph.schedule.edges_of.get(position)
    if edges and not finding.kind.startswith("forward"):
        return start + run.graph.schedule.starts[edges.start]
    return start + position - run.graph.order.start + 1


def _one_graph(recording: Recording) -> tuple[Sequence[RunPlan], Sequence[int]]:
    """The runs of the engine that have one graph, of which there are most, and their steps."""
    found: dict[Any, list[tuple[RunPlan, int]]] = {}
    for step in recording.steps:
        for run in step.runs:
            if run.roots:
                plan = plan_of(step, run)
                found.setdefault(plan.signature, []).append((plan, step.number))
    if not found:
        raise UsageError(
            msg("{path}: no backward pass was recorded", path=clean(str(recording.folder))),
            msg("`backprop-tui doctor {path}` tells what was", path=clean(str(recording.folder))),
        )
    most = max(found.values(), key=len)
    return [plan for plan, _ in most], [step for _, step in most]


def _description(recording: Recording, run: RecordedRun) -> Message:
    manifest, first, last = recording.manifest, run.steps[0], run.steps[-1]
    said = [
        msg(
            "Recorded with {framework} {version}: {count} backward passes, steps {first} to {last}.",
            framework=clean(manifest.framework),
            version=clean(manifest.version),
            count=run.iterations,
            first=first,
            last=last,
        )
    ]
    others = sum(len(step.runs) for step in recording.steps) - run.iterations
    if others:
        said.append(msg("{count} others have another graph and are not shown.", count=others))
    return joined(" ", said)


def _texts(message: Message) -> LocalText:
    """A message in every language, as a scenario's author gives texts."""
    return LocalText(_Translated(message))


class _Translated(Mapping[str, str]):
    """A message by language, whose files are read when it is asked for."""

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
