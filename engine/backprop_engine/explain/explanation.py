"""What a step does, as text in any language: for programs and notebooks, which have no screen."""

from __future__ import annotations

from types import MappingProxyType

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ClearFacts,
    ForwardFacts,
    ReduceFacts,
    SeedFacts,
    StartFacts,
    StepFacts,
    UpdateFacts,
    step_facts,
)
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.scenario.sections.notes import Notes
from backprop_engine.trace.trace import Frame

__all__ = ["explanation"]


def explanation(frame: Frame, notes: Notes = MappingProxyType({})) -> Message:
    """Explain the step that led to `frame` in a few sentences.

    The text is English; ``.in_language("ko")`` gives the same in Korean. A scalar is shown as its number, any
    other tensor as its shape. With `Scenario.notes`, the author's note on the step comes last.

    >>> from backprop_engine import explanation, make_graph, record
    >>> trace = record(make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4}))
    >>> print(explanation(trace.frame(1)))
    q = x + y = 3
    >>> for sentence in str(explanation(trace.frame(4))).split(". "):
    ...     print(sentence)
    The gradient flows from f to q: ∂L/∂q = -4
    Multiplication gives each operand the upstream gradient times the other operand.
    >>> print(explanation(trace.frame(3)).in_language("ko"))
    역전파는 L = f로 두고 f에서 ∂L/∂f = 1로 시작합니다.
    """
    facts = step_facts(frame, notes)
    said: list[str] = list(_sentences(facts))
    if isinstance(facts, ForwardFacts | BackwardFacts) and facts.conventions is not None:
        said.append(msg("{text}", text=facts.conventions))
    if facts.note:
        said.append(msg("{text}", text=facts.note))
    return joined(" ", said)


def _sentences(facts: StepFacts) -> list[Message]:
    match facts:
        case StartFacts():
            return [msg("Nothing has been computed yet.")]
        case ForwardFacts(node=node, symbols=symbols):
            value = _short(facts.outcome)
            return [msg("{node} = {symbols} = {value}", node=node.name, symbols=symbols, value=value)]
        case SeedFacts(node=node):
            seed = _short(facts.outcome)
            if facts.names_loss:
                return [
                    msg(
                        "The backward pass starts at {output}, with {loss} = {output}: {gradient} = {seed}.",
                        output=node.name,
                        loss=facts.loss,
                        gradient=facts.subject,
                        seed=seed,
                    )
                ]
            return [
                msg(
                    "The backward pass starts at {output}: {gradient} = {seed}.",
                    output=node.name,
                    gradient=facts.subject,
                    seed=seed,
                )
            ]
        case BackwardFacts(product=product):
            flows = msg(
                "The gradient flows from {node} to {operand}: {gradient} = {value}.",
                node=facts.node.name,
                operand=facts.operand.name,
                gradient=product.name,
                value=_short(product.tensor),
            )
            return [flows, msg("{text}", text=facts.lesson)]
        case AccumulateFacts(turn=turn, result=result):
            return [
                msg(
                    "Contribution {number} of {of} is added: {gradient} = {value}.",
                    number=turn.number,
                    of=turn.of,
                    gradient=result.name,
                    value=_short(facts.outcome),
                )
            ]
        case ReduceFacts(result=result):
            return [reduced_words(facts, result.name, _short(result.tensor))]
        case UpdateFacts(node=node, before=before, after=after):
            return [
                msg(
                    "{optimizer} updates {parameter}: {before} → {after}.",
                    optimizer=facts.training.optimizer.name,
                    parameter=node.name,
                    before=_short(before.tensor),
                    after=_short(after.tensor),
                )
            ]
        case ClearFacts():
            return [msg("Values and gradients are cleared: the next iteration begins.")]


def reduced_words(facts: ReduceFacts, gradient: str, value: str) -> Message:
    """What the ranks made of their gradients, in a sentence."""
    count = len(facts.reduction.contributions)
    match facts.reduction.kind:
        case "mean":
            return msg(
                "The mean over {count} ranks: {gradient} = {value}.",
                count=count,
                gradient=gradient,
                value=value,
            )
        case "sum":
            return msg(
                "The sum over {count} ranks: {gradient} = {value}.",
                count=count,
                gradient=gradient,
                value=value,
            )
        case None:
            return msg("After the all-reduce: {gradient} = {value}.", gradient=gradient, value=value)


def _short(tensor: Tensor) -> str:
    """A scalar's number, or the shape of any other tensor."""
    return number(tensor) if tensor.shape == () else f"({shape_text(tensor.shape)})"
