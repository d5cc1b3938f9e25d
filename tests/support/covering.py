"""The scenarios that stand for all of them where each is drawn, walked or compared.

A scenario has *features*: the families of its operators with the forms of their local gradients, the kinds of
its steps, what its tensors are like, what its graph is made of, what its panels have to show. `COVERING` has
every feature that any bundled scenario has; `test_covering.py` says so. Run this file for a choice that has,
found greedily: the scenario with the most features for its size that are still to be had is next.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import prod

import numpy as np

from backprop_engine.derivatives.decomposition import decomposition
from backprop_engine.derivatives.local_gradients import DenseLocal, MapLocal, local_gradient
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Accumulate
from backprop_engine.trace.trace import Trace
from backprop_tui.panels.graph import graph_picture, graph_title
from backprop_tui.panels.plots.panel import kinds
from effort import tried
from scenes import STEMS, run, scenario, trace, view

BEGUN = ("add_multiply", "softmax_classifier", "rnn_cell")
"""Those that pages show, and that are drawn in Korean too."""
COVERING = (
    *BEGUN,
    "gradient_not_cleared",
    "nan_from_log_zero",
    "conv_3x3",
    "weight_decay_in_adam",
    "smooth_activations",
    "layer_norm_directions",
    "causal_attention",
    "bptt",
    "digits_mlp",
    "adagrad_shrinking_steps",
    "dropout_layer",
    "shared_weights",
    "loss_at_every_step",
    "stacked_cells",
    "vanishing_over_time",
    "forgotten_derivative",
    "rms_norm_by_hand",
    "gradient_clipping",
    "learning_rate_schedule",
    "running_statistics",
    "delta_notation",
)
"""Enough scenarios for every feature."""
SHOWN = tried(STEMS, COVERING)
"""The scenarios to draw, walk or compare."""


@cache
def features(stem: str) -> frozenset[str]:
    """What there is to see of the bundled scenario `stem`."""
    first = trace(stem)
    last = run(stem).trace(run(stem).iterations - 1)
    return frozenset((*_file(stem), *_structure(first.graph), *_run(first), *_run(last), *_panels(stem)))


def _file(stem: str) -> Iterator[str]:
    read = scenario(stem)
    yield f"dtype {read.dtype}"
    yield from (f"a title in {language}" for language in read.title.by_language)
    for name in ("notes", "breakpoints", "watches"):
        if getattr(read, name):
            yield name
    if read.training:
        yield f"trained by {read.training.optimizer.name}"
        yield "clips" if read.training.clipping else "does not clip"
        yield "has a schedule" if read.training.schedule else "has a fixed rate"
        yield "has running values" if read.training.running else "has no running values"
        yield "sees batches" if read.bindings.batches else "sees all examples"
    for block in read.expectations:
        yield f"expects figures that are {'wrong' if block.wrong else 'right'}"
        yield "expects digits" if block.digits is not None else "expects a tolerance"


def _structure(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        yield f"a node of kind {node.kind.value}"
        yield f"a tensor of {len(node.shape)} axes"
        yield f"a tensor of {_rough(prod(node.shape))} entries"
        if node.op is not None:
            yield f"an operator of {node.op.family}"
            yield f"{min(len(node.operands), 4)} operands"
            yield "an operator that can be stepped into" if decomposition(graph, node) else "a plain operator"
            if not graph.active[node.position]:
                yield "a node that leads nowhere"
            if node.attributes:
                yield f"attributes in {node.op.family}"
    for group in graph.groups:
        scanned = "a turn of a scan" if group.name.endswith("]") else "an instance of a cell"
        yield scanned + ("" if group.parent is None else " in another")
    yield f"{_rough(len(graph.nodes))} nodes"
    yield f"{_rough(max(graph.uses))} uses of one node"


def _run(trace: Trace) -> Iterator[str]:
    for step in trace.steps:
        yield f"the step {type(step).__name__}"
        if isinstance(step, Accumulate):
            yield f"{_rough(step.of)} contributions"
    for edge in trace.graph.edges if trace.contributions else ():
        local, node = local_gradient(trace, edge), trace.graph.nodes[edge.node]
        assert node.op is not None
        yield f"{node.op.family} with a local gradient of form {local.form}"
        if isinstance(local, DenseLocal) and local.value is None:
            yield "a Jacobian too large to be shown"
        if isinstance(local, MapLocal):
            yield f"a map {'without' if local.factor is None else 'with'} a factor"
            yield f"a map whose factor stands {'before' if local.before else 'behind'}"
        if edge.summed:
            yield f"a product summed along {len(edge.summed)} axes"
    for value in (*trace.values, *(one for one in trace.gradients if one is not None)):
        if np.isnan(value).any():
            yield "a number that is none"
        if np.isinf(value).any():
            yield "an infinite number"


def _panels(stem: str) -> Iterator[str]:
    start = view(stem)
    yield from (f"the plot {kind}" for kind in kinds(start))
    picture = graph_picture(start)
    yield f"a picture {'wider' if picture.width > 118 else 'no wider'} than a screen"
    yield f"a picture {'higher' if picture.height > 30 else 'no higher'} than a screen"
    yield "a picture of a part" if " / " in graph_title(start) else "a picture of all"


def _rough(count: int) -> str:
    """A number's order of magnitude: what is one, few, many looks different."""
    return next(f"up to {bound}" for bound in (0, 1, 4, 30, 300, 10**9) if count <= bound)


def greedy() -> list[str]:
    """A covering set: for its size, each has the most features that those before it do not have."""
    found = list(BEGUN)
    missing = frozenset[str]().union(*map(features, STEMS)).difference(*map(features, BEGUN))
    while missing:
        found.append(max(STEMS, key=lambda stem: len(features(stem) & missing) / cost(stem)))
        missing -= features(found[-1])
    return found


def cost(stem: str) -> float:
    """What it takes to walk a scenario, in no unit."""
    return 10 + len(trace(stem).graph.nodes) + trace(stem).schedule.last / 10


if __name__ == "__main__":
    print(*greedy(), sep="\n")  # noqa: T201
