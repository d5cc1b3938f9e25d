"""The facts of a step: all that there is to say about the step that led to a frame, in no language or width.

Every way to show a step (columns, formulas, one line, words, NumPy, JSON) renders this one value. Tensors
come with the names they go by, texts come in all languages or as keys, and what takes time is computed when
it is first asked for::

    match step_facts(frame):
        case BackwardFacts(upstream=upstream, local=local, product=product):
            ...
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from backprop_engine.explain.backward_facts import AccumulateFacts, BackwardFacts, SeedFacts
from backprop_engine.explain.common_facts import CommonFacts, Turn
from backprop_engine.explain.forward_facts import ForwardFacts
from backprop_engine.explain.update_facts import UpdateFacts
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Seed, Update
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.trace import Frame

__all__ = [
    "AccumulateFacts",
    "BackwardFacts",
    "ClearFacts",
    "ForwardFacts",
    "SeedFacts",
    "StartFacts",
    "StepFacts",
    "UpdateFacts",
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
    StartFacts | ForwardFacts | SeedFacts | BackwardFacts | AccumulateFacts | UpdateFacts | ClearFacts
)


def note_at(frame: Frame, notes: Mapping[int, LocalText]) -> LocalText | None:
    """What the author says about the node of the step; where the gradient of a leaf is complete, about that.

    While the gradient of a leaf is a sum that is not complete, its note has to wait.
    """
    match frame.step:
        case Backward(edge=edge) if not edge.shared and _is_leaf(frame, edge.operand):
            return notes.get(edge.operand) or notes.get(edge.node)
        case Accumulate(edge=edge, count=count, of=of) if count < of and _is_leaf(frame, edge.operand):
            return None
        case _:
            return None if frame.node is None else notes.get(frame.node.position)


def _is_leaf(frame: Frame, position: int) -> bool:
    return frame.graph.nodes[position].op is None


def step_facts(frame: Frame, notes: Mapping[int, LocalText] = MappingProxyType({})) -> StepFacts:
    """The facts of the step that led to `frame`; the author's `notes` are by node's position."""
    nodes = frame.graph.nodes
    note = note_at(frame, notes)
    match frame.step:
        case None:
            return StartFacts(frame)
        case Forward(node=position):
            return ForwardFacts(frame, nodes[position], note=note)
        case Seed(node=position):
            return SeedFacts(frame, nodes[position], note=note)
        case Backward(edge=edge):
            return BackwardFacts(frame, edge, note=note)
        case Accumulate(edge=edge, count=count, of=of):
            return AccumulateFacts(frame, edge, Turn(count, of), note=note)
        case Update(node=position):
            return UpdateFacts(frame, nodes[position], note=note)
        case Clear():
            return ClearFacts(frame)
