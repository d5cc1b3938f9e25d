"""Where gradients vanish, explode or stop at a ReLU."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod, sqrt
from typing import Final

from backprop_engine.messages.message import msg
from backprop_engine.recordings.events import OperatorCall
from backprop_engine.recordings.finding import Case, Finding, backward_calls, finding_at, norm, operator_name
from backprop_engine.recordings.recording import RecordedStep

__all__ = ["dead_relu", "vanishing_or_exploding"]

FACTOR: Final = 1e3
"""Gradients that shrink or grow by more than this between two layers vanish or explode."""
_LAYERS: Final = (
    *("addmm", "mm", "bmm", "baddbmm", "linear", "convolution"),
    *("dot_general", "conv_general_dilated"),  # JAX
)


def vanishing_or_exploding(case: Case) -> Iterator[Finding]:
    """Where gradients of layers' outputs change by more than `FACTOR` from the last layer to the first."""
    step = case.step
    sizes = [(call, size) for call, size in _layers(step) if size > 0]
    if len(sizes) < 3:
        return
    last, first = sizes[-1][1], sizes[0][1]
    pairs = list(zip(sizes[1:], sizes, strict=False))  # from a layer to the one before it
    if last / first > FACTOR:
        (_, above), (call, below) = max(pairs, key=lambda pair: pair[0][1] / pair[1][1])
        text = msg(
            "gradients vanish: by a factor of {all:.3g} from the last layer to the first, most of it "
            "here ({above:.3g} to {below:.3g} per entry)",
            all=last / first,
            above=above,
            below=below,
        )
        yield finding_at("vanishing", step, text, call)
    if first / last > FACTOR:
        (_, above), (call, below) = max(pairs, key=lambda pair: pair[1][1] / pair[0][1])
        text = msg(
            "gradients explode: by a factor of {all:.3g} from the last layer to the first, most of it "
            "here ({above:.3g} to {below:.3g} per entry)",
            all=first / last,
            above=above,
            below=below,
        )
        yield finding_at("exploding", step, text, call)


def _layers(step: RecordedStep) -> Iterator[tuple[OperatorCall, float]]:
    """Each matrix product or convolution in the order of the forward pass, with the size of its gradient.

    The size is the root mean square of the upstream gradient's entries.
    """
    upstream = {call.node: call.upstream[0] for _, call in backward_calls(step) if call.upstream}
    for call in step.operators:
        gradient = upstream.get(call.node) if call.node is not None else None
        if operator_name(call) in _LAYERS and gradient is not None and gradient.norm is not None:
            yield call, gradient.norm / sqrt(max(1, prod(gradient.shape)))


def dead_relu(case: Case) -> Iterator[Finding]:
    """A ReLU that passes no gradient at all on."""
    step = case.step
    for run, call in backward_calls(step):
        node = run.nodes[call.node]
        maker = step.maker_of.get(call.node)
        if maker is None or operator_name(maker) not in ("relu", "threshold", "hardtanh"):
            continue
        if any(norm(tensor) > 0 for tensor in call.upstream) and all(
            tensor is None or tensor.norm == 0 for tensor in call.contributions
        ):
            yield finding_at(
                "dead-relu",
                step,
                msg("this ReLU passes no gradient: all its inputs are negative"),
                maker,
                node,
            )
