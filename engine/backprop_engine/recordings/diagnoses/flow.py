"""Gradients that do not arrive, that are left over, or that were changed on their way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import OperatorCall, TensorEntry
from backprop_engine.recordings.finding import Case, Finding, finding_at, norm, operator_name

__all__ = ["changed_by_hook", "detached", "left_over", "stopped"]

_TOLERANCE: Final = 1e-3
"""How far the norm of a single contribution may be from that of the gradient: they are computed
separately.
"""
_DETACH: Final = ("detach", "stop_gradient")
"""Operators that let no gradient through, in PyTorch and in JAX."""


def detached(case: Case) -> Iterator[Finding]:
    """A leaf that a differentiated operator uses, but that no run of the engine reaches."""
    step = case.step
    if not step.runs:
        return
    reached = {node.leaf for run in step.runs for node in run.nodes.values() if node.leaf is not None}
    nodes = {name for run in step.runs for name in run.nodes}
    for number, call in enumerate(step.operators):
        for operand in call.inputs:
            if operand is None or operand.leaf is None or call.node is None or call.within is not None:
                continue
            if operand.leaf in reached or call.node in nodes or 0 in step.tensors[operand.id].shape:
                continue  # an empty leaf only serves to make a node, as in PyTorch's checkpointing
            text = msg(
                "{leaf} gets no gradient: what is computed from it does not reach the loss",
                leaf=clean(operand.leaf),
            )
            yield finding_at("no-gradient", step, text, _cut(step.operators[number:], nodes) or call)
            return


def _cut(operators: Sequence[OperatorCall], reached: set[str]) -> OperatorCall | None:
    """Where what follows from the first of these operators was detached, or computed without gradients.

    If there are several such places, it is the one whose result goes on to an operator that was reached.
    """
    behind, cuts = {operators[0].node}, dict[int, OperatorCall]()
    found: list[OperatorCall] = []
    for call in operators:
        if call.within is not None:
            continue
        operands = [operand for operand in call.inputs if operand is not None]
        cut = next((cuts[operand.id] for operand in operands if operand.id in cuts), None)
        if call.node in reached and cut is not None:
            return cut
        follows = any(operand.node is not None and operand.node in behind for operand in operands)
        if follows and call.node is not None:
            behind.add(call.node)
        elif follows:
            cut = call
            found.append(call)
        if cut is not None and call.node is None:
            cuts.update((out.id, cut) for out in call.outputs)
    return next((call for call in found if operator_name(call) in _DETACH), next(iter(found), None))


def left_over(case: Case) -> Iterator[Finding]:
    """A leaf that still held the gradient of the previous step when the backward pass began."""
    step, previous = case.step, case.previous
    if previous is None or not step.runs or not previous.runs:
        return
    for node in step.runs[0].nodes.values():
        if node.leaf is not None and norm(node.held) > 0:
            text = msg(
                "{leaf} still holds the gradient of the previous step: it was not set to zero",
                leaf=clean(node.leaf),
            )
            run = step.runs[0]
            name = clean(node.node)
            yield Finding("not-cleared", step.number, text, name, file=clean(run.file), line=run.line)
            return


def changed_by_hook(case: Case) -> Iterator[Finding]:
    """A gradient that is not the sum of what arrived; reported only where a single contribution arrived."""
    step = case.step
    for run in step.runs:
        arrived: dict[tuple[str, int], list[TensorEntry]] = {}
        roots = set(run.roots)  # to which what the engine starts from is added
        for call in run.calls:
            for output, gradient in enumerate(call.upstream):
                contributions = arrived.pop((call.node, output), [])
                if gradient is None or gradient.norm is None or len(contributions) != 1:
                    continue
                if (call.node, output) in roots:
                    continue
                expected = contributions[0].norm
                if expected is not None and abs(gradient.norm - expected) > _TOLERANCE * max(
                    gradient.norm, expected
                ):
                    text = msg(
                        "a hook changed this gradient: its norm was {before:.3g} and is {after:.3g}",
                        before=expected,
                        after=gradient.norm,
                    )
                    yield finding_at(
                        "changed", step, text, step.maker_of.get(call.node), run.nodes[call.node]
                    )
            for edge, contribution in zip(run.nodes[call.node].next, call.contributions, strict=False):
                if edge is not None and contribution is not None:
                    arrived.setdefault((edge[0], edge[1]), []).append(contribution)


def stopped(case: Case) -> Iterator[Finding]:
    """A backward pass that an error ended."""
    step = case.step
    for run in step.runs:
        if run.error:
            text = msg("the backward pass ended with an error: {error}", error=run.error)
            last = run.calls[-1] if run.calls else None
            maker = step.maker_of.get(last.node) if last is not None else None
            yield finding_at("error", step, text, maker)
