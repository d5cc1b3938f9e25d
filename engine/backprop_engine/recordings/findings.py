"""What is wrong with a recorded run: where a NaN or an infinity arises, where gradients vanish, explode or
are missing.

Each kind of finding is a function from a step to findings, listed in `_CHECKS`; figures are enough for all
of them, so no tensor is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod, sqrt
from typing import Final

from msgspec import Struct

from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import BackwardCall, GraphNode, OperatorCall, TensorEntry
from backprop_engine.recordings.recording import EngineRun, RecordedStep, Recording

__all__ = ["Finding", "find"]

FACTOR: Final = 1e3
"""Gradients that shrink or grow by more than this between two layers vanish or explode."""
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
"""Operators that put an infinity where somebody wants one."""
_LAYERS: Final = ("addmm", "mm", "bmm", "baddbmm", "linear", "convolution")
_TOLERANCE: Final = 1e-3
"""How far the norm of a single contribution may be from that of the gradient: they are computed apart."""


class Finding(Struct, frozen=True):
    """Something that is wrong, or may be: its stable name, the step, what it is, and where in the user's
    code.
    """

    kind: str
    step: int
    message: Message
    node: str = ""
    op: str = ""
    module: str = ""
    file: str = ""
    line: int = 0


def find(recording: Recording) -> list[Finding]:
    """Every finding of a recording, in the order of its steps; of a kind only the first."""
    found: dict[str, Finding] = {}
    previous: RecordedStep | None = None
    for step in recording.steps:
        for check in _CHECKS:
            for finding in check(step, previous):
                found.setdefault(finding.kind, finding)
        previous = step
    arisen = min(
        (finding.step for finding in found.values() if finding.kind.startswith("forward")), default=None
    )
    if arisen is not None:  # what follows from it is not a finding of its own
        for kind in ("backward-nan", "backward-inf"):
            if kind in found and found[kind].step >= arisen:
                del found[kind]
    return sorted(found.values(), key=lambda finding: finding.step)


def _at(
    kind: str, step: RecordedStep, message: Message, call: OperatorCall | None, node: GraphNode | None = None
) -> Finding:
    """A finding at the operator that was called there, or at a node of the backward graph."""
    called = clean(call.op) if call is not None and call.op else clean(node.name) if node is not None else ""
    if call is None:
        return Finding(kind, step.number, message, clean(node.node) if node else "", called)
    name = clean(call.node or (node.node if node else "") or "")
    return Finding(kind, step.number, message, name, called, clean(call.module), clean(call.file), call.line)


def _operator(call: OperatorCall) -> str:
    """The name of an operator without its namespace and its overload."""
    return call.op.removeprefix("aten.").partition(".")[0].rstrip("_")


# Not finite


def _not_finite_forward(step: RecordedStep, _: RecordedStep | None) -> Iterator[Finding]:
    """The first operator that gives a NaN, or an infinity, from operands that have none."""
    for call in step.operators:
        if call.within is not None:
            continue
        operands = [step.tensors[operand.id] for operand in call.inputs if operand is not None]
        if any(out.nan for out in call.outputs) and not any(operand.nan for operand in operands):
            count = sum(out.nan for out in call.outputs)
            yield _at("forward-nan", step, msg("NaN arises here ({count} entries)", count=count), call)
        infinite = any(out.inf for out in call.outputs) and not any(operand.inf for operand in operands)
        if infinite and _operator(call) not in _MASKS:
            count = sum(out.inf for out in call.outputs)
            yield _at(
                "forward-inf", step, msg("an infinity arises here ({count} entries)", count=count), call
            )


def _not_finite_backward(step: RecordedStep, _: RecordedStep | None) -> Iterator[Finding]:
    """The first node whose contributions have a NaN, or an infinity, while its upstream gradient has none."""
    for run, call in _backward_calls(step):
        for kind, count in (("nan", _nan), ("inf", _inf)):
            below = sum(map(count, call.contributions))
            if below and not any(map(count, call.upstream)):
                node, maker = run.nodes[call.node], step.maker.get(call.node)
                text = (
                    msg("the gradient of this operator is NaN ({count} entries)", count=below)
                    if kind == "nan"
                    else msg("the gradient of this operator is infinite ({count} entries)", count=below)
                )
                yield _at(f"backward-{kind}", step, text, maker, node)


def _nan(tensor: TensorEntry | None) -> int:
    return tensor.nan if tensor is not None else 0


def _inf(tensor: TensorEntry | None) -> int:
    return tensor.inf if tensor is not None else 0


# Size


def _vanishing_or_exploding(step: RecordedStep, _previous: RecordedStep | None) -> Iterator[Finding]:
    """Where gradients of layers' outputs change by more than `FACTOR` from the last layer to the first."""
    sizes = [(call, size) for call, size in _layers(step) if size > 0]
    if len(sizes) < 3:
        return
    last, first = sizes[-1][1], sizes[0][1]
    pairs = list(zip(sizes[1:], sizes, strict=False))  # from a layer to the one before it
    if last / first > FACTOR:
        (_, above), (call, below) = max(pairs, key=lambda pair: pair[0][1] / pair[1][1])
        text = msg(
            "gradients vanish: by a factor of {all:.3g} from the last layer to the first, most of it here "
            "({above:.3g} to {below:.3g} an entry)",
            all=last / first,
            above=above,
            below=below,
        )
        yield _at("vanishing", step, text, call)
    if first / last > FACTOR:
        (_, above), (call, below) = max(pairs, key=lambda pair: pair[1][1] / pair[0][1])
        text = msg(
            "gradients explode: by a factor of {all:.3g} from the last layer to the first, most of it here "
            "({above:.3g} to {below:.3g} an entry)",
            all=first / last,
            above=above,
            below=below,
        )
        yield _at("exploding", step, text, call)


def _layers(step: RecordedStep) -> Iterator[tuple[OperatorCall, float]]:
    """Each matrix product or convolution in the order of the forward pass, with the size of its gradient.

    The size is the root mean square of the upstream gradient's entries.
    """
    upstream = {call.node: call.upstream[0] for _, call in _backward_calls(step) if call.upstream}
    for call in step.operators:
        gradient = upstream.get(call.node) if call.node is not None else None
        if _operator(call) in _LAYERS and gradient is not None and gradient.norm is not None:
            yield call, gradient.norm / sqrt(max(1, prod(gradient.shape)))


def _dead(step: RecordedStep, _: RecordedStep | None) -> Iterator[Finding]:
    """A ReLU that passes no gradient at all on."""
    for run, call in _backward_calls(step):
        node = run.nodes[call.node]
        maker = step.maker.get(call.node)
        if maker is None or _operator(maker) not in ("relu", "threshold", "hardtanh"):
            continue
        if any(_norm(tensor) > 0 for tensor in call.upstream) and all(
            tensor is None or tensor.norm == 0 for tensor in call.contributions
        ):
            yield _at(
                "dead-relu",
                step,
                msg("this ReLU passes no gradient: all its inputs are negative"),
                maker,
                node,
            )


def _norm(tensor: TensorEntry | None) -> float:
    return tensor.norm or 0.0 if tensor is not None else 0.0


# Missing, left over, changed


def _detached(step: RecordedStep, _: RecordedStep | None) -> Iterator[Finding]:
    """A leaf that an operator differentiates through, which no run of the engine reaches."""
    if not step.runs:
        return
    reached = {node.leaf for run in step.runs for node in run.nodes.values() if node.leaf is not None}
    nodes = {name for run in step.runs for name in run.nodes}
    cuts = {
        operand.node: call
        for call in step.operators
        if _operator(call) == "detach"
        for operand in call.inputs
        if operand is not None and operand.node is not None
    }
    for call in step.operators:
        for operand in call.inputs:
            if operand is None or operand.leaf is None or call.node is None or call.within is not None:
                continue
            if operand.leaf in reached or call.node in nodes:
                continue
            cut = next(iter(cuts.values()), call)
            text = msg(
                "{leaf} gets no gradient: what is computed from it does not reach the loss",
                leaf=clean(operand.leaf),
            )
            yield _at("no-gradient", step, text, cut)


def _left_over(step: RecordedStep, previous: RecordedStep | None) -> Iterator[Finding]:
    """A leaf that held the gradient of the step before when the backward pass began."""
    if previous is None or not step.runs or not previous.runs:
        return
    for node in step.runs[0].nodes.values():
        if node.leaf is not None and _norm(node.held) > 0:
            text = msg(
                "{leaf} still holds the gradient of the step before: it was not set to zero",
                leaf=clean(node.leaf),
            )
            run = step.runs[0]
            name = clean(node.node)
            yield Finding("not-cleared", step.number, text, name, file=clean(run.file), line=run.line)
            return


def _changed_by_hook(step: RecordedStep, _: RecordedStep | None) -> Iterator[Finding]:
    """A gradient that is not the sum of what arrived at it; told where one contribution alone arrived."""
    for run in step.runs:
        arrived: dict[tuple[str, int], list[TensorEntry]] = {}
        for call in run.calls:
            for output, gradient in enumerate(call.upstream):
                contributions = arrived.pop((call.node, output), [])
                if gradient is None or gradient.norm is None or len(contributions) != 1:
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
                    yield _at("changed", step, text, step.maker.get(call.node), run.nodes[call.node])
            for edge, contribution in zip(run.nodes[call.node].next, call.contributions, strict=False):
                if edge is not None and contribution is not None:
                    arrived.setdefault((edge[0], edge[1]), []).append(contribution)


def _stopped(step: RecordedStep, _: RecordedStep | None) -> Iterator[Finding]:
    """A backward pass that an error ended."""
    for run in step.runs:
        if run.error:
            text = msg("the backward pass was ended by an error: {error}", error=run.error)
            last = run.calls[-1] if run.calls else None
            maker = step.maker.get(last.node) if last is not None else None
            yield _at("error", step, text, maker)


def _backward_calls(step: RecordedStep) -> Iterator[tuple[EngineRun, BackwardCall]]:
    for run in step.runs:
        for call in run.calls:
            yield run, call


_CHECKS: Final[tuple[Callable[[RecordedStep, RecordedStep | None], Iterator[Finding]], ...]] = (
    _not_finite_forward,
    _not_finite_backward,
    _vanishing_or_exploding,
    _dead,
    _detached,
    _left_over,
    _changed_by_hook,
    _stopped,
)
