"""The questions that a scenario's author wrote under `ask`: where they are asked, and what is known there.

An answer is any expression, so no rule of an operator says which mistakes lead to which numbers. What a wrong
answer is can be told all the same where it is another number of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, settle
from backprop_engine.evaluation.evaluate import evaluate_on, gradients_in
from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.explain.symbols import derivative, gradient_name
from backprop_engine.expressions import Name, walk
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.practice.comparing import alike
from backprop_engine.practice.mutants import MUTANTS, Mutant
from backprop_engine.practice.uses import Sum, Task, sum_at, use_at
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.expectations import Formula
from backprop_engine.trace.trace import Trace

__all__ = ["AuthorsQuestion", "ask_position", "authors_question", "known_numbers", "look_alike"]


class AuthorsQuestion(Struct, frozen=True, eq=False):
    """What is asked: numbers called `name`, or the choice at the index `chosen` of the author's.

    `task` is the step that gives the same numbers, for its misconceptions; None where no step does. `known`
    are other numbers of the step. An answer that is `fixed` holds for the scenario's own numbers alone.
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
    known: tuple[NamedTensor, ...] = ()


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
    hint = (
        msg("{text}", text=ask.hint) if ask.hint else msg("Look at how {node} is computed.", node=node.name)
    )
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
    if gradient is not None and gradient.shape == right.shape and _same(gradient, right):
        name, task = gradient_name(graph, node), _task(trace, node)
    elif ask.when == "forward" and trace.values[node.position].shape == right.shape:
        name = node.name if _same(trace.values[node.position], right) else name
    given = _given(trace, ask.answer) if isinstance(ask.answer, Formula) else ()
    known = tuple(known_numbers(trace, node, backward=ask.when == "backward"))
    return AuthorsQuestion(text, hint, name, right, 0, (), given, task, not formula, known)


def _same(found: Tensor, right: Tensor) -> bool:
    return bool(np.allclose(found, right, equal_nan=True))


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


# Wrong answers


def known_numbers(trace: Trace, node: Node, *, backward: bool) -> Iterator[NamedTensor]:
    """The numbers of the steps that compute a node, or its gradient, by name, the nearest ones first.

    >>> from backprop_engine import make_graph, record
    >>> trace = record(make_graph({"q": "3 * x", "f": "q * q"}, inputs={"x": 2}))
    >>> [f"{one.name} = {one.tensor:g}" for one in known_numbers(trace, trace.graph["x"], backward=True)]
    ['∂L/∂q = 12', '∂q/∂x = 3', '∂L/∂x = 36', 'x = 2', 'q = 6']
    """
    graph, users = trace.graph, []
    for at in trace.schedule.uses_of.get(node.position, ()) if backward else ():
        use = use_at(trace, trace.schedule.edges[at])
        users.append(use.node)
        yield NamedTensor(gradient_name(graph, use.node), use.g)
        local = use.factor()
        if local is not None:
            yield NamedTensor(derivative(use.node, node), local)
        if use.edge.shared:
            told = msg("the contribution through {node} alone", node=use.node.name)
            yield NamedTensor(told, trace.contributions[at])
    gradient = trace.gradients[node.position]
    if gradient is not None:
        yield NamedTensor(gradient_name(graph, node), gradient)
    around = [node, *users, *(graph.nodes[at] for one in (node, *users) for at in one.operands)]
    for one in {one.position: one for one in around if one.name}.values():
        yield NamedTensor(one.name, trace.values[one.position])


def look_alike(
    right: Tensor, known: Sequence[NamedTensor], fits: Callable[[Tensor], bool]
) -> tuple[Message, Mutant | None] | None:
    """What a wrong answer is, as far as that can be told without a rule; `fits` says whether it is a tensor.

    It is the right one with another sign, transposed, or another number that is `known`.
    """
    for name, turned in (("sign", -right), ("transposed", right.T)):
        if not alike(turned, right) and fits(turned):
            mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
            return mutant.title, mutant
    for one in known:
        if not alike(one.tensor, right) and fits(one.tensor):
            return msg("that is {name}", name=one.name), None
    return None
