"""Scenarios to test on: the bundled ones by stem, and others from text."""

from __future__ import annotations

from functools import cache
from math import prod
from pathlib import Path

from backprop_engine.debugger import Session
from backprop_engine.derivatives.local_gradients import DenseLocal, LocalGradient, MapLocal, local_gradient
from backprop_engine.graph.steps import Backward
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace
from backprop_tui.files.bundled import bundled
from backprop_tui.view import View

STEMS = tuple(bundled())
"""Every bundled scenario."""
LANGUAGES = ("en", "ko")


@cache
def scenario(stem: str) -> Scenario:
    """The bundled scenario `stem`."""
    return load_scenario(bundled()[stem])


@cache
def run(stem: str) -> Run:
    """The iterations of the bundled scenario `stem`."""
    return scenario(stem).run()


@cache
def trace(stem: str) -> Trace:
    """The first iteration of the bundled scenario `stem`."""
    return run(stem).trace(0)


def sampled() -> list[str]:
    """Some scenarios, each of which is drawn in one picture."""
    return [stem for stem in STEMS if len(scenario(stem).graph.nodes) <= 60][::3]


def view(stem: str, at: int = 0, language: str = "en", *, ascii: bool = False) -> View:
    """What the debugger shows of the bundled scenario `stem` at position `at`."""
    return View(scenario(stem), Session(run(stem), at), language, ascii)


def view_of(read: Scenario, at: int = 0, language: str = "en") -> View:
    """What the debugger shows of any scenario."""
    return View(read, Session(read.run(), at), language)


def written(folder: Path, text: str, name: str = "case") -> Scenario:
    """The scenario that `text` spells."""
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


def positions(stem: str) -> list[int]:
    """Every position of a short run; of a long one, some from all of it, and fewer where the graph is large.

    Both ends, the seed, and the most crowded step are always among them.
    """
    last = trace(stem).schedule.last
    most = 40 if last <= 40 else 12 if len(trace(stem).graph.nodes) <= 40 else 4
    some = range(0, last + 1, max(1, -(-last // most)))
    return sorted({*some, *moments(stem).values()})


def moments(stem: str) -> dict[str, int]:
    """The positions that show what there is to see, by name."""
    schedule = trace(stem).schedule
    return {
        "start": 0,
        "forward": max(1, schedule.seed // 2),
        "seed": schedule.seed,
        "crowded": crowded(stem),
        "end": schedule.last,
    }


def crowded(stem: str) -> int:
    """The position of the backward step whose equation has the most entries; of several, the first."""
    steps = [step for step in trace(stem).steps if isinstance(step, Backward)]
    return max(steps, key=lambda step: (_entries(trace(stem), step), -step.index)).index


def _entries(run: Trace, step: Backward) -> int:
    edge = step.edge
    upstream, product = run.gradients[edge.node], run.contributions[edge.index]
    assert upstream is not None
    return upstream.size + _local_entries(local_gradient(run, edge)) + product.size


def _local_entries(local: LocalGradient) -> int:
    if isinstance(local, MapLocal):
        return 0 if local.factor is None else local.factor.size
    return prod(local.shape) if isinstance(local, DenseLocal) else local.value.size
