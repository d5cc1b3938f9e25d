"""What a run keeps of its iterations is what each of them gives when it is recorded alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_engine.arrays import norm
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace import training_history as module
from backprop_engine.trace.run import Run
from backprop_engine.trace.training_history import TrainingHistory

STEPS = 12
TEXT = """
inputs: {x: [2, -1, 0.5]}
params: {w: [0.5, 1, -1], b: 0.25, W: [[1, 2, 3], [0, -1, 1]], idle: 1}
nodes:
  h: tanh(w * x) + b
  y: W @ h
  L: sum(y ** 2)
train: {optimizer: adam, lr: 0.05, steps: 12}
"""
BLOWN_UP = """
params: {w: 3}
nodes: {L: w ** 4}
train: {optimizer: sgd, lr: 100, steps: 12}
"""
VECTOR = "params: {w: [3, 1]}\nnodes: {y: w * w}\noutput: y\nseed: [1, 0.5]\n" + TEXT.splitlines()[-1] + "\n"


def load(text: str = TEXT) -> Scenario:
    return load_source(Source.from_bytes("case.yaml", text.encode()))


def afresh(scenario: Scenario, iteration: int) -> tuple[float, list[float], list[float]]:
    """The loss, norms and numbers of one iteration, recorded alone."""
    trace = scenario.record(iteration)
    graph = trace.graph
    parameters = graph.training_schedule.updates or ()
    output = trace.values[graph.output]
    loss = float(output) if output.shape == () else float(np.sum(output * trace.bindings.seed))
    norms, numbers = [], []
    for one in parameters:
        gradient = trace.gradients[one]
        norms.append(np.nan if gradient is None else norm(gradient))
        value = trace.values[one]
        numbers += value.ravel().tolist() if value.size <= 4 else [norm(value)]
    return loss, norms, numbers


def same(found: np.ndarray, wanted: Sequence[object]) -> bool:
    return found.tobytes() == np.array(wanted, dtype=np.float64).tobytes()


@pytest.mark.parametrize("text", [TEXT, BLOWN_UP, VECTOR])
@given(order=st.lists(st.integers(-1, STEPS), max_size=10))
def test_it_is_what_recording_each_iteration_gives(text: str, order: list[int]) -> None:
    """In whatever order they are asked for; -1 stands for the next that never was."""
    scenario = load(text)
    run = scenario.run()
    asked = 0
    for iteration in order:
        if iteration < 0:
            before = run.history.count
            run.extend()  # at times that is one on the way, which was forgotten since
            assert 0 <= run.history.count - before <= 1
        else:
            run.trace(iteration)
            asked = max(asked, iteration + 1)
    history = run.history
    assert history.count >= asked
    asked = history.count
    assert len(history.losses) == asked
    wanted = [afresh(scenario, iteration) for iteration in range(asked)]
    assert same(history.losses, [loss for loss, _, _ in wanted])
    assert same(history.gradients, [norms for _, norms, _ in wanted])
    assert same(history.paths, [numbers for _, _, numbers in wanted])


def test_what_is_followed() -> None:
    run = load().run()
    names = [(run.graph.nodes[one.parameter].name, one.entry) for one in run.history.tracks]
    assert names == [("w", (0,)), ("w", (1,)), ("w", (2,)), ("b", ()), ("W", None)]
    assert [run.graph.nodes[one].name for one in run.history.parameters] == ["w", "b", "W"]


def test_the_numbers_of_a_small_parameter_are_followed_and_the_norm_of_a_larger_one() -> None:
    text = "params: {w: [[1, 2], [3, 4]], v: [1, 2, 3, 4, 5]}\nnodes: {L: sum(w) + sum(v)}\n"
    run = load(text + "train: {optimizer: sgd, lr: 0.1, steps: 1}\n").run()
    assert [one.entry for one in run.history.tracks] == [(0, 0), (0, 1), (1, 0), (1, 1), None]


def test_extending_computes_one_at_a_time_up_to_the_end() -> None:
    run = load().run()
    assert run.history.count == 0
    for count in range(1, STEPS + 1):
        assert run.extend()
        assert run.history.count == count
    assert not run.extend()
    assert not run.extend()
    assert np.isnan(run.history.gradients[-1]).all()
    assert np.isfinite(run.history.gradients[:-1]).all()


def test_who_stands_elsewhere_meanwhile_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_engine.trace.training.KEPT_ENTRIES", 64)
    run = load().run()
    for count in range(1, STEPS):
        run.extend()
        assert run.history.count == count
        run.trace(count // 2)


def test_of_many_iterations_some_are_left_out_but_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load()
    every = scenario.run()
    while every.extend():
        pass
    monkeypatch.setattr(module, "KEPT_NUMBERS", 50)
    run = scenario.run()
    while run.extend():
        kept = len(range(0, run.history.count, 3))
        assert (len(run.history.paths), len(run.history.gradients)) == (kept, kept)
    assert run.history.every == 3
    assert same(run.history.losses, every.history.losses.tolist())
    assert same(run.history.paths, every.history.paths[::3].tolist())
    assert same(run.history.gradients, every.history.gradients[::3].tolist())


def test_without_training_there_is_a_loss_alone() -> None:
    run: Run = load(TEXT[: TEXT.index("train")]).run()
    run.trace()
    history: TrainingHistory = run.history
    assert (history.count, history.parameters, history.tracks) == (1, (), ())
    assert history.losses[0] == run.trace().value("L")
    assert not run.extend()


def test_nobody_can_write_into_it() -> None:
    run = load().run()
    run.extend()
    for numbers in (run.history.losses, run.history.gradients, run.history.paths):
        with pytest.raises(ValueError, match="read-only"):
            numbers[0] = 1


@given(hnp.arrays(np.float64, st.integers(0, 6), elements=st.floats(-1e3, 1e3)), st.integers(-300, 300))
def test_a_norm_of_any_size(numbers: np.ndarray, power: int) -> None:
    """Squares overflow and underflow long before the numbers do."""
    scaled = np.ldexp(numbers, power)
    if np.any((scaled != 0) & (np.abs(scaled) < 1e-290)):
        return
    wanted = np.ldexp(np.linalg.norm(np.ldexp(scaled, -power)), power)
    assert norm(scaled) == pytest.approx(wanted, rel=1e-12)


def test_norms_that_are_not_finite() -> None:
    assert norm(np.array([1, np.inf])) == np.inf
    assert np.isnan(norm(np.array([1, np.nan, np.inf])))
    assert norm(np.array([1e200, 1e200])) == pytest.approx(2**0.5 * 1e200)
    assert norm(np.array([3e-200, 4e-200])) == pytest.approx(5e-200)
    assert norm(np.float32(-2)) == 2
    assert norm(np.zeros((0, 3))) == 0
