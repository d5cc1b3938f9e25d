"""Runs of several iterations: positions through all of them, and traces on demand."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.steps import Clear, Steps, Update
from backprop_engine.run_json import run_json
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import verify
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Moment, Run, RunOrigin
from backprop_engine.trace.trace import Phase
from backprop_engine.trace.training import held_numbers, kept_traces, stride

TEXT = """
inputs: {x: 2}
params: {w: 0.5, b: 0.25, idle: 1}
constants: {t: 3}
nodes:
  y: tanh(w * x) + b
  L: (y - t) ** 2
train: {optimizer: sgd, lr: 0.125, steps: 6, momentum: 0.5}
"""


def load(text: str = TEXT) -> Scenario:
    return load_source(Source.from_bytes("case.yaml", text.encode()))


def by_hand(steps: int) -> list[tuple[float, float, float]]:
    """(w, b, loss) before each update, with nothing of ours."""
    w, b, v, u, found = 0.5, 0.25, 0.0, 0.0, []
    for step in range(steps + 1):
        a = np.tanh(w * 2)
        gap = a + b - 3
        found.append((float(w), float(b), float(gap**2)))
        dw, db = 2 * gap * (1 - a**2) * 2, 2 * gap
        v, u = (0.5 * v + dw, 0.5 * u + db) if step else (dw, db)
        w, b = w - 0.125 * v, b - 0.125 * u
    return found


def test_every_iteration_is_plain_arithmetic() -> None:
    run = load().run()
    assert run.iterations == 7
    for k, (w, b, loss) in enumerate(by_hand(6)):
        trace = run.trace(k)
        assert trace.iteration == k
        assert trace.value("w") == pytest.approx(w, rel=1e-14)
        assert trace.value("b") == pytest.approx(b, rel=1e-14)
        assert trace.value("L") == pytest.approx(loss, rel=1e-13)
        assert trace.value("idle") == 1
    assert [float(loss) for loss in run.losses()] == [float(run.trace(k).value("L")) for k in range(7)]


def test_the_steps_of_an_iteration() -> None:
    run = load().run()
    schedule = run.trace(0).schedule
    kinds = [type(step).__name__ for step in run.trace(0).steps]
    assert kinds[-3:] == ["Update", "Update", "Clear"]
    assert run.length == schedule.last == len(kinds)
    assert kinds[: schedule.completed] == [type(one).__name__ for one in Steps(run.graph.schedule)]
    last = run.trace(6)
    assert len(last.steps) == len(run.graph.order)
    assert run.last == 6 * run.length + len(run.graph.order)
    with pytest.raises(UsageError, match="iteration 6 is a forward pass only"):
        last.gradient("w")
    names = [run.graph.nodes[step.node].name for step in run.trace(0).steps if isinstance(step, Update)]
    assert names == ["w", "b"]


def test_the_schedule_of_an_iteration_is_known_before_it_is_computed() -> None:
    run = load().run()
    assert [run.schedule(k) is run.trace(k).schedule for k in range(run.iterations)] == [True] * 7


def test_what_is_missing_on_the_way_is_counted() -> None:
    run = load().run()
    assert [run.missing(k) for k in (0, 3, 6)] == [1, 4, 7]
    run.trace(3)
    assert [run.missing(k) for k in (0, 3, 4, 6)] == [1, 0, 1, 3]


def test_after_a_change_a_training_is_still_one() -> None:
    run = load().run()
    changed = run.changed(run.bindings, (), run.trace(0))
    assert (changed.training, changed.iterations) == (run.training, 7)


def test_a_parameter_changes_at_its_update_and_everything_goes_at_the_clear() -> None:
    run = load().run()
    trace, after = run.trace(2), run.trace(3)
    schedule, w, y = trace.schedule, run.graph["w"], run.graph["y"]
    before = trace.frame(schedule.completed)
    first = trace.frame(schedule.completed + 1)
    assert before.phase is Phase.BACKWARD
    assert first.phase is Phase.UPDATE
    assert first.node is w
    assert before.value(w) == trace.value("w")
    assert first.value(w) == after.value("w") != trace.value("w")
    assert first.value(run.graph["b"]) == trace.value("b")
    assert first.value(y) == trace.value("y")
    assert first.gradient(w) == trace.gradient("w")
    cleared = trace.frame(schedule.last)
    assert isinstance(cleared.step, Clear)
    start = after.frame(0)
    for node in run.graph.nodes:
        assert cleared.value(node) == start.value(node)
        assert cleared.gradient(node) is start.gradient(node) is None
        assert not cleared.complete(node)


@given(order=st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_no_trace_depends_on_what_was_asked_before(order: list[int]) -> None:
    scenario = load()
    run = scenario.run()
    for k in order:
        fresh, found = scenario.record(k), run.trace(k)
        pairs = zip((*fresh.values, *fresh.contributions), (*found.values, *found.contributions), strict=True)
        for one, other in pairs:
            assert one.tobytes() == other.tobytes()


NET = """
inputs: {X: {shape: [6, 3], init: normal, seed: 1}}
params: {W: {shape: [3, 4], init: normal, seed: 2}, b: {shape: [4], init: zeros}}
constants: {t: [0, 3, 1, 1, 2, 0]}
nodes: {h: tanh(X @ W + b), L: "softmax_with_loss(h, t)"}
"""


@pytest.mark.parametrize("settings", ["optimizer: sgd", "optimizer: adam, clip_norm: 0.05"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("by_extending", [True, False])
def test_an_iteration_has_the_bits_of_a_recording_of_its_own(
    settings: str, dtype: str, *, by_extending: bool
) -> None:
    """Recorded with what the updates before it gave, each of them made from a recording as well."""
    scenario = load(f"{NET}dtype: {dtype}\ntrain: {{{settings}, lr: 0.1, steps: 5}}\n")
    run, graph, training = scenario.run(), scenario.graph, scenario.training
    assert training is not None
    while by_extending and run.extend():
        pass
    leaves = dict(scenario.bindings.leaves)
    updates = graph.training_schedule.updates or ()
    states = {one: training.optimizer.start(leaves[one], training.settings) for one in updates}
    for iteration in range(5):
        alone, found = record(graph, Bindings(leaves, scenario.bindings.seed)), run.trace(iteration)
        tensors = zip(
            (*alone.values, *alone.contributions, *alone.arrived, *alone.gradients),
            (*found.values, *found.contributions, *found.arrived, *found.gradients),
            strict=True,
        )
        for one, other in tensors:
            assert (one is None) == (other is None)
            assert one is None or (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())
        given = {one: alone.gradients[one] for one in updates}
        clipped = training.clipped(given)
        for one in updates:
            gradient = clipped.gradients[one] if clipped else given[one]
            leaves[one], states[one] = training.optimizer.update(
                leaves[one], gradient, states[one], training.settings
            )
            assert found.updated[one].tobytes() == leaves[one].tobytes()


def test_checkpoints_are_few_where_parameters_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load()
    plain = [float(loss) for loss in scenario.run().losses()]
    monkeypatch.setattr("backprop_engine.trace.training.KEPT_ENTRIES", 16)
    run = scenario.run()
    assert run.trace(5).value("L") == plain[5]
    assert run.trace(1).value("L") == plain[1]
    assert stride(run.graph, run.training) > 1


@given(position=st.integers(0, 6 * 13 + 5))
def test_positions_go_through_all_iterations(position: int) -> None:
    run = load().run()
    if position > run.last:
        with pytest.raises(UsageError, match="there is no position"):
            run.locate(position)
        return
    iteration, here = run.locate(position)
    assert run.start(iteration) + here == position
    assert 0 <= here <= run.trace(iteration).schedule.last
    assert (here == 0) == (position == 0)


def test_without_training_there_is_one_iteration() -> None:
    run = load(TEXT[: TEXT.index("train")]).run()
    assert run.iterations == 1
    assert run.locate(run.last) == (0, run.last)
    with pytest.raises(UsageError, match="without `train` the only iteration is 0"):
        run.trace(1)
    assert Run.of(run.trace(0)).trace(0) is run.trace(0)


def test_no_updates_are_a_forward_pass_alone() -> None:
    run = load(TEXT.replace("steps: 6", "steps: 0")).run()
    assert run.last == len(run.graph.order)
    assert run.trace(0).schedule.forward_only


def test_data_counts_positions_through_all_iterations() -> None:
    scenario = load()
    run = scenario.run()
    data = run_json("case", run.trace(2))
    assert [step["index"] for step in data["steps"]] == list(range(2 * run.length + 1, 3 * run.length + 1))
    assert {step["iteration"] for step in data["steps"]} == {2}
    update = data["steps"][-3]
    assert update["kind"] == "update"
    assert update["before"] == data["values"]["w"] == run.trace(2).value("w")
    assert update["after"] == run.trace(3).value("w")
    assert data["steps"][-1] == {"index": 3 * run.length, "kind": "clear", "iteration": 2}
    assert run_json("case", run.trace(6))["grads"] == {}


def test_expectations_of_an_iteration() -> None:
    figures = by_hand(6)
    blocks = f"""
expect:
  - values: {{w: 0.5}}
  - iteration: 3
    values: {{w: {figures[3][0]!r}, L: {figures[3][2]!r}}}
    grads: {{x: 0}}
  - iteration: 6
    values: {{L: {figures[6][2]!r}}}
"""
    verification = verify(load(TEXT + blocks))
    assert [failure.name for failure in verification.failures] == ["x"]
    assert not verification.bad
    checked = len(verification.checks)
    assert checked == 2 * len(verify(load()).checks)


@pytest.mark.parametrize(
    ("old", "new", "code", "column"),
    [
        ("sgd", "sdg", "train", 20),
        ("steps: 6", "steps: -1", "train", 43),
        (", steps: 6", "", "train", 8),
        ("momentum: 0.5", "momentum: -1", "train-setting", 56),
        ("momentum", "momentun", "train-setting", 46),
        ("lr: 0.125", "lr: fast", "train-setting", 29),
    ],
)
def test_mistakes_in_training(old: str, new: str, code: str, column: int) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(TEXT.replace(old, new))
    found: Any = caught.value.diagnostics
    assert [(one.code.name, one.place.line, one.place.column) for one in found] == [(code, 8, column)]


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ("{iteration: 7, values: {w: 1}}", "the iterations are 0 to 6"),
        ("{iteration: 6, grads: {w: 1}}", "without gradients"),
    ],
)
def test_expectations_of_no_iteration(block: str, what: str) -> None:
    with pytest.raises(ScenarioError, match="expect-iteration.*" + what):
        load(f"{TEXT}expect: {block}\n")


# Memory

LARGE = """
inputs: {{x: {{shape: [{n}], init: ones}}}}
params: {{W: {{shape: [{n}, {n}], init: xavier_uniform, seed: 1}}, b: {{shape: [{n}], init: zeros}}}}
nodes: {{h: tanh(W @ x + b), L: mean(h * h)}}
train: {{optimizer: {optimizer}, lr: 0.01, steps: {steps}}}
"""


GREEDY = ("adam, amsgrad: true, clip_norm: 0.001", "rmsprop, centered: true, momentum: 0.9")
"""Optimisers that remember much, and hold much while they work."""
SCALARS = """
inputs: {{x: 2}}
params: {{w: 0.5, b: 0.1}}
nodes: {{y: w * x + b, L: (y - 1) ** 2}}
train: {{optimizer: {optimizer}, lr: 0.01, steps: {steps}}}
"""


def peak_and_held(scenario: Scenario) -> tuple[int, int]:
    """The memory that a training takes at most and in the end, gone through and looked at here and there."""
    scenario.run().trace(0)  # what is made once for a graph is not the training's
    given = sum(leaf.nbytes for leaf in scenario.bindings.leaves.values())
    tracemalloc.start()
    run = scenario.run()
    for _ in run.losses():
        pass
    steps = run.iterations - 1
    for iteration in (steps, steps // 2, 0, steps - 1, 1, steps // 3):
        kept = run.trace(iteration)
    assert kept.iteration == steps // 3
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak + given, held + given


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", *GREEDY])
@pytest.mark.parametrize(("text", "n", "steps"), [(LARGE, 300, 30), (LARGE, 60, 400), (SCALARS, 1, 4000)])
def test_a_training_stays_within_its_budget(
    text: str, n: int, steps: int, optimizer: str, dtype: str
) -> None:
    """What is told before it begins is never exceeded, nor is it much more; wherever one looks."""
    scenario = load(text.format(n=n, steps=steps, optimizer=optimizer) + f"dtype: {dtype}\n")
    told = held_numbers(scenario.graph, scenario.training) * scenario.graph.dtype.itemsize
    peak, held = peak_and_held(scenario)
    assert peak <= told
    assert held >= told / 3


def test_clipped_gradients_and_what_a_rule_holds_are_in_the_budget() -> None:
    scenario = load(LARGE.format(n=300, steps=30, optimizer=GREEDY[0]))
    peak, _ = peak_and_held(scenario)
    assert peak <= held_numbers(scenario.graph, scenario.training) * 8


def test_objects_are_in_the_budget_of_a_training_of_small_numbers() -> None:
    scenario = load(SCALARS.format(steps=1000, optimizer="adam") + "dtype: float16\n")
    peak, _ = peak_and_held(scenario)
    assert peak <= held_numbers(scenario.graph, scenario.training) * 2


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_every_update_adds_the_same_to_the_budget(optimizer: str, dtype: str) -> None:
    """Once no more traces are kept, and while every iteration has its checkpoint."""
    scenarios = [
        load(SCALARS.format(steps=steps, optimizer=optimizer) + f"dtype: {dtype}\n")
        for steps in range(10, 20)
    ]
    budgets = [held_numbers(scenario.graph, scenario.training) for scenario in scenarios]
    assert len({*np.diff(budgets)}) == 1


@pytest.mark.parametrize("steps", [10, 20])
def test_what_the_history_keeps_is_in_the_budget(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "params: {{w: [1, 2, 3, 4]}}\nnodes: {{L: sum(w)}}\ntrain: {{optimizer: sgd, lr: 0.1, steps: {}}}\n"
    )
    scenario = load(text.format(steps))
    run = scenario.run()
    while run.extend():
        pass
    budget = held_numbers(scenario.graph, scenario.training)
    monkeypatch.setattr("backprop_engine.trace.training.KEPT_NUMBERS", 0)
    without = held_numbers(scenario.graph, scenario.training)
    assert budget - without == run.history.gradients.size + run.history.paths.size


def test_checkpoints_and_traces_of_a_large_training_stay_below_their_share() -> None:
    """32 MiB for checkpoints and 64 MiB for traces, whatever the number of updates."""
    text = "params: {{w: {{init: zeros, shape: [{}]}}}}\nnodes: {{L: sum(w * w)}}\n"
    text += "train: {{optimizer: sgd, lr: 0.1, steps: 5000}}\n"
    scenario = load(text.format(10_000))
    assert scenario.training is not None
    checkpoints = scenario.training.steps // stride(scenario.graph, scenario.training)
    assert 0.9 * 2**22 < checkpoints * 10_000 <= 2**22
    graph = load(text.format(350_000)).graph
    assert kept_traces(graph) == 2**23 // graph.numbers() == 3


@pytest.mark.parametrize(("fit", "kept"), [(0, 2), (1, 2), (2, 2), (3, 3), (4, 4), (9, 4)])
def test_as_many_traces_are_kept_as_fit_but_two(fit: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = load().graph
    monkeypatch.setattr("backprop_engine.trace.training._TRACE_ENTRIES", fit * graph.numbers())
    assert kept_traces(graph) == kept


def test_a_training_that_is_too_large_is_refused() -> None:
    text = LARGE.format(n=300, steps=30, optimizer="adam")
    scenario = load(text)
    need = held_numbers(scenario.graph, scenario.training) * 8
    assert need > 5 * scenario.graph.numbers() * 8
    source = Source.from_bytes("case.yaml", text.encode())
    assert load_source(source, max_memory=need)
    with pytest.raises(ScenarioError, match="training this graph needs"):
        load_source(source, max_memory=need - 1)


def test_the_outputs_of_a_run_whose_output_is_a_vector_are_told_in_order() -> None:
    text = "inputs: {x: [1, 2]}\nnodes: {f: x * x}\nseed: [1, 1]\n"
    scenario = load_source(Source("vector.yaml", text))
    fresh = Run(scenario.graph, scenario.bindings)
    assert [list(value) for value in fresh.losses()] == [[1, 4]]
    assert [list(value) for value in Run.of(scenario.record()).losses()] == [[1, 4]]


def test_the_nearest_iteration_needs_no_other() -> None:
    run = load().run()
    assert [run.nearest(iteration) for iteration in (0, 6)] == [0, 0]
    run.trace(3)
    assert [run.nearest(iteration) for iteration in (0, 3, 6)] == [0, 3, 3]
    assert run.missing(6) == 1 + 6 - run.nearest(6) - 1


# The labels of iterations


def test_the_iterations_of_a_training_are_labelled_with_their_numbers() -> None:
    run = load().run()
    assert (run.iterations, run.has_iterations, run.origin) == (7, True, RunOrigin())
    assert (run.origin.rank, run.origin.ranks, run.origin.world) == (None, (), 1)
    assert (run.origin.pass_number, run.origin.passes) == (1, 1)
    assert (run.iteration_label(3), run.iteration_labelled("3"), run.iteration_labelled("6")) == ("3", 3, 6)
    assert [run.moment(2), run.at_moment(Moment(2, 5)), run.at_moment(Moment(9))] == [Moment(2), 2, 6]
    assert run.places(np.array([0, 3])).tolist() == [0.0, 3.0]
    assert run.places(np.array([0, 3])).dtype == np.float64
    assert [run.at_place(place) for place in (-3.0, 0.4, 2.6, 6.4, 90.0)] == [0, 0, 3, 6, 6]
    for name in ("7", "-1", "three", ""):
        with pytest.raises(UsageError, match="iterations are numbered 0 to 6"):
            run.iteration_labelled(name)


def test_without_a_training_there_is_one_iteration() -> None:
    scenario = load(TEXT.partition("train:")[0])
    run = Run.of(scenario.record())
    assert (run.iterations, run.has_iterations, run.last) == (1, False, run.graph.schedule.last)
    assert (run.start(0), run.length, run.schedule(0)) == (0, run.last, run.graph.schedule)
    with pytest.raises(UsageError, match="without `train` the only iteration is 0"):
        run.trace(1)
    for elsewhere, one in ((run.on_rank, "only one rank"), (run.in_pass, "one backward pass")):
        with pytest.raises(UsageError, match=f"this run has {one}"):
            elsewhere()


def test_the_run_of_one_trace_has_its_history() -> None:
    trace = load(TEXT.partition("train:")[0]).record()
    history = Run.of(trace).history
    assert (history.count, history.losses.tolist()) == (1, [trace.value("L")])


def test_a_run_of_several_iterations_without_a_training_says_which_there_are() -> None:
    class Pair(Run):
        @property
        def iterations(self) -> int:
            return 2

    scenario = load(TEXT.partition("train:")[0])
    with pytest.raises(UsageError, match="iterations are numbered 0 to 1"):
        Pair(scenario.graph, scenario.bindings).trace(2)


def test_a_run_says_what_it_is() -> None:
    run = load().run()
    assert repr(run) == f"<Run: output L, 6 updates by sgd, {run.last} steps>"
    assert f">Run: output L, 6 updates by sgd, {run.last} steps<" in run._repr_html_()
    alone = Run.of(load(TEXT.partition("train:")[0]).record())
    assert repr(alone) == f"<Run: output L, {alone.last} steps>"


def test_what_is_missing_becomes_less_by_one_with_each_approach() -> None:
    run = load().run()
    assert [run.missing(iteration) for iteration in (0, 1, 4)] == [1, 2, 5]
    for left in (5, 4, 3, 2, 1):
        assert run.missing(4) == left
        run.approach(4)
    assert run.missing(4) == 1
    run.approach(4)  # nothing more is on the way
    assert run.missing(4) == 1
    run.trace(4)
    assert (run.missing(4), run.nearest(4)) == (0, 4)


def test_iterations_outside_of_a_run_are_refused() -> None:
    run = load().run()
    assert run.trace(6).iteration == 6
    for outside in (-1, 7):
        with pytest.raises(
            UsageError, match=f"there is no iteration {outside}: iterations are numbered 0 to 6"
        ):
            run.trace(outside)


def test_a_run_keeps_so_many_traces_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_engine.trace.training._KEPT_TRACES", 3)
    run = load().run()
    kept = []
    for iteration in (0, 1, 2, 3, 1, 5):
        run.trace(iteration)
        kept.append([*run._traces])
    assert kept == [[0], [0, 1], [0, 1, 2], [1, 2, 3], [1, 2, 3], [2, 3, 5]]


def test_positions_outside_of_a_run_are_refused() -> None:
    run = load().run()
    assert run.locate(run.last) == (6, run.graph.forward_schedule.last)
    assert run.locate(run.length) == (0, run.length)
    assert run.locate(run.length + 1) == (1, 1)
    for outside in (-1, run.last + 1):
        with pytest.raises(UsageError, match=f"there is no position {outside}: the run has positions 0 to"):
            run.locate(outside)
