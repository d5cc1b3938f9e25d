"""How the passes of derivatives begin: folded where they are long."""

from __future__ import annotations

from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.prompt.debug_file import LONGEST_UNFOLDED, session_of


def _folded(derivatives: str) -> tuple[str, ...]:
    text = (
        "output: L\ninputs: {x: 0.5}\ncells: {c: {inputs: [a], nodes: {h: tanh(a)}, outputs: [h]}}\n"
        "nodes:\n  s: tanh(x * x)\n  i: {cell: c, inputs: {a: x}}\n  f: tanh(tanh(tanh(tanh(tanh(i.h)))))\n"
        f"  p: sin(tanh(x))\n  q: cos(tanh(x))\n{derivatives}"
    )
    scenario = load_source(Source.from_bytes("test.yaml", text.encode()))
    passes = [group for group in scenario.graph.groups if group.is_pass]
    sizes = [group.stop - group.start for group in passes]
    folded = session_of(scenario).folded
    assert bool(folded) == (sum(sizes) > LONGEST_UNFOLDED)
    return folded


def test_a_long_pass_begins_folded_and_with_it_a_short_one_but_no_cell() -> None:
    assert _folded("  short: grad(s, x)\n  long: grad(f, x)\n  L: short + long\n") == ("short", "long")


def test_short_passes_begin_folded_where_there_are_many_of_them() -> None:
    few = "  a: grad(p, x)\n"
    many = "  a: grad(p, x)\n  b: grad(q, x)\n  c: grad(a, x)\n  d: grad(b, x)\n"
    assert _folded(f"{few}  L: a + q + f\n") == ()
    assert _folded(f"{many}  L: a + b + c + d + f\n") == ("a", "b", "c", "d")
