"""The catalogue: every operator has a page, and what stands there is what the engine computes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from backprop_engine.catalogue.conventions import Convention, every_convention
from backprop_engine.catalogue.entries import data, derivatives, find, fits
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.errors import UsageError
from backprop_engine.explain.facts import step_facts
from backprop_engine.messages.translations import languages
from backprop_engine.ops import OPS, Op
from backprop_tui.cells.lines import line_text, line_width, plain
from backprop_tui.render.operator_example import equations, example
from backprop_tui.render.operator_pages import by_family, page, table
from backprop_tui.render.words import story
from graphs import trace_of

each_op = pytest.mark.parametrize("op", OPS.values(), ids=list(OPS))


KINKS = tuple(every_convention())


@pytest.mark.parametrize("language", languages())
def test_the_table_names_every_operator_once(language: str) -> None:
    lines = [line_text(line) for line in table(language)]
    for op in OPS.values():
        assert sum(line[11:].split(" ")[0] == op.name for line in lines if line.startswith("  ")) == 1
        assert any(line.strip() == op.lesson.in_language(language) for line in lines)


def test_families_hold_every_operator() -> None:
    families = by_family()
    assert sorted(op.name for ops in families.values() for op in ops) == sorted(OPS)
    assert all(families.values())


@each_op
@pytest.mark.parametrize("language", languages())
def test_a_page_fits_its_width_and_says_what_there_is_to_say(op: Op, language: str) -> None:
    lines = list(page(op, language))
    assert max(map(line_width, lines)) <= 100
    text = plain(lines)
    for wanted in (op.name, op.sign, *(attribute.name for attribute in op.attributes)):
        assert wanted in text
    for name in op.operands:
        assert f"d{name}" in text or op.variadic


@each_op
def test_derivatives_are_of_every_operand(op: Op) -> None:
    found = derivatives(op)
    assert {one.operand for one in found} >= set(() if op.variadic else op.operands)
    for one in found:
        assert (one.form == "none") == (one.product == "")


@each_op
def test_shapes_that_fit_are_not_only_scalars(op: Op) -> None:
    assert any(shape for fit in fits(op) for shape in fit.operands)


@each_op
def test_the_example_is_right_and_small(op: Op) -> None:
    trace = example(op)
    assert trace.graph["out"].op is op
    assert all(check.verdict.good for check in check_trace(trace))
    blocks = list(equations(trace, "en", 98))
    edges = [edge for edge in trace.graph.edges if edge.node == trace.graph.position("out")]
    assert len(blocks) == 1 + len(edges)
    assert all(0 < block.width <= 98 and block.height <= 20 for block in blocks)


@each_op
def test_data_is_json(op: Op) -> None:
    found = json.loads(json.dumps(data(op), allow_nan=False))
    assert found["name"] == op.name
    assert [one["name"] for one in found["attributes"]] == [one.name for one in op.attributes]
    assert bool(found["inside"]) == (op.inside is not None)


@pytest.mark.parametrize(
    ("name", "said"),
    [("sofmax", "did you mean `softmax`"), ("mat_mul", "`matmul`"), ("q" * 30, "lists them all")],
)
def test_an_unknown_name_is_told_the_nearest(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find(name)


def test_at_least_forty_kinks_with_no_call_twice() -> None:
    calls = [(kink.call, str(kink.kink.seed)) for kink in KINKS]
    assert len(set(calls)) == len(calls) >= 40


@pytest.mark.every_case
@pytest.mark.parametrize("kink", KINKS, ids=[f"{at} {kink.op.name}" for at, kink in enumerate(KINKS)])
def test_a_kink_is_what_the_table_says(kink: Convention) -> None:
    trace = kink.run()
    _same(trace.value("out"), kink.kink.value)
    for name, gradient in zip(kink.op.names(len(kink.kink.operands)), kink.kink.gradients, strict=True):
        if gradient is None:
            assert not trace.graph[name].takes_gradient
            assert trace.graph["out"].rules[trace.graph.position(name)] is None
        else:
            _same(trace.gradient(name), gradient)


def _same(found: Any, wanted: Any) -> None:
    assert np.shape(found) == np.shape(wanted)
    numbers = np.asarray(found, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    np.testing.assert_allclose(*numbers, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("kink", KINKS, ids=lambda kink: kink.call)
def test_a_step_that_meets_a_kink_tells_what_holds_there(kink: Convention) -> None:
    trace = kink.run()
    told = [
        plain(story(step_facts(trace.frame(position)), "en")) for position in range(1, len(trace.steps) + 1)
    ]
    conventions = kink.op.conventions
    assert conventions
    assert any(conventions in text for text in told)


@pytest.mark.parametrize("name", ["softmax", "sigmoid", "maximum", "pow", "sum", "huber", "layer_norm"])
def test_a_step_far_from_any_kink_does_not_speak_of_them(name: str) -> None:
    sample = next(sample for sample in OPS[name].samples if np.size(sample.draw()[0]) > 1)
    trace = trace_of(OPS[name], sample)
    texts = [
        plain(story(step_facts(trace.frame(position)), "en")) for position in range(1, len(trace.steps) + 1)
    ]
    conventions = OPS[name].conventions
    assert conventions
    assert not any(conventions in text for text in texts)
