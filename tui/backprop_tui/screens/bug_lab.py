"""The bug lab: a debugger on a graph of which one edge computes by a mistake, and the card that grades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from backprop_engine.debugger import Session
from backprop_engine.messages.message import Message, msg
from backprop_engine.practice import MUTANTS, Bug, grade_bug, with_bug
from backprop_engine.practice.bugs import bug_example
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, wrap_lines
from backprop_tui.screens.sheet import Sheet
from backprop_tui.view import View

__all__ = ["BugLab", "MistakesSheet"]

_MOST_GUESSES: Final = 3
_AGAIN: Final = 0.5
"""What a wrong guess leaves of the credit."""


class BugLab:
    """The card above the debugger: what to look for, and what came of the guesses."""

    about = ""

    def __init__(self, scenario: Scenario, bug: Bug) -> None:
        self.scenario, self.bug = scenario, bug
        self.guesses, self.credit, self.right = 0, 0.0, False
        self._told: Message | None = None

    @property
    def over(self) -> bool:
        """Whether the bug is found, or there are no guesses left."""
        return self.right or self.guesses >= _MOST_GUESSES

    def view(self, language: str, *, ascii: bool) -> View:
        """The run with the bug, at its start."""
        faulty = with_bug(self.scenario, self.bug)
        return View(faulty, Session(faulty.run()), language, ascii)

    def turn(self, session: Session) -> bool:
        """No step turns this card."""
        return False

    def hear(self, command: str) -> None:
        """No command turns this card."""

    def guess(self, text: str) -> None:
        """Grade what the reader says is wrong; `UsageError` for what names no edge or no mistake."""
        if self.over:
            return
        found = grade_bug(self.scenario, self.bug, text)
        again = _AGAIN if self.guesses else 1.0
        self.guesses += 1
        self.credit = max(self.credit, found.credit * again)
        self.right, self._told = found.right, found.message

    def card_drawn(self, language: str, width: int, height: int) -> Drawing:
        """What to do, or what came of the last guess."""
        return Lines.of(wrap_lines(self._card(language), max(10, width))[:height])

    def _card(self, language: str) -> Iterator[Line]:
        if self._told is None:
            ask = msg("One edge passes back a wrong contribution. Which one, and what is the mistake?")
            yield (Span(f" {ask.in_language(language)}", Role.HEADING),)
        else:
            role = Role.GOOD if self.right else Role.WARNING
            yield (Span(f" {self._told.in_language(language)}", role),)
        if self.over:
            edge = self.scenario.graph.edge_name(self.bug.edge)
            was = msg("It was {edge}: {title}.", edge=edge, title=self.bug.mutant.title)
            leave = msg("Esc leaves the bug lab")
            yield (
                Span(f" {was.in_language(language)}"),
                Span(f"  {leave.in_language(language)}", Role.DIM),
            )
        else:
            how = msg(
                "`:bug {example}` says what is wrong (guess {number} of {most}), `:bug` lists the mistakes, "
                "Esc leaves",
                example=bug_example(self.scenario.graph),
                number=self.guesses + 1,
                most=_MOST_GUESSES,
            )
            yield (Span(f" {how.in_language(language)}", Role.DIM),)


class MistakesSheet(Sheet):
    """The mistakes that may be in a graph, by number and name."""

    def __init__(self, language: str) -> None:
        super().__init__(msg("Mistakes").in_language(language), language)

    def lines(self, width: int) -> Sequence[Line]:
        """A line each."""
        plantable = [mutant for mutant in MUTANTS if mutant.plantable]
        names = max(len(mutant.name) for mutant in plantable)
        return [
            (
                Span(f"{number:>3}  ", Role.DIM),
                Span(f"{mutant.name:<{names}}  ", Role.NAME),
                Span(mutant.title.in_language(self.language)),
            )
            for number, mutant in enumerate(plantable, 1)
        ]
