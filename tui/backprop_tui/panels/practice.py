"""Practice: a question about a step whose result is hidden, and the grading of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, structs

from backprop_engine.debugger import Session
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, in_language, msg
from backprop_engine.practice import ChoiceQuestion, Grade, NumbersQuestion, Question
from backprop_engine.practice import session as practising
from backprop_engine.practice.session import Practice
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width, wrap_line, wrap_lines
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.cells.tensors import tensor_block
from backprop_tui.cells.text import clip
from backprop_tui.render.practice_words import blank_text, model_answer, result_text, titles
from backprop_tui.render.stage_equation import stage_equation
from backprop_tui.view import View

__all__ = [
    "PracticeState",
    "answer",
    "begun",
    "blank",
    "heading",
    "on",
    "question",
    "question_rows",
    "skip",
    "view_of",
]

_LEAST_EQUATION: Final = 5
"""Rows that an equation takes at least; where fewer are left, the tensors are one under the other."""
_MOST_ROWS: Final = 6
_VERDICT: Final = 3
"""Rows that are kept free for a hint or for the comments on an answer, so that the graph stays as it is."""


class PracticeState(Struct, frozen=True, eq=False):
    """What the screen of practice is a function of.

    `asked` is the question in view and `before` what the user knows. `practice` is the session after the last
    answer; while `grade` is there, that answer is discussed.
    """

    practice: Practice
    asked: Question | None
    before: View
    grade: Grade | None = None
    problem: Message | str = ""
    hinted: bool = False

    @property
    def over(self) -> bool:
        """Whether all questions were asked, and the last answer has been discussed."""
        return self.asked is None


def begun(practice: Practice, view: View) -> PracticeState:
    """The state in which the session's question is asked; `view` says in which language."""
    if practice.over:
        return PracticeState(practice, None, view)
    run, asked = practising.asked_with(practice)
    place = practice.places[practice.number]
    position = run.start(place.iteration) + asked.position - 1
    before = View(view.scenario, Session(run, position=position), view.language, view.ascii)
    return PracticeState(practice, asked, before)


def answer(state: PracticeState, typed: str) -> PracticeState:
    """The state after an answer; after a question mark, with the hint; what is not an answer costs
    nothing.
    """
    typed = typed.strip()
    if typed in ("?", "hint"):
        return structs.replace(state, practice=practising.hinted(state.practice), hinted=True, problem="")
    if not typed:
        return structs.replace(state, problem=msg("type an answer, or ? for a hint"))
    try:
        practice, grade = practising.answered(state.practice, typed)
    except UsageError as error:
        return structs.replace(state, problem=error.text)
    if grade.another_entry is not None and isinstance(state.asked, NumbersQuestion):
        asked = state.asked.asking(grade.another_entry)
        return structs.replace(state, practice=practice, asked=asked, problem=grade.message)
    return structs.replace(state, practice=practice, grade=grade, problem="")


def on(state: PracticeState) -> PracticeState:
    """The next question, once an answer was discussed; with other numbers, if it was wrong."""
    return begun(state.practice, state.before)


def skip(state: PracticeState) -> PracticeState:
    """The next question, without an answer."""
    return begun(practising.skipped(state.practice), state.before)


def view_of(state: PracticeState) -> View:
    """What the graph shows: what is known before the step, and once it is answered the step."""
    return state.before if state.grade is None else _after(state)


def _after(state: PracticeState) -> View:
    before = state.before
    after = Session(before.session.run, position=before.session.position + 1)
    return View(before.scenario, after, before.language, before.ascii)


def blank(state: PracticeState) -> str:
    """The text before the place to type into."""
    if state.asked is None or state.grade is not None:
        return ""
    text = blank_text(state.asked, state.practice.entries, state.before.language)
    return f"{text}: " if isinstance(state.asked, ChoiceQuestion) else f"{text} = "


def heading(state: PracticeState, width: int) -> Drawing:
    """What is practised at the left, the progress and the score at the right."""
    language = state.before.language
    practice = state.practice
    count = len(practice.places)
    number = min(practice.number + (state.grade is None), count)
    right = msg(
        "question {number} of {count}   credit {credit:.3g}",
        number=number,
        count=count,
        credit=practising.score_of(practice).credit,
    )
    words = f"{right.in_language(language)} "
    title = clip(
        f" {msg('Practice').in_language(language)} ─ {state.before.title}", max(0, width - len(words) - 2)
    )
    gap = width - line_width((Span(title),)) - line_width((Span(words),))
    line = (Span(title, Role.HEADING), Span(" " * max(1, gap)), Span(words, Role.DIM))
    return Lines.of([clip_line(line, width)])


def question(state: PracticeState, width: int, height: int) -> Drawing:
    """The equation with a question mark for its result, the question, and the grading of the answer."""
    said = wrap_lines(_summary(state) if state.asked is None else _said(state), max(10, width))
    room = height - len(said) - 1
    picture = _picture(state, width, room)
    if not picture:
        return Lines.of(said)
    return Lines.of([*picture, (Span(""),), *said])


def question_rows(state: PracticeState, width: int, height: int) -> int:
    """How many of the rows that it shares with the graph the question needs: a half, more only for words."""
    half = height // 2
    drawn = question(state, width, half).height
    kept = _VERDICT if state.asked is not None and state.grade is None else 0
    return min(max(drawn, min(drawn + kept, half)), height * 3 // 5)


def _picture(state: PracticeState, width: int, height: int) -> list[Line]:
    """The numbers from which to work out the answer."""
    asked, language = state.asked, state.before.language
    if not isinstance(asked, NumbersQuestion) or height < 1:
        return []
    after, hidden = _after(state), state.grade is None
    block = stage_equation(after.facts, language, width, height, hidden=hidden, ascii=after.ascii)
    if block.height and block.height >= min(_LEAST_EQUATION, height) and block.width <= width:
        return list(block.padded(width).lines)
    lines: list[Line] = []
    for given in asked.given:
        name = in_language(given.name, language)
        head = f"{name} = "
        numbers = tensor_block(given.tensor, Role.VALUE, max(8, width - len(head)), _MOST_ROWS, heat=False)
        rows = Block.of(numbers.lines).lines
        lines += [
            (Span(head if not at else " " * line_width((Span(head),)), Role.NAME), *row)
            for at, row in enumerate(rows)
        ]
    return lines


def _said(state: PracticeState) -> Iterator[Line]:
    asked, language = state.asked, state.before.language
    assert asked is not None
    yield (Span(asked.text.in_language(language), Role.HEADING),)
    if isinstance(asked, ChoiceQuestion):
        for number, choice in enumerate(asked.choices, 1):
            is_right = state.grade is not None and number - 1 == asked.right
            yield (
                Span(f"  {number}  ", Role.KEY),
                Span(in_language(choice.text, language), Role.GOOD if is_right else Role.TEXT),
            )
    if state.hinted and state.grade is None:
        yield (Span(msg("Hint: {hint}", hint=asked.hint).in_language(language), Role.DIM),)
    if state.problem:
        yield (Span(in_language(state.problem, language), Role.WARNING),)
    if state.grade is None:
        return
    grade = state.grade
    yield (Span(""),)
    yield (Span(grade.message.in_language(language), Role.GOOD if grade.right else Role.WARNING),)
    if not grade.right:
        yield (Span(model_answer(asked).in_language(language)),)
    again = not grade.right and state.practice.number < len(state.practice.places)
    if again and state.practice.tries and state.practice.tries[-1].number == state.practice.number:
        yield (Span(msg("Once more, with other numbers.").in_language(language), Role.DIM),)


def _summary(state: PracticeState) -> Iterator[Line]:
    """The result of the session, and the mistakes that were made."""
    language = state.before.language
    found = practising.results(state.practice)
    yield (Span(result_text(found).in_language(language), Role.HEADING),)
    yield (Span(""),)
    for result in found:
        sign, role = ("✓", Role.GOOD) if result.right else ("✗", Role.WARNING)
        if not result.tries:
            sign, role = ABSENT, Role.DIM
        yield (Span(f"{sign} ", role), Span(in_language(result.text, language)))
        named = titles(dict.fromkeys(result.misconceptions))
        if named:
            words = ", ".join(title.in_language(language) for title in named)
            yield from ((Span("    "), *line) for line in wrap_line((Span(words, Role.DIM),), 76))
