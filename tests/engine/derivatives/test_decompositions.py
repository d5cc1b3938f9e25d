"""A composite operator and its decomposition give the same values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_engine.ops import Op, Sample
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.record import record
from graphs import assert_close, attributes_of, bindings_of, each_sample, graph_of, largest, trace_of


def _composite(op: Op, sample: Sample) -> bool:
    return bool(op.inside_for(tuple(map(np.shape, sample.draw())), attributes_of(op, sample)))


def _leaf(tensor: Any) -> str:
    shape = np.shape(tensor)
    return f"{{shape: {list(shape)}, init: zeros}}" if shape else "0"


@each_sample(_composite)
def test_decomposition_is_the_operator(op: Op, sample: Sample) -> None:
    drawn = sample.draw()
    names = op.names(len(drawn))
    inside = op.inside_for(tuple(map(np.shape, drawn)), attributes_of(op, sample))
    assert inside is not None
    assert inside[-1][0] == "out"
    fused = graph_of(op, sample)
    by_kind: dict[str, list[str]] = {"inputs": [], "constants": []}
    for name, tensor in zip(names, drawn, strict=True):
        kind = "inputs" if fused[name].takes_gradient else "constants"
        by_kind[kind].append(f"  {name}: {_leaf(tensor)}")
    text = "".join(f"{kind}:\n" + "\n".join(lines) + "\n" for kind, lines in by_kind.items() if lines)
    text += "nodes:\n" + "".join(f"  {name}: '{part}'\n" for name, part in inside) + "output: out\nseed: 1\n"
    graph = load_source(Source.from_bytes("inside.yaml", text.encode())).graph
    trace = trace_of(op, sample)
    apart = record(graph, bindings_of(graph, op, sample))
    assert_close(apart.value("out"), trace.value("out"), scale=largest(*drawn))
    for name in names:
        if fused[name].takes_gradient and trace.graph.uses[fused.position(name)]:
            assert_close(
                apart.gradient(name), trace.gradient(name), 1e-11, scale=largest(trace.bindings.seed)
            )
