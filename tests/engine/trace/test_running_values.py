"""Constants that follow nodes: by hand, however an iteration is reached, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine.debugger import Session, Set, update
from backprop_engine.errors import ScenarioError
from backprop_engine.program import numpy_program
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from graphs import assert_close

TEXT = """
inputs: {x: [1, 2, 3]}
params: {w: 2}
constants: {ema: 8, zero: [0, 0, 0], t: 1}
nodes:
  m: mean(x * w)
  y: w * x
  L: (m - t) ** 2
  seen: ema - m
output: L
"""


def loaded(running: str, more: str = "") -> Scenario:
    text = f"{TEXT}train: {{optimizer: sgd, lr: 0.0, steps: 4, running: {running}{more}}}\n"
    return load_source(Source.from_bytes("case.yaml", text.encode()))


def emas(scenario: Scenario, way: Any = range(5)) -> list[float]:
    run = scenario.run()
    return [float(run.trace(iteration).value("ema")) for iteration in way]


def test_by_hand() -> None:
    """It follows 4 from 8, half the way each time; the last forward pass moves nothing."""
    assert emas(loaded("{ema: {follows: m, momentum: 0.5}}")) == [8, 6, 5, 4.5, 4.25]
    assert emas(loaded("{ema: {follows: m, momentum: 0}}")) == [8] * 5
    assert emas(loaded("{ema: {follows: m, momentum: 1}}")) == [8, 4, 4, 4, 4]
    assert emas(loaded("{ema: {follows: m}}"))[1] == 0.9 * 8 + 0.1 * 4


def test_what_uses_it_sees_what_came_before() -> None:
    run = loaded("{ema: {follows: m, momentum: 0.5}}").run()
    assert [float(run.trace(iteration).value("seen")) for iteration in range(3)] == [4, 2, 1]


def test_every_way_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_engine.trace.training.KEPT_ENTRIES", 16)
    scenario = loaded("{ema: {follows: m, momentum: 0.3}, zero: {follows: y}}")
    forward = emas(scenario)
    assert [emas(scenario, [at])[0] for at in (4, 1, 3, 0, 2)] == [forward[at] for at in (4, 1, 3, 0, 2)]
    assert emas(scenario, [4, 0, 3]) == [forward[at] for at in (4, 0, 3)]


def test_it_moves_when_all_is_cleared() -> None:
    run = loaded("{ema: {follows: m, momentum: 0.5}}").run()
    trace, node = run.trace(0), run.graph["ema"]
    assert [trace.frame(at).value(node) for at in (0, trace.schedule.clear - 1)] == [8, 8]
    assert trace.frame(trace.schedule.clear).value(node) == 6
    assert node.position not in trace.schedule.update_positions


def test_a_change_of_it_is_what_it_starts_with() -> None:
    session = update(Session(loaded("{ema: {follows: m, momentum: 0.5}}").run()), Set("ema", np.array(0.0)))
    found = [float(session.run.trace(iteration).value("ema")) for iteration in range(4)]
    assert found == [0, 2, 3, 3.5]


def test_a_program_and_a_file_written_again_do_the_same() -> None:
    scenario = loaded("{ema: {follows: m, momentum: 0.3}, zero: {follows: y}}")
    run, known = scenario.run(), dict[str, Any]()
    exec(compile(numpy_program(run), "program", "exec"), known)
    for name in ("ema", "zero", "seen"):
        assert_close(known[name], run.trace(4).value(name), 1e-13)
    again = load_source(Source("case.yaml", scenario.to_yaml()))
    assert emas(again) == emas(scenario)
    assert again.training is not None
    assert scenario.training is not None
    assert again.training.running == scenario.training.running


@pytest.mark.parametrize(
    ("running", "told"),
    [
        ("[ema]", "a map from each constant"),
        ("{ema: m}", "a map with `follows`"),
        ("{ema: {momentum: 0.1}}", "no `follows`"),
        ("{ema: {follow: m}}", "did you mean `follows`?"),
        ("{ema: {follows: m, momentum: 1.5}}", "a number from 0 to 1"),
        ("{w: {follows: m}}", "`w` is not a constant"),
        ("{emma: {follows: m}}", "did you mean `ema`?"),
        ("{ema: {follows: x}}", "no node is called `x`"),
        ("{ema: {follows: y}}", "`ema` is (), but what it follows is 3"),
    ],
)
def test_refusals(running: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(running)
    assert told in str(caught.value)
