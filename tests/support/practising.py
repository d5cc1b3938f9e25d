"""A student with one misconception, who answers by it; and how often it is named.

Run this file for the figures of the whole library, which takes a minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.practice import MUTANTS, NumbersQuestion, Question, grade, places, question_at
from backprop_engine.practice.comparing import alike
from backprop_engine.practice.drawing import collisions, drawn_run, previous_of
from backprop_engine.practice.question import WrongAnswer
from backprop_engine.scenario.model import Scenario


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


@dataclass
class Figures:
    """Practice over many scenarios: how many steps can be asked, and what becomes of wrong answers.

    `alike` counts wrong answers that a misconception shares with another one, whatever the numbers.
    """

    steps: int = 0
    with_one: int = 0
    with_three: int = 0
    short: int = 0
    collisions: list[str] = field(default_factory=list)
    raw: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)

    def add(self, scenario: Scenario, seed: int = 1) -> None:
        """Ask about every step of a scenario, each with numbers drawn for it."""
        every = scenario.run()
        for iteration in (0, 1) if every.iterations > 2 else (0,):
            for place in places(every.trace(iteration), ("product", "accumulate", "update")):
                run = drawn_run(scenario, seed, place)
                previous = previous_of(run, iteration)
                question = question_at(run.trace(iteration), place, previous)
                if not isinstance(question, NumbersQuestion):
                    continue
                self.steps += 1
                self.with_one += len(question.told_apart) >= 1
                self.with_three += len(question.told_apart) >= 3
                self.short += question.right.size <= 6
                if collisions(scenario, run.trace(iteration), previous, place):
                    self.collisions.append(f"{scenario.name} {place}")
                play(question, self.tally)
                self.play_raw(question)

    def play_raw(self, question: NumbersQuestion) -> None:
        """Every wrong answer of every misconception, those that are alike or right by chance as well."""
        assert question.task is not None
        for mutant in MUTANTS:
            for answer in mutant.answers(question.task):
                if answer.shape != question.right.shape or not np.all(np.isfinite(answer)):
                    continue
                if alike(answer, question.right):
                    self.raw["right"] += 1
                    continue
                found = grade(question, typed(answer, question.entries))
                while found.another_entry is not None:
                    question_now = question.asking(found.another_entry)
                    found = grade(question_now, typed(answer, question_now.entries))
                kind = "right" if found.right else "named" if found.mutant is mutant else "alike"
                self.raw[kind if found.right or found.mutant else "unnamed"] += 1

    def told(self) -> str:
        """The figures, a line each."""
        tally, wrong = self.tally, sum(self.raw.values()) - self.raw["right"]
        return "\n".join(
            (
                f"steps with a question about numbers: {self.steps}",
                f"of these with a misconception that differs: {self.with_one / self.steps:.1%}",
                f"of these with three that differ: {self.with_three / self.steps:.1%}",
                f"answers of at most six numbers: {self.short / self.steps:.1%}",
                f"steps with a collision after drawing: {len(self.collisions)} {self.collisions}",
                f"wrong answers played: {tally.played}, named at once {tally.at_once / tally.played:.2%}, "
                f"after one more entry {tally.asked_more}, amiss {len(tally.amiss)}",
                f"with those that are alike: {wrong}, named {self.raw['named'] / wrong:.2%}, "
                f"as one that gives the same numbers {self.raw['alike'] / wrong:.2%}, "
                f"not at all {self.raw['unnamed']}; not wrong with any numbers {self.raw['right']}",
            )
        )


if __name__ == "__main__":
    from backprop_engine.scenario.loader import load_scenario
    from backprop_tui.files.bundled import bundled

    figures = Figures()
    for name in bundled():
        figures.add(load_scenario(name))
    print(figures.told())  # noqa: T201 - it is what this file is run for
