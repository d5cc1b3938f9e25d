"""Mistakes that leave all numbers finite: a wrong backward, shapes that cross, a loss scaled twice."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import shape_text
from backprop_engine.derivatives.misconceptions import UPSTREAM, resemblance
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import BackwardCall, BackwardCheck, OperatorCall, TensorEntry
from backprop_engine.recordings.finding import Case, Finding, finding_at, operator_name
from backprop_engine.recordings.recording import EngineRun, RecordedStep

__all__ = ["crossed_shapes", "scaled_twice", "wrong_backward"]

_DIFFERENCES: Final = ("sub", "rsub", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
"""Operators that compare a prediction with its target."""
_SCALES: Final = ("mul", "div", "mean")
_USUAL: Final = (0.5, 1.0, 2.0)
"""Factors that a loss may well have twice, such as the half of a square and the half of two batches."""
_MOST_ENTRIES: Final = 10_000_000


# A wrong backward


def wrong_backward(case: Case) -> Iterator[Finding]:
    """A node whose contribution is not the derivative of its forward, if that was checked."""
    step = case.step
    for run in step.runs:
        for check in run.checks:
            if not check.wrong:
                continue
            call = step.maker_of.get(check.node)
            finding = finding_at(
                "wrong-backward", step, _wrong(case, run, check, call), call, run.nodes[check.node]
            )
            if check.file:
                finding = Finding(
                    finding.kind, finding.step, finding.message, finding.node, finding.op, finding.module,
                    clean(check.file), check.line,
                )  # fmt: skip
            yield finding


def _wrong(case: Case, run: EngineRun, check: BackwardCheck, call: OperatorCall | None) -> Message:
    edge = run.nodes[check.node].next[check.operand]
    leaf = run.nodes[edge[0]].leaf if edge is not None else None
    name = clean(check.name or leaf or f"operand {check.operand + 1}")
    percent = 100 * (check.error or 0.0)
    if call is not None and call.op.startswith("aten."):
        return msg(
            "the gradient of {operand} is off by {percent:.2g} % of its size: a tensor that this operator "
            "saved for it was changed without autograd noticing, perhaps through .data",
            operand=name,
            percent=percent,
        )
    hint = _hint(case, run, check, call)
    if hint:
        return msg(
            "the gradient of {operand} is off by {percent:.2g} % of its size: {hint}",
            operand=name,
            percent=percent,
            hint=hint,
        )
    return msg(
        "the gradient of {operand} is off by {percent:.2g} % of its size", operand=name, percent=percent
    )


def _hint(case: Case, run: EngineRun, check: BackwardCheck, call: OperatorCall | None) -> Hint:
    """What mistake the gradient looks like, as far as the tensors were stored."""
    found, expected = _entries(case, check.found), _entries(case, check.expected)
    if found is None or expected is None:
        return ""
    factors: dict[str, Any] = {}
    names = {each.operand: clean(each.name) for each in run.checks if each.node == check.node and each.name}
    operands = [operand for operand in (call.inputs if call is not None else ()) if operand is not None]
    for number, operand in enumerate(operands):
        values = _entries(case, case.step.tensors[operand.id])
        if values is not None and number in names:
            factors[names[number]] = values
    ran = run.call_of.get(check.node)
    above = ran.upstream if ran is not None else ()
    upstream = _entries(case, above[0]) if len(above) == 1 else None
    if upstream is not None:
        factors[UPSTREAM] = upstream
    return resemblance(found, expected, factors=factors, sizes=above[0].shape if above and above[0] else ())


def _entries(case: Case, tensor: TensorEntry | None) -> Any:
    if tensor is None or tensor.data is None or prod(tensor.shape) > _MOST_ENTRIES:
        return None
    values = case.recording.entries(tensor)
    return None if values is None else np.asarray(values, np.float64)


# Shapes that cross


def crossed_shapes(case: Case) -> Iterator[Finding]:
    """The difference of a column and a row with the same number of entries, which is a square matrix; one
    target for each prediction was meant.
    """
    step = case.step
    widened = {
        call.outputs[0].id: operand
        for call in step.operators
        if operator_name(call) == "expand" and call.outputs
        for operand in call.inputs[:1]
    }
    for call in step.operators:
        if call.within is not None or operator_name(call) not in _DIFFERENCES or not call.outputs:
            continue
        operands = [operand for operand in call.inputs[:2] if operand is not None]
        operands = [widened.get(operand.id) or operand for operand in operands]
        if len(operands) < 2 or all(operand.node is None and operand.leaf is None for operand in operands):
            continue
        left, right = (step.tensors[operand.id].shape for operand in operands)
        whole = np.broadcast_shapes(left, right) if _fit(left, right) else left
        if 1 < prod(left) == prod(right) < prod(whole):
            text = msg(
                "shapes ({left}) and ({right}) are broadcast to ({whole}): each entry of one is combined "
                "with every entry of the other",
                left=shape_text(left),
                right=shape_text(right),
                whole=shape_text(whole),
            )
            yield finding_at("broadcast", step, text, call)


def _fit(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    pairs = zip(reversed(left), reversed(right), strict=False)
    return all(one == other or 1 in (one, other) for one, other in pairs)


# A loss that is scaled twice


def scaled_twice(case: Case) -> Iterator[Finding]:
    """A loss that is multiplied by the same factor twice on its way; the 1/n of a mean counts."""
    step = case.step
    for run in step.runs:
        for root, _ in run.roots:
            seen: list[tuple[float, OperatorCall]] = []
            name: str | None = root
            while name is not None and name in run.call_of and name in run.nodes:
                factor, maker = _factor(step, run.call_of[name]), step.maker_of.get(name)
                if factor is not None and maker is not None and operator_name(maker) in _SCALES:
                    again = next((call for other, call in seen if _same(factor, other)), None)
                    if again is not None:
                        text = msg(
                            "the loss is scaled by {factor:.6g} here, as it already was on line {line}",
                            factor=factor,
                            line=maker.line,
                        )
                        yield finding_at("scaled-twice", step, text, again)
                        return
                    seen.append((factor, maker))
                following = [edge for edge in run.nodes[name].next if edge is not None]
                name = following[0][0] if len(following) == 1 else None


def _factor(step: RecordedStep, call: BackwardCall) -> float | None:
    """What a node multiplies the gradient of a single number by, if all entries get the same."""
    if len(call.upstream) != 1 or not call.contributions:
        return None
    above = call.upstream[0]
    below = next((one for one in call.contributions if one is not None), None)
    if above is None or below is None or not above.norm or not below.norm or prod(above.shape) != 1:
        return None
    maker = step.maker_of.get(call.node)
    if prod(below.shape) != 1 and (maker is None or operator_name(maker) != "mean"):
        return None
    return float(below.norm / prod(below.shape) ** 0.5 / above.norm)


def _same(factor: float, other: float) -> bool:
    usual = any(abs(factor / one - 1) < 1e-3 for one in _USUAL)
    return not usual and abs(factor / other - 1) < 1e-4
