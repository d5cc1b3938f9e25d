"""Findings, which diagnoses yield: a problem in a recorded run, and where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from msgspec import Struct

from backprop_engine.messages.message import Message
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import BackwardCall, GraphNode, OperatorCall, TensorEntry
from backprop_engine.recordings.recording import EngineRun, RecordedStep, Recording

__all__ = ["Case", "Diagnosis", "Finding", "backward_calls", "finding_at", "norm", "operator_name"]


class Finding(Struct, frozen=True):
    """A problem, or a likely one: a stable name for its kind, the step, a message, and the place in the code.

    `ranks` are the ranks on which it was found, if the run has several.
    """

    kind: str
    step: int
    message: Message
    node: str = ""
    op: str = ""
    module: str = ""
    file: str = ""
    line: int = 0
    ranks: tuple[int, ...] = ()


class Case(Struct, frozen=True, eq=False):
    """The input of a diagnosis: a step, and the one before it."""

    recording: Recording
    step: RecordedStep
    previous: RecordedStep | None = None


Diagnosis: TypeAlias = Callable[[Case], Iterator[Finding]]


def finding_at(
    kind: str, step: RecordedStep, message: Message, call: OperatorCall | None, node: GraphNode | None = None
) -> Finding:
    """A finding at the call of an operator, or at a node of the backward graph that has no call."""
    called = clean(call.op) if call is not None and call.op else clean(node.name) if node is not None else ""
    if call is None:
        return Finding(kind, step.number, message, clean(node.node) if node else "", called)
    name = clean(call.node or (node.node if node else "") or "")
    return Finding(kind, step.number, message, name, called, clean(call.module), clean(call.file), call.line)


def operator_name(call: OperatorCall) -> str:
    """The name of an operator without its namespace and its overload."""
    return call.op.removeprefix("aten.").partition(".")[0].rstrip("_")


def backward_calls(step: RecordedStep) -> Iterator[tuple[EngineRun, BackwardCall]]:
    """Every node that ran backward in a step, with the run that it belongs to."""
    for run in step.runs:
        for call in run.calls:
            yield run, call


def norm(tensor: TensorEntry | None) -> float:
    """The norm of a tensor, 0 where it is missing or not finite."""
    return tensor.norm or 0.0 if tensor is not None else 0.0
