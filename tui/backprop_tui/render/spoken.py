"""What is said under the steps of a run that is read from top to bottom: everything once.

A note is where the gradients of its node are: at the step that completes the gradient of a leaf, or that
adds the last contribution; else at the first step that the node hands its gradient on. The note of a node
without a gradient, and one that is bound to the forward phase, is where its value is computed. An
operator's lesson is at its first backward step, an optimiser's at its first update.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ForwardFacts,
    SeedFacts,
    StepFacts,
    UpdateFacts,
    as_told,
    step_facts,
)
from backprop_engine.graph.steps import Backward
from backprop_engine.messages.message import msg
from backprop_engine.scenario.sections.notes import Notes, note_for
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.render.meaning import effect_line, shapes_line

__all__ = ["Spoken"]


class Spoken:
    """What the author and the operators have to say at each step, as far as it was not said before."""

    def __init__(self, notes: Notes = MappingProxyType({}), *, changed: bool = False) -> None:
        self._notes, self._changed = notes, changed
        self._said: set[str] = set()

    def inside(self) -> Spoken:
        """The words for the steps inside an operator: the author speaks of another graph."""
        inner = Spoken(changed=self._changed)
        inner._said = self._said
        return inner

    def at(self, frame: Frame, language: str) -> Iterator[Line]:
        """The note at a step, then what holds for all steps like it."""
        facts = step_facts(frame, self._notes, changed=self._changed)
        for text in self._noted(facts):
            note = text.in_language(language)
            if self._is_new(note):
                first, *others = note.splitlines()
                yield (Span("» ", Role.NAME), Span(first))
                yield from ((Span("  "), Span(line)) for line in others)
        for lesson in _lessons(facts, language):
            if self._is_new(lesson):
                yield (Span(lesson, Role.DIM),)
        effect = effect_line(facts, language) if self._is_about_a_leaf(facts) else ()
        yield from (line for line in (shapes_line(facts, language), effect) if line)

    def _is_about_a_leaf(self, facts: StepFacts) -> bool:
        return isinstance(facts, BackwardFacts | AccumulateFacts) and facts.operand.is_leaf

    def _is_new(self, text: str) -> bool:
        if not text or text in self._said:
            return False
        self._said.add(text)
        return True

    def works_out(self, frame: Frame) -> bool:
        """Whether a step is the first to this operand of its operator: it shows how its numbers are made."""
        match frame.step:
            case Backward(edge=edge):
                op = frame.graph.nodes[edge.node].op
                return op is not None and self._is_new(f"{op.name} {edge.argnum}")
            case _:
                return False

    def _noted(self, facts: StepFacts) -> Iterator[LocalText]:
        """The note of a step; where it is one on a leaf, that on the node too whose last gradient this is."""
        if facts.note and not self._waits(facts):
            yield facts.note
        if (
            isinstance(facts, BackwardFacts)
            and facts.edge.index == facts.trace.schedule.edges_of[facts.edge.node][-1]
        ):
            handed_on = note_for(self._notes, facts.edge.node, facts.trace.iteration, "backward")
            if handed_on is not None:
                yield as_told(handed_on, facts.trace, changed=self._changed)

    def _waits(self, facts: StepFacts) -> bool:
        """Whether a later step is the place for the note at this one."""
        schedule = facts.trace.schedule
        match facts:
            case ForwardFacts(node=node):
                hands_on = not schedule.forward_only and bool(schedule.edges_of.get(node.position))
                of = self._notes, node.position, facts.trace.iteration
                return hands_on and note_for(*of, "forward") is note_for(*of, "backward")
            case SeedFacts(node=node):
                return bool(schedule.edges_of.get(node.position))
            case AccumulateFacts():
                return not facts.is_last
            case _:
                return False


def _lessons(facts: StepFacts, language: str) -> Iterator[str]:
    """What holds for every step of this kind."""
    if isinstance(facts, BackwardFacts):
        yield facts.lesson.in_language(language)
    if isinstance(facts, AccumulateFacts):
        yield msg(
            "A value that is used several times moves the output along every path at once, so its gradient "
            "is the sum of all contributions."
        ).in_language(language)
    if isinstance(facts, UpdateFacts):
        optimizer = facts.training.optimizer
        yield f"{optimizer.name}: {optimizer.lesson.in_language(language)}"
    if isinstance(facts, ForwardFacts | BackwardFacts) and facts.conventions:
        yield facts.conventions.in_language(language)
