"""`practice --bug`: a debugging session on a graph with a bug in one of its edges, for a person to find."""

from __future__ import annotations

import sys
from typing import Final

from msgspec import Struct

from backprop_engine.debugger import Session, finished
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.practice import MUTANTS, Bug, drawn_bug, grade_bug, with_bug
from backprop_engine.practice.bugs import bug_example
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import Role, Span
from backprop_tui.cli.asking import Asker
from backprop_tui.cli.output import print_lines
from backprop_tui.cli.reports import Scored
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.outcome import fitted

__all__ = ["Searched", "search"]

MOST_GUESSES: Final = 3
_AGAIN: Final = 0.5
"""What a wrong guess leaves of the credit."""


class Searched(Struct, frozen=True):
    """What came of a search."""

    scored: Scored
    right: bool
    tried: bool
    interrupted: bool


def search(scenario: Scenario, seed: int, asker: Asker) -> Searched:
    """Hide a bug, and let the person look for it with the debugger's commands, and name it."""
    bug = drawn_bug(scenario, seed)
    faulty = with_bug(scenario, bug)
    asker.say(
        msg("{title}: a bug in one edge, seed {seed}", title=scenario.title or scenario.name, seed=seed),
        role=Role.HEADING,
    )
    asker.say(
        msg(
            "One edge passes back a wrong contribution. Look for it with the debugger's commands (s, n, "
            "c, p upstream, p product, p local, help); `list` shows the mistakes; `bug {example}` says "
            "what is wrong; `quit` ends.",
            example=bug_example(scenario.graph),
        )
    )
    lab = _Lab(scenario, faulty, bug, asker)
    interrupted = False
    try:
        lab.run()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        interrupted = True
    edge = scenario.graph.edge_name(bug.edge)
    sys.stdout.write("\n")
    asker.say(
        msg("It was {edge}: {title}.", edge=edge, title=bug.mutant.title),
        msg(
            "The same bug again: backprop-tui practice {name} --bug --seed {seed}",
            name=clean(scenario.name),
            seed=seed,
        ),
        role=Role.DIM,
    )
    name = f"{scenario.name}: {edge}, {bug.mutant.name}"
    scored = Scored(
        name, "bug", lab.credit, lab.guesses, mistakes=(bug.mutant.name,) if not lab.right else ()
    )
    return Searched(scored, lab.right, lab.guesses > 0, interrupted)


class _Lab:
    """The search as it goes on."""

    def __init__(self, scenario: Scenario, faulty: Scenario, bug: Bug, asker: Asker) -> None:
        self.scenario, self.faulty, self.bug, self.asker = scenario, faulty, bug, asker
        self.session: Session = session_of(faulty)
        self.guesses, self.credit, self.right = 0, 0.0, False

    def run(self) -> None:
        """Until the bug is found, guesses are used up, or the person ends it."""
        while not self.right and self.guesses < MOST_GUESSES:
            typed = self.asker.ask("> ")
            if typed is None or typed in ("quit", "q"):
                return
            word, _, rest = typed.partition(" ")
            try:
                if word == "bug":
                    self.guess(rest)
                elif typed == "list":
                    self.list_mistakes()
                elif typed:
                    self.command(typed)
            except UsageError as error:
                self.asker.say(_with_hint(error), role=Role.WARNING)

    def guess(self, text: str) -> None:
        """Grade what the person says."""
        found = grade_bug(self.scenario, self.bug, text)
        again = _AGAIN if self.guesses else 1.0
        self.guesses += 1
        self.credit = max(self.credit, found.credit * again)
        self.right = found.right
        self.asker.say(found.message, role=Role.PRODUCT if found.right else Role.WARNING)

    def list_mistakes(self) -> None:
        """The misconceptions by number and name."""
        language = self.asker.language
        plantable = [mutant for mutant in MUTANTS if mutant.plantable]
        width = max(len(mutant.name) for mutant in plantable)
        print_lines(
            (
                Span(f"{number:>3}  ", Role.DIM),
                Span(f"{mutant.name:<{width}}  ", Role.NAME),
                Span(mutant.title.in_language(language)),
            )
            for number, mutant in enumerate(plantable, 1)
        )

    def command(self, text: str) -> None:
        """A command of the debugger's prompt."""
        outcome = execute(self.session, text, self.faulty, self.asker.language, finish=finished)
        self.session = outcome.session
        print_lines(fitted(outcome.lines))


def _with_hint(error: UsageError) -> Message:
    return msg("! {problem}", problem=error.text).cleaned()
