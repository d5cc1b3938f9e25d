"""Reading a recording: every event is checked, tensors are read on demand, nothing is executed.

A recording comes from outside and is trusted as little as a scenario: sizes and offsets are checked
against the files before anything is allocated, names of files are made here, and a graph with a cycle is
refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, Final

import msgspec
from numpy.typing import NDArray

from backprop_engine.arrays import MAX_AXES
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.recordings.events import (
    DTYPES,
    FORMAT,
    BackwardCall,
    BackwardCheck,
    DataSpan,
    EngineEnd,
    EngineStart,
    Event,
    GraphNode,
    Manifest,
    OperatorCall,
    ReducedGradient,
    StepStart,
    TensorEntry,
)
from backprop_engine.recordings.folders import index_path, manifest_path
from backprop_engine.recordings.shards import Shards, regular_size, told_of

__all__ = ["EngineRun", "RecordedStep", "Recording", "open_recording"]

_MAX_MANIFEST: Final = 2**20
_MAX_INDEX: Final = 2**31
_MAX_LINE: Final = 2**24
_MOST_ENTRIES: Final = 2**48
"""Of a tensor, stored or not."""
_NUMPY: Final = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "BOOL": "?",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
}


class EngineRun:
    """One run of the backward engine: its graph, and the backward calls of the nodes, in order."""

    def __init__(self, start: EngineStart) -> None:
        self.roots, self.file, self.line = start.roots, start.file, start.line
        self.nodes: dict[str, GraphNode] = {}
        self.calls: list[BackwardCall] = []
        self.checks: list[BackwardCheck] = []
        self.reduced: dict[str, ReducedGradient] = {}
        """The gradients that were reduced between ranks, by the name of the leaf."""
        self.error = ""

    @cached_property
    def leaves(self) -> Mapping[str, GraphNode]:
        """The nodes that accumulate the gradients of leaves, by the leaf's name."""
        return {node.leaf: node for node in self.nodes.values() if node.leaf is not None}

    @cached_property
    def call_of(self) -> Mapping[str, BackwardCall]:
        """The backward call of each node that ran, by its name."""
        return {call.node: call for call in self.calls}


class RecordedStep:
    """One step of the training loop: the calls of operators and the runs of the engine, in order."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.operators: list[OperatorCall] = []
        self.runs: list[EngineRun] = []
        self.tensors: dict[int, TensorEntry] = {}

    @cached_property
    def maker_of(self) -> Mapping[str, OperatorCall]:
        """The operator call that made each node of the backward graph, by its name."""
        return {call.node: call for call in self.operators if call.node is not None}


class Recording:
    """A recorded run: its manifest and its steps, in order. `entries` reads tensors."""

    def __init__(
        self, folder: Path, manifest: Manifest, steps: Sequence[RecordedStep], shards: Shards
    ) -> None:
        self.folder, self.manifest, self.steps = folder, manifest, tuple(steps)
        self._shards = shards

    @property
    def last_step(self) -> int:
        """The number of the last step that has a backward pass; −1 if there are no steps.

        Whatever is computed after the loop, such as a loss that is printed, does not count as a step.
        """
        numbers = [step.number for step in self.steps if step.runs] or [step.number for step in self.steps]
        return max(numbers, default=-1)

    def entries(self, tensor: TensorEntry) -> NDArray[Any] | None:
        """The entries of a tensor, read-only; None if they were not stored.

        BF16 is converted to float32, which represents all its values exactly. Raises `UsageError` if they can
        no longer be read, or their file is another than when the recording was opened.
        """
        if tensor.data is None:
            return None
        raw = self._shards.read(tensor.data)
        if tensor.dtype == "BF16":
            wide = (raw.view("<u2").astype("<u4") << 16).view("<f4").reshape(tensor.shape)
            wide.flags.writeable = False
            return wide
        return raw.view(_NUMPY[tensor.dtype]).reshape(tensor.shape)


def open_recording(folder: str | os.PathLike[str]) -> Recording:
    """Read the recording in `folder`.

    A recording whose program was killed is read up to the last complete line. Raises `UsageError` for one
    that cannot be read.
    """
    path = Path(folder)
    manifest = _read_manifest(manifest_path(path))
    reader = _Reader(index_path(path), complete=manifest.complete)
    steps = reader.read()
    shards = Shards(path)
    for number, spans in reader.spans.items():
        shards.check(number, sorted(spans))
    return Recording(path, manifest, steps, shards)


def _read_manifest(path: Path) -> Manifest:
    text = _bytes_of(path, _MAX_MANIFEST)
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as problem:
        raise _wrong(path, 1, _reason(problem)) from None
    if not 1 <= manifest.format <= FORMAT:
        raise UsageError(
            msg(
                "{path}: this recording uses version {found} of the format",
                path=clean(str(path)),
                found=manifest.format,
            ),
            msg("this program reads version {known}", known=FORMAT),
        )
    return manifest


class _Reader:
    """Builds the steps of a recording from the events of its index."""

    def __init__(self, path: Path, *, complete: bool) -> None:
        self._path, self._complete = path, complete
        self._decoder = msgspec.json.Decoder(Event)
        self._steps: list[RecordedStep] = []
        self._open: list[EngineRun] = []
        self._line = 0
        self.spans: dict[int, set[tuple[int, int]]] = {}
        """The byte ranges of the tensors in each shard."""

    def read(self) -> list[RecordedStep]:
        text = _bytes_of(self._path, _MAX_INDEX)
        lines = text.split(b"\n")
        cut = lines.pop()  # what was being written when the program was killed
        if cut and self._complete:
            raise _wrong(self._path, len(lines) + 1, msg("the last line is incomplete"))
        for self._line, line in enumerate(lines, 1):
            if len(line) > _MAX_LINE:
                raise self._refusal(msg("a line of {count} bytes is too long", count=len(line)))
            try:
                event = self._decoder.decode(line)
            except msgspec.MsgspecError as problem:
                raise self._refusal(_reason(problem)) from None
            self._take(event)
        for step in self._steps:
            for run in step.runs:
                self._refuse_cycles(run)
        return self._steps

    def _take(self, event: Event) -> None:
        if isinstance(event, StepStart):
            if self._steps and event.step <= self._steps[-1].number:
                raise self._refusal(msg("step {step} comes after a later step", step=event.step))
            self._steps.append(RecordedStep(event.step))
            self._open = []
            return
        if not self._steps:
            raise self._refusal(msg("an index must begin with a step"))
        step = self._steps[-1]
        match event:
            case OperatorCall():
                self._describe(step, [operand.tensor for operand in event.inputs if operand is not None])
                self._describe(step, event.outputs)
                for operand in event.inputs:
                    if operand is not None and operand.id not in step.tensors:
                        raise self._refusal(msg("tensor {id} is not described", id=operand.id))
                step.operators.append(event)
            case EngineStart():
                run = EngineRun(event)
                step.runs.append(run)
                self._open.append(run)
            case GraphNode():
                self._running().nodes[event.node] = event
                self._describe(step, (event.value, event.held))
            case BackwardCall():
                run = self._running(event.node)
                node = run.nodes[event.node]
                if len(event.contributions) > len(node.next):
                    raise self._refusal(msg("{node} has more contributions than operands", node=event.node))
                self._describe(step, (*event.upstream, *event.contributions))
                run.calls.append(event)
            case BackwardCheck():
                run = self._running(event.node)
                if event.operand >= len(run.nodes[event.node].next):
                    raise self._refusal(
                        msg("{node} has no operand {number}", node=event.node, number=event.operand)
                    )
                self._describe(step, (event.found, event.expected))
                run.checks.append(event)
            case ReducedGradient():
                self._describe(step, (event.gradient,))
                self._running().reduced[event.leaf] = event
            case EngineEnd():
                self._running().error = clean(event.error)
                self._open.pop()

    def _running(self, node: str | None = None) -> EngineRun:
        """The engine run that an event belongs to: the innermost that has `node`."""
        for run in reversed(self._open):
            if node is None or node in run.nodes:
                return run
        raise self._refusal(
            msg("no backward engine is running here")
            if node is None
            else msg("no backward engine running here has a node {node}", node=shortened(clean(node), 40))
        )

    def _describe(self, step: RecordedStep, tensors: Sequence[TensorEntry | None]) -> None:
        for tensor in tensors:
            if tensor is None:
                continue
            entries = prod(tensor.shape)
            if len(tensor.shape) > MAX_AXES or entries > _MOST_ENTRIES:
                raise self._refusal(msg("a tensor of this shape is too large"))
            if tensor.data is not None:
                self._check_size(tensor, entries, tensor.data)
                self.spans.setdefault(tensor.data.shard, set()).add((tensor.data.begin, tensor.data.end))
            if tensor.data is not None or tensor.id not in step.tensors:
                step.tensors[tensor.id] = tensor

    def _check_size(self, tensor: TensorEntry, entries: int, span: DataSpan) -> None:
        size = DTYPES.get(tensor.dtype)
        if size is None:
            raise self._refusal(msg("{name} is not an element type", name=shortened(clean(tensor.dtype), 40)))
        expected = entries * size
        if span.end - span.begin != expected:
            raise self._refusal(
                msg(
                    "a tensor of {expected} bytes has {found} bytes of data",
                    expected=expected,
                    found=span.end - span.begin,
                )
            )

    def _refuse_cycles(self, run: EngineRun) -> None:
        """Refuse a graph that has a cycle, or an operand that is not described."""
        done: set[str] = set()
        for root in run.nodes:
            if root in done:
                continue
            path: set[str] = {root}
            stack: list[tuple[str, Iterator[Any]]] = [(root, iter(run.nodes[root].next))]
            while stack:
                name, following = stack[-1]
                edge = next((edge for edge in following if edge is not None), None)
                if edge is None:
                    stack.pop()
                    path.discard(name)
                    done.add(name)
                elif edge[0] in path:
                    raise UsageError(
                        msg(
                            "{path}: the graph has a cycle through {node}",
                            path=clean(str(self._path)),
                            node=clean(edge[0]),
                        )
                    )
                elif edge[0] not in done:
                    if edge[0] not in run.nodes:
                        raise UsageError(
                            msg(
                                "{path}: the operand {operand} of {node} is not described",
                                path=clean(str(self._path)),
                                node=clean(name),
                                operand=clean(edge[0]),
                            )
                        )
                    path.add(edge[0])
                    stack.append((edge[0], iter(run.nodes[edge[0]].next)))

    def _refusal(self, problem: Message) -> UsageError:
        return _wrong(self._path, self._line, problem)


def _bytes_of(path: Path, most: int) -> bytes:
    size = regular_size(path)
    if size > most:
        raise UsageError(
            msg(
                "{path}: {size} bytes exceed the limit for a recording ({most})",
                path=clean(str(path)),
                size=size,
                most=most,
            )
        )
    with told_of(path):
        return path.read_bytes()


def _reason(problem: Exception) -> Message:
    return msg("not an event of a recording: {problem}", problem=shortened(clean(str(problem)), 200))


def _wrong(path: Path, line: int, problem: Message) -> UsageError:
    return UsageError(msg("{path}:{line}: {problem}", path=clean(str(path)), line=line, problem=problem))
