"""Every text that says what an operator computes or hands back is evaluated, and compared with the numbers.

The texts are read and computed as any expression of a scenario is: what is shown can be pasted. They are
those of the gradient of every operand, of the local gradients, of the formula and of every step of a
decomposition, for every sample, whatever its shapes and settings.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.derivatives.local_gradients import DenseLocal, local_gradient
from backprop_engine.evaluation.complete_texts import formula_text, gradient_text, local_text
from backprop_engine.evaluation.evaluate import evaluate
from backprop_engine.expressions import parse
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import Elementwise, Jacobian, Linear, Op, Sample
from backprop_engine.trace.trace import Trace
from graphs import CASES, assert_close, each_edge, each_sample, has_edges, largest, trace_of

_FLOAT64 = np.dtype(np.float64)


def _value(text: str, names: dict[str, Any]) -> Any:
    """The value of a text over `names`, in the language of scenarios; all of it is ASCII."""
    assert text.isascii(), text
    found = evaluate(parse(text), lambda name: np.asarray(names[name]), lambda name: None, _FLOAT64)
    assert found is not None, text
    return found


def _names(trace: Trace) -> dict[str, Any]:
    node = trace.graph["out"]
    assert node.op is not None
    operands = [trace.operand_values[one] for one in node.operands]
    return dict(zip(node.op.names(len(operands)), operands, strict=True))


def _shapes(trace: Trace) -> tuple[tuple[int, ...], ...]:
    return tuple(trace.graph.nodes[one].shape for one in trace.graph["out"].operands)


@each_sample(has_edges)
def test_gradient_of_every_operand_is_complete(op: Op, sample: Sample) -> None:
    """Means have their 1/N, and operands that were broadcast their sum."""
    trace = trace_of(op, sample)
    names = _names(trace) | {"g": trace.bindings.seed, "out": trace.value("out")}
    for edge in trace.graph.edges:
        text = gradient_text(op, edge.argnum, _shapes(trace), trace.graph["out"].attributes)
        found, wanted = _value(text, names), trace.contributions[edge.index]
        assert found.shape == wanted.shape, text
        assert_close(found, wanted, scale=largest(trace.bindings.seed))


@each_edge(lambda edge: isinstance(edge.rule, Jacobian) and len(edge.rule.shape) == 2)
def test_jacobian_can_be_pasted(op: Op, sample: Sample, edge: Edge) -> None:
    trace = trace_of(op, sample)
    rule = trace.graph.edges[edge.index].rule
    text = local_text(op, rule, _shapes(trace), trace.graph["out"].attributes)
    local = local_gradient(trace, trace.graph.edges[edge.index])
    assert isinstance(local, DenseLocal)
    assert_close(_value(text, _names(trace) | {"out": trace.value("out")}), local.value, scale=1.0)


def _multiplies(edge: Edge) -> bool:
    """Whether a rule has a tensor that multiplies the upstream gradient."""
    return isinstance(edge.rule, Elementwise) or (
        isinstance(edge.rule, Linear) and edge.rule.factor is not None
    )


@each_edge(_multiplies)
def test_local_gradient_that_multiplies_is_what_is_shown(op: Op, sample: Sample, edge: Edge) -> None:
    """The diagonal of an elementwise operator; a factor, which may be the transpose of a vector."""
    trace = trace_of(op, sample)
    attributes, shapes = trace.graph["out"].attributes, _shapes(trace)
    names = _names(trace) | {"out": trace.value("out")}
    values = [names[name] for name in op.names(len(shapes))]
    rule = trace.graph.edges[edge.index].rule
    text = local_text(op, rule, shapes, attributes)
    if isinstance(rule, Elementwise):
        wanted = rule.of(trace.value("out"), *values, **attributes)
        found = np.broadcast_to(_value(text, names), np.shape(trace.value("out")))
        assert_close(found, np.broadcast_to(wanted, found.shape))
    elif isinstance(rule, Linear) and rule.factor is not None:
        wanted = rule.factor.of(trace.value("out"), *values, **attributes)
        found = _value(text, names)
        if found.ndim < np.ndim(wanted):  # a vector has no transpose
            found = found.reshape(np.shape(wanted))
        assert_close(found, wanted, scale=largest(*values))


@each_sample()
def test_formula_is_what_is_computed(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    text = formula_text(op, _shapes(trace), trace.graph["out"].attributes)
    assert_close(_value(text, _names(trace)), trace.value("out"))


@each_sample(lambda op, sample: op.inside is not None)
def test_every_step_of_a_decomposition_can_be_pasted(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    parts = op.inside_for(_shapes(trace), trace.graph["out"].attributes)
    names = _names(trace)
    for name, text in parts or ():
        names[name] = _value(text, names)
    assert_close(names.get("out", trace.value("out")), trace.value("out"))


def test_so_many_texts_are_evaluated() -> None:
    """The figures of this file: a gradient for each edge, a formula for each sample, each step inside."""
    gradients = sum(len(trace_of(*case).graph.edges) for case in CASES)
    steps = 0
    for op, sample in CASES:
        trace = trace_of(op, sample)
        steps += len(op.inside_for(_shapes(trace), trace.graph["out"].attributes) or ())
    assert gradients >= 1252
    assert len(CASES) >= 967
    assert steps >= 1675
