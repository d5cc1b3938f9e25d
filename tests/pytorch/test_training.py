"""Whole trainings against PyTorch: clipping and schedules, beside optimisers whose own rate matters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import lr_scheduler

from backprop_engine.optim import SCHEDULES
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from graphs import assert_close

STEPS = 12
W, B, X, T = [[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]], [0.1, -0.2], [1.0, 2.0, -0.5], [3.0, -4.0]
TEXT = f"""
params: {{W: {W}, b: {B}}}
constants: {{x: {X}, t: {T}}}
nodes:
  y: W @ x + b
  L: sum((y - t) ** 2)
"""

OPTIMIZERS: list[tuple[str, type[torch.optim.Optimizer], dict[str, Any]]] = [
    ("sgd", torch.optim.SGD, {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1}),
    ("adamw", torch.optim.AdamW, {"lr": 0.1}),
    ("adagrad", torch.optim.Adagrad, {"lr": 0.5, "lr_decay": 0.1}),
]
THEIRS = {
    "step": lr_scheduler.StepLR,
    "exponential": lr_scheduler.ExponentialLR,
    "cosine": lr_scheduler.CosineAnnealingLR,
    "linear": lr_scheduler.LinearLR,
}
GIVEN: list[tuple[str, dict[str, Any]]] = [
    ("step", {"step_size": 5}),
    ("step", {"step_size": 2, "gamma": 0.7, "warmup": 3}),
    ("exponential", {"gamma": 0.8}),
    ("exponential", {"gamma": 1.1, "warmup": 4, "start_factor": 0.1}),
    ("cosine", {"T_max": 12}),
    ("cosine", {"T_max": 4, "eta_min": 0.001}),
    ("cosine", {"T_max": 9, "warmup": 3, "start_factor": 0.5}),
    ("linear", {}),
    ("linear", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 10}),
]


def ours(optimizer: str, settings: dict[str, Any], more: str) -> list[tuple[Any, Any]]:
    chosen = ", ".join(f"{name}: {value}" for name, value in settings.items())
    text = f"{TEXT}train: {{optimizer: {optimizer}, steps: {STEPS}, {chosen}, {more}}}\n"
    run = load_source(Source.from_bytes("case.yaml", text.encode())).run()
    traces = [run.trace(iteration) for iteration in range(STEPS + 1)]
    return [(trace.value("W"), trace.value("b")) for trace in traces]


def theirs(
    optimizer: type[torch.optim.Optimizer], settings: dict[str, Any], clip: Any = None, schedule: Any = None
) -> list[tuple[Any, Any]]:
    w, b = (torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in (W, B))
    x, t = (torch.tensor(one, dtype=torch.float64) for one in (X, T))
    updater: Any = optimizer([w, b], **settings)  # type: ignore[call-arg]
    scheduler = schedule(updater) if schedule else None
    found = []
    for _ in range(STEPS + 1):
        found.append((w.detach().numpy().copy(), b.detach().numpy().copy()))
        updater.zero_grad()
        ((w @ x + b - t) ** 2).sum().backward()
        if clip:
            clip([w, b])
        updater.step()
        if scheduler:
            scheduler.step()
    return found


def assert_same_way(found: list[tuple[Any, Any]], wanted: list[tuple[Any, Any]]) -> None:
    for ours, theirs in zip(found, wanted, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert_close(one, other, 1e-11)


@pytest.mark.parametrize(("name", "optimizer", "settings"), OPTIMIZERS, ids=[one[0] for one in OPTIMIZERS])
@pytest.mark.parametrize("most", [0.5, 50.0, 1e6])
@pytest.mark.parametrize("kind", ["clip_norm", "clip_value"])
def test_clipping(
    name: str, optimizer: type[torch.optim.Optimizer], settings: dict[str, Any], most: float, kind: str
) -> None:
    clip = clip_grad_norm_ if kind == "clip_norm" else clip_grad_value_
    found = ours(name, settings, f"{kind}: {most}")
    assert_same_way(found, theirs(optimizer, settings, lambda given: clip(given, most)))


@pytest.mark.parametrize(("name", "optimizer", "settings"), OPTIMIZERS, ids=[one[0] for one in OPTIMIZERS])
@pytest.mark.parametrize(("kind", "given"), GIVEN)
def test_schedules(
    name: str,
    optimizer: type[torch.optim.Optimizer],
    settings: dict[str, Any],
    kind: str,
    given: dict[str, Any],
) -> None:
    warmup, start = given.get("warmup", 0), given.get("start_factor", 1 / 3)
    plain = {key: value for key, value in given.items() if key != "warmup"}
    if warmup:
        plain.pop("start_factor", None)

    def scheduler(updater: Any) -> Any:
        if not warmup:
            return THEIRS[kind](updater, **plain)
        climb = lr_scheduler.LinearLR(updater, start_factor=start, total_iters=warmup)
        return lr_scheduler.SequentialLR(updater, [climb, THEIRS[kind](updater, **plain)], [warmup])

    chosen = ", ".join(f"{key}: {value}" for key, value in given.items())
    found = ours(name, settings, f"schedule: {{kind: {kind}{', ' * bool(chosen)}{chosen}}}")
    assert_same_way(found, theirs(optimizer, settings, schedule=scheduler))


def test_every_schedule_is_compared() -> None:
    assert {kind for kind, _ in GIVEN} == set(SCHEDULES) == set(THEIRS)
