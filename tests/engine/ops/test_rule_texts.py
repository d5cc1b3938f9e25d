"""What people read of a rule is what the rule computes: each text is evaluated and compared.

The texts are Python over NumPy's functions, with the operators of the table, two helpers, and `true` and
`false` in lower case. The helpers are written here once more.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import layer_vocabulary
import rule_vocabulary
from backprop_engine.arrays import sum_axes
from backprop_engine.derivatives.local_gradients import (
    DenseLocal,
    ElementwiseLocal,
    MapLocal,
    ScalarLocal,
    local_gradient,
)
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import OPS, Elementwise, Factor, Jacobian, Linear, Op, Sample
from backprop_engine.trace.trace import Trace
from graphs import (
    CASES,
    assert_close,
    attributes_of,
    each_edge,
    each_sample,
    graph_of,
    has_edges,
    largest,
    some_edge,
    trace_of,
)


def _put(g: Any, shape: tuple[int, ...], key: Any) -> Any:
    entries = np.arange(np.prod(shape)).reshape(shape)[key]
    flat = np.zeros(int(np.prod(shape)))
    np.add.at(flat, np.ravel(entries), np.ravel(g))
    return flat.reshape(shape)


def _operator(op: Op) -> Any:
    return partial(op.forward, **{one.name: one.default for one in op.attributes if one.default is not ...})


VOCABULARY = (
    {name: _operator(op) for name, op in OPS.items()}
    | {name: getattr(np, name) for name in dir(np) if callable(getattr(np, name))}
    | rule_vocabulary.SHAPES
    | rule_vocabulary.LOSSES
    | layer_vocabulary.LAYERS
    | {
        "put": _put,
        "pi": np.pi,
        "true": True,
        "false": False,
    }
)


def _evaluate(text: str, **names: Any) -> Any:
    with np.errstate(all="ignore"):
        return eval(text, {"__builtins__": {}}, VOCABULARY | names)


def _names(trace: Trace, op: Op, sample: Sample) -> dict[str, Any]:
    operands = [trace.operand_values[one] for one in trace.graph["out"].operands]
    names = dict(zip(op.names(len(operands)), operands, strict=True))
    return names | {"out": trace.value("out")} | attributes_of(op, sample)


@each_sample(has_edges)
def test_text_of_a_rule_is_its_function(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    names, g = _names(trace, op, sample), trace.bindings.seed
    values = [names[name] for name in op.names(len(sample.operands))]
    for edge in trace.graph.edges:
        if isinstance(edge.rule, Elementwise):
            found = np.broadcast_to(_evaluate(edge.rule.text, **names), np.shape(trace.value("out")))
            of = edge.rule.of(trace.value("out"), *values, **attributes_of(op, sample))
            assert_close(found, np.broadcast_to(of, np.shape(trace.value("out"))))
        else:
            found = np.asarray(_evaluate(edge.rule.text, g=g, **names))
            shape = trace.graph.nodes[edge.operand].shape
            assert_close(
                sum_axes(found, edge.summed, shape), trace.contributions[edge.index], scale=largest(g)
            )


def _is_one_jacobian(edge: Edge) -> bool:
    """Whether a rule has a Jacobian without a batch, as its text describes it."""
    return isinstance(edge.rule, Jacobian) and len(edge.rule.shape) == 2


@each_edge(_is_one_jacobian)
def test_text_of_a_jacobian_is_its_matrix(op: Op, sample: Sample, edge: Edge) -> None:
    trace = trace_of(op, sample)
    names = _names(trace, op, sample)
    local = local_gradient(trace, trace.graph.edges[edge.index])
    assert isinstance(local, DenseLocal)
    assert_close(local.value, _evaluate(local.text, **names), scale=1.0)


def test_every_operator_with_a_jacobian_has_one_without_a_batch() -> None:
    dense = {
        op.name
        for op, sample in CASES
        for edge in trace_of(op, sample).graph.edges
        if isinstance(edge.rule, Jacobian)
    }
    alone = {op.name for op, sample in CASES if some_edge(_is_one_jacobian)(op, sample)}
    assert dense == alone


def _has_factor(edge: Edge) -> bool:
    return isinstance(edge.rule, Linear) and edge.rule.factor is not None


def _factor(edge: Edge) -> Factor:
    assert isinstance(edge.rule, Linear)
    assert edge.rule.factor is not None
    return edge.rule.factor


@each_edge(_has_factor)
def test_text_of_a_factor_is_its_tensor(op: Op, sample: Sample, edge: Edge) -> None:
    trace = trace_of(op, sample)
    names = _names(trace, op, sample)
    factor = _factor(edge)
    values = [names[name] for name in op.names(len(sample.operands))]
    wanted = factor.of(trace.value("out"), *values, **attributes_of(op, sample))
    found = np.asarray(_evaluate(factor.text, **names))
    if found.ndim < np.ndim(wanted):  # the transpose of a vector, which NumPy has not
        assert factor.text.endswith(".T")
        found = found[:, np.newaxis] if factor.before else found[np.newaxis, :]
    assert_close(found, wanted, scale=largest(*values))


def _combined(upstream: Any, how: MapLocal) -> Any:
    """The product as the equation states it: a vector upstream as a column or a row, sign, and order."""
    assert how.factor is not None
    if np.ndim(upstream) == 1 or (how.sign == "⊙" and 0 < np.ndim(upstream) < how.factor.ndim):
        assert how.upstream_as in ("column", "row")
        upstream = upstream[..., np.newaxis] if how.upstream_as == "column" else upstream[..., np.newaxis, :]
    left, right = (how.factor, upstream) if how.before else (upstream, how.factor)
    if how.sign == "·" and np.ndim(left) and np.ndim(right):
        return left @ right
    return left * right


def _repeated(product: Any, upstream: Any, axis: Any, keepdims: bool, shape: tuple[int, ...]) -> Any:
    """The product of a reduction, repeated over the axes that were reduced."""
    product = np.reshape(product, np.shape(upstream))
    if not keepdims and axis is not None:
        product = np.expand_dims(product, axis)
    return np.broadcast_to(product, shape)


@each_edge(_has_factor)
def test_upstream_and_factor_give_the_product(op: Op, sample: Sample, edge: Edge) -> None:
    trace = trace_of(op, sample)
    edge = trace.graph.edges[edge.index]
    shape = trace.graph.nodes[edge.operand].shape
    upstream, attributes = trace.bindings.seed, attributes_of(op, sample)
    local = local_gradient(trace, edge)
    if not isinstance(local, MapLocal):
        assert isinstance(local, ScalarLocal)
        return
    product = np.asarray(_combined(upstream, local))
    if attributes.keys() == {"axis", "keepdims"} and local.factor is not None and local.factor.ndim == 0:
        product = _repeated(product, upstream, **attributes, shape=shape)
    if not edge.summed:
        product = product.reshape(shape)
    wanted = trace.contributions[edge.index]
    assert_close(sum_axes(product, edge.summed, shape), wanted, scale=largest(upstream))


@each_sample(has_edges)
def test_local_gradient_has_the_declared_form_and_shapes(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    out = trace.graph["out"].shape
    for edge in trace.graph.edges:
        operand = trace.graph.nodes[edge.operand].shape
        local = local_gradient(trace, edge)
        if out == operand == ():
            assert isinstance(local, ScalarLocal)
            assert_close(trace.bindings.seed * local.value, trace.contributions[edge.index])
            continue
        match edge.rule:
            case Elementwise(text=text):
                assert isinstance(local, ElementwiseLocal)
                assert (local.value.shape, local.text) == (out, text)
                product = trace.bindings.seed * local.value
                assert_close(sum_axes(product, edge.summed, operand), trace.contributions[edge.index])
            case Jacobian(text=text, matrix_text=matrix_text, shape=shape):
                assert isinstance(local, DenseLocal)
                assert local.value is not None
                assert (local.value.shape, local.shape) == (shape, shape)
                assert (local.rule, local.text) == (text, matrix_text)
            case Linear(text=text, factor=factor):
                assert isinstance(local, MapLocal)
                assert local.rule == text
                assert (local.factor is None) == (factor is None)
                wanted = None if local.factor is None else local.factor.shape
                assert local.shapes == (out, operand, wanted)


def _are_numbers(op: Op, sample: Sample) -> bool:
    """Whether the result is a number, and an operand that gets a gradient."""
    graph = graph_of(op, sample)
    return any(graph["out"].shape == () == graph.nodes[edge.operand].shape for edge in graph.edges)


@each_sample(_are_numbers)
def test_local_gradient_between_scalars_reads_as_its_number(op: Op, sample: Sample) -> None:
    """The text says what multiplies the upstream gradient, so the upstream gradient is not in it."""
    trace = trace_of(op, sample)
    for edge in trace.graph.edges:
        local = local_gradient(trace, edge)
        if isinstance(local, ScalarLocal):
            assert_close(_evaluate(local.text, **_names(trace, op, sample)), local.value)


def test_large_jacobian_is_not_worked_out() -> None:
    for size, whole in ((64, True), (65, False)):
        trace = trace_of(OPS["softmax"], Sample(((size,),)))
        local = local_gradient(trace, trace.graph.edges[0])
        assert isinstance(local, DenseLocal)
        assert local.shape == (size, size)
        assert (local.value is not None) is whole
