"""Clipping and schedules: figures by hand, the text of a program that does the same, and what is refused."""

from __future__ import annotations

from math import isnan, pi
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.explain.facts import UpdateFacts, step_facts
from backprop_engine.optim import SCHEDULES, Clipping, RateSchedule
from backprop_engine.optim.settings import settings_filled
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source

LONG: dict[int, Any] = {0: np.array([6.0, 0.0]), 1: np.float64(-8.0)}
"""Gradients of two parameters; together their norm is 10."""


def schedule(name: str, **given: Any) -> RateSchedule:
    return RateSchedule(SCHEDULES[name], settings_filled(given, SCHEDULES[name].settings))


def loaded(train: str) -> Scenario:
    text = f"params: {{w: [3, 4]}}\nnodes: {{L: sum(w * w)}}\ntrain: {{optimizer: sgd, steps: 3, {train}}}\n"
    return load_source(Source.from_bytes("case.yaml", text.encode()))


# Clipping


def test_one_factor_for_all() -> None:
    clipped = Clipping("clip_norm", 5.0).clipped(LONG)
    assert clipped.norm == 10
    assert clipped.factor == 5 / (10 + 1e-6)
    np.testing.assert_allclose(clipped.gradients[0], [3, 0], rtol=2e-7)
    assert clipped.gradients[1] == -8 * clipped.factor
    assert LONG[1] == -8


@pytest.mark.parametrize("most", [10.0 + 2e-6, 1e300])
def test_what_is_short_enough_stays(most: float) -> None:
    clipped = Clipping("clip_norm", most).clipped(LONG)
    assert clipped.factor == 1
    assert all(clipped.gradients[node] is LONG[node] for node in LONG)


def test_at_the_bound_the_eps_counts() -> None:
    """As PyTorch's: 10 / (10 + 1e-6) is less than 1."""
    assert Clipping("clip_norm", 10.0).clipped(LONG).factor == 10 / (10 + 1e-6)


def test_each_entry_on_its_own() -> None:
    clipped = Clipping("clip_value", 2.0).clipped({0: np.array([6.0, -1.0, -7.0]), 1: np.array(np.nan)})
    np.testing.assert_array_equal(clipped.gradients[0], [2, -1, -2])
    assert isnan(clipped.gradients[1])


def test_what_is_not_finite_spreads() -> None:
    clip = Clipping("clip_norm", 1.0).clipped
    infinite = clip({0: np.array([np.inf, 1.0]), 1: np.array(2.0)})
    np.testing.assert_array_equal(infinite.gradients[0], [np.nan, 0])
    assert infinite.gradients[1] == 0
    assert isnan(clip({0: np.array(np.nan), 1: np.array(2.0)}).gradients[1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_type_stays(dtype: Any) -> None:
    given: dict[int, Any] = {0: np.array([3, 4], dtype), 1: dtype(0)}
    for clipping in (Clipping("clip_norm", 0.1), Clipping("clip_value", 0.1)):
        clipped = clipping.clipped(given).gradients
        assert all(clipped[node].dtype == dtype for node in given)


def test_the_step_says_what_was_done() -> None:
    run = loaded("lr: 0.1, clip_norm: 5").run()
    trace = run.trace(0)
    facts = step_facts(trace.frame(trace.schedule.update_positions[run.graph.position("w")]))
    assert isinstance(facts, UpdateFacts)
    assert facts.is_clipped
    assert facts.formulas == ("g = c * g", "w = w - lr * g")
    assert [symbol.value for symbol in facts.symbols if symbol.name == "c"] == [5 / (10 + 1e-6)]
    assert list(facts.lines)[-1].value.tolist() == facts.after.tensor.tolist()
    np.testing.assert_allclose(facts.after.tensor, [2.7, 3.6], rtol=1e-7)
    np.testing.assert_array_equal(trace.gradient("w"), [6, 8])


# Schedules


BY_HAND = [
    ("step", {"step_size": 3, "gamma": 0.5}, {0: 8, 2: 8, 3: 4, 5: 4, 6: 2}),
    ("step", {"step_size": 1}, {0: 8, 1: 0.8, 2: 0.08}),
    ("step", {"step_size": 1, "gamma": 1e200}, {0: 8, 2: np.inf}),
    ("exponential", {"gamma": 1e200}, {0: 8, 2: np.inf}),
    ("exponential", {"gamma": 0.5}, {0: 8, 1: 4, 3: 1}),
    ("exponential", {"gamma": 0.5, "warmup": 2, "start_factor": 0.25}, {0: 2, 1: 5, 2: 8, 3: 4}),
    ("cosine", {"T_max": 4}, {0: 8, 2: 4, 4: 0, 8: 8}),
    ("cosine", {"T_max": 6, "eta_min": 2}, {0: 8, 2: 6.5, 3: 5, 6: 2}),
    ("linear", {}, {0: 8 / 3, 1: 8 / 3 + 16 / 15, 5: 8, 9: 8}),
    ("linear", {"start_factor": 1, "end_factor": 0, "total_iters": 4}, {0: 8, 1: 6, 4: 0, 7: 0}),
]


@pytest.mark.parametrize(("name", "given", "wanted"), BY_HAND)
def test_rates_by_hand(name: str, given: dict[str, Any], wanted: dict[int, float]) -> None:
    for update, rate in wanted.items():
        assert schedule(name, **given).rate(8.0, update) == pytest.approx(rate, rel=1e-15, abs=1e-15)


def test_by_hand_knows_every_schedule() -> None:
    assert {name for name, _, _ in BY_HAND} == set(SCHEDULES)


@pytest.mark.parametrize(("name", "given", "wanted"), BY_HAND)
def test_a_program_says_the_same(name: str, given: dict[str, Any], wanted: dict[int, float]) -> None:
    chosen = schedule(name, **given)
    source = compile("\n".join(chosen.numpy("rate", 8.0, "t")), "schedule", "exec")
    for update in range(12):
        known: dict[str, Any] = {"np": np, "t": update + 1}
        with np.errstate(over="ignore"):
            exec(source, known)
        assert known["rate"] == chosen.rate(8.0, update)
        assert type(known["rate"]) is float


def test_the_rate_is_of_one_update() -> None:
    """An iteration has its rate however it is reached."""
    scenario = loaded("lr: 0.125, schedule: {kind: exponential, gamma: 0.5}")
    run, back = scenario.run(), scenario.run()
    ways = [run.trace(iteration).value("w") for iteration in range(4)]
    assert [way.tolist() for way in ways] == [[3, 4], [2.25, 3], [1.96875, 2.625], [1.845703125, 2.4609375]]
    for iteration in (3, 1, 2, 0):
        assert back.trace(iteration).value("w").tobytes() == ways[iteration].tobytes()


def test_a_rate_of_nothing_moves_nothing() -> None:
    run = loaded(f"lr: {pi}, schedule: {{kind: step, step_size: 1, gamma: 0}}").run()
    assert run.trace(2).value("w").tobytes() == run.trace(1).value("w").tobytes()


# Refusals

REFUSED = [
    ("clip_norm: 0", "`clip_norm` must be a finite number above 0"),
    ("clip_value: .inf", "`clip_value` must be a finite number above 0"),
    ("clip_norm: yes", "expected a number above 0"),
    ("clip_norm: 1, clip_value: 1", "cannot both be given"),
    ("max_norm: 1", "here it is called `clip_norm`"),
    ("schedule: cosine", "a map with `kind`"),
    ("schedule: {T_max: 5}", "`schedule` has no `kind`"),
    ("schedule: {kind: cosinus, T_max: 5}", "did you mean `cosine`?"),
    ("schedule: {kind: cosine}", "`cosine` needs `T_max`, a whole number of at least 1"),
    ("schedule: {kind: cosine, T_max: 0}", "`T_max` must be a whole number of at least 1, not 0"),
    ("schedule: {kind: step, step_size: 1.5}", "`step_size` must be a whole number of at least 1, not 1.5"),
    ("schedule: {kind: step, every: 5}", "`step` calls it `step_size`"),
]


@pytest.mark.parametrize(("train", "told"), REFUSED)
def test_refusals(train: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(f"lr: 0.1, {train}")
    assert told in str(caught.value)
