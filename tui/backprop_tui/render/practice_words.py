"""The words around practice: the blanks, the model answer, the result, and the list of mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from backprop_engine.arrays import shape_text
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import Message, in_language, msg
from backprop_engine.practice import MUTANTS, ChoiceQuestion, NumbersQuestion, Question, ShapeQuestion
from backprop_engine.practice.bug_search import HIDEABLE
from backprop_engine.practice.entries import Entry
from backprop_engine.practice.session import Result
from backprop_tui.cells.lines import Line, Role, Span

__all__ = ["blank_text", "hideable_lines", "model_answer", "result_text", "titles"]

_DIGITS = 4


def blank_text(question: Question, more: Sequence[Entry], language: str) -> str:
    """What is before the place for the answer; `more` are entries asked for after a first answer."""
    match question:
        case NumbersQuestion():
            name = in_language(question.name, language)
            if not more and len(question.entries) == question.right.size > 1:
                return f"{name} ({shape_text(question.right.shape)})"
            blanks = question.blanks[-len(more) :] if more else question.blanks
            return ", ".join(blank.replace(question.name, name, 1) for blank in blanks)
        case ShapeQuestion():
            return msg("shape").in_language(language)
        case ChoiceQuestion():
            return f"1-{len(question.choices)}"


def model_answer(question: Question) -> Message:
    """The right answer, and how to get there."""
    match question:
        case NumbersQuestion():
            shown = ", ".join(number(question.right[entry], _DIGITS) for entry in question.entries)
            return _answer(shown, question)
        case ShapeQuestion():
            return _answer(shape_text(question.right), question)
        case ChoiceQuestion():
            return msg("The answer is: {answer}.", answer=question.choices[question.right].text)


def _answer(shown: str, question: NumbersQuestion | ShapeQuestion) -> Message:
    """The answer, and the hint; an author's hint is a sentence, or a question, of its own."""
    if question.kind == "ask":
        return msg("The answer is {answer}. {hint}", answer=shown, hint=question.hint)
    return msg("The answer is {answer}: {hint}.", answer=shown, hint=question.hint)


def result_text(results: Sequence[Result]) -> Message:
    """How a session went."""
    done = [result for result in results if result.tries]
    return msg(
        "{right} of {count} answered questions right, credit {credit:.3g} of {most}",
        right=sum(result.right for result in done),
        count=len(done),
        credit=sum(result.credit for result in done),
        most=len(results),
    )


_TITLES = {mutant.name: mutant.title for mutant in MUTANTS}


def titles(names: Iterable[str]) -> list[Message]:
    """What misconceptions are called in words."""
    return [_TITLES[name] for name in names]


def hideable_lines(language: str) -> Iterator[Line]:
    """The mistakes that may be hidden in a graph, by number and name."""
    width = max(len(mutant.name) for mutant in HIDEABLE)
    for at, mutant in enumerate(HIDEABLE, 1):
        yield (
            Span(f"{at:>3}  ", Role.DIM),
            Span(f"{mutant.name:<{width}}  ", Role.NAME),
            Span(mutant.title.in_language(language)),
        )
