"""What viewing a training run keeps in memory, and what the run promises: `held_numbers` and `kept_traces`.

The training has one parameter of `--size` × `--size` numbers. Its iterations are gone through one after the
other; at the forward, the backward and the update step of each, every panel is drawn, and the viewer of every
node's tensors. No garbage is collected meanwhile: a trace must go when nothing refers to it any more.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from backprop_engine import Kind, Scenario, Trace, load_scenario
from backprop_engine.debugger import Go, Session, finished, update
from backprop_engine.graph.steps import Backward, Schedule
from backprop_engine.trace.training import held_numbers, kept_traces
from backprop_tui.cells.drawing import Drawing
from backprop_tui.panels.bars import header
from backprop_tui.panels.plots.panel import kinds
from backprop_tui.panels.registry import PANELS
from backprop_tui.panels.tensor.state import opened_at
from backprop_tui.panels.tensor.viewer import viewer
from backprop_tui.panels.timeline import timeline
from backprop_tui.panels.transcript import transcript
from backprop_tui.panels.watches import watch_lines
from backprop_tui.view import View

SCREEN = (100, 30)
"""The columns and rows that every panel has."""
BYTES = 8
"""What a number takes in double precision."""
FILE = """\
inputs: {{x: [{ones}]}}
params: {{W: {{shape: [{size}, {size}], init: normal, std: 0.01, seed: 1}}}}
nodes:
  z: W @ x
  a: tanh(z)
  L: mean(a * a) + 0.001 * sum(W * W)
train: {{optimizer: sgd, lr: 0.1, steps: {steps}}}
watch: [norm(W), norm(grad(W))]
"""


class Looked(Struct, frozen=True):
    """What is there after viewing a training run, and what was at most; memory in bytes."""

    traces: int
    """The traces alive, before garbage is collected."""
    traces_left: int
    """The traces alive once it is."""
    bound: int
    """How many traces the run keeps at most."""
    peak: int
    promised: int


def training(folder: Path, size: int, steps: int) -> Scenario:
    """A training of one square matrix."""
    path = folder / "training.yaml"
    path.write_text(FILE.format(size=size, steps=steps, ones=", ".join(["1"] * size)), encoding="utf-8")
    return load_scenario(path)


def look(scenario: Scenario, iterations: int, *, with_peak: bool) -> Looked:
    """Draw everything at some steps of each of the first `iterations` iterations.

    To find the peak takes several times as long; without it, it is 0.
    """
    gc.collect()
    before = living()
    gc.disable()
    if with_peak:
        tracemalloc.start()
    try:
        view = View(scenario, Session(scenario.run()))
        run = view.session.run
        for iteration in range(iterations):
            for here in _positions(view.session.run.schedule(iteration)):
                session = finished(update(view.session, Go(run.start(iteration) + here)))
                view = replace(view, session=session)
                draw_everything(view)
        peak = tracemalloc.get_traced_memory()[1]
        alive = living() - before
        gc.collect()
        left = living() - before
    finally:
        tracemalloc.stop()
        gc.enable()
    promised = BYTES * held_numbers(scenario.graph, scenario.training)
    return Looked(alive, left, kept_traces(scenario.graph), peak, promised)


def living() -> int:
    return sum(isinstance(thing, Trace) for thing in gc.get_objects())


def _positions(schedule: Schedule) -> Iterator[int]:
    """A forward step, and every second step from the seed on."""
    yield 1
    yield from range(min(schedule.seed, schedule.last), schedule.last + 1, 2)


def draw_everything(view: View) -> None:
    """Every panel, and the viewer of each node's tensors."""
    width, height = SCREEN
    panels = [drawn.draw for name, drawn in PANELS.items() if name != "plots"]
    for draw in (*panels, header, timeline, transcript):
        _read(draw(view, width, height))
    for kind in kinds(view):
        _read(PANELS["plots"].draw(replace(view, plot=kind), width, height))
    watch_lines(view, width)
    step = view.frame.step
    for node in view.graph.nodes:
        if node.kind is Kind.LITERAL:
            continue
        own = step.edge if isinstance(step, Backward) and step.edge.operand == node.position else None
        state = opened_at(view, node, own)
        for subject in range(len(state.subjects)):
            _read(viewer(state.choose(subject), width, height).drawing)


def _read(drawing: Drawing) -> None:
    for row in range(drawing.height):
        drawing.row(row, 0, drawing.width)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=800, help="rows and columns of the parameter (800)")
    parser.add_argument("--iterations", type=int, default=50, help="iterations that are looked at (50)")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        look(training(Path(folder), 4, 2), 2, with_peak=False)  # loads modules, which no training keeps
        scenario = training(Path(folder), arguments.size, arguments.iterations + 10)
        found = look(scenario, arguments.iterations, with_peak=True)
    size, mebibyte = arguments.size, 2**20
    print(f"{arguments.iterations} iterations of a training of {size}×{size}, viewed in every panel")
    print(f"traces alive{found.traces:>24}   (kept at most: {found.bound})")
    print(f"the same after gc.collect(){found.traces_left:>9}")
    print(f"peak{found.peak / mebibyte:>32.1f} MiB")
    print(f"promised{found.promised / mebibyte:>28.1f} MiB")


if __name__ == "__main__":
    main()
