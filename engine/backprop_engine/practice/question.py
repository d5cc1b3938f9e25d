"""What a question is: it knows the right answer, and the wrong ones that misconceptions lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.messages.message import Message
from backprop_engine.practice.choices import Choice
from backprop_engine.practice.entries import Entry
from backprop_engine.practice.mutants import Mutant, Names
from backprop_engine.practice.uses import Task
from backprop_engine.trace.trace import Frame, Trace

__all__ = [
    "KINDS",
    "ChoiceQuestion",
    "NumbersQuestion",
    "Question",
    "QuestionKind",
    "QuestionPlace",
    "ShapeQuestion",
    "WrongAnswer",
]

QuestionKind: TypeAlias = Literal["product", "accumulate", "update", "shape", "order", "edges", "ask"]
KINDS: Final[tuple[QuestionKind, ...]] = get_args(QuestionKind)


class QuestionPlace(Struct, frozen=True):
    """Where a question is asked: what it is about, and the step, which leads to `position`.

    `turn` tells questions of one kind at one step apart; `iteration` is that of a training.
    """

    kind: QuestionKind
    position: int
    turn: int = 0
    iteration: int = 0


class WrongAnswer(Struct, frozen=True, eq=False):
    """A wrong answer, and the misconception that leads to it."""

    mutant: Mutant
    answer: Tensor


@dataclass(frozen=True, eq=False)
class _Asked:
    """What every question has: the run, the step that leads to the place, and what to ask."""

    trace: Trace
    place: QuestionPlace
    text: Message
    hint: Message

    @property
    def kind(self) -> QuestionKind:
        """What is asked for."""
        return self.place.kind

    @property
    def position(self) -> int:
        """The position that the step leads to; what is known is the frame before it."""
        return self.place.position

    @property
    def before(self) -> Frame:
        """What is known when the question is asked."""
        return self.trace.frame(self.place.position - 1)


@dataclass(frozen=True, eq=False)
class NumbersQuestion(_Asked):
    """A question whose answer is a tensor, of which some entries are asked for, or a formula for all of it.

    `given` are the tensors that it is worked out from, by name. `outcomes` are the wrong answers, in any
    shape; none is the right one, and of those that agree everywhere only the first is kept.
    """

    task: Task | None
    name: str
    right: Tensor
    entries: tuple[Entry, ...]
    outcomes: tuple[WrongAnswer, ...]
    given: tuple[NamedTensor, ...]
    fixed: bool = False
    """Whether the answer holds for these numbers alone, so that none can be drawn again."""
    known: tuple[NamedTensor, ...] = ()
    """Other numbers of the step that a wrong answer may be."""

    @property
    def told_apart(self) -> tuple[Mutant, ...]:
        """The misconceptions whose numbers are not the right ones."""
        return tuple(
            dict.fromkeys(
                outcome.mutant for outcome in self.outcomes if outcome.answer.shape == self.right.shape
            )
        )

    def asking(self, entry: Entry) -> NumbersQuestion:
        """The question with one more entry, behind the others."""
        return replace(self, entries=(*self.entries, entry))

    @property
    def blanks(self) -> tuple[str, ...]:
        """What is asked for: ``∂L/∂W[0, 1]``, or the name alone of a number."""
        if self.right.shape == ():
            return (self.name,)
        return tuple(f"{self.name}[{', '.join(map(str, entry))}]" for entry in self.entries)


@dataclass(frozen=True, eq=False)
class ShapeQuestion(_Asked):
    """A question whose answer is a shape; `wrong` are those that misconceptions lead to."""

    task: Task
    right: Shape
    wrong: tuple[tuple[Mutant, Shape], ...]

    @property
    def told_apart(self) -> tuple[Mutant, ...]:
        """The misconceptions that lead to another shape."""
        return tuple(dict.fromkeys(mutant for mutant, _ in self.wrong))


@dataclass(frozen=True, eq=False)
class ChoiceQuestion(_Asked):
    """A question with answers to choose from, the right one at the index `right`."""

    choices: tuple[Choice, ...]
    right: int
    about: tuple[int, int]
    """The nodes that it is about: where gradient comes from, and where it goes to."""

    def why(self, mutant: Mutant) -> Message:
        """Why a choice is wrong."""
        node, operand = (self.trace.graph.nodes[at] for at in self.about)
        return mutant.why(Names.between(self.trace.graph, node, operand))

    @property
    def told_apart(self) -> tuple[Mutant, ...]:
        """The misconceptions behind the wrong choices."""
        return tuple(dict.fromkeys(choice.mutant for choice in self.choices if choice.mutant is not None))


Question: TypeAlias = NumbersQuestion | ShapeQuestion | ChoiceQuestion
