"""The questions that a scenario's author wrote under `ask`: where they are asked, and what is known there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, settle
from backprop_engine.evaluation.evaluate import evaluate_on, gradients_in
from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.explain.symbols import gradient_name
from backprop_engine.expressions import Name, walk
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.practice.uses import Sum, Task, sum_at, use_at
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.expectations import Formula
from backprop_engine.trace.trace import Trace

__all__ = ["AuthorsQuestion", "ask_position", "authors_question"]


class AuthorsQuestion(Struct, frozen=True, eq=False):
    """What is asked: numbers called `name`, or the choice at the index `chosen` of the author's.

    `task` is the step that gives the same numbers, for its misconceptions; None where no step does. An answer
    that is `fixed` holds for the scenario's own numbers alone.
    """

    text: Message
    hint: Message
    name: str
    numbers: Tensor | None
    chosen: int
    choices: tuple[str, ...]
    given: tuple[NamedTensor, ...]
    task: Task | None
    fixed: bool


def ask_position(graph: Graph, ask: Ask) -> int:
    """The position that the step leads to before which a question is asked."""
    node, schedule = graph[ask.node], graph.schedule
    if ask.when == "forward":
        return node.position - graph.order.start + 1
    uses = schedule.uses_of.get(node.position)
    return schedule.arrival(uses[-1]) if uses else schedule.seed


def authors_question(trace: Trace, ask: Ask) -> AuthorsQuestion:
    """A question with its answer for the numbers of a trace."""
    graph, node = trace.graph, trace.graph[ask.node]
    text = msg("{text}", text=ask.question)
    hint = msg("{text}", text=ask.hint) if ask.hint else msg("look at how {node} is computed", node=node.name)
    if isinstance(ask.answer, int):
        choices = tuple(msg("{text}", text=choice) for choice in ask.choices)
        return AuthorsQuestion(text, hint, "", None, ask.answer, choices, (), None, True)
    formula = isinstance(ask.answer, Formula)
    right = (
        evaluate_on(ask.answer.tree, trace)
        if isinstance(ask.answer, Formula)
        else settle(ask.answer, graph.dtype)
    )
    gradient = trace.gradients[node.position] if ask.when == "backward" else None
    task: Task | None = None
    name: str = msg("the answer")
    if gradient is not None and gradient.shape == right.shape and np.allclose(gradient, right):
        name, task = gradient_name(graph, node), _task(trace, node)
    elif ask.when == "forward" and trace.values[node.position].shape == right.shape:
        name = node.name if np.allclose(trace.values[node.position], right) else name
    given = _given(trace, ask.answer) if isinstance(ask.answer, Formula) else ()
    return AuthorsQuestion(text, hint, name, right, 0, (), given, task, not formula)


def _task(trace: Trace, node: Node) -> Task | None:
    """The step that completes the gradient of a node."""
    uses: Sequence[int] = trace.schedule.uses_of.get(node.position, ())
    if not uses:
        return None
    edge = trace.schedule.edges[uses[-1]]
    total: Sum = sum_at(trace, edge)
    return total if edge.shared else use_at(trace, edge)


def _given(trace: Trace, formula: Formula) -> tuple[NamedTensor, ...]:
    """What the answer is made of, by name."""
    graph = trace.graph
    gradients = gradients_in(formula.tree, graph.loss_name)
    names = dict.fromkeys(part.name for part in walk(formula.tree) if isinstance(part, Name))
    found = [
        NamedTensor(name, trace.value(name)) for name in names if name in graph and name not in gradients
    ]
    found += [
        NamedTensor(gradient_name(graph, graph[name]), trace.gradient(name)) for name in sorted(gradients)
    ]
    return tuple(found)
