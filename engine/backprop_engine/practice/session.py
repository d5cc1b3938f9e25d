"""A practice session as one value: which questions, what was answered, and which numbers are asked about now.

`begin` chooses the questions; `answered`, `hinted` and `skipped` give the session after it. After every
graded try the numbers are drawn again. A hint costs half of a question's credit, and so does a wrong try
before the right one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice, zip_longest
from typing import Final

import numpy as np
from msgspec import Struct, structs

from backprop_engine.errors import UsageError
from backprop_engine.graph.steps import Accumulate, Backward
from backprop_engine.messages.message import msg
from backprop_engine.practice.drawing import drawn_run, previous_of
from backprop_engine.practice.entries import Entry
from backprop_engine.practice.grading import Grade, grade
from backprop_engine.practice.question import (
    KINDS,
    NumbersQuestion,
    Question,
    QuestionKind,
    QuestionPlace,
)
from backprop_engine.practice.questions import places, question_at
from backprop_engine.practice.score import Score
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.run import Run

__all__ = [
    "MOST_TRIES",
    "Practice",
    "Result",
    "answered",
    "asked_with",
    "begin",
    "current",
    "hinted",
    "results",
    "score_of",
    "skipped",
]

MOST_TRIES: Final = 3
"""Tries for a question about numbers, after which the session goes on; what cannot be drawn again has one."""
MOST_QUESTIONS: Final = 10
_AGAIN: Final = 0.5
"""What a wrong try before it leaves of the credit."""


class Try(Struct, frozen=True):
    """A graded answer: for which question of the session, what was typed, and what it was worth."""

    number: int
    typed: str
    right: bool
    credit: float
    mutant: str = ""
    hinted: bool = False


class Result(Struct, frozen=True):
    """The result of a question: the best credit of its tries, and the misconceptions that were named."""

    number: int
    kind: QuestionKind
    text: str
    tries: int
    credit: float
    right: bool
    hinted: bool
    misconceptions: tuple[str, ...]


class Practice(Struct, frozen=True, eq=False):
    """A session. `number` is the question that is asked now, from 0; as many as `places` when it is over.

    `entries` were asked for besides those of the
    question, where two misconceptions lead to what was `typed`.
    """

    scenario: Scenario
    seed: int
    places: tuple[QuestionPlace, ...]
    number: int = 0
    tries: tuple[Try, ...] = ()
    shown_hint: bool = False
    entries: tuple[Entry, ...] = ()
    typed: str = ""

    @property
    def over(self) -> bool:
        """Whether every question is done with."""
        return self.number >= len(self.places)


def begin(
    scenario: Scenario,
    seed: int,
    kinds: Sequence[QuestionKind] = KINDS,
    count: int = MOST_QUESTIONS,
    at: int = 0,
) -> Practice:
    """A session of at most `count` questions of these kinds, in the order of the run, the same for a seed.

    The first is the next one that can be asked at the step `at`, and those before it come last. Different
    kinds and operators are preferred over more of the same. Raises `UsageError` where the scenario has none.
    """
    found = _askable(scenario, kinds)
    if not found:
        raise UsageError(msg("{scenario} has no such question", scenario=scenario.name))
    chosen = _chosen(scenario, found, count, np.random.default_rng(seed))
    return Practice(scenario, seed, _from(at, found, chosen) if at else chosen)


def _from(
    at: int, found: Sequence[QuestionPlace], chosen: Sequence[QuestionPlace]
) -> tuple[QuestionPlace, ...]:
    """The chosen places from the next one on that there is at a step, also if it was not chosen."""
    position = min((place.position for place in found if place.position >= at), default=found[0].position)
    begins = next((number for number, place in enumerate(chosen) if place.position == position), None)
    if begins is not None:
        return (*chosen[begins:], *chosen[:begins])
    begins = next((number for number, place in enumerate(chosen) if place.position > position), 0)
    nearest = next(place for place in found if place.position == position)
    return (nearest, *chosen[begins:], *chosen[:begins])[: len(chosen)]


def _askable(scenario: Scenario, kinds: Sequence[QuestionKind]) -> list[QuestionPlace]:
    """Where there is something to ask; updates in the second iteration, where a gradient may be left over."""
    run = scenario.run()
    later = int(run.iterations > 2)  # the last is a forward pass alone
    found: list[QuestionPlace] = []
    for iteration in sorted({0, later}):
        trace, previous = run.trace(iteration), previous_of(run, iteration)
        wanted: list[QuestionKind] = [
            kind for kind in kinds if (later if kind == "update" else 0) == iteration
        ]
        for place in places(trace, wanted, scenario.asks):
            question = question_at(trace, place, previous, scenario.asks)
            if question is not None and (question.told_apart or place.kind == "ask"):
                found.append(place)
    return found


def _chosen(
    scenario: Scenario, found: list[QuestionPlace], count: int, generator: np.random.Generator
) -> tuple[QuestionPlace, ...]:
    """Some of the places: each kind in turn, and within a kind each operator."""
    shuffled = [found[int(at)] for at in generator.permutation(len(found))]
    kinds = dict.fromkeys(place.kind for place in shuffled)
    by_kind = [
        _in_turn(
            _sorted_by([place for place in shuffled if place.kind == kind], partial(_operator, scenario))
        )
        for kind in kinds
    ]
    order = {place: at for at, place in enumerate(found)}
    return tuple(sorted(islice(_in_turn(by_kind), count), key=order.__getitem__))


def _sorted_by(
    chosen: Sequence[QuestionPlace], key: Callable[[QuestionPlace], str]
) -> list[list[QuestionPlace]]:
    """The places that have the same key, a list each, in the order in which the keys come up."""
    found: dict[str, list[QuestionPlace]] = defaultdict(list)
    for place in chosen:
        found[key(place)].append(place)
    return list(found.values())


def _in_turn(queues: Iterable[Sequence[QuestionPlace]]) -> list[QuestionPlace]:
    """The first of each, then the second of each, and so on."""
    return [place for round_ in zip_longest(*queues) for place in round_ if place is not None]


def _operator(scenario: Scenario, place: QuestionPlace) -> str:
    """The operator whose rule is asked about; empty where none is."""
    if place.kind in ("order", "update", "ask"):
        return ""
    step = scenario.graph.schedule.step(place.position)
    assert isinstance(step, Backward | Accumulate)
    op = scenario.graph.nodes[step.edge.node].op
    return "" if op is None else op.name


def current(practice: Practice) -> Question:
    """The question that is asked now, with its numbers; `UsageError` when the session is over."""
    return asked_with(practice)[1]


def asked_with(practice: Practice) -> tuple[Run, Question]:
    """The run with the numbers drawn for the question that is asked now, and the question."""
    if practice.over:
        raise UsageError(msg("the session is over"))
    place = practice.places[practice.number]
    graded = sum(one.number == practice.number for one in practice.tries)
    run, question = practice.scenario.run(), None
    if graded or place.kind != "ask":
        seed = (practice.seed * _QUESTIONS + practice.number) * MOST_TRIES + graded
        run = drawn_run(practice.scenario, seed, place)
        question = _asked(practice.scenario, run, place)
    if question is None:  # an author's own numbers come first; with others there may be nothing to ask
        run = practice.scenario.run()
        question = _asked(practice.scenario, run, place)
    assert question is not None
    if isinstance(question, NumbersQuestion):
        for entry in practice.entries:
            question = question.asking(entry)
    return run, question


def _asked(scenario: Scenario, run: Run, place: QuestionPlace) -> Question | None:
    """The question at a place in the numbers of a run."""
    previous = previous_of(run, place.iteration)
    return question_at(run.trace(place.iteration), place, previous, scenario.asks)


_QUESTIONS: Final = 1009
"""Seeds of questions lie so far apart."""


def answered(practice: Practice, typed: str) -> tuple[Practice, Grade]:
    """The session after an answer, and its grade; `UsageError` for what is not an answer, which costs
    nothing.

    Where one more entry is asked for, what is typed next is taken together with this.
    """
    whole = f"{practice.typed}, {typed}" if practice.entries else typed
    asked = current(practice)
    found = grade(asked, whole, hinted=practice.shown_hint)
    if found.another_entry is not None:
        entries = (*practice.entries, found.another_entry)
        return structs.replace(practice, entries=entries, typed=whole), found
    before = [one for one in practice.tries if one.number == practice.number]
    credit = found.credit * (_AGAIN if before and not practice.shown_hint else 1.0)
    mutant = found.mutant.name if found.mutant is not None else ""
    made = Try(practice.number, whole, found.right, credit, mutant, practice.shown_hint)
    once = not isinstance(asked, NumbersQuestion) or asked.fixed
    done = found.right or once or len(before) + 1 >= MOST_TRIES
    after = structs.replace(practice, tries=(*practice.tries, made), entries=(), typed="")
    return (_next(after) if done else after), structs.replace(found, credit=credit)


def hinted(practice: Practice) -> Practice:
    """The session once the hint was shown."""
    return structs.replace(practice, shown_hint=True)


def skipped(practice: Practice) -> Practice:
    """The session without the question that is asked now."""
    return _next(practice)


def _next(practice: Practice) -> Practice:
    return structs.replace(practice, number=practice.number + 1, shown_hint=False, entries=(), typed="")


def results(practice: Practice) -> tuple[Result, ...]:
    """The results of all questions, including those that were not reached."""
    found = []
    for number, place in enumerate(practice.places):
        tries = [one for one in practice.tries if one.number == number]
        asked = structs.replace(practice, number=number, tries=(), entries=())
        found.append(
            Result(
                number,
                place.kind,
                current(asked).text,
                len(tries),
                max((one.credit for one in tries), default=0.0),
                any(one.right for one in tries),
                any(one.hinted for one in tries),
                tuple(one.mutant for one in tries if one.mutant),
            )
        )
    return tuple(found)


def score_of(practice: Practice) -> Score:
    """What is kept of the session: the best try of each question, and the misconceptions that were named."""
    best: dict[int, float] = {}
    for one in practice.tries:
        best[one.number] = max(best.get(one.number, 0.0), one.credit)
    return Score(tuple(best.values()), Counter(one.mutant for one in practice.tries if one.mutant))
