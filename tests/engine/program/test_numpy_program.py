"""A run as a NumPy program: carried out in an empty namespace, it gives the run's values and gradients."""

from __future__ import annotations

import ast
import builtins
import dis
import keyword
from collections.abc import Iterator
from dataclasses import replace
from types import CodeType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from backprop_engine import load_scenario, make_graph
from backprop_engine.derivatives.decomposition import decomposition, inner_run
from backprop_engine.explain.facts import step_facts
from backprop_engine.explain.symbols import formula
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.graph.steps import Accumulate
from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Elementwise, Linear, Op, OpAttribute, Sample, backward_words
from backprop_engine.ops.shape_rules import broadcast
from backprop_engine.optim import OPTIMIZERS, SCHEDULES, Clipping, RateSchedule
from backprop_engine.optim.settings import settings_filled
from backprop_engine.program import numpy_lines, numpy_program
from backprop_engine.program.helpers import definitions, function_name, helpers_of
from backprop_engine.program.identifiers import identifiers
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run, Training
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit
from backprop_tui.files.bundled import bundled
from effort import examples
from graphs import CASES, RandomRun, Sketch, each_sample, largest, runs, trace_of

BUNDLED = bundled()
TRAINED = [stem for stem, path in BUNDLED.items() if "train:" in path.read_text(encoding="utf-8")]
LARGEST = 100_000
"""Numbers in a trace that is tried."""


def carried_out(program: str) -> dict[str, Any]:
    """What a program leaves behind, beginning with nothing."""
    namespace: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        exec(compile(program, "program", "exec"), namespace)
    return namespace


def assert_same(found: Any, wanted: Any, rtol: float, scale: float = 0.0) -> None:
    """Same shape, not finite in the same entries, and elsewhere as close as `rtol` of the largest."""
    found, wanted = np.asarray(found, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    assert found.shape == wanted.shape
    finite = np.isfinite(wanted)
    assert np.array_equal(found[~finite], wanted[~finite], equal_nan=True)
    gap, scale = largest(found[finite] - wanted[finite]), scale if np.isfinite(scale) else 0.0
    assert gap <= rtol * max(scale, largest(wanted[finite])), f"off by {gap}: {found!r}, wanted {wanted!r}"


def assert_runs_as(trace: Trace, rtol: float = 1e-12) -> None:
    """Every value and every gradient of `trace` is what its program gives.

    Where large numbers cancel, what is left is compared with them.
    """
    found, names, graph = carried_out(numpy_program(trace)), identifiers(trace.graph), trace.graph
    scale = largest(trace.bindings.seed)
    for node in graph.nodes:
        if node.kind is Kind.LITERAL:
            continue
        operands = [trace.values[operand] for operand in node.operands]
        assert_same(
            found[names.values[node.position]],
            trace.values[node.position],
            rtol,
            min(largest(*operands), 1.0) if operands else 0.0,
        )
        gradient = trace.gradients[node.position]
        if gradient is not None:
            uses = graph.schedule.uses_of.get(node.position, [])
            parts = [trace.contributions[use] for use in uses]
            upstream = [trace.gradients[graph.edges[use].node] for use in uses]
            assert_same(
                found[names.gradients[node.position]],
                gradient,
                rtol,
                max(largest(*parts), min(scale, largest(*upstream))),
            )


def without_training(trace: Trace) -> Trace:
    return replace(trace, plan=None, updated={}, remembered={}, training=None)


@each_sample()
def test_every_operator(op: Op, sample: Sample) -> None:
    assert_runs_as(trace_of(op, sample))


@pytest.mark.parametrize("stem", BUNDLED)
def test_every_scenario(stem: str) -> None:
    scenario = load_scenario(BUNDLED[stem])
    assert scenario.graph.numbers() <= LARGEST
    assert_runs_as(without_training(scenario.record()))


def composite(op: Op, sample: Sample) -> bool:
    graph = trace_of(op, sample).graph
    return decomposition(graph, graph["out"]) is not None


@each_sample(composite)
def test_the_inside_of_every_composite_operator(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    assert_runs_as(inner_run(trace, trace.graph["out"]).trace, rtol=1e-11)


BROUGHT_BACK = {
    **{
        name: name.rpartition("_")[0] for name, word in backward_words.WORDS.items() if word.numpy is not None
    },
    "add_selected": "index_select",
    "add_at_rows": "embedding",
    "on_diagonal": "diag",
}
"""Words for what an operator's rule brings back that are helpers in a program; and the operator of each."""


@pytest.mark.every_case
@pytest.mark.parametrize(("name", "of"), BROUGHT_BACK.items(), ids=BROUGHT_BACK)
def test_a_word_for_what_a_rule_brings_back(name: str, of: str) -> None:
    word, op = backward_words.WORDS[name], OPS[of]
    for sample in op.samples:
        trace = trace_of(op, sample)
        argnum = int(name.endswith("_weight"))
        (back,) = (trace.contributions[edge.index] for edge in trace.graph.edges if edge.argnum == argnum)
        known = dict(zip(op.operands, sample.draw(), strict=False)) | {"g": trace.gradient("out")}
        sized = {"shape": back.shape} if word.attributes[0].name == "shape" else {}
        operands = tuple(known[operand] for operand in word.operands)
        again = trace_of(word, Sample(operands, {**sized, **sample.attributes}))
        assert_same(again.value("out"), back, 1e-14)
        assert_runs_as(again)


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        ("put(g, shape=[3, 2], key='1:, 0')", {"g": (2,)}),
        ("put(g, shape=[3], key='[2, 0, 2]')", {"g": (3,)}),
        ("attention_weights(q, k)", {"q": (3, 2), "k": (4, 2)}),
        ("attention_weights(q, k, mask, additive=true)", {"q": (3, 2), "k": (4, 2), "mask": (3, 4)}),
        (
            "gru_cell_gates(g, x, h, w, u)",
            {"g": (2, 4), "x": (2, 3), "h": (2, 4), "w": (12, 3), "u": (12, 4)},
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_node_may_be_what_a_backward_pass_computes(call: str, shapes: dict[str, Any]) -> None:
    """With and without the operands that may be left out, and by a key that is a text."""
    random = np.random.default_rng(0)
    given = {name: random.normal(size=shape) for name, shape in shapes.items()}
    graph = make_graph({"y": call, "f": "sum(y ** 2)"}, inputs=given)
    assert formula(graph, graph["y"]).startswith(call.partition("(")[0])
    assert_runs_as(record(graph))


@given(runs())
@settings(max_examples=examples(40))
def test_random_graphs(run: RandomRun) -> None:
    assert_runs_as(record(run.graph, run.bindings), rtol=1e-9)


def test_single_precision_stays_single() -> None:
    scenario = load_scenario(BUNDLED["rnn_cell"])
    builder = GraphBuilder("float32")
    x = builder.leaf("x", Kind.INPUT, (2,))
    s = builder.leaf("s", Kind.INPUT, ())
    builder.apply(OPS["mul"], [builder.apply(OPS["greater"], [x, s], "m"), x], "y")
    graph = builder.build("y")
    trace = record(graph, Bindings.of(graph, {"x": [0.1, 0.7], "s": 0.3}, np.ones(2)))
    found = carried_out(numpy_program(trace))
    assert {found[name].dtype for name in ("x", "s", "m", "y", "dy", "dx")} == {np.dtype(np.float32)}
    assert_same(found["dx"], trace.gradient("x"), 1e-7)
    assert scenario.graph.dtype == np.float64


@pytest.mark.parametrize("stem", TRAINED)
def test_every_training(stem: str) -> None:
    scenario = load_scenario(BUNDLED[stem])
    training = scenario.training
    assert training is not None
    run = Run(scenario.graph, scenario.bindings, structs.replace(training, steps=min(4, training.steps)))
    found, names = carried_out(numpy_program(run)), identifiers(run.graph)
    last = run.trace(run.iterations - 1)
    for node in run.graph.nodes:
        if node.kind is not Kind.LITERAL:
            assert_same(found[names.values[node.position]], last.values[node.position], 1e-11, 1e-3)


def _trained(name: str, given: dict[str, Any]) -> Run:
    """A parameter and a number on their way down, three times."""
    graph = (
        Sketch()
        .leaves(Kind.PARAM, w=(3,), c=())
        .leaves(Kind.INPUT, x=(3,))(p="mul w x", q="mul p w", s="sum q", r="mul s c", L="add r s")
        .build()
    )
    bindings = Bindings.of(graph, {"w": [0.5, -1.0, 0.25], "c": 0.75, "x": [1.0, 2.0, -0.5]})
    optimizer = OPTIMIZERS[name]
    return Run(graph, bindings, Training(optimizer, optimizer.settings_of({"lr": 0.01, **given}), 3))


SETTINGS: dict[str, list[dict[str, Any]]] = {
    "sgd": [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.25},
        {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
        {"maximize": True},
    ],
    "adam": [{}, {"amsgrad": True, "weight_decay": 0.1}],
    "adamw": [{}, {"maximize": True}],
    "adagrad": [{}, {"lr_decay": 0.1}],
    "rmsprop": [{}, {"centered": True, "momentum": 0.5}],
}


def test_settings_name_every_optimizer() -> None:
    assert set(SETTINGS) == set(OPTIMIZERS)


@pytest.mark.parametrize(("name", "chosen"), [(name, one) for name in SETTINGS for one in SETTINGS[name]])
def test_every_update(name: str, chosen: dict[str, Any]) -> None:
    run = _trained(name, chosen)
    whole = carried_out(numpy_program(run))
    for parameter in ("w", "c"):
        assert_same(whole[parameter], run.trace(3).value(parameter), 1e-12)
        for iteration in range(3):  # one iteration alone begins with what is remembered
            trace = run.trace(iteration)
            found = carried_out(numpy_program(trace))
            assert_same(found[parameter], trace.updated[run.graph.position(parameter)], 1e-12)


CLIPPED = [Clipping("clip_norm", 0.125), Clipping("clip_norm", 1e3), Clipping("clip_value", 0.25), None]
SCHEDULED = [
    ("step", {"step_size": 2, "gamma": 0.5}),
    ("exponential", {"gamma": 0.5, "warmup": 2}),
    ("cosine", {"T_max": 2, "eta_min": 0.001}),
    ("linear", {"total_iters": 2}),
]


@pytest.mark.parametrize("clipping", CLIPPED)
@pytest.mark.parametrize(("name", "chosen"), SCHEDULED)
def test_clipping_and_schedules(clipping: Clipping | None, name: str, chosen: dict[str, Any]) -> None:
    run = _trained("adam", {})
    assert run.training is not None
    schedule = RateSchedule(SCHEDULES[name], settings_filled(chosen, SCHEDULES[name].settings))
    training = structs.replace(run.training, clipping=clipping, schedule=schedule)
    fixed, run = run, Run(run.graph, run.bindings, training)
    whole = carried_out(numpy_program(run))
    for parameter in ("w", "c"):
        assert_same(whole[parameter], run.trace(3).value(parameter), 1e-12)
        for iteration in range(3):
            found = carried_out(numpy_program(run.trace(iteration)))
            assert_same(found[parameter], run.trace(iteration).updated[run.graph.position(parameter)], 1e-12)
    assert not np.array_equal(run.trace(3).value("w"), fixed.trace(3).value("w"))


def test_overrides() -> None:
    graph = Sketch().inputs(x=(), y=())(a="tanh x", b="mul a y", c="add b a", L="mul c a").build()
    bindings = Bindings.of(graph, {"x": 0.5, "y": -2.0})
    edits = (ValueEdit("a", 0.25), ValueEdit("y", 3.0), GradientEdit("b", 7.0), GradientEdit("a", -1.0))
    for chosen in (edits[:1], edits[1:2], edits[2:], edits):
        assert_runs_as(record(graph, bindings, chosen))


# Names


@pytest.mark.parametrize("stem", BUNDLED)
def test_names_are_pythons_and_unique(stem: str) -> None:
    assert_names_hold(load_scenario(BUNDLED[stem]).graph)


def assert_names_hold(graph: Graph) -> None:
    known = identifiers(graph)
    given = [
        name
        for node in graph.nodes
        if node.kind is not Kind.LITERAL
        for name in (known.values[node.position], known.gradients[node.position])
    ]
    assert len(set(given)) == len(given)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in given)
    assert not {"np", "math", "sum", "range", "max", *helpers_of(graph)} & set(given)


WORDS = (
    "x dx ddx np sum lambda ef el softmax a#1 a_1 a__1 ŷ x² x2 ½ h_1 h_1_2 s[0].h s[1].h t[1].h s[1].h#2 "
    "s[0].low.h s[0].high.h s_0_low_h f#1/p f#1/p#2 f#1/p[0] g/p p"
)


@given(st.lists(st.sampled_from(WORDS.split()), min_size=2, max_size=8, unique=True))
def test_any_names(names: list[str]) -> None:
    builder = GraphBuilder()
    for name in names:
        builder.leaf(name, Kind.INPUT, ())
    builder.apply(OPS["add"], [0, 1], "out")
    assert_names_hold(builder.build("out"))


def test_names_are_short() -> None:
    graph = load_scenario(BUNDLED["bptt"]).graph
    known = identifiers(graph)
    position = graph.position("s[4].a#1")
    assert (known.values[position], known.gradients[position]) == ("a_4_1", "da_4_1")
    graph = load_scenario(BUNDLED["stacked_cells"]).graph
    assert identifiers(graph).values[graph.position("s[2].upper.h")] == "upper_h_2"


# Lines


@pytest.mark.parametrize(
    "stem", ["rnn_cell", "softmax_classifier", "adam_first_step", "indexing", "momentum", "matrix_product"]
)
def test_lines_of_steps_make_up_the_program(stem: str) -> None:
    trace = load_scenario(BUNDLED[stem]).record()
    lines = numpy_program(trace).split("\n")
    at = 0
    for step in trace.steps:
        shown = numpy_lines(step_facts(trace.frame(step.index)))
        assert all("\n" not in line for line in shown)
        assert ast.parse("\n".join(shown))
        if not isinstance(step, Accumulate):
            for line in shown:
                at = lines.index(line, at)


def test_lines_of_all_kinds_of_steps() -> None:
    trace = _trained("sgd", {"momentum": 0.9}).trace(0)
    shown = [line for step in trace.steps for line in numpy_lines(step_facts(trace.frame(step.index)))]
    assert shown == [
        "p = w * x",
        "q = p * w",
        "s = np.sum(q)",
        "r = s * c",
        "L = r + s",
        "dL = 1.0",
        "dr = dL",
        "ds += dL",
        "ds  # 1/2",
        "ds += dr * c",
        "ds  # 2/2",
        "dc = dr * s",
        "dq = np.broadcast_to(ds, q.shape)",
        "dp = dq * w",
        "dw += dq * p",
        "dw  # 1/2",
        "dw += dp * x",
        "dw  # 2/2",
        "dx = dp * w",
        "v_w = 0.9 * v_w + dw",
        "w -= 0.01 * v_w",
        "v_c = 0.9 * v_c + dc",
        "c -= 0.01 * v_c",
        "dw = ds = 0.0",
    ]


def test_a_large_seed_is_written_in_the_program_only() -> None:
    graph = Sketch().inputs(x=(30,))(y="tanh x").build()
    trace = record(graph, Bindings.of(graph, {"x": np.linspace(0, 1, 30)}, np.linspace(1, 2, 30)))
    assert numpy_lines(step_facts(trace.frame(2))) == ["dy = seed  # 30"]
    assert_runs_as(trace)


def test_program_to_read() -> None:
    assert numpy_program(load_scenario(BUNDLED["add_multiply"]).record()) == (
        "import numpy as np\n\nx = -2.0\ny = 5.0\nz = -4.0\n\n"
        "# forward\nq = x + y\nf = q * z\n"
        "# backward\ndf = 1.0\ndq = df * z\ndz = df * q\ndx = dq\ndy = dq\n"
    )


# Helpers


HELPERS = {name: source for op in OPS.values() for name, source in op.helpers.items()}


@pytest.mark.thorough
def test_every_helper_is_needed() -> None:
    used = {name for op, sample in CASES for name in _defined(trace_of(op, sample))}
    assert used | {"put"} == set(map(function_name, HELPERS.values()))  # rules of people's own call that


def _defined(trace: Trace) -> set[str]:
    lines = [line for step in trace.steps for line in numpy_lines(step_facts(trace.frame(step.index)))]
    return set(map(function_name, definitions(lines, helpers_of(trace.graph))))


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.helpers], ids=lambda op: op.name)
def test_an_operator_has_what_its_helpers_call(op: Op) -> None:
    sources = {function_name(source): source for source in op.helpers.values()}
    for name in sources:
        program = "import numpy as np\n" + "\n".join(definitions([f"{name}(x)"], sources))
        called = set(_globals(carried_out(program)[name]))
        assert called <= {*dir(builtins), *sources, "np", "math"}


def _globals(function: Any) -> Iterator[str]:
    """The global names that a function uses, and those inside of it."""
    codes = [function.__code__] if hasattr(function, "__code__") else []
    while codes:
        code = codes.pop()
        codes += [one for one in code.co_consts if isinstance(one, CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                yield str(step.argval)


# Operators of people's own


def _own(formula: str, forward: Any, *rules: Any, **parts: Any) -> Op:
    """An operator outside of the table, which says nothing of NumPy."""
    operands = ("a", "b")[: len(rules)]
    lesson = Words("An operator to try.", "시험하는 연산자.")
    return Op(
        name="own", family="arithmetic", sign="own", operands=operands, formula=formula, forward=forward,
        shape=parts.pop("shape", broadcast), rules=rules, lesson=lesson, samples=(), **parts,
    )  # fmt: skip


OWN = {
    "others": _own(
        "relu(a) + silu(b) * cos(a)",
        lambda a, b: np.maximum(a, 0) + b / (1 + np.exp(-b)) * np.cos(a),
        Elementwise(
            "where(a > 0, 1, 0) - silu(b) * sin(a)",
            lambda out, a, b: np.where(a > 0, 1, 0) - b / (1 + np.exp(-b)) * np.sin(a),
        ),
        Elementwise(
            "sigmoid(b) * (1 + b * (1 - sigmoid(b))) * cos(a)",
            lambda out, a, b: (s := 1 / (1 + np.exp(-b))) * (1 + b * (1 - s)) * np.cos(a),
        ),
    ),
    "a loss": _own(
        "mse(a, b) + hinge(a, b, margin=0.5)",
        lambda a, b: np.mean((a - b) ** 2) + np.mean(np.maximum(0.5 - b * a, 0)),
        Linear(
            "g * (2 * (a - b) - where(0.5 - b * a > 0, b, 0)) / 3",
            lambda g, out, a, b: g * (2 * (a - b) - np.where(0.5 - b * a > 0, b, 0)) / 3,
        ),
        None,
        shape=lambda a, b: (),
    ),
    "settings": _own(
        "clip(scale * a, min=low, max=1) + elu(a, alpha=scale)",
        lambda a, scale, low: (
            np.clip(scale * a, low, 1) + np.where(a > 0, a, scale * np.expm1(np.minimum(a, 0)))
        ),
        Elementwise(
            "where((scale * a > low) * (scale * a < 1), scale, 0) + where(a > 0, 1, scale * exp(a))",
            lambda out, a, scale, low: (
                np.where((scale * a > low) & (scale * a < 1), scale, 0)
                + np.where(a > 0, 1, scale * np.exp(np.minimum(a, 0)))
            ),
        ),
        attributes=(
            OpAttribute("scale", float, 2.0, Words("a factor", "배율")),
            OpAttribute("low", float, -0.25, Words("a bound", "경계")),
        ),
    ),
    "a helper": _own(
        "softmax(a) * layer_norm(b)",
        lambda a, b: (e := np.exp(a - a.max())) / e.sum() * ((b - b.mean()) / np.sqrt(b.var() + 1e-5)),
        None,
        Linear(
            "out * 0 + softmax(a) * g",  # not the derivative: what is asked is that the text is carried out
            lambda g, out, a, b: (e := np.exp(a - a.max())) / e.sum() * g,
        ),
    ),
}


@pytest.mark.parametrize("op", OWN.values(), ids=OWN)
def test_an_operator_that_states_no_form(op: Op) -> None:
    builder = GraphBuilder()
    leaves = [builder.leaf(name, Kind.INPUT, (3,)) for name in op.operands]
    builder.apply(op, leaves, "out")
    graph = builder.build("out")
    values = {"a": np.array([0.3, -0.7, 1.1]), "b": np.array([0.5, 2.0, -1.5])}
    seed = 1.5 if graph["out"].shape == () else np.array([1.5, -2.0, 0.25])
    bindings = Bindings.of(graph, {name: values[name] for name in op.operands}, seed)
    assert_runs_as(record(graph, bindings))


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("a[[0, -1, 0]]", [2, 0, 1]),
        ("a[..., 1]", [0, 1, 0]),
        ("a[0:2] * a[1]", [2, 5, 0]),
        ("a[::-1][None]", [1, 1, 1]),
        ("min(a)", [1, 0, 0]),
        ("diag(a)", [1, 1, 1]),
        ("glu(a[[1, 1]] * 1e9)", [0, 1e9, 0]),
        ("sort(a) * sort(a)", [2, 4, 6]),
    ],
)
def test_a_derived_rule_calls_only_what_its_program_defines(formula: str, wanted: list[float]) -> None:
    text = f"operators: {{f: {{inputs: [a], forward: '{formula}'}}}}\ninputs: {{x: [1, 2, 3]}}\n"
    trace = load_scenario(text + "nodes: {y: f(x), L: sum(y)}\n").record()
    assert trace.gradient("x").tolist() == wanted
    assert carried_out(numpy_program(trace))["dx"].tolist() == wanted


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        ("1 / 0", np.inf),
        ("0 / 0", np.nan),
        ("0 ** -1", np.inf),
        ("(-8) ** 0.5", np.nan),
        ("99 ** 99999999", np.inf),
        ("2 ** 3", 8),
        ("x[None, ..., None][0, 0]", 2),
    ],
)
def test_numbers_are_numpys_where_pythons_own_have_no_answer(node: str, wanted: float) -> None:
    trace = load_scenario(f"inputs: {{x: 2}}\nnodes:\n  k: '{node}'\n  L: k * x\n").record()
    assert_same(carried_out(numpy_program(trace))["k"], wanted, 0.0)
    assert_same(trace.value("k"), wanted, 0.0)


def test_an_update_by_what_is_no_number_is_carried_out() -> None:
    train = "{optimizer: sgd, lr: 1, steps: 2, clip_norm: 5}"
    run = load_scenario(f"params: {{w: 2}}\nnodes: {{L: 'mod(w, 0) * w'}}\ntrain: {train}\n").run()
    assert np.isnan(carried_out(numpy_program(run.trace(1)))["w"])


def test_a_rule_that_is_broadcast_is_in_its_program() -> None:
    text = "operators: {f: {inputs: [a, b], forward: sum(a) * sum(b), backward: {a: g, b: 'g * a[0]'}}}\n"
    scenario = load_scenario(text + "inputs: {x: [[1, 2], [3, 4]], y: [5, 6, 7]}\nnodes: {L: 'f(x[0], y)'}\n")
    trace = scenario.record()
    found = carried_out(numpy_program(trace))
    for name, wanted in (("x", [[1, 1], [0, 0]]), ("y", [1, 1, 1])):
        assert trace.gradient(name).tolist() == found[f"d{name}"].tolist() == wanted


def test_a_rule_that_divides_numbers_by_0_is_carried_out() -> None:
    text = "operators: {f: {inputs: [a], forward: 2 * a, backward: {a: g * (1 / 0)}}}\n"
    trace = load_scenario(text + "inputs: {x: 2}\nnodes: {L: f(x)}\n").record()
    assert carried_out(numpy_program(trace))["dx"] == trace.gradient("x") == np.inf
