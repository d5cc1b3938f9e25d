"""How the passes of derivatives begin: folded where they are long."""

from __future__ import annotations

from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.prompt.debug_file import LONGEST_UNFOLDED, session_of


def test_a_long_pass_begins_folded_and_a_short_one_or_a_cell_does_not() -> None:
    text = (
        "inputs: {x: 0.5}\ncells: {c: {inputs: [a], nodes: {h: tanh(a)}, outputs: [h]}}\n"
        "nodes:\n  s: x * x\n  i: {cell: c, inputs: {a: x}}\n  f: tanh(tanh(tanh(tanh(tanh(i.h)))))\n"
        "  short: grad(s, x)\n  long: grad(f, x)\n  L: short + long\n"
    )
    scenario = load_source(Source.from_bytes("test.yaml", text.encode()))
    sizes = {group.name: group.stop - group.start for group in scenario.graph.groups}
    assert sizes["long"] > LONGEST_UNFOLDED
    assert session_of(scenario).folded == ("long",)
