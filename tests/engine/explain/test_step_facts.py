"""The facts of a step: that they are true, complete for every renderer, and the same in every language."""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any, get_args

import numpy as np

from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ForwardFacts,
    SeedFacts,
    StepFacts,
    UpdateFacts,
    step_facts,
)
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Kind
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import Linear, Op, Sample
from backprop_engine.optim import OPTIMIZERS
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit
from backprop_engine.trace.training import Training
from graphs import Sketch, assert_close, each_edge, each_sample, has_edges, largest, trace_of


def all_facts(trace: Trace) -> list[StepFacts]:
    """The facts of every step, from the start on."""
    return [step_facts(trace.frame(position)) for position in range(trace.schedule.last + 1)]


def of_kind(trace: Trace, kind: type[Any]) -> list[Any]:
    """The facts of the steps of one kind."""
    return [facts for facts in all_facts(trace) if isinstance(facts, kind)]


def used_twice(*edits: ValueEdit | GradientEdit) -> Trace:
    """``q = tanh(x)``, ``f = q * (q + x)``."""
    graph = Sketch().inputs(x=())(q="tanh x", s="add q x", f="mul q s").build()
    return record(graph, Bindings.of(graph, {"x": 0.5}), edits)


@each_edge(lambda edge: not isinstance(edge.rule, Linear))
def test_the_factors_shown_make_the_product_shown(op: Op, sample: Sample, edge: Edge) -> None:
    """Upstream and factor in their order, with their sign, summed over the axes named."""
    facts = next(facts for facts in of_kind(trace_of(op, sample), BackwardFacts) if facts.edge is edge)
    factor, upstream = facts.local.factor, facts.upstream.tensor
    assert factor.tensor is not None
    if factor.written == "transpose":
        along = facts.node.attributes.get("axis", -1)
        columns = np.moveaxis(upstream, along, -1)[..., np.newaxis]
        product = np.moveaxis((factor.tensor @ columns)[..., 0], -1, along)
    else:
        product = upstream * factor.tensor
    summed = product.sum(axis=facts.summed_axes, keepdims=True) if facts.summed_axes else product
    assert_close(np.reshape(summed, facts.operand.shape), facts.product.tensor, scale=largest(upstream))


@each_sample()
def test_every_step_has_facts_of_its_kind_and_a_subject(op: Op, sample: Sample) -> None:
    every = all_facts(trace_of(op, sample))
    assert {type(facts) for facts in every} <= set(get_args(StepFacts))
    assert [facts.frame.position for facts in every] == list(range(len(every)))
    assert [facts.kind for facts in every][:2] == ["start", "forward"]
    assert all(facts.subject for facts in every[1:])
    assert [facts.completes for facts in every] == [None] * (len(every) - 1) + ["backward"]


@each_sample()
def test_the_pieces_of_a_node_are_its_operands_and_the_signs_between(op: Op, sample: Sample) -> None:
    for facts in of_kind(trace_of(op, sample), ForwardFacts):
        pieces = list(facts.pieces)
        tensors = [piece.tensor for piece in pieces if not isinstance(piece, str)]
        values = [facts.trace.values[operand.position] for operand in facts.operands]
        assert all(any(tensor is value for value in values) for tensor in tensors)
        assert all(piece.strip() and "operand_" not in piece for piece in pieces if isinstance(piece, str))


@each_sample(has_edges)
def test_a_local_gradient_is_shown_in_the_shape_it_claims(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for edge in trace.graph.edges:
        local = LocalFacts(trace, edge)
        factor = local.factor
        assert factor.tensor is None or factor.tensor.shape == factor.shape
        assert (local.number is not None) == (local.node.shape == () == local.operand.shape)
        assert local.form in {"scalar", "elementwise", "jacobian", "map"}
        assert local.symbols
        assert factor.name
        assert (factor.written == "rule") == (local.is_map and factor.tensor is None)


def test_a_sum_tells_what_has_arrived() -> None:
    first, second = of_kind(used_twice(), AccumulateFacts)[:2]
    assert first.before is None
    assert (first.turn.number, second.turn.number, second.turn.of) == (1, 2, 2)
    assert first.use(1).contribution is None
    assert second.use(0).contribution is first.contribution.tensor
    assert second.result.tensor == second.before.tensor + second.contribution.tensor
    assert [facts.is_last for facts in (first, second)] == [False, True]


def test_an_override_is_told_where_it_stands_and_the_result_is_what_was_computed() -> None:
    plain = of_kind(used_twice(), ForwardFacts)[0]
    edited = of_kind(used_twice(ValueEdit("q", 2.0)), ForwardFacts)[0]
    assert plain.override is None
    assert edited.override is not None
    assert (edited.override.name, float(edited.override.given)) == ("q", 2.0)
    assert edited.override.computed == edited.result.tensor == plain.result.tensor
    assert edited.outcome == 2.0

    sums = of_kind(used_twice(GradientEdit("q", 7.0)), AccumulateFacts)
    overridden = [facts for facts in sums if facts.override is not None]
    assert [facts.operand.name for facts in overridden] == ["q"]
    assert overridden[0].is_last
    assert overridden[0].outcome == 7.0
    assert overridden[0].result.tensor == sums[1].before.tensor + sums[1].contribution.tensor


def test_a_check_names_what_it_takes_for_granted() -> None:
    def assumptions(*edits: ValueEdit | GradientEdit) -> list[str]:
        checks = [facts.check for facts in of_kind(used_twice(*edits), BackwardFacts)]
        return [check.assumption.kind if check.assumption else "" for check in checks]

    assert assumptions() == [""] * 5
    assert assumptions(ValueEdit("q", 2.0))[-1] == "without"
    assert assumptions(GradientEdit("q", 2.0))[-1] == "upstream"


def test_what_is_not_finite_is_told_where_it_arises() -> None:
    graph = Sketch().inputs(x=())(y="log x", z="sqrt y").build()
    trace = record(graph, Bindings.of(graph, {"x": -1.0}))
    assert [facts.arises_here for facts in of_kind(trace, ForwardFacts)] == [True, False]
    seed = of_kind(trace, SeedFacts)[0]
    assert seed.loss == "L"


def test_the_lines_of_an_update_end_in_the_new_value() -> None:
    graph = Sketch().inputs(x=(3,)).leaves(Kind.PARAM, w=(3,))(y="mul w x", f="sum y").build()
    bindings = Bindings.of(graph, {"w": [1.0, -0.5, 2.0], "x": [1.0, 2.0, -1.0]})
    for name, is_plain in (("sgd", True), ("adam", False)):
        optimizer = OPTIMIZERS[name]
        run = Run(graph, bindings, Training(optimizer, optimizer.settings_of({"lr": 0.1}), 2))
        (update,) = of_kind(run.trace(0), UpdateFacts)
        lines = list(update.lines)
        assert [line.target for line in lines][-1] == "w"
        assert_close(lines[-1].value, update.after.tensor)
        assert all(before.known.keys() <= after.known.keys() for before, after in pairwise(lines))
        assert (update.learning_rate is not None) == is_plain


def test_facts_know_no_language_and_no_width() -> None:
    """Nothing that facts are asked for takes a language, a width or a height."""
    for kind in get_args(StepFacts):
        for name, member in inspect.getmembers(kind):
            if callable(member) and not name.startswith("__"):
                taken = inspect.signature(member).parameters
                assert not {"language", "width", "height", "room"} & taken.keys(), name
