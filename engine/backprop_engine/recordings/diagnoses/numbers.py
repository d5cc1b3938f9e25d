"""Where a NaN or an infinity arises, or comes in from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import Operand, OperatorCall, TensorEntry
from backprop_engine.recordings.finding import Case, Finding, backward_calls, finding_at, operator_name
from backprop_engine.recordings.recording import RecordedStep

__all__ = ["not_finite_backward", "not_finite_forward"]

_MASKS: Final = (
    "masked_fill",
    "fill",
    "full",
    "where",
    "triu",
    "tril",
    "scalar_tensor",
    "constant_pad",
    "copy",
)
"""Operators that insert infinities on purpose, as a mask does."""
_COMPUTE_NOTHING: Final = (
    "alias",
    "as_strided",
    "detach",
    "diagonal",
    "expand",
    "permute",
    "select",
    "slice",
    "split",
    "squeeze",
    "t",
    "transpose",
    "unbind",
    "unsqueeze",
    "view",
)
"""Operators that return memory as it is, which may not be initialised yet."""


def not_finite_forward(case: Case) -> Iterator[Finding]:
    """The first operator that gives a NaN, or an infinity, from operands that have none.

    Or that is given a NaN which no operator of this step made: it came with the data, or with a parameter.
    """
    step = case.step
    for call in step.operators:
        operands = [step.tensors[operand.id] for operand in call.inputs if operand is not None]
        if call.within is None and operator_name(call) not in _COMPUTE_NOTHING:
            if any(out.nan for out in call.outputs) and not any(operand.nan for operand in operands):
                count = sum(out.nan for out in call.outputs)
                yield finding_at(
                    "forward-nan", step, msg("NaN arises here ({count} entries)", count=count), call
                )
            infinite = any(out.inf for out in call.outputs) and not any(operand.inf for operand in operands)
            if infinite and operator_name(call) not in _MASKS:
                count = sum(out.inf for out in call.outputs)
                yield finding_at(
                    "forward-inf", step, msg("an infinity arises here ({count} entries)", count=count), call
                )
    if _in_trouble(step):
        yield from _comes_in(step)


def _comes_in(step: RecordedStep) -> Iterator[Finding]:
    """Where a NaN enters that reaches a differentiated value; NaN gradients, which an optimizer's operators
    see, do not.
    """
    made, origins = set[int](), dict[int, Finding]()
    for call in step.operators:
        origin: Finding | None = None
        for operand in call.inputs[operator_name(call) == "copy" :]:  # what is written over does not matter
            if operand is None or operand.node is not None or not step.tensors[operand.id].nan:
                continue
            if operand.id in origins:
                origin = origins[operand.id]
            elif operand.id not in made and operator_name(call) not in _COMPUTE_NOTHING:
                origin = _entry(step, call, operand)
        if origin is not None:
            if call.node is not None:
                yield origin
                return
            origins.update((out.id, origin) for out in call.outputs if out.nan)
        made.update(out.id for out in call.outputs)


def _entry(step: RecordedStep, call: OperatorCall, operand: Operand) -> Finding:
    count = step.tensors[operand.id].nan
    text = (
        msg("{leaf} already contains NaN ({count} entries)", leaf=clean(operand.leaf), count=count)
        if operand.leaf is not None
        else msg("a value that enters here from outside contains NaN ({count} entries)", count=count)
    )
    return finding_at("input-nan", step, text, call)


def _in_trouble(step: RecordedStep) -> bool:
    """Whether a NaN reaches a differentiated value or a gradient: NaN in masked data does not."""
    if any(
        map(_nan, (one for _, call in backward_calls(step) for one in (*call.upstream, *call.contributions)))
    ):
        return True
    roots = [step.maker_of.get(root) for run in step.runs for root, _ in run.roots]
    return any(out.nan for maker in roots if maker is not None for out in maker.outputs)


def not_finite_backward(case: Case) -> Iterator[Finding]:
    """The first node whose contributions have a NaN, or an infinity, while its upstream gradient has none."""
    step = case.step
    for run, call in backward_calls(step):
        for kind, count in (("nan", _nan), ("inf", _inf)):
            below = sum(map(count, call.contributions))
            if below and not any(map(count, call.upstream)):
                node, maker = run.nodes[call.node], step.maker_of.get(call.node)
                text = (
                    msg("the gradient of this operator is NaN ({count} entries)", count=below)
                    if kind == "nan"
                    else msg("the gradient of this operator is infinite ({count} entries)", count=below)
                )
                yield finding_at(f"backward-{kind}", step, text, maker, node)


def _nan(tensor: TensorEntry | None) -> int:
    return tensor.nan if tensor is not None else 0


def _inf(tensor: TensorEntry | None) -> int:
    return tensor.inf if tensor is not None else 0
