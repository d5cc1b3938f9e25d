"""A worksheet: what is given, the values of the forward pass, and questions with blanks; and its key.

The questions are those of `practice`. The key has the answers, how one gets there, and which numbers the
usual mistakes lead to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.errors import UsageError
from backprop_engine.explain.facts import ForwardFacts, step_facts
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import mathematical, whole_formula
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.practice import (
    ChoiceQuestion,
    NumbersQuestion,
    Question,
    QuestionKind,
    ShapeQuestion,
    drawn,
    places,
    question_at,
    questions,
)
from backprop_engine.practice.comparing import scale_of
from backprop_engine.practice.exercises import right_answer
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.expectations import Formula
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import Role
from backprop_tui.export.formats import Exported
from backprop_tui.export.page.formula import formula
from backprop_tui.export.sheets.formulas import definition_tex, name_tex, tensor_tex, tree_tex, words_tex
from backprop_tui.render.equation.headings import tall_name

__all__ = ["Blank", "Item", "Quantity", "Worksheet", "value_tex", "worksheet"]

_DIGITS = 4
_MOST_MISTAKES = 3
_NOTHING = 1e-9
"""What is smaller than that, beside the largest number of the answer, is rounding."""
_NUMBERS: tuple[QuestionKind, ...] = ("product", "accumulate", "update")


class Quantity(Struct, frozen=True, eq=False):
    """A node with its definition, as text and in a formula, and its value."""

    name: str
    tex: str
    value: Tensor


class Blank(Struct, frozen=True):
    """What is to be filled in: what it is called, as text and in a formula, and the answer."""

    name: str
    tex: str
    answer: str


class Item(Struct, frozen=True):
    """A question: blanks, or choices, of which one is `right`; how one gets there, and what goes wrong.

    `why` is a sentence, or several.
    """

    number: int
    text: str
    blanks: Sequence[Blank] = ()
    choices: Sequence[str] = ()
    right: int = 0
    why: str = ""
    mistakes: Sequence[tuple[str, str]] = ()
    """The numbers that a mistake leads to, and which it is."""


class Worksheet(Struct, frozen=True, eq=False):
    """A worksheet in one language; the pages of it leave out the answers."""

    title: str
    description: str
    objective: str
    language: str
    given: Sequence[Quantity]
    values: Sequence[Quantity]
    items: Sequence[Item]


def worksheet(exported: Exported) -> Worksheet:
    """The worksheet of the run that is shown, or of one with numbers drawn for the seed.

    Raises `UsageError` where there is nothing to ask.
    """
    scenario, language = exported.scenario, exported.language
    trace = exported.frame.trace if exported.seed is None else drawn(scenario, exported.seed)
    is_drawn = exported.seed is not None
    items = [*_items(scenario, trace, exported.count, language, is_drawn=is_drawn)]
    if not items:
        raise UsageError(msg("{scenario} has no such question", scenario=scenario.name))
    nodes = [node for node in trace.graph.nodes if node.kind is not Kind.LITERAL]
    return Worksheet(
        clean(exported.title),
        clean(scenario.description.in_language(language)),
        clean(scenario.objective.in_language(language)),
        language,
        [_quantity(trace, node, language) for node in nodes if node.op is None],
        [_quantity(trace, node, language) for node in nodes if node.op is not None],
        items,
    )


def _quantity(trace: Trace, node: Node, language: str) -> Quantity:
    value = trace.values[node.position]
    if node.op is None:
        return Quantity(node.name, name_tex(node.name), value)
    facts = step_facts(trace.frame(trace.schedule.order.index(node.position) + 1))
    assert isinstance(facts, ForwardFacts)
    definition = mathematical(whole_formula(trace.graph, node))
    return Quantity(f"{node.name} = {definition}", definition_tex(facts, language), value)


def _items(scenario: Scenario, trace: Trace, count: int, language: str, *, is_drawn: bool) -> Iterator[Item]:
    """The author's questions, one about the order, then those about numbers, evenly chosen.

    An author's answer that is a number or a choice holds for the scenario's own numbers alone.
    """
    asks = [ask for ask in scenario.asks if not is_drawn or isinstance(ask.answer, Formula)]
    found: list[Ask | Question] = [*asks, *questions(trace, ["order"])[:1]]
    numeric = places(trace, _NUMBERS)
    room = max(1, count - len(found))
    step = max(1.0, len(numeric) / room)
    chosen = (question_at(trace, numeric[int(at * step)]) for at in range(min(room, len(numeric))))
    found += [question for question in chosen if question is not None]
    for at, question in enumerate(found[:count], 1):
        yield (
            _asked(at, question, trace, language)
            if isinstance(question, Ask)
            else _item(at, question, language)
        )


def _asked(at: int, ask: Ask, trace: Trace, language: str) -> Item:
    """A question of the author's own."""
    text = clean(ask.question.in_language(language))
    why = _sentence(clean(ask.hint.in_language(language)))
    if ask.choices:
        choices = [clean(choice.in_language(language)) for choice in ask.choices]
        assert isinstance(ask.answer, int)
        return Item(at, text, choices=choices, right=ask.answer, why=why)
    answer = right_answer(ask, trace)
    return Item(at, text, [Blank("", "", _written(answer))], why=why)


def _written(tensor: Tensor) -> str:
    """Numbers as they are written by hand, a matrix in rows."""
    if tensor.shape == ():
        return number(tensor, _DIGITS)
    return f"[{', '.join(_written(each) for each in tensor)}]"


def _item(at: int, question: Question, language: str) -> Item:
    text, why = question.text.in_language(language), _sentence(question.hint.in_language(language))
    match question:
        case NumbersQuestion():
            blanks = [*_blanks(question, language)]
            return Item(at, text, blanks, why=why, mistakes=[*_mistakes(question, language)])
        case ShapeQuestion():
            shape = msg("shape").in_language(language)
            return Item(at, text, [Blank(shape, words_tex(shape), shape_text(question.right))], why=why)
        case ChoiceQuestion():
            choices = [_in_language(choice.text, language) for choice in question.choices]
            return Item(at, text, choices=choices, right=question.right, why=why)


def _sentence(hint: str) -> str:
    """A hint with a capital, unless a name begins it, and with a full stop."""
    first = hint.partition(" ")[0]
    if len(first) > 1 and first.isascii() and first.isalpha():
        hint = hint[0].upper() + hint[1:]
    return hint if not hint or hint[-1] in ".!?…" else f"{hint}."


def _in_language(text: str, language: str) -> str:
    return text.in_language(language) if isinstance(text, Message) else text


def _blanks(question: NumbersQuestion, language: str) -> Iterator[Blank]:
    is_name = not isinstance(question.name, Message)
    name = _in_language(question.name, language)
    for entry, blank in zip(question.entries, question.blanks, strict=True):
        index = blank[len(question.name) :]
        tex = tree_tex(formula(tall_name(blank, Role.NAME))) if is_name else words_tex(f"{name}{index}")
        yield Blank(f"{name}{index}", tex, number(question.right[entry], _DIGITS))


def _mistakes(question: NumbersQuestion, language: str) -> Iterator[tuple[str, str]]:
    """What the commonest mistakes lead to, each once, in the entries that are asked for."""
    fitting = {
        outcome.mutant.name: outcome
        for outcome in reversed(question.outcomes)
        if outcome.answer.shape == question.right.shape
    }
    for outcome in [*reversed(fitting.values())][:_MOST_MISTAKES]:
        least = _NOTHING * scale_of(question.right)
        entries = (outcome.answer[entry] for entry in question.entries)
        shown = ", ".join("0" if abs(each) < least else number(each, _DIGITS) for each in entries)
        yield shown, outcome.mutant.title.in_language(language)


def value_tex(quantity: Quantity) -> str:
    """A node and its value as a formula."""
    return f"{quantity.tex} = {tensor_tex(quantity.value)}"
