"""Watches: expressions over nodes and gradients, followed along a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.debugger.screen_words import (
    FUNCTIONS,
    as_expression,
    check_word,
    named_tensor,
    word_value,
)
from backprop_engine.debugger.typed_expressions import about, named, typed
from backprop_engine.derived import derived
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate, infer_shape
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.trace.trace import Frame, Trace

__all__ = ["check_watch", "history_of_watch", "value_of_watch"]


def check_watch(text: str, graph: Graph) -> None:
    """Raise `UsageError` unless `text` is an expression over the graph's nodes and gradients."""

    def shape_of(name: str) -> Shape | None:
        found = named_tensor(name := named(name), graph)
        if found is not None:
            return found.node.shape
        check_word(name, graph)
        return None  # what a step has depends on the step

    try:
        infer_shape(typed(as_expression(text, graph)), shape_of, shape_of, graph.operators, FUNCTIONS)
    except EvaluationError as error:
        raise about(text, error.message, error.hint) from None


def history_of_watch(text: str, trace: Trace, positions: Sequence[int]) -> list[float | None]:
    """The value of a watch along a trace, as numbers: the norm of a tensor, None where it is absent.

    Raises `UsageError` as `value_of_watch` does.
    """
    return [_number_of_watch(trace, text, position) for position in positions]


@derived()
def _number_of_watch(trace: Trace, text: str, position: int) -> float | None:
    value = value_of_watch(text, trace.frame(position))
    return None if value is None else _as_number(value)


def _as_number(value: Tensor) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(np.ravel(value).astype(np.float64)) if value.ndim else value)


def value_of_watch(text: str, frame: Frame) -> Tensor | None:
    """The value of a watch at a frame; None where a part of it is absent."""

    def gradient_of(name: str) -> Tensor | None:
        found = named_tensor(name := named(name), frame.graph)
        if found is None:
            raise LookupError(msg("`{name}` is not defined", name=name))
        return frame.gradient(found.node)

    try:
        return evaluate(
            typed(as_expression(text, frame.graph)),
            lambda name: word_value(named(name), frame),
            gradient_of,
            frame.graph.dtype,
            frame.graph.operators,
            FUNCTIONS,
        )
    except EvaluationError as error:
        raise about(text, error.message, error.hint) from None
