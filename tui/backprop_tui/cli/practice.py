"""`practice`: questions about the steps of a scenario, or a bug to find, with plain prompts."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.lines import Line, Role, Span, wrap_line
from backprop_tui.cli.arguments import add_shared, opened, question_count, seed
from backprop_tui.cli.asking import WIDTH, Asker
from backprop_tui.cli.output import print_lines

if TYPE_CHECKING:  # help needs no engine
    from backprop_engine.practice import Grade, Question, QuestionKind
    from backprop_engine.practice.score import Score
    from backprop_engine.practice.session import Practice, Result
    from backprop_engine.scenario.model import Scenario
    from backprop_tui.cli.reports import Scored

__all__ = ["add_arguments", "run"]

KINDS: Final[tuple[QuestionKind, ...]] = ("product", "accumulate", "update", "shape", "order", "edges", "ask")
_COUNT: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `practice`."""
    add_shared(parser)
    parser.add_argument(
        "--seed", type=seed, metavar="N", help=msg("the seed: the same number draws the same questions again")
    )
    parser.add_argument(
        "--only",
        choices=KINDS,
        metavar="KIND",
        help=msg("only questions of this kind: {kinds}", kinds=f"{{{', '.join(KINDS)}}}"),
    )
    parser.add_argument(
        "--count", type=question_count, default=_COUNT, metavar="N", help=msg("how many questions (10)")
    )
    parser.add_argument(
        "--bug",
        action="store_true",
        help=msg("find the one edge of the graph that computes a wrong contribution"),
    )
    parser.add_argument(
        "--report",
        metavar="FILE.json",
        help=msg("write the scores in the format of Gradescope's results.json"),
    )
    parser.add_argument(
        "--csv", metavar="FILE.csv", help=msg("write the scores as CSV, one line per question")
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask, grade and keep the result; an interrupt ends it as the end of the input does."""
    if arguments.scenario == "-":
        raise UsageError(msg("practice reads answers from standard input: name a scenario or a file"))
    scenario = opened(arguments)
    seed = int.from_bytes(os.urandom(2)) if arguments.seed is None else arguments.seed
    asker = Asker(arguments.lang or "en")
    if arguments.bug:
        if arguments.only:
            raise UsageError(msg("--only is for questions: leave it out with --bug"))
        return _bug(arguments, scenario, seed, asker)
    return _questions(arguments, scenario, seed, asker)


def _bug(arguments: argparse.Namespace, scenario: Scenario, seed: int, asker: Asker) -> int:
    from backprop_tui.cli.bug_lab import search_bug
    from backprop_tui.cli.reports import Scored

    found = search_bug(scenario, seed, asker)
    search = found.search
    _tell_again(arguments, scenario, seed, asker)
    _keep(scenario, search.score, asker)
    name = f"{scenario.name}: {search.edge}, {search.bug.mutant.name}"
    _write(arguments, [Scored(name, "bug", search.credit, search.guesses, mistakes=search.mistakes)])
    return 128 + signal.SIGINT if found.interrupted else 0


def _questions(arguments: argparse.Namespace, scenario: Scenario, seed: int, asker: Asker) -> int:
    from backprop_engine.practice import session

    kinds: Sequence[QuestionKind] = (arguments.only,) if arguments.only else KINDS
    practice = session.begin(scenario, seed, kinds, arguments.count)
    asker.say(_greeting(scenario, practice), role=Role.HEADING)
    asker.say(
        msg(
            "Type numbers to three significant digits, or a formula. `hint` gives a hint, `skip` "
            "skips the question, `quit` ends."
        )
    )
    interrupted = False
    try:
        while not practice.over:
            after = _asked(practice, asker)
            if after is None:
                break
            practice = after
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        interrupted = True
    results, score = session.results(practice), session.score_of(practice)
    _tell_summary(results, score, asker)
    if score.credits:
        _tell_again(arguments, scenario, seed, asker)
    _keep(scenario, score, asker)
    _write(arguments, [_scored(practice, result, asker.language) for result in results])
    return 128 + signal.SIGINT if interrupted else 0


def _greeting(scenario: Scenario, practice: Practice) -> Message:
    count = len(practice.places)
    title = scenario.title or scenario.name
    if count == 1:
        return msg("{title}: 1 question, seed {seed}", title=title, seed=practice.seed)
    return msg("{title}: {count} questions, seed {seed}", title=title, count=count, seed=practice.seed)


def _asked(practice: Practice, asker: Asker) -> Practice | None:
    """The session after the current question, answered once; None where the person wants no more."""
    from backprop_engine.practice import session
    from backprop_tui.render.practice_words import blank_text, model_answer

    question = session.current(practice)
    language = asker.language
    if not practice.entries:
        sys.stdout.write("\n")
        head = f"{practice.number + 1}/{len(practice.places)}"
        print_lines([(Span(head, Role.DIM),)])
        print_lines(_posed(question, language))
    while True:
        typed = asker.ask(f"{blank_text(question, practice.entries, language)} > ")
        word = "" if typed is None or typed in practice.scenario.graph else _WORDS.get(typed, "")
        if typed is None or word == "quit":
            return None
        if word == "skip":
            asker.say(model_answer(question))
            return session.skipped(practice)
        if word == "hint":
            practice = session.hinted(practice)
            asker.say(msg("Hint: {hint}", hint=question.hint), role=Role.DIM)
            continue
        if not typed:
            continue
        try:
            after, found = session.answered(practice, typed)
        except UsageError as error:
            asker.say(msg("! {problem}", problem=error.text).cleaned(), role=Role.WARNING)
            continue
        _tell_grade(question, found, after.number == practice.number, asker)
        return after


_WORDS: Final = {
    "quit": "quit",
    "q": "quit",
    "skip": "skip",
    "s": "skip",
    "hint": "hint",
    "h": "hint",
    "?": "hint",
}
"""Words that are not answers, unless a node has that name: then they are formulas."""


def _posed(question: Question, language: str) -> Iterator[Line]:
    """What is known, and what is asked."""
    from backprop_engine.practice import ChoiceQuestion, NumbersQuestion
    from backprop_tui.prompt.outcome import tensor_lines

    if isinstance(question, NumbersQuestion):
        for given in question.given:
            name = _in_language(given.name, language)
            for line in tensor_lines(name, given.tensor, Role.VALUE, language, WIDTH - 2):
                yield (Span("  "), *line)
    yield from wrap_line((Span(question.text.in_language(language), Role.HEADING),), WIDTH)
    if isinstance(question, ChoiceQuestion):
        for number, choice in enumerate(question.choices, 1):
            yield (Span(f"  {number}  {_in_language(choice.text, language)}"),)


def _in_language(text: str, language: str) -> str:
    return text.in_language(language) if isinstance(text, Message) else text


def _tell_grade(question: Question, found: Grade, again: bool, asker: Asker) -> None:
    from backprop_tui.render.practice_words import model_answer

    asker.say(found.message, role=Role.PRODUCT if found.right else Role.WARNING)
    if found.right or found.another_entry is not None:
        return
    asker.say(model_answer(question))
    if again:
        asker.say(msg("Once more, with other numbers."))


def _tell_summary(results: Sequence[Result], score: Score, asker: Asker) -> None:
    """How many were right, and which misconceptions came up."""
    from backprop_tui.render.practice_words import result_text, titles

    sys.stdout.write("\n")
    asker.say(result_text(results) if score.credits else _NOTHING, role=Role.HEADING)
    names = sorted(score.mistakes, key=lambda name: -score.mistakes[name])
    if names:
        listed = joined(
            ", ",
            (
                msg("{title} ({count})", title=title, count=score.mistakes[name])
                for name, title in zip(names, titles(names), strict=True)
            ),
        )
        asker.say(msg("Mistakes: {mistakes}", mistakes=listed))


_NOTHING: Final = msg("No question was answered.")


def _tell_again(arguments: argparse.Namespace, scenario: Scenario, seed: int, asker: Asker) -> None:
    """The command line that asks the same questions again."""
    words = ["backprop-tui", "practice", _called(scenario)]
    words += ["--bug"] if arguments.bug else []
    words += ["--seed", str(seed)]
    words += ["--only", arguments.only] if arguments.only else []
    words += ["--count", str(arguments.count)] if arguments.count != _COUNT else []
    for change in arguments.set:
        words += ["--set", change]
    words += ["--lang", arguments.lang] if arguments.lang else []
    command = clean(shlex.join(words))
    told = (
        msg("The same bug again: {command}", command=command)
        if arguments.bug
        else msg("The same questions again: {command}", command=command)
    )
    print_lines([(Span(told.in_language(asker.language), Role.DIM),)])  # in one line, to be copied


def _called(scenario: Scenario) -> str:
    """What names the scenario on a command line: a bundled one's name, the path of a file."""
    from backprop_tui.files.progress import progress_name

    return scenario.name if progress_name(scenario) == scenario.name else scenario.path


def _scored(practice: Practice, result: Result, language: str) -> Scored:
    from backprop_tui.cli.reports import Scored

    return Scored(
        f"{practice.scenario.name} {result.number + 1}",
        result.kind,
        result.credit,
        result.tries,
        result.hinted,
        result.misconceptions,
        _in_language(result.text, language),
    )


def _write(arguments: argparse.Namespace, rows: list[Scored]) -> None:
    """The reports that were asked for."""
    from backprop_tui.cli.reports import csv_report, gradescope_report, write_report

    if arguments.report is not None:
        write_report(arguments.report, gradescope_report(rows))
    if arguments.csv is not None:
        write_report(arguments.csv, csv_report(rows))


def _keep(scenario: Scenario, score: Score, asker: Asker) -> None:
    """Add the session to the progress; if that cannot be written, say so and go on."""
    from backprop_tui.files.progress import keep_score

    try:
        keep_score(scenario, score)
    except UsageError as error:
        print(f"backprop-tui: {clean(error.in_language(asker.language))}", file=sys.stderr)
