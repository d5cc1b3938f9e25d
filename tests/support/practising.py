"""A student with one misconception, who answers by it; and how often it is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from backprop_engine.arrays import Tensor
from backprop_engine.practice import NumbersQuestion, Question, grade
from backprop_engine.practice.question import WrongAnswer


def typed(answer: Tensor, entries: Sequence[tuple[int, ...]]) -> str:
    """EntryNumbers of an answer as they are typed, in four digits."""
    return ", ".join(f"{float(answer[entry]):.4g}" for entry in entries)


@dataclass
class Tally:
    """How many wrong answers were named at once, after one more entry, or not; and by which misconception."""

    at_once: int = 0
    asked_more: int = 0
    amiss: list[str] = field(default_factory=list)
    by_mutant: Counter[str] = field(default_factory=Counter)

    @property
    def played(self) -> int:
        return self.at_once + self.asked_more + len(self.amiss)


def play(question: NumbersQuestion, tally: Tally) -> None:
    """Give every wrong answer that a misconception leads to, in the shape of the right one."""
    for outcome in fitting(question):
        found = grade(question, typed(outcome.answer, question.entries))
        more = found.another_entry is not None
        asking = question
        while found.another_entry is not None and len(asking.entries) < len(question.entries) + 4:
            asking = asking.asking(found.another_entry)
            found = grade(asking, typed(outcome.answer, asking.entries))
        tally.by_mutant[outcome.mutant.name] += 1
        if found.right or found.mutant is not outcome.mutant:
            tally.amiss.append(f"{question.place} {outcome.mutant.name}: {found.message}")
        elif more:
            tally.asked_more += 1
        else:
            tally.at_once += 1


def fitting(question: Question) -> Iterator[WrongAnswer]:
    """The wrong answers that have the shape of the right one."""
    if isinstance(question, NumbersQuestion):
        yield from (one for one in question.outcomes if one.answer.shape == question.right.shape)
