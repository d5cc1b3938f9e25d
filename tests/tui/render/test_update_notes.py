"""What an update says of clipping and of its learning rate."""

from __future__ import annotations

import pytest

from backprop_engine.explain.facts import UpdateFacts, step_facts
from backprop_engine.graph.steps import Update
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.render.update_notes import update_notes

FILE = """
inputs: {{x: [3, -2, 0.5]}}
params: {{w: [1, 1, 1]}}
nodes: {{L: sum(x * w)}}
train: {{optimizer: sgd, steps: 3, lr: 0.5, {settings}}}
"""


def notes(settings: str, iteration: int = 0) -> list[str]:
    """What the first update of an iteration says; the gradient is (3, -2, 0.5) in each."""
    scenario = load_source(Source.from_bytes("s.yaml", FILE.format(settings=settings).encode()))
    trace = scenario.run().trace(iteration)
    at = next(at for at in range(1, trace.schedule.last) if isinstance(trace.schedule.step(at), Update))
    facts = step_facts(trace.frame(at))
    assert isinstance(facts, UpdateFacts)
    return [str(note) for note in update_notes(facts)]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ("momentum: 0", []),
        (
            "clip_value: 1",
            ["clip_value = 1: 2 of 3 entries are larger in absolute value and are clipped to it."],
        ),
        ("clip_value: 4", ["clip_value = 4: no entry of this gradient is larger in absolute value."]),
        ("clip_norm: 1", ["Clipped from ‖g‖ = 3.64005 to 1, over all parameters."]),
        ("clip_norm: 4", ["clip_norm = 4: ‖g‖ = 3.64005 over all parameters, not clipped."]),
    ],
)
def test_clipping(settings: str, wanted: list[str]) -> None:
    assert notes(settings) == wanted


def test_a_schedule_warms_up_and_then_goes_its_way() -> None:
    schedule = "schedule: {kind: exponential, gamma: 0.5, warmup: 2, start_factor: 0.25}"
    assert notes(schedule) == ["Warm-up: the learning rate of update 1 of 3 is 0.125."]
    (second,) = notes(schedule, 2)
    assert second.startswith("exponential schedule: the learning rate of update 3 of 3 is ")
