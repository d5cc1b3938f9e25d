"""Every formula that a step shows can be typed at the prompt, and comes to the numbers of the step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.debugger.watches import value_of_watch
from backprop_engine.explain.facts import BackwardFacts, ForwardFacts, step_facts
from backprop_engine.explain.symbols import chain_text, formula
from backprop_engine.trace.trace import Frame
from covering import SHOWN
from scenes import trace as trace_of


def _same(text: str, frame: Frame, wanted: Any) -> None:
    """What a text comes to at a frame is `wanted`, NaN where that is, up to a few roundings."""
    value = value_of_watch(text, frame)
    assert value is not None, text
    found, wanted = np.asarray(value, np.float64), np.asarray(wanted, np.float64)
    assert found.shape == wanted.shape, text
    finite = np.isfinite(wanted)
    assert np.array_equal(found[~finite], wanted[~finite], equal_nan=True), text
    scale = float(np.max(np.abs(wanted), initial=0.0, where=finite))
    gap = float(np.max(np.abs(found - wanted), initial=0.0, where=finite))
    assert gap <= 64 * np.finfo(frame.graph.dtype).eps * scale, text


@pytest.mark.parametrize("stem", SHOWN)
def test_formula_of_every_step_can_be_typed(stem: str) -> None:
    """The chain rule of a backward step, and what a forward step computes."""
    trace, said = trace_of(stem), set[str]()
    for position in range(1, trace.schedule.completed + 1):
        match facts := step_facts(trace.frame(position)):
            case BackwardFacts(upstream=upstream, product=product):
                text, wanted = chain_text(trace.graph, facts.edge, upstream.name), product.tensor
            case ForwardFacts(node=node):
                text, wanted = formula(trace.graph, node), facts.outcome
            case _:
                continue
        if text not in said:
            said.add(text)
            with np.errstate(all="ignore"):
                _same(text, facts.frame, wanted)
    assert said


def test_the_diagonal_of_a_jacobian_is_what_stands_under_it() -> None:
    frame = trace_of("hadamard_jacobian").frame(13)
    _same("diagonal(∂c/∂a)", frame, [4, 5, 3])
    _same("∂L/∂c ⊙ diagonal(∂c/∂a)", frame, [4, -5, 6])
    _same("(diag(∂c/∂a) − J)ᵀ @ ∂L/∂c", frame, [0, 0, 0])
