"""The bug lab: a debugger on a graph with one faulty edge, and the card that grades."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from backprop_engine.debugger import Session
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.practice.bug_search import MOST_GUESSES, BugSearch, guessed
from backprop_engine.practice.bugs import bug_example
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, wrap_lines
from backprop_tui.files.progress import keep_score
from backprop_tui.render.practice_words import hideable_lines
from backprop_tui.screens.sheet import Sheet
from backprop_tui.view import View

__all__ = ["BugLab", "MistakesSheet"]


class BugLab:
    """The card above the debugger: what to look for, and the results of the guesses."""

    about = ""

    def __init__(self, search: BugSearch) -> None:
        self.search = search

    def view(self, language: str, *, ascii: bool) -> View:
        """The run with the bug, at its start."""
        return View(self.search.faulty, Session(self.search.faulty.run()), language, ascii)

    def turn(self, session: Session) -> bool:
        """No step turns this card."""
        return False

    def hear(self, command: str) -> None:
        """No command turns this card."""

    def graded(self, text: str) -> BugSearch:
        """The search after a guess; `UsageError` if it names no edge or no mistake."""
        return guessed(self.search, text)

    def card_drawn(self, language: str, width: int, height: int) -> Drawing:
        """What to do, or the result of the last guess."""
        return Lines.of(wrap_lines(self._card(language), max(10, width))[:height])

    def left(self, say: Callable[[str], None], language: str) -> None:
        """Keep the result."""
        try:
            keep_score(self.search.scenario, self.search.score)
        except UsageError as error:
            say(error.in_language(language))

    def _card(self, language: str) -> Iterator[Line]:
        search = self.search
        if search.told is None:
            ask = msg("One edge passes back a wrong contribution. Which one, and what is the mistake?")
            yield (Span(f" {ask.in_language(language)}", Role.HEADING),)
        else:
            yield (
                Span(f" {search.told.in_language(language)}", Role.GOOD if search.right else Role.WARNING),
            )
        if search.over:
            leave = msg("Esc leaves the bug lab")
            yield (
                Span(f" {search.answer.in_language(language)}"),
                Span(f"  {leave.in_language(language)}", Role.DIM),
            )
        else:
            how = msg(
                "`:bug {example}` to answer (guess {number} of {most}), `:bug` to list the mistakes, Esc "
                "to leave",
                example=bug_example(search.scenario.graph),
                number=search.guesses + 1,
                most=MOST_GUESSES,
            )
            yield (Span(f" {how.in_language(language)}", Role.DIM),)


class MistakesSheet(Sheet):
    """The mistakes that may be in a graph, by number and name."""

    def __init__(self, language: str) -> None:
        super().__init__(msg("Mistakes").in_language(language), language)

    def lines(self, width: int) -> Sequence[Line]:
        """One line for each."""
        return [*hideable_lines(self.language)]
