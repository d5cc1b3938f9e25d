"""Breakpoints: how they are typed, where each kind stops, and what conditions say.

Tried at all steps at once, a condition says what it says at each step by itself.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from backprop_engine.debugger import (
    Break,
    Continue,
    Delete,
    Enable,
    Go,
    Ignore,
    Session,
    StepBy,
    ToEnd,
    update,
)
from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.debugger.breakpoints import Target, hits, parse_breakpoint
from backprop_engine.debugger.conditions import Condition, holding, parse_condition
from backprop_engine.debugger.queries import search
from backprop_engine.debugger.time_travel import advance, finished
from backprop_engine.derivatives.local_gradients import DenseLocal, MapLocal, local_gradient
from backprop_engine.errors import ShapeError, UsageError
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Accumulate, Backward, Forward, Seed, Update
from backprop_engine.ops import OPS
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace
from graphs import SHAPES, SMOOTH, RandomRun, runs


def run_of(text: str) -> Run:
    return load_source(Source.from_bytes("case.yaml", text.encode())).run()


DIAMOND = "inputs: {x: 2}\nnodes: {a: x * 3, b: x * x, c: a + b, f: c * a}\n"
"""Forward a 1, b 2, c 3, f 4; seed 5; f→c 6; f→a 7 and 8; c→a 9 and 10; c→b 11; b→x 12 and 13, 14 and 15;
a→x 16 and 17."""

CELLS = """
inputs: {x: [1, 2], h0: 0.5}
params: {w: 0.5, idle: 1}
cells:
  rnn:
    inputs: [x, h_prev]
    nodes:
      a: w * x
      h: a + h_prev
    outputs: [h]
nodes:
  states: {scan: rnn, over: {x: x}, carry: {h_prev: {init: h0, next: h}}}
  op: relu(states[-1].h)
train: {optimizer: sgd, lr: 0.25, steps: 2}
"""
"""Forward x 1, a 2, h 3 of states[0], 4 to 6 of states[1], op 7; seed 8; op→h 9; states[1]: h→a 10, h→h_prev
11, a→w 12 and 13, a→x 14, x→x 15 and 16; states[0]: h→a 17, h→h0 18, a→w 19 and 20, a→x 21, x→x 22 and 23;
update of w 24; clear 25."""

SCALARS = "inputs: {x: 0.5, y: -2}\nnodes: {a: x * y, b: tanh(a), c: b - x, d: c * c, f: d * a}\n"


def found(text: str, run: Run, iteration: int = 0) -> list[int]:
    before = run.trace(iteration - 1) if iteration else None
    positions = hits(parse_breakpoint(text, run.graph), run.trace(iteration), before)
    return [int(one) for one in positions]


# How they are typed


@pytest.mark.parametrize(
    ("text", "target", "condition"),
    [
        ("a", Target("node", "a"), None),
        ("  node   a ", Target("node", "a"), None),
        ("op mul", Target("op", "mul"), None),
        ("phase backward", Target("phase", "backward"), None),
        ("first nan", Target("trouble", "first nan"), None),
        ("First  NaN", Target("trouble", "first nan"), None),
        ("below 1e-6", Target("trouble", "below", 1e-6), None),
        ("above 0", Target("trouble", "above", 0.0), None),
        ("if norm(product) < 1e-6", Target("any"), "norm(product) < 1e-6"),
        ("a if value > 3", Target("node", "a"), "value > 3"),
        ("phase forward if value > a", Target("phase", "forward"), "value > a"),
        ("above 1 if grad < 9", Target("trouble", "above", 1.0), "grad < 9"),
    ],
)
def test_each_form(text: str, target: Target, condition: str | None) -> None:
    one = parse_breakpoint(text, run_of(DIAMOND).graph)
    assert one.text == " ".join(text.split())
    assert one.target == target
    assert (one.condition.text if one.condition else None) == condition
    assert (one.number, one.enabled, one.once, one.ignore) == (0, True, False, 0)


@pytest.mark.parametrize("name", ANOMALIES)
def test_each_trouble_by_its_name(name: str) -> None:
    trouble = ANOMALIES[name]
    text = f"{name} 0.5" if trouble.bound else name
    wanted = Target("trouble", name, 0.5 if trouble.bound else 0.0)
    assert parse_breakpoint(text, run_of(DIAMOND).graph).target == wanted


def test_groups_and_nodes_by_their_paths() -> None:
    graph = run_of(CELLS).graph
    assert parse_breakpoint("group states[1]", graph).target == Target("group", "states[1]")
    assert parse_breakpoint("group states[-1]", graph).target == Target("group", "states[1]")
    assert parse_breakpoint("states[-1].h", graph).target == Target("node", "states[1].h")
    assert parse_breakpoint("states[1].h_prev", graph).target == Target("node", "states[0].h")


def test_a_node_that_is_called_as_a_form_is() -> None:
    graph = run_of(CELLS).graph
    assert parse_breakpoint("op", graph).target == Target("node", "op")
    assert parse_breakpoint("node op", graph).target == Target("node", "op")
    assert parse_breakpoint("op relu", graph).target == Target("op", "relu")
    below = run_of("inputs: {below: 1}\nnodes: {grad: below * 2, value: grad * 2}\n")
    assert parse_breakpoint("below", below.graph).target == Target("node", "below")
    assert parse_breakpoint("below 1", below.graph).target == Target("trouble", "below", 1.0)
    # Among conditions the step's own number goes first, and `grad(NAME)` is about a node.
    assert found("if value > 2.5", below) == [2]
    assert found("if grad > 2.5", below) == [5]
    assert found("if value == grad(grad)", below) == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"a breakpoint is a node, `op NAME`"),
        ("if", r"if: a condition follows `if`"),
        ("a if ", r"a if: a condition follows `if`"),
        ("nosuch", r"there is no node nosuch"),
        ("mull", r"there is no node mull"),
        ("mul", r"there is no node mul; for the operator write `op mul`"),
        ("op mull", r"there is no operator mull; did you mean `mul`\?"),
        ("op", r"there is no node op"),
        ("group one", r"there is no group one; the graph has no groups"),
        ("phase back", r"there is no phase back; available: forward, backward, reduce, update"),
        ("below", r"`below` needs a bound, such as `below 1e-6`"),
        ("below x", r"x is not a bound: write `below 1e-6`"),
        ("above -1", r"-1 is not a bound: write `above 1e-6`"),
        ("above nan", r"nan is not a bound"),
        ("above inf", r"inf is not a bound"),
        ("frist nan", r"frist nan is not a place for a breakpoint; did you mean `first nan`\?"),
        ("node nosuch", r"there is no node nosuch"),
        ("if value <", r"value <: "),
        ("if a < 1", r"a < 1 is not a property of a step: use value, upstream, local, product, grad"),
        ("if grad(a) < 1", r"grad\(a\) < 1 is not a property of a step"),
        ("if value < nosuch", r"nosuch is not a node; a condition can use value, upstream"),
        ("if value < grad(nosuch)", r"nosuch is not a node"),
        ("if value < grad(product)", r"product is not a node"),
        ("if normm(value) < 1", r"there is no operator `normm` \(did you mean `norm`\?\)"),
        ("if norm(value, product) < 1", r"`norm` takes 1 operand, but 2 were given"),
        ("if maximum(value) < 1", r"`maximum` takes 2 operands, but 1 was given"),
        ("if norm(value, axes=1) < 1", r"`norm` has no `axes` \(did you mean `axis`\?\)"),
        ("if grad() < value", r"`grad` takes the name of one node: write `grad\(x\)`"),
        ("if grad(a + b) < value", r"`grad` takes the name of one node: write `grad\(x\)`"),
        ("if grad(a, b) < value", r"`grad` takes the name of one node: write `grad\(x\)`"),
    ],
)
def test_each_mistake_and_its_hint(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_breakpoint(text, run_of(DIAMOND).graph)


def test_mistakes_about_groups_and_constants() -> None:
    graph = run_of(CELLS).graph
    with pytest.raises(UsageError, match=r"there is no group states\[2\]; did you mean `states\[.\]`\?"):
        parse_breakpoint("group states[2]", graph)
    constant = run_of("inputs: {x: 1}\nconstants: {t: 2}\nnodes: {f: x * t}\n").graph
    with pytest.raises(UsageError, match="t has no gradient"):
        parse_breakpoint("if value < grad(t)", constant)


def test_what_a_mistake_shows_is_clean() -> None:
    with pytest.raises(UsageError) as caught:
        parse_breakpoint("\x1b[31mred", run_of(DIAMOND).graph)
    assert "\x1b" not in str(caught.value)


def test_a_name_is_the_same_composed_and_in_parts() -> None:
    run = run_of("inputs: {é: 1}\nnodes: {f: é * 2}\n")
    assert found("if value > e\u0301", run) == found("if value > é", run) == [1]


# Where each kind stops


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("a", [1, 8, 10, 16]),
        ("b", [2, 11, 12, 14]),
        ("c", [3, 6, 9, 11]),
        ("f", [4, 5, 6, 7]),
        ("x", [13, 15, 17]),
        ("op mul", [1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 14, 16]),
        ("op add", [3, 6, 9, 11]),
        ("op relu", []),
        ("phase forward", [1]),
        ("phase backward", [5]),
        ("phase update", []),
        ("if value > 5", [1, 3, 4]),
        ("if upstream == 1", [6, 7]),
        ("if product == 6", [6, 9, 11]),
        ("if local == 3", [16]),
        ("if local == 2", [12, 14]),
        ("if grad == 16", [10]),
        ("if grad == 72", [17]),
        ("if grad == 6 * value", []),
        ("if grad < value", [5, 6]),
        ("if grad > value", [10, 11, 17]),
        ("if product > upstream", [6, 7, 12, 14, 16]),
        ("if product == grad", [6, 11]),
        ("if value - f == product", []),
        ("if value * 2 > grad(x)", [4]),
        ("a if value == 6", [1]),
        ("a if grad > 0", [10]),
        ("x if grad > 0", [17]),
        ("f if product > 0", [6, 7]),
        ("if upstream == 6 * ones(1)", [9, 11, 12, 14]),
        ("first nan", []),
    ],
)
def test_hits_in_a_small_graph(text: str, positions: list[int]) -> None:
    """a 6, b 4, c 10, f 60; gradients f 1, c 6, a 10 + 6, b 6, x 12 + 12 + 48."""
    assert found(text, run_of(DIAMOND)) == positions


@pytest.mark.parametrize(
    ("text", "positions", "last"),
    [
        ("group states[0]", [1, 17], [1]),
        ("group states[1]", [4, 10], [4]),
        ("states[0].h", [3, 11, 17, 18], [3]),
        ("op", [7, 8, 9], [7]),
        ("op relu", [7, 8, 9], [7]),
        ("w", [13, 20, 24], []),
        ("idle", [], []),
        ("op index", [1, 4, 14, 15, 21, 22], [1, 4]),
        ("phase forward", [1], [1]),
        ("phase backward", [8], []),
        ("phase update", [24], []),
        ("w if value < 1", [24], []),
    ],
)
def test_hits_in_training(text: str, positions: list[int], last: list[int]) -> None:
    """In each iteration the same; the last has a forward pass alone."""
    run = run_of(CELLS)
    assert run.length == 25
    assert [found(text, run, k) for k in range(3)] == [positions, positions, last]


def test_a_group_without_gradient_is_entered_once() -> None:
    text = CELLS.replace("op: relu(states[-1].h)", "op: relu(w)").replace("w * x", "x * x")
    text = text.replace("train:", "output: op\ntrain:")
    assert found("group states[0]", run_of(text)) == [1]


def test_groups_in_groups() -> None:
    text = """
inputs: {x: 2}
cells:
  inner: {inputs: [a], nodes: {p: a * a}, outputs: [p]}
  outer:
    inputs: [b]
    nodes:
      q: b * 3
      one: {cell: inner, inputs: {a: q}}
      r: one.p + q
    outputs: [r]
nodes: {all: {cell: outer, inputs: {b: x}}, f: all.r * 2}
"""
    run = run_of(text)  # q 1, p 2, r 3, f 4, seed 5, f→r 6, r→p 7, r→q 8 and 9, p→q 10 to 13, q→x 14
    assert found("group all", run) == [1, 7]
    assert found("group all.one", run) == [2, 10]


# Conditions


def moments(condition: Condition, trace: Trace) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each step that a condition can be tried at, one after another, and the numbers of that step."""
    about = set(condition.subjects)
    for position, step in enumerate(trace.steps, 1):
        frame, nodes = trace.frame(position), trace.graph.nodes
        if about & {"upstream", "local", "product"}:
            if not isinstance(step, Backward):
                continue
            edge = step.edge
            local: Any = local_gradient(trace, edge)
            local = local.factor if isinstance(local, MapLocal) else local.value
            numbers: dict[str, Any] = {
                "value": frame.value(nodes[edge.node]),
                "upstream": frame.gradient(nodes[edge.node]),
                "local": local,
                "product": trace.contributions[edge.index],
            }
            if not edge.shared:
                numbers["grad"] = frame.gradient(nodes[edge.operand])
        elif "grad" in about:
            match step:
                case Seed():
                    node = nodes[step.node]
                case Backward(edge=edge) if not edge.shared:
                    node = nodes[edge.operand]
                case Accumulate(edge=edge) if step.count == step.of:
                    node = nodes[edge.operand]
                case _:
                    continue
            numbers = {"value": frame.value(node), "grad": frame.gradient(node)}
        elif isinstance(step, Forward | Update):
            numbers = {"value": frame.value(nodes[step.node])}
        else:
            continue
        if all(numbers.get(subject) is not None for subject in about):
            yield position, numbers


def one_by_one(condition: Condition, trace: Trace) -> list[int]:
    """Where a condition holds, tried at each step by itself."""
    found = []
    for position, numbers in moments(condition, trace):

        def value_of(name: str, numbers: dict[str, Any] = numbers) -> Any:
            return numbers[name] if name in condition.subjects else trace.value(name)

        def gradient_of(name: str) -> Any:
            try:
                return trace.gradient(name)
            except UsageError as error:
                raise LookupError from error

        try:
            result = evaluate(condition.tree, value_of, gradient_of, trace.graph.dtype)
        except EvaluationError:
            continue
        if np.any(result):
            found.append(position)
    return found


def assert_as_one_by_one(text: str, trace: Trace) -> None:
    condition = parse_condition(text, trace.graph)
    found = holding(condition, trace)
    assert found.tolist() == one_by_one(condition, trace)


UNARY = ("abs", "norm", "square", "sum", "mean", "max", "min", "prod", "sign", "tanh", "sqrt", "exp", "-")
BINARY = ("<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/", "maximum", "minimum")


@st.composite
def conditions(draw: st.DrawFn, graph: Graph, trace: Trace) -> str:
    """Expressions over the subjects, nodes, gradients, and numbers that the trace has or nearly has."""
    nodes = [node.name for node in graph.nodes if node.name]
    with_gradient = [node.name for node in graph.nodes if graph.active[node.position] and node.name]
    present = [float(np.ravel(one)[0]) for one in (*trace.values, *trace.contributions) if np.size(one)]

    def part(depth: int) -> str:
        match draw(st.integers(0, 9 if depth else 4)):
            case 0 | 1 | 2:
                return draw(st.sampled_from(["value", "upstream", "local", "product", "grad"]))
            case 3:
                number = draw(st.sampled_from([*present, 0.0, 1.0, 0.1, -0.5]))
                return f"({number!r})" if np.isfinite(number) else "2"
            case 4:
                names = [*nodes, *(f"grad({name})" for name in with_gradient)]
                return draw(st.sampled_from(names))
            case 5 | 6:
                op, inner = draw(st.sampled_from(UNARY)), part(depth - 1)
                return f"(-{inner})" if op == "-" else f"{op}({inner})"
            case 7:
                return f"where({part(depth - 1)}, {part(depth - 1)}, {part(depth - 1)})"
            case _:
                op, left, right = draw(st.sampled_from(BINARY)), part(depth - 1), part(depth - 1)
                return f"{op}({left}, {right})" if op.isalpha() else f"({left} {op} {right})"

    subject = draw(st.sampled_from(["value", "upstream", "local", "product", "grad"]))
    op = draw(st.sampled_from(["<", "<=", "==", ">", "+"]))
    return f"{draw(st.sampled_from(['', 'abs', 'norm']))}({subject}) {op} {part(3)}"


@given(data=st.data(), dtype=st.sampled_from(["float64", "float32", "float16"]))
def test_all_steps_at_once_are_as_one_by_one(data: st.DataObject, dtype: str) -> None:
    run: RandomRun = data.draw(runs(ops=(*SMOOTH, "less", "where"), shapes=((),), most=10, dtype=dtype))
    trace = record(*run)
    text = data.draw(conditions(run.graph, trace))
    note(text)
    assert_as_one_by_one(text, trace)


@given(data=st.data(), dtype=st.sampled_from(["float64", "float32"]))
def test_scalars_among_tensors_are_as_one_by_one(data: st.DataObject, dtype: str) -> None:
    run: RandomRun = data.draw(runs(shapes=((), (), *SHAPES), most=10, dtype=dtype))
    trace = record(*run)
    text = data.draw(conditions(run.graph, trace))
    note(text)
    assert_as_one_by_one(text, trace)


@given(data=st.data())
def test_conditions_in_training_are_as_one_by_one(data: st.DataObject) -> None:
    run = run_of(CELLS)
    trace = run.trace(data.draw(st.integers(0, 2)))
    text = data.draw(conditions(run.graph, run.trace(0)))
    note(text)
    assert_as_one_by_one(text, trace)


def _of_scalars(name: str) -> bool:
    """Whether an operator takes scalars alone, and needs no setting."""
    op = OPS[name]
    if op.indices is not None or any(one.default is ... for one in op.attributes):
        return False
    try:
        attributes = {one.name: one.default for one in op.attributes}
        return bool(tuple(op.shape(*[()] * len(op.operands), **attributes)) == ())
    except ShapeError:
        return False


@pytest.mark.parametrize("name", [name for name in OPS if _of_scalars(name)])
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_every_operator_of_scalars(name: str, dtype: str) -> None:
    """With a bound between the numbers that it gives, so that the condition holds at some steps only."""
    trace = run_of(f"dtype: {dtype}\n{SCALARS}").trace(0)
    subjects = ["product", "value", "upstream"][: len(OPS[name].operands)]
    call = f"{name}({', '.join(subjects)})"
    held = []
    for bound in (-1, 0, 0.25, 0.5, 1):
        assert_as_one_by_one(f"{call} > {bound}", trace)
        held.append(len(holding(parse_condition(f"{call} > {bound}", trace.graph), trace)))
    assert_as_one_by_one(
        f"{call} != {call.replace('product', 'a').replace('value', 'b').replace('upstream', 'c')}", trace
    )
    assert OPS[name].boolean or name == "detach" or len(set(held)) > 1 or min(held) == max(held)


def test_single_precision_compares_in_single_precision() -> None:
    run = run_of("dtype: float32\ninputs: {x: 0.1}\nnodes: {y: x * 1, z: y * 1}\n")
    assert found("if value == 0.1", run) == [1, 2]
    assert found("if value < 0.1", run) == []


def test_truth_values_count_as_numbers() -> None:
    run = run_of(DIAMOND)  # a 6, b 4, c 10, f 60
    assert found("if (value > 5) + (value > 9) == 2", run) == [3, 4]
    assert found("if (value > 5) - (value > 9)", run) == [1]
    assert found("if -(value > 5)", run) == [1, 3, 4]
    assert found("if (value > 5) * 7 > 6", run) == [1, 3, 4]


def test_tensors_by_name_among_scalars() -> None:
    run = run_of(
        "inputs: {x: 2, W: [[1, 2], [3, 4]], v: [1, 5]}\nnodes: {y: x * x, z: y * y, L: z + sum(W)}\n"
    )
    assert found("y if value < sum(W)", run) == [1]
    assert found("y if value < W", run) == []
    assert found("y if value <= W", run) == [1]
    assert found("y if value < v", run) == [1]
    assert found("y if value < norm(grad(W)) + 3", run) == [1]


def test_a_condition_holds_where_it_is_true_in_any_cell() -> None:
    run = run_of("inputs: {x: [1, -2]}\nnodes: {y: x * 2, L: sum(y)}\n")
    assert found("if value < 0", run) == [1, 2]
    assert found("if value > 0", run) == [1]
    assert found("if min(value) > 0", run) == []
    assert found("if value[0] > 0", run) == [1]  # of L no cell can be named: it is about other steps


def test_a_local_gradient_that_is_no_tensor_is_left_out() -> None:
    run = run_of("inputs: {x: [1, -2]}\nnodes: {y: x * 2, L: sum(y)}\n")
    kinds = [type(local_gradient(run.trace(0), edge)) for edge in run.graph.edges]
    assert kinds[0] is MapLocal
    assert DenseLocal not in kinds
    assert found("if local == 2", run) == [5]


def test_a_gradient_that_the_last_iteration_has_not() -> None:
    run = run_of("params: {w: 2}\nnodes: {f: w * w}\ntrain: {optimizer: sgd, lr: 0.5, steps: 1}\n")
    assert found("if value < grad(w) + 1", run, 0) == [1, 7]
    assert found("if value < grad(w) + 1", run, 1) == []


def test_a_condition_of_many_terms() -> None:
    """Longer than one can go down by recursion."""
    run = run_of(DIAMOND)
    terms = " + ".join(["value"] * 3000)
    assert found(f"if {terms} > 27000", run) == [3, 4]


# Kept with the trace


def test_hits_are_found_once_and_cannot_be_written_to() -> None:
    run = run_of(DIAMOND)
    one, other = (parse_breakpoint("if value > 5", run.graph) for _ in range(2))
    assert np.shares_memory(hits(one, run.trace()), hits(other, run.trace()))
    with pytest.raises(ValueError, match="read-only"):
        hits(one, run.trace())[0] = 7


def test_what_was_found_goes_with_the_trace() -> None:
    run = run_of(DIAMOND)
    session = update(update(Session(run), Break("if norm(product) > 1")), Continue())
    assert session.position == 6
    trace = weakref.ref(run.trace())
    del run, session
    gc.collect()
    assert trace() is None


def test_a_sign_change_needs_the_iteration_before() -> None:
    """Whoever asks first without it, as a search does, leaves nothing wrong behind."""
    run = run_of("params: {w: 2}\nnodes: {f: w * w}\ntrain: {optimizer: sgd, lr: 0.75, steps: 2}\n")
    assert search(run.graph, run.trace(1), "sign change").positions == ()
    assert found("sign change", run, 1) == [4 + 2]
    assert search(run.graph, run.trace(1), "sign change").positions == ()
    assert search(run.graph, run.trace(1), "sign change", run.trace(0)).positions == (6,)


# Going from one to the next


def stops(session: Session, *, back: bool) -> list[int]:
    """Where one stops on the way through the run."""
    session = update(session, Go(session.last if back else 0))
    found: list[int] = []
    for _ in range(session.last + 2):
        session = finished(update(session, Continue(back)))
        if not session.hit:
            break
        found.append(session.position)
    assert session.position == (0 if back else session.last)
    return found


def with_breakpoints(run: Run, *texts: str) -> Session:
    session = Session(run)
    for text in texts:
        session = update(session, Break(text))
    return session


@given(data=st.data())
def test_backwards_one_stops_where_one_stops_forwards(data: st.DataObject) -> None:
    run = Run.of(record(*data.draw(runs(most=8))))
    nodes = [node.name for node in run.graph.nodes if node.name]
    texts = data.draw(
        st.lists(
            st.sampled_from(
                [
                    *nodes,
                    "op add",
                    "op mul",
                    "phase backward",
                    "if value < 0",
                    "if norm(product) < 0.5",
                    "above 1",
                ]
            ),
            max_size=4,
        )
    )
    session = with_breakpoints(run, *texts)
    for number in range(1, len(texts) + 1):
        session = update(session, Ignore(number, data.draw(st.integers(0, 2))))
    every = sorted({int(at) for one in session.breakpoints for at in hits(one, run.trace())})
    assert stops(session, back=False) == every
    assert stops(session, back=True) == [at for at in reversed(every) if at != session.last]


def test_through_iterations_and_back() -> None:
    session = with_breakpoints(run_of(CELLS), "w", "phase forward")
    places = [start + at for start in (0, 25) for at in (1, 13, 20, 24)] + [51]
    assert stops(session, back=False) == places
    assert stops(session, back=True) == places[::-1]


def test_which_breakpoints_were_hit() -> None:
    session = with_breakpoints(run_of(DIAMOND), "c", "x", "if value > 9")
    session = update(session, Continue())
    assert (session.position, session.hit) == (3, (1, 3))
    assert session.notice is not None
    assert session.notice.in_language("en") == "Stopped at breakpoint 1 (c), 3 (if value > 9)."
    assert update(session, StepBy()).hit == ()
    assert update(session, StepBy()).notice is None


def test_without_breakpoints_one_comes_to_an_end_and_is_told_which() -> None:
    session = Session(run_of(DIAMOND), 5)
    there, back = update(session, Continue()), update(session, Continue(back=True))
    assert (there.position, back.position) == (17, 0)
    assert there.notice is not None
    assert back.notice is not None
    assert "the end of the run" in there.notice.in_language("en")
    assert "the start of the run" in back.notice.in_language("en")
    never = update(session, Break("first nan"))
    assert "the end" in update(never, Continue()).notice.in_language("en")  # type: ignore[union-attr]
    assert "the start" in update(never, Continue(back=True)).notice.in_language("en")  # type: ignore[union-attr]


def test_the_first_hits_pass() -> None:
    session = update(with_breakpoints(run_of(CELLS), "w"), Ignore(1, 2))
    assert stops(session, back=False) == [24, 49]
    assert stops(session, back=True) == [49, 24]
    assert stops(update(session, Ignore(1, 3)), back=False) == []
    assert stops(update(session, Ignore(1, -5)), back=False) == [13, 20, 24, 38, 45, 49]


def test_a_breakpoint_that_is_off() -> None:
    session = with_breakpoints(run_of(DIAMOND), "c", "x")
    off = update(session, Enable(1, on=False))
    assert stops(off, back=False) == [13, 15, 17]
    assert stops(update(off, Enable(1)), back=False) == [3, 6, 9, 11, 13, 15, 17]
    none = update(off, Enable(2, on=False))
    assert "No breakpoint is set" in update(none, Continue()).notice.in_language("en")  # type: ignore[union-attr]


def test_a_breakpoint_for_once() -> None:
    session = update(update(Session(run_of(DIAMOND)), Break("c", once=True)), Break("x"))
    session = update(session, Continue())
    assert (session.position, session.hit) == (3, (1,))
    assert [one.number for one in session.breakpoints] == [2]
    assert update(session, Continue()).position == 13
    # One that is passed by without a stop stays: another was nearer.
    late = update(update(Session(run_of(DIAMOND)), Break("x", once=True)), Break("c"))
    assert [one.number for one in update(late, Continue()).breakpoints] == [1, 2]
    back = update(update(late, ToEnd()), Continue(back=True))
    assert (back.position, [one.number for one in back.breakpoints]) == (15, [2])


def test_numbers() -> None:
    session = with_breakpoints(run_of(DIAMOND), "a", "b", "c")
    session = update(update(session, Delete(2)), Break("f"))
    assert [(one.number, one.text) for one in session.breakpoints] == [(1, "a"), (3, "c"), (4, "f")]
    for command in (Delete(2), Enable(2), Ignore(2, 1)):
        with pytest.raises(UsageError, match="there is no breakpoint 2; available: 1, 3, 4"):
            update(session, command)
    assert update(session, Delete()).breakpoints == ()
    again = update(update(session, Delete()), Break("a"))
    assert [one.number for one in again.breakpoints] == [5]  # no number is given twice
    with pytest.raises(UsageError, match="there is no breakpoint 1; there are no breakpoints"):
        update(update(session, Delete()), Delete(1))


def test_a_search_goes_on_an_iteration_at_a_time() -> None:
    """Nothing but the iteration one is in is computed at once."""
    session = with_breakpoints(run_of(CELLS), "if value < -1000")
    for expected in (1, 2):
        session = update(session, Continue()) if expected == 1 else advance(session)
        assert session.pending is not None
        assert (session.pending.iteration, session.position) == (expected, 0)
    session = advance(session)
    assert (session.pending, session.position) == (None, session.last)
    assert advance(session) is session


def test_any_command_ends_a_search() -> None:
    session = update(with_breakpoints(run_of(CELLS), "if value < -1000"), Continue())
    assert session.pending is not None
    assert update(session, StepBy()).pending is None
    assert update(session, StepBy()).position == 1


def test_a_condition_with_a_setting_is_tried_step_by_step() -> None:
    run = run_of(DIAMOND)  # a 6, b 4, c 10, f 60
    assert found("if clip(value, max=5) > 4", run) == [1, 3, 4]
    assert_as_one_by_one("clip(value, max=5) > 4", run.trace(0))


@pytest.mark.parametrize(
    ("short", "text"),
    [("nan", "first nan"), ("NaN", "first nan"), ("inf", "first infinity"), ("First Inf", "first infinity")],
)
def test_the_first_nan_and_the_first_infinity_have_short_names(short: str, text: str) -> None:
    graph = run_of(DIAMOND).graph
    assert parse_breakpoint(short, graph).target == parse_breakpoint(text, graph).target


def test_a_node_comes_before_the_short_name_of_a_trouble() -> None:
    assert (
        parse_breakpoint("nan", run_of("inputs: {x: 1}\nnodes: {nan: x * 2}\n").graph).target.kind == "node"
    )


def test_at_a_place_a_condition_may_be_about_the_whole_run() -> None:
    run = run_of("inputs: {x: 2}\nnodes: {q: x * 3, f: q * q}\n")
    everywhere = found("q", run)
    assert everywhere
    assert found("q if q > 5", run) == found("q if (grad(x) > 0) * (q == 6)", run) == everywhere
    assert found("q if q > 6", run) == found("q if grad(q) < 0", run) == []
    assert found("q if (q > 5) * (value > 40)", run) == []
