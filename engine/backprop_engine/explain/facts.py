"""The facts of a step: all that there is to say about the step that led to a frame, in no language or width.

Every way to show a step (columns, formulas, one line, words, NumPy, JSON) renders this one value. Tensors
come with the names they go by, texts come in all languages or as keys, and what takes time is computed when
it is first asked for::

    match step_facts(frame):
        case BackwardFacts(upstream=upstream, local=local, product=product):
            ...
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TypeAlias

from backprop_engine.explain.backward_facts import AccumulateFacts, BackwardFacts, SeedFacts
from backprop_engine.explain.common_facts import CommonFacts, Turn
from backprop_engine.explain.forward_facts import ForwardFacts
from backprop_engine.explain.reduce_facts import ReduceFacts
from backprop_engine.explain.update_facts import UpdateFacts
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Reduce, Seed, Update
from backprop_engine.messages.message import msg
from backprop_engine.scenario.sections.notes import BoundTo, Note, Notes, note_for
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.trace import Frame, Trace

__all__ = [
    "AccumulateFacts",
    "BackwardFacts",
    "ClearFacts",
    "ForwardFacts",
    "ReduceFacts",
    "SeedFacts",
    "StartFacts",
    "StepFacts",
    "UpdateFacts",
    "as_told",
    "note_at",
    "step_facts",
]


class StartFacts(CommonFacts):
    """Nothing has been computed yet."""

    kind = "start"


class ClearFacts(CommonFacts):
    """Values and gradients are absent again: the next iteration begins."""

    kind = "clear"


StepFacts: TypeAlias = (
    StartFacts
    | ForwardFacts
    | SeedFacts
    | BackwardFacts
    | AccumulateFacts
    | ReduceFacts
    | UpdateFacts
    | ClearFacts
)


def note_at(frame: Frame, notes: Notes, *, changed: bool = False) -> LocalText | None:
    """What the author says about the node of the step; where the gradient of a leaf is complete, about that.

    While the gradient of a leaf is a sum that is not complete, its note has to wait. Where the numbers of the
    run were `changed`, a note that quotes some says that they are not its own.
    """
    note = _chosen(frame, notes) if notes else None
    return None if note is None else as_told(note, frame.trace, changed=changed)


def _chosen(frame: Frame, notes: Notes) -> Note | None:
    iteration = frame.trace.iteration

    def on(position: int, phase: BoundTo) -> Note | None:
        return note_for(notes, position, iteration, phase)

    match frame.step:
        case Forward(node=position):
            return on(position, "forward")
        case Seed(node=position):
            return on(position, "backward")
        case Update(node=position):
            return on(position, "update")
        case Backward(edge=edge) if not edge.shared and _is_leaf(frame, edge.operand):
            return on(edge.operand, "backward") or on(edge.node, "backward")
        case Backward(edge=edge):
            return on(edge.node, "backward")
        case Accumulate(edge=edge, count=count, of=of):
            waits = count < of and _is_leaf(frame, edge.operand)
            return None if waits else on(edge.operand, "backward")
        case _:
            return None


def as_told(note: Note, trace: Trace, *, changed: bool) -> LocalText:
    """The text of a note; if it quotes numbers, with the remark that they are not those of a changed run."""
    if not (note.quotes_numbers and (changed or trace.edits)):
        return note.text
    remark = msg("(The numbers are those of the file, before the change.)")
    return LocalText(
        {
            language: f"{said} {remark.in_language(language)}"
            for language, said in note.text.by_language.items()
        }
    )


def _is_leaf(frame: Frame, position: int) -> bool:
    return frame.graph.nodes[position].op is None


def step_facts(
    frame: Frame, notes: Notes = MappingProxyType({}), *, changed: bool = False, awaited: bool = False
) -> StepFacts:
    """The facts of the step that led to `frame`; the author's `notes` are by node's position.

    `changed` says that the numbers of the run are not those of the file, and `awaited` that the numeric check
    is on its way.
    """
    nodes = frame.graph.nodes
    note = note_at(frame, notes, changed=changed)
    match frame.step:
        case None:
            return StartFacts(frame)
        case Forward(node=position):
            return ForwardFacts(frame, nodes[position], note=note)
        case Seed(node=position):
            return SeedFacts(frame, nodes[position], note=note)
        case Backward(edge=edge):
            return BackwardFacts(frame, edge, note=note, is_awaited=awaited)
        case Accumulate(edge=edge, count=count, of=of):
            return AccumulateFacts(frame, edge, Turn(count, of), note=note)
        case Reduce(node=position):
            return ReduceFacts(frame, nodes[position], note=note)
        case Update(node=position):
            return UpdateFacts(frame, nodes[position], note=note)
        case Clear():
            return ClearFacts(frame)
