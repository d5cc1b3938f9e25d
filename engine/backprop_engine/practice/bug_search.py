"""A search for a hidden bug as one value: which bug, what was guessed, and what that was worth.

`begin_search` hides a bug, `guessed` gives the search after a guess. A wrong guess before the right one costs
half of its credit, and there are few.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, structs

from backprop_engine.messages.message import Message, msg
from backprop_engine.practice.bugs import Bug, drawn_bug, grade_bug, with_bug
from backprop_engine.practice.mutants import MUTANTS
from backprop_engine.practice.score import Score
from backprop_engine.scenario.model import Scenario

__all__ = ["HIDEABLE", "MOST_GUESSES", "BugSearch", "begin_search", "guessed"]

MOST_GUESSES: Final = 3
_AGAIN: Final = 0.5
"""What a wrong guess before it leaves of the credit."""

HIDEABLE: Final = tuple(mutant for mutant in MUTANTS if mutant.plantable)
"""The misconceptions that an edge can compute by, as they are numbered for a guess, from 1."""


class BugSearch(Struct, frozen=True, eq=False):
    """A search for the `bug` in `faulty`, which is `scenario` but for it.

    `told` is what to say about the last guess; None before the first.
    """

    scenario: Scenario
    bug: Bug
    faulty: Scenario
    guesses: int = 0
    credit: float = 0.0
    right: bool = False
    told: Message | None = None

    @property
    def over(self) -> bool:
        """Whether the bug is found, or there are no guesses left."""
        return self.right or self.guesses >= MOST_GUESSES

    @property
    def edge(self) -> str:
        """The edge of the bug, by name."""
        return self.scenario.graph.edge_name(self.bug.edge)

    @property
    def answer(self) -> Message:
        """Which bug it was."""
        return msg("It was {edge}: {title}.", edge=self.edge, title=self.bug.mutant.title)

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The misconception that was not found, by name."""
        return () if self.right else (self.bug.mutant.name,)

    @property
    def score(self) -> Score:
        """What is kept of it; nothing where no guess was made."""
        if not self.guesses:
            return Score((), {})
        return Score((self.credit,), dict.fromkeys(self.mistakes, 1), bugs=int(self.right))


def begin_search(scenario: Scenario, seed: int) -> BugSearch:
    """A search for the bug of a seed; `UsageError` where none can be hidden."""
    bug = drawn_bug(scenario, seed)
    return BugSearch(scenario, bug, with_bug(scenario, bug))


def guessed(search: BugSearch, text: str) -> BugSearch:
    """The search after a guess such as ``q -> x, sign``; once it is over, nothing changes.

    Raises `UsageError` for what names no edge or no misconception, which costs nothing.
    """
    if search.over:
        return search
    found = grade_bug(search.scenario, search.bug, text)
    return structs.replace(
        search,
        guesses=search.guesses + 1,
        credit=max(search.credit, found.credit * (_AGAIN if search.guesses else 1.0)),
        right=found.right,
        told=found.message,
    )
