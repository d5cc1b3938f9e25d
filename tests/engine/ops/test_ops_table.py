"""The table of operators, tested from the table: nothing here names an operator that it could find there."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from autograd import make_jvp, make_vjp

import outside
import outside_own
from backprop_engine.arrays import sum_axes
from backprop_engine.derivatives.gradient_check import Verdict, compare
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Elementwise, Jacobian, Linear, Op, Sample, definition
from backprop_engine.ops.definition import Family
from backprop_engine.ops.shape_rules import broadcast, same_shape
from backprop_engine.trace.plans import forward_function
from backprop_engine.trace.trace import Trace
from graphs import assert_close, attributes_of, each_sample, graph_of, has_edges, largest, trace_of

each_op = pytest.mark.parametrize("op", OPS.values(), ids=OPS)


def _operands(trace: Trace) -> list[Any]:
    return [trace.operand_values[one] for one in trace.graph["out"].operands]


def test_every_operator_has_an_outside_definition() -> None:
    assert set(outside.DEFINITIONS) - set(outside_own.DEFINITIONS) == set(OPS)


@each_sample()
def test_no_gradient_flows_where_none_is_meant_to_and_nowhere_else(op: Op, sample: Sample) -> None:
    operands = sample.draw()
    shapes = tuple(np.shape(operand) for operand in operands)
    whole = op.indices(*shapes) if op.indices is not None else ()
    names = op.names(len(operands))
    attributes = attributes_of(op, sample)
    missing = [rule is None for rule in op.rules_for(shapes, attributes)]
    assert missing == [
        op.stops_gradient(name, attributes) or number in whole for number, name in enumerate(names)
    ]


@each_sample()
def test_shape_rule_is_the_shape_of_the_result(op: Op, sample: Sample) -> None:
    operands = sample.draw()
    attributes = attributes_of(op, sample)
    out = op.forward(*operands, **attributes)
    assert np.shape(out) == op.shape(*map(np.shape, operands), **attributes)


@pytest.mark.every_case
@each_sample()
def test_value_is_the_outside_value(op: Op, sample: Sample) -> None:
    wanted = outside.DEFINITIONS[op.name](*sample.draw(), **attributes_of(op, sample))
    assert_close(trace_of(op, sample).value("out"), wanted)


@pytest.mark.every_case
@each_sample(has_edges)
def test_gradients_are_the_outside_gradients(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    operands = list(sample.draw())
    for edge in trace.graph.edges:

        def function(x: Any, argnum: int = edge.argnum) -> Any:
            changed = [*operands[:argnum], x, *operands[argnum + 1 :]]
            return outside.DEFINITIONS[op.name](*changed, **attributes_of(op, sample))

        vjp, _ = make_vjp(function)(np.asarray(operands[edge.argnum]))
        upstream = trace.bindings.seed
        assert_close(trace.contributions[edge.index], vjp(np.asarray(upstream)), scale=largest(upstream))


@each_sample()
def test_gradient_reaches_every_operand_that_is_no_constant(op: Op, sample: Sample) -> None:
    graph = graph_of(op, sample)
    rules = graph["out"].rules
    assert len(rules) == len(sample.operands)
    wanted = [
        argnum
        for argnum, (rule, operand) in enumerate(zip(rules, graph["out"].operands, strict=True))
        if rule is not None and graph.nodes[operand].takes_gradient
    ]
    assert [edge.argnum for edge in graph.edges] == wanted


@each_sample()
def test_gradients_pass_the_numeric_check(op: Op, sample: Sample) -> None:
    results = list(check_trace(trace_of(op, sample)))
    assert [result for result in results if result.verdict is not Verdict.AGREES] == []


@each_sample(lambda op, sample: op.analytic and has_edges(op, sample))
def test_complex_step_and_differences_agree(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    function, operands = forward_function(trace.graph["out"]), _operands(trace)
    for edge in trace.graph.edges:

        def seeded(x: Any, argnum: int = edge.argnum) -> Any:
            return np.sum(trace.bindings.seed * function(*operands[:argnum], x, *operands[argnum + 1 :]))

        contribution = trace.contributions[edge.index]
        by_step = compare("", seeded, operands[edge.argnum], contribution, analytic=True)
        by_differences = compare("", seeded, operands[edge.argnum], contribution, analytic=False)
        assert by_step.verdict is by_differences.verdict is Verdict.AGREES
        assert_close(by_step.numeric, contribution, scale=largest(trace.bindings.seed))


@each_sample(has_edges)
def test_rule_is_the_transpose_of_the_derivative(op: Op, sample: Sample) -> None:
    """<u, J v> = <Jᵀ u, v>, with J v by complex step where the operator is analytic."""
    trace = trace_of(op, sample)
    function = forward_function(trace.graph["out"])
    operands = _operands(trace)
    random = np.random.default_rng(7)
    for edge in trace.graph.edges:
        v = random.standard_normal(np.shape(operands[edge.argnum]))
        before, after = operands[: edge.argnum], operands[edge.argnum + 1 :]
        if op.analytic:
            moved = (operands[edge.argnum] + 1e-100j * v)[()]
            forward_product = np.imag(function(*before, moved, *after)) / 1e-100
        else:
            attributes = attributes_of(op, sample)

            def defined(
                x: Any, before: Any = before, after: Any = after, attributes: Any = attributes
            ) -> Any:
                return outside.DEFINITIONS[op.name](*before, x, *after, **attributes)

            forward_product = make_jvp(defined)(np.asarray(operands[edge.argnum]))(v)[1]
        upstream = trace.bindings.seed
        left = np.sum(upstream * forward_product)
        right = np.sum(trace.contributions[edge.index] * v)
        assert_close(right, left, scale=largest(upstream) * largest(forward_product))


@each_op
def test_samples_are_not_only_scalars(op: Op) -> None:
    assert any(shape != () for sample in op.samples for shape in map(np.shape, sample.draw()))


@pytest.mark.parametrize(
    "op", [op for op in OPS.values() if op.shape is broadcast and len(op.operands) > 1], ids=repr
)
def test_broadcasting_operators_are_sampled_with_broadcasting(op: Op) -> None:
    shapes = [tuple(map(np.shape, sample.draw())) for sample in op.samples]
    outs = [broadcast(*each) for each in shapes]
    for argnum in range(len(op.operands)):
        assert any(each[argnum] != out for each, out in zip(shapes, outs, strict=True)), op.operands[argnum]


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.shape in (broadcast, same_shape)], ids=repr)
def test_operators_that_keep_entries_apart_take_empty_operands(op: Op) -> None:
    trace = trace_of(op, Sample(((0, 3),) * len(op.operands)))
    assert trace.value("out").shape == (0, 3)
    assert all(contribution.shape == (0, 3) for contribution in trace.contributions)


@pytest.mark.parametrize("name", ["matmul", "sum", "softmax", "index"])
def test_empty_axes_are_sampled(name: str) -> None:
    op = OPS[name]
    sizes = [(*np.shape(operand), *trace_of(op, sample).value("out").shape)
             for sample in op.samples for operand in sample.draw()]  # fmt: skip
    assert any(0 in shape for shape in sizes)


@pytest.mark.every_case
@each_sample(has_edges)
def test_rules_say_what_the_local_gradient_multiplies(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    out, operands, attributes = trace.outs[-1], _operands(trace), attributes_of(op, sample)
    upstream = trace.bindings.seed
    for edge in trace.graph.edges:
        wanted = trace.contributions[edge.index]
        shape = trace.graph.nodes[edge.operand].shape
        match edge.rule:
            case Elementwise(of=of):
                product = np.broadcast_to(upstream * of(out, *operands, **attributes), np.shape(out))
                assert_close(sum_axes(product, edge.summed, shape), wanted)
            case Jacobian(matrix=matrix, vjp=vjp, shape=jacobian_shape):
                found = matrix(out, *operands, **attributes)
                assert found.shape == jacobian_shape
                axis = attributes.get("axis", -1)
                g = np.moveaxis(upstream, axis, -1)
                product = np.moveaxis(np.einsum("...oi,...o->...i", found, g), -1, axis)
                assert_close(product, vjp(upstream, out, *operands, **attributes), scale=largest(upstream))
            case Linear(vjp=vjp, summed=summed):
                product = np.asarray(vjp(upstream, out, *operands, **attributes))
                assert_close(sum_axes(product, summed, shape), wanted)


def _refused(op: Op, a: tuple[int, ...], target: Any) -> str | None:
    assert op.refuse is not None
    return op.refuse(a, np.asarray(target), **attributes_of(op, Sample(())))


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.refuse], ids=repr)
def test_samples_are_not_refused(op: Op) -> None:
    for sample in op.samples:
        drawn = zip(op.names(len(sample.operands)), sample.draw(), strict=True)
        given = [tensor if name in op.constants else tensor.shape for name, tensor in drawn]
        assert op.refuse is not None
        assert op.refuse(*given, **attributes_of(op, sample)) is None


class TestRefusals:
    @pytest.mark.parametrize("op", [OPS["softmax_with_loss"], OPS["nll"]], ids=repr)
    @pytest.mark.parametrize(
        ("target", "said"),
        [
            ([0, 3], "the class index 3 is out of range: there are 3 classes"),
            ([-1, 0], "the class index -1 is out of range"),
            ([0.5, 1.0], "must be a whole number"),
            ([np.nan, 1.0], "must be a whole number"),
            ([np.inf, 1.0], "must be a whole number"),
        ],
    )
    def test_class_indices_are_whole_and_in_range(self, op: Op, target: list[float], said: str) -> None:
        assert said in (_refused(op, (2, 3), target) or "accepted")

    @pytest.mark.parametrize("row", [[0.5, 0.6, 0.0], [-0.5, 1.0, 0.5], [0.0, 0.0, 0.0], [np.nan, 0.5, 0.5]])
    def test_probabilities_are_not_negative_and_sum_to_one(self, row: list[float]) -> None:
        refused = _refused(OPS["softmax_with_loss"], (2, 3), [row, [1.0, 0.0, 0.0]])
        assert "must sum to 1" in (refused or "accepted")

    def test_an_ignored_index_is_no_class(self) -> None:
        for name in ("softmax_with_loss", "nll"):
            refuse = OPS[name].refuse
            assert refuse is not None
            assert refuse((2, 3), np.array([-100, 1]), ignore_index=-100) is None
            assert "-1 is out of range" in (refuse((2, 3), np.array([-100, -1]), ignore_index=-100) or "")

    @pytest.mark.parametrize("target", [0.0, 0.5, np.nan, 2.0])
    def test_a_target_of_hinge_is_one_or_minus_one(self, target: float) -> None:
        assert "1 or -1" in (_refused(OPS["hinge"], (), target) or "accepted")

    @pytest.mark.parametrize("mask", [0.5, np.nan, 2.0, -1.0])
    def test_a_mask_holds_zeros_and_ones(self, mask: float) -> None:
        assert "a mask holds 0" in (_refused(OPS["dropout"], (), mask) or "accepted")


def test_every_file_that_defines_operators_is_loaded_by_the_table() -> None:
    files = Path(definition.__file__).parent.glob("*.py")
    calls = re.compile(r"^[^#]*\bdefine\($", re.MULTILINE)
    defining = {file.stem for file in files if calls.search(file.read_text("utf-8"))} - {"definition"}
    source = inspect.getsource(definition).split("OPS = OpTable(")[1].split("\n)")[0]
    assert defining == set(re.findall(r'"(\w+)"', source))


@pytest.mark.thorough
def test_the_order_of_the_table_does_not_depend_on_what_was_loaded_first() -> None:
    script = "from backprop_engine.ops import OPS\n{first}\nprint(list(OPS))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script.format(first=first)], capture_output=True, text=True, check=True
        ).stdout
        for first in ("", "OPS['conv2d']", "import backprop_engine.ops.attention", "OPS.by_symbol('@')")
    }
    assert len(outputs) == 1


def test_a_look_up_loads_no_more_than_it_needs() -> None:
    script = (
        "from backprop_engine.ops import OPS\nimport sys\nOPS['add'], OPS.by_symbol('*')\nprint(*sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "backprop_engine.ops.arithmetic" in output
    assert "backprop_engine.ops.convolution" not in output


def test_what_addition_says_of_an_operand_depends_on_whether_it_is_broadcast() -> None:
    add = OPS["add"]
    whole, repeated = (add.lesson_of(number, ((4, 3), (3,))).in_language("en") for number in (0, 1))
    assert whole != repeated
    assert "sum over the broadcast axes" in repeated
    assert "every operand" not in whole
    assert [add.lesson_of(number, ((3,), (3,))) for number in (0, 1)] == [add.lesson] * 2


ORDER = [name for name in inspect.signature(Family.define).parameters if name not in ("self", "name")]


@pytest.mark.parametrize(
    "path", sorted(Path(definition.__file__).parent.glob("*.py")), ids=lambda path: path.stem
)
def test_a_definition_reads_in_one_order(path: Path) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "define"
    ]
    for call in calls:
        parts = [keyword.arg for keyword in call.keywords]
        assert None not in parts, f"{path.name}:{call.lineno} hides parts behind **"
        assert parts == sorted(parts, key=ORDER.index), f"{path.name}:{call.lineno}"
    assert calls or path.stem in ("__init__", *LEANED_ON)


LEANED_ON = (
    "attention_weights",
    "attributes",
    "backward_words",
    "definition",
    "error_function",
    "heads",
    "notations",
    "reduced_losses",
    "rules",
    "samples",
    "shape_rules",
    "shared_work",
    "windows",
)
"""Files that families lean on, which define no operator."""


OF_NO_DEFINITION = ("name", "family", "wrong", "recorded", "rules_as_written")
"""What a family says once, and what no operator of the table is."""


def test_the_order_is_that_of_an_operators_parts() -> None:
    assert [name for name in Op.__struct_fields__ if name not in OF_NO_DEFINITION] == ORDER


@pytest.mark.parametrize(
    ("formula", "problem"), [("-a", "no samples"), ("nothing(a)", "NumPy has no function")]
)
def test_what_a_definition_cannot_leave_out(formula: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Family("shape").define(
            "nothing",
            operands="a",
            formula=formula,
            forward=lambda a: a,
            rules=(None,),
            lesson=Words("nothing", "없음"),
        )
    assert "nothing" not in OPS


def test_functions_of_texts_that_are_no_operators() -> None:
    assert not definition.NO_OPERATORS & set(OPS)
    assert OPS.called("sum") is OPS["sum"]
    assert OPS.called("swapaxes") is OPS.called("nonesuch") is None
