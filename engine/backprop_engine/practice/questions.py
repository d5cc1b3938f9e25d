"""The questions that can be asked of a run: what flows back, its shape, and where it goes next.

`places` says where, `question_at` asks one, `questions` all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from backprop_engine.arrays import Shape, Tensor, settle, shape_text
from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.explain.facts import AccumulateFacts, BackwardFacts, UpdateFacts, step_facts
from backprop_engine.explain.symbols import formula, rule_text
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Accumulate, Backward, Edge, Update
from backprop_engine.messages.message import Message, msg
from backprop_engine.ops import Elementwise
from backprop_engine.practice.asks import ask_position, authors_question
from backprop_engine.practice.choices import Choice, Choices, next_edges, orders
from backprop_engine.practice.comparing import alike
from backprop_engine.practice.entries import telling_entries
from backprop_engine.practice.mutants import MUTANTS, Mutant
from backprop_engine.practice.question import (
    KINDS,
    ChoiceQuestion,
    NumbersQuestion,
    Question,
    QuestionKind,
    QuestionPlace,
    ShapeQuestion,
    WrongAnswer,
)
from backprop_engine.practice.uses import OperandUse, Task, change_at, sum_at, use_at
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.trace.trace import Trace

__all__ = ["outcomes_of", "places", "question_at", "questions"]

_NUMBERS: Final = np.dtype(np.float64)


def places(
    trace: Trace, kinds: Sequence[QuestionKind] = KINDS, asks: Sequence[Ask] = ()
) -> tuple[QuestionPlace, ...]:
    """Where questions of these kinds may be asked, in the order of the run; nothing is computed.

    `asks` are those of the scenario's author.
    """
    wanted = set(kinds)
    found = [place for place in _every_place(trace) if place.kind in wanted]
    if "ask" in wanted and not trace.schedule.forward_only:
        found += (
            QuestionPlace("ask", ask_position(trace.graph, ask), turn, trace.iteration)
            for turn, ask in enumerate(asks)
        )
    return tuple(sorted(found, key=lambda place: place.position))


def _every_place(trace: Trace) -> Iterator[QuestionPlace]:
    schedule = trace.schedule
    if schedule.forward_only:
        return
    for turn in range(len(orders(trace.graph))):
        yield QuestionPlace("order", schedule.seed, turn, trace.iteration)
    for position in range(schedule.seed + 1, schedule.last + 1):
        match schedule.step(position):
            case Backward(edge=edge):
                if schedule.edges_of[edge.node].start == edge.index:
                    yield QuestionPlace("edges", position, iteration=trace.iteration)
                yield QuestionPlace("shape", position, iteration=trace.iteration)
                yield QuestionPlace("product", position, iteration=trace.iteration)
            case Accumulate(count=count) if count > 1:
                yield QuestionPlace("accumulate", position, iteration=trace.iteration)
            case Update():
                yield QuestionPlace("update", position, iteration=trace.iteration)
            case _:
                pass


def questions(
    trace: Trace,
    kinds: Sequence[QuestionKind] = KINDS,
    previous: Trace | None = None,
    asks: Sequence[Ask] = (),
) -> tuple[Question, ...]:
    """Every question of these kinds, in the order of the run; see `question_at`."""
    found = (question_at(trace, place, previous, asks) for place in places(trace, kinds, asks))
    return tuple(question for question in found if question is not None)


def question_at(
    trace: Trace, place: QuestionPlace, previous: Trace | None = None, asks: Sequence[Ask] = ()
) -> Question | None:
    """The question at a place; None where there is nothing to ask: no numbers, or one shape alone.

    `previous` is the iteration before, whose gradients may not have been cleared; `asks` are the questions of
    the scenario's author.
    """
    if place.kind == "ask":
        return _asked(trace, place, asks[place.turn]) if place.turn < len(asks) else None
    step = trace.schedule.step(place.position)
    match place.kind, step:
        case "order", _:
            return _choice(trace, place, orders(trace.graph)[place.turn])
        case "edges", Backward(edge=edge):
            return _choice(trace, place, next_edges(trace, trace.graph.nodes[edge.node]))
        case "shape", Backward(edge=edge):
            return _shape(trace, place, edge)
        case "product", Backward(edge=edge):
            return _product(trace, place, edge, previous)
        case "accumulate", Accumulate(edge=edge):
            return _sum(trace, place, edge, previous)
        case "update", Update():
            return _update(trace, place, previous)
        case _:
            return None


def outcomes_of(task: Task, right: Tensor) -> tuple[WrongAnswer, ...]:
    """The wrong answers to a step, by the misconceptions in their order.

    None is alike to `right`, or to one of an earlier misconception.
    """
    found: list[WrongAnswer] = []
    for mutant in MUTANTS:
        for answer in mutant.answers(task):
            known = (right, *(outcome.answer for outcome in found))
            if np.all(np.isfinite(answer)) and not any(alike(answer, other) for other in known):
                found.append(WrongAnswer(mutant, answer))
    return tuple(found)


def _numbers(
    trace: Trace,
    place: QuestionPlace,
    task: Task | None,
    name: str,
    right: Tensor,
    text: Message,
    hint: Message,
    given: Sequence[NamedTensor],
) -> NumbersQuestion | None:
    if not right.size or not (place.kind == "ask" or np.all(np.isfinite(right))):
        return None
    outcomes = () if task is None else outcomes_of(task, right)
    fitting = [outcome.answer for outcome in outcomes if outcome.answer.shape == right.shape]
    entries = telling_entries(right, fitting)
    return NumbersQuestion(trace, place, text, hint, task, name, right, entries, outcomes, tuple(given))


def _product(
    trace: Trace, place: QuestionPlace, edge: Edge, previous: Trace | None
) -> NumbersQuestion | None:
    facts = step_facts(trace.frame(place.position))
    assert isinstance(facts, BackwardFacts)
    upstream, node = facts.upstream, facts.node
    name = facts.product.name
    text = msg(
        "{node} passes {upstream} back to {operand}. What is {product}?",
        node=node.name,
        upstream=upstream.name,
        operand=_called(facts.operand),
        product=name,
    )
    if edge.shared:
        text = msg(
            "{node} passes {upstream} back to {operand}. What does this path contribute to {product}?",
            node=node.name,
            upstream=upstream.name,
            operand=_called(facts.operand),
            product=name,
        )
        name = msg("contribution to {product}", product=name)
    operands = [_given(trace, trace.graph.nodes[at]) for at in dict.fromkeys(node.operands)]
    given = [*operands, _given(trace, node, defined=True), upstream]
    return _numbers(
        trace,
        place,
        use_at(trace, edge, previous),
        name,
        facts.product.tensor,
        text,
        _rule(trace, edge, upstream.name),
        given,
    )


def _given(trace: Trace, node: Node, *, defined: bool = False) -> NamedTensor:
    """The value of a node; with what it is, if that is to be said, or its own name says nothing."""
    value = trace.values[node.position]
    if node.op is not None and (defined or "#" in node.name):
        return NamedTensor(f"{node.name} = {formula(trace.graph, node)}", value)
    return NamedTensor(_called(node), value)


def _rule(trace: Trace, edge: Edge, upstream: str) -> Message:
    """The rule of an edge in the graph's own names."""
    shown = rule_text(trace.graph, edge, edge.rule.text, upstream)
    if isinstance(edge.rule, Elementwise):
        if edge.summed:
            return msg(
                "it is {upstream} times the local gradient {local}, summed over the broadcast axes",
                upstream=upstream,
                local=shown,
            )
        return msg("it is {upstream} times the local gradient {local}", upstream=upstream, local=shown)
    if edge.summed:
        return msg("it is {rule}, summed over the broadcast axes", rule=shown)
    return msg("it is {rule}", rule=shown)


def _sum(trace: Trace, place: QuestionPlace, edge: Edge, previous: Trace | None) -> NumbersQuestion | None:
    facts = step_facts(trace.frame(place.position))
    assert isinstance(facts, AccumulateFacts)
    before, total = facts.before, facts.result
    assert before is not None
    text = msg(
        "Contribution {number} of {of} to {gradient} has arrived, through {node}. What is {gradient} now?",
        number=facts.turn.number,
        of=facts.turn.of,
        gradient=total.name,
        node=facts.node.name,
    )
    hint = msg("add what arrives now to what had arrived before")
    given = [
        NamedTensor(msg("{gradient} so far", gradient=before.name), before.tensor),
        NamedTensor(msg("contribution through {node}", node=facts.node.name), facts.contribution.tensor),
    ]
    task = sum_at(trace, edge, previous)
    return _numbers(trace, place, task, total.name, total.tensor, text, hint, given)


def _update(trace: Trace, place: QuestionPlace, previous: Trace | None) -> NumbersQuestion | None:
    facts = step_facts(trace.frame(place.position))
    assert isinstance(facts, UpdateFacts)
    name = facts.node.name
    text = msg("{optimizer} updates {parameter}. What is {parameter} after the update?",
               optimizer=facts.training.optimizer.name, parameter=name)  # fmt: skip
    hint = msg("the lines of the update are {lines}", lines="; ".join(facts.formulas))
    state = trace.remembered[facts.node.position][0]
    numbers = {symbol.name: symbol.value for symbol in facts.symbols if symbol.value is not None}
    given = [facts.before, facts.gradient]
    given += [NamedTensor(known, settle(value, _NUMBERS)) for known, value in numbers.items()]
    given += [NamedTensor(known, tensor) for known, tensor in state.memory.items()]
    task = change_at(trace, facts.node, previous)
    return _numbers(trace, place, task, name, facts.after.tensor, text, hint, given)


def _asked(trace: Trace, place: QuestionPlace, ask: Ask) -> Question | None:
    """A question of the author's."""
    found = authors_question(trace, ask)
    if found.numbers is None:
        choices = tuple(Choice(text) for text in found.choices)
        about = (trace.graph.output, trace.graph.position(ask.node))
        return ChoiceQuestion(trace, place, found.text, found.hint, choices, found.chosen, about)
    question = _numbers(
        trace, place, found.task, found.name, found.numbers, found.text, found.hint, found.given
    )
    return None if question is None else replace(question, fixed=found.fixed, known=found.known)


def _shape(trace: Trace, place: QuestionPlace, edge: Edge) -> ShapeQuestion | None:
    task = use_at(trace, edge)
    node, right = task.node, task.shape
    wrong = dict(_wrong_shapes(task))
    wrong.pop(right, None)
    if not wrong:
        return None
    operand = trace.graph.nodes[edge.operand]
    text = msg(
        "{node}, of shape {shape}, passes its gradient back to {operand}. What is the shape of the "
        "contribution?",
        node=node.name,
        shape=shape_text(node.shape),
        operand=_called(operand),
    )
    hint = msg("a gradient has the same shape as the tensor it belongs to")
    found = tuple((mutant, shape) for shape, mutant in wrong.items())
    return ShapeQuestion(trace, place, text, hint, task, right, found)


def _wrong_shapes(task: OperandUse) -> Iterator[tuple[Shape, Mutant]]:
    """Shapes that misconceptions lead to; of two with one shape, the first in the table counts."""
    found: dict[Shape, Mutant] = {}
    for mutant in MUTANTS:
        for answer in mutant.answers(task):
            found.setdefault(answer.shape, mutant)
        if mutant.name == "local_forgotten":
            found.setdefault(task.g.shape, mutant)
        if mutant.name == "wrong_axes" and task.edge.summed:
            found.setdefault((), mutant)
    yield from found.items()


def _choice(trace: Trace, place: QuestionPlace, found: Choices | None) -> ChoiceQuestion | None:
    """The question with its choices turned by its position, so that the right one is not always the first."""
    if found is None:
        return None
    turn = place.position % len(found.choices)
    about = (found.node, found.operand)
    choices = (*found.choices[turn:], *found.choices[:turn])
    return ChoiceQuestion(trace, place, found.text, found.hint, choices, (-turn) % len(choices), about)


def _called(node: Node) -> str:
    return node.name or node.text
