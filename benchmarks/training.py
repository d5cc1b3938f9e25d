"""What an iteration of training, and a picture of all of them, cost as multiples of recording one.

The scenario is a bundled one, a perceptron of two layers trained on iris flowers. The graph is recorded
alone, without an update; beside it stands an iteration of the training, with its updates, its checkpoint,
and the numbers that are kept for plots. Plots are drawn of that training, and of one of 100,000 iterations,
as large as they are on a screen of 120×40. What counts is the processor's time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import process_time
from typing import Any

from backprop_engine import load_scenario, record
from backprop_engine.debugger import Session, ToEnd, advance, update
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.run import Run, Training
from backprop_tui.files.bundled import bundled
from backprop_tui.panels.plots.panel import plots
from backprop_tui.view import View

STEM = "iris_mlp"
MANY = 100_000
SIZE = (57, 12)


def seconds(act: Callable[[], Any], times: int) -> float:
    """What one of `times` calls takes."""
    started = process_time()
    for _ in range(times):
        act()
    return (process_time() - started) / times


def trained(scenario: Scenario, steps: int) -> Run:
    """A training of so many steps, of which nothing is computed."""
    assert scenario.training is not None
    training = Training(scenario.training.optimizer, scenario.training.settings, steps)
    return Run(scenario.graph, scenario.bindings, training)


def going_on(scenario: Scenario) -> float:
    """An iteration on the way to the end, in the debugger."""
    run = trained(scenario, 1000)
    session = update(Session(run), ToEnd())
    return seconds(lambda: advance(session), 900)


def drawing(scenario: Scenario, run: Run, kind: str) -> float:
    """A plot of a training that is computed already."""
    view = View(scenario, Session(run), plot=kind)
    view.frame  # noqa: B018 - records what is looked at

    def draw() -> None:
        drawing = plots(replace(view), *SIZE)
        for y in range(SIZE[1]):
            drawing.row(y, 0, SIZE[0])

    draw()
    return seconds(draw, 20)


def long_one(scenario: Scenario) -> Run:
    """A training of many iterations; those behind the first hundred are told to be as these were."""
    short = trained(scenario, 100)
    while short.extend():
        pass
    run = trained(scenario, MANY)
    for iteration in range(MANY + 1):
        run.history.note(replace(short.trace(iteration % 4), iteration=iteration))
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=9, help="turns of each (9)")
    turns = parser.parse_args().turns
    scenario = load_scenario(bundled()[STEM])
    whole, many = trained(scenario, 100), long_one(scenario)
    while whole.extend():
        pass
    rows: dict[str, Callable[[], float]] = {
        "an iteration on the way to the end": lambda: going_on(scenario),
        **{f"a plot: {kind}": lambda kind=kind: drawing(scenario, whole, kind) for kind in KINDS},  # type: ignore[misc]
        **{
            f"the same of {MANY:,} iterations: {kind}": lambda kind=kind: drawing(scenario, many, kind)  # type: ignore[misc]
            for kind in KINDS
        },
    }
    ratios: dict[str, list[float]] = {row: [] for row in rows}
    for _ in range(turns):
        unit = seconds(lambda: record(scenario.graph, scenario.bindings), 300)
        for row, measure in rows.items():
            ratios[row].append(measure() / unit)
    print(f"{STEM}; medians of {turns} turns, recording one iteration = 1")
    for row, found in ratios.items():
        print(f"{row:<50}{median(found):8.2f}")


KINDS = ("loss", "norms", "parameters")

if __name__ == "__main__":
    main()
