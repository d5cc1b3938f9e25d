"""`practice --bug`: a debugging session on a graph with a bug in one of its edges, for a person to find."""

from __future__ import annotations

import sys

from msgspec import Struct

from backprop_engine.debugger import Session, finished
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, msg
from backprop_engine.practice.bug_search import BugSearch, begin_search, guessed
from backprop_engine.practice.bugs import bug_example
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import Role
from backprop_tui.cli.asking import Asker
from backprop_tui.cli.output import print_lines
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.outcome import fitted
from backprop_tui.render.practice_words import hideable_lines

__all__ = ["Searched", "search_bug"]


class Searched(Struct, frozen=True, eq=False):
    """A search as far as it went, and whether an interrupt ended it."""

    search: BugSearch
    interrupted: bool


def search_bug(scenario: Scenario, seed: int, asker: Asker) -> Searched:
    """Hide a bug, and let the person look for it with the debugger's commands, and name it."""
    lab = _Lab(begin_search(scenario, seed), asker)
    asker.say(
        msg("{title}: a bug in one edge, seed {seed}", title=scenario.title or scenario.name, seed=seed),
        role=Role.HEADING,
    )
    asker.say(
        msg(
            "One edge passes back a wrong contribution. Look for it with the debugger's commands (s, n, "
            "c, p upstream, p product, p local, help); `list` shows the possible mistakes; `bug "
            "{example}` gives your answer; `quit` ends.",
            example=bug_example(scenario.graph),
        )
    )
    interrupted = False
    try:
        lab.run()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        interrupted = True
    sys.stdout.write("\n")
    asker.say(lab.search.answer, role=Role.DIM)
    return Searched(lab.search, interrupted)


class _Lab:
    """The search as it goes on."""

    def __init__(self, search: BugSearch, asker: Asker) -> None:
        self.search, self.asker = search, asker
        self.session: Session = session_of(search.faulty)

    def run(self) -> None:
        """Until the bug is found, guesses are used up, or the person ends it."""
        while not self.search.over:
            typed = self.asker.ask("> ")
            if typed is None or typed in ("quit", "q"):
                return
            word, _, rest = typed.partition(" ")
            try:
                if word == "bug":
                    self.guess(rest)
                elif typed == "list":
                    print_lines(hideable_lines(self.asker.language))
                elif typed:
                    self.command(typed)
            except UsageError as error:
                self.asker.say(_with_hint(error), role=Role.WARNING)

    def guess(self, text: str) -> None:
        """Grade what the person says."""
        self.search = guessed(self.search, text)
        if self.search.told is not None:
            self.asker.say(self.search.told, role=Role.PRODUCT if self.search.right else Role.WARNING)

    def command(self, text: str) -> None:
        """A command of the debugger's prompt."""
        outcome = execute(self.session, text, self.search.faulty, self.asker.language, finish=finished)
        self.session = outcome.session
        print_lines(fitted(outcome.lines))


def _with_hint(error: UsageError) -> Message:
    return msg("! {problem}", problem=error.text).cleaned()
