"""Cells, scans and the groups that they become."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.graph.graph import Graph
from backprop_engine.run_json import run_json
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from graphs import assert_close

RNN = """
inputs:
  xs: [[0.5, -0.25], [0.125, 0.75], [-0.5, 0.25]]
  h0: [0.25, -0.5]
params:
  W: [[0.5, 0.25], [-0.75, 0.5]]
  U: [[0.25, -0.5], [0.5, 0.125]]
constants: {t: [0.5, -0.5]}
cells:
  rnn:
    inputs: [x, h_prev]
    nodes:
      a: W @ x + U @ h_prev
      h: tanh(a)
    outputs: [h]
nodes:
"""
SCAN = "  states: {scan: rnn, over: {x: xs}, carry: {h_prev: {init: h0, next: h}}}\n"


def load(text: str) -> Scenario:
    return load_source(Source.from_bytes("case.yaml", text.encode()))


def computed(graph: Graph) -> list[str]:
    return [graph.nodes[position].name for position in graph.order]


def mistakes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    assert all(one.place for one in caught.value.diagnostics)
    return [(one.code.name, one.hint) for one in caught.value.diagnostics]


def test_a_scan_is_the_graph_written_out_by_hand() -> None:
    scan = load(RNN + SCAN + "  L: mse(states[-1].h, target=t)\n").record()
    by_hand = "".join(
        f"  x{t}: xs[{t}]\n  a{t}: W @ x{t} + U @ {f'h_{t - 1}' if t else 'h0'}\n  h_{t}: tanh(a{t})\n"
        for t in range(3)
    )
    flat = load(RNN[: RNN.index("cells:")] + "nodes:\n" + by_hand + "  L: mse(h_2, target=t)\n").record()
    assert scan.value("L") == flat.value("L")
    for name in ("xs", "h0", "W", "U"):
        np.testing.assert_array_equal(scan.gradient(name), flat.gradient(name))
    assert len(scan.steps) == len(flat.steps)
    for t in range(3):
        np.testing.assert_array_equal(scan.gradient(f"states[{t}].h"), flat.gradient(f"h_{t}"))


def test_names_of_a_scan() -> None:
    graph = load(RNN + SCAN + "  L: mse(states[-1].h, target=t)\n").graph
    one = [f"{part}" for part in ("x", "a#1", "a#2", "a", "h")]
    assert computed(graph) == [*(f"states[{t}].{name}" for t, name in product(range(3), one)), "L"]
    assert graph["states[0].h_prev"] is graph["h0"]
    assert graph["states[2].h_prev"] is graph["states[1].h"]
    assert graph["states[-1].h"] is graph["states[2].h"]
    assert "states[-4].h" not in graph
    with pytest.raises(UsageError, match="no node called"):
        graph["states[3].h"]


def test_an_instance_is_one_interval_of_the_order() -> None:
    graph = load(RNN + SCAN + "  L: mse(states[-1].h, target=t)\n").graph
    assert [group.name for group in graph.groups] == ["states[0]", "states[1]", "states[2]"]
    for group in graph.groups:
        names = [graph.nodes[position].name for position in range(group.start, group.stop)]
        assert names == [f"{group.name}.{name}" for name in ("x", "a#1", "a#2", "a", "h")]
        assert group.cell == "rnn"
    assert graph.group_of(graph.position("L")) is None


def test_a_node_that_is_earlier_in_the_file_goes_between_instances() -> None:
    text = RNN + "  early: sum(states[0].h)\n  late: sum(states[1].h)\n" + SCAN
    graph = load(text + "  L: early * late * sum(states[2].h)\n").graph
    order = [name for name in computed(graph) if name.endswith((".h", "early", "late"))]
    assert order == ["states[0].h", "early", "states[1].h", "late", "states[2].h"]


def test_the_stack_over_time_is_there_when_it_is_used() -> None:
    without = load(RNN + SCAN + "  L: sum(states[2].h)\n").graph
    assert "states.h" not in without
    trace = load(RNN + SCAN + "  L: sum(states.h * states.h)\n").record()
    stacked = np.stack([trace.value(f"states[{t}].h") for t in range(3)])
    np.testing.assert_array_equal(trace.value("states.h"), stacked)
    assert trace.graph.group_of(trace.graph.position("states.h")) is None


def test_an_instance_with_an_expression_for_an_input() -> None:
    text = RNN + '  one: {cell: rnn, inputs: {x: "xs[0] * 2", h_prev: h0}}\n  L: sum(one.h)\n'
    trace = load(text).record()
    names = ["one.x#1", "one.x", "one.a#1", "one.a#2", "one.a", "one.h", "L"]
    assert computed(trace.graph) == names
    np.testing.assert_array_equal(trace.value("one.x"), [1.0, -0.5])
    assert [group.name for group in trace.graph.groups] == ["one"]
    assert trace.graph["one.h_prev"] is trace.graph["h0"]


NESTED = """
inputs: {x0: 0.5}
params: {w: 2}
cells:
  gate:
    inputs: [v]
    nodes: {s: sigmoid(w * v)}
    outputs: [s]
  block:
    inputs: [v]
    nodes:
      g: {cell: gate, inputs: {v: v}}
      out: g.s * v
    outputs: [out]
nodes:
  one: {cell: block, inputs: {v: x0}}
  two: {cell: block, inputs: {v: one.out}}
  f: two.out + one.out
"""


def test_cells_in_cells() -> None:
    trace = load(NESTED).record()
    assert [(group.name, group.cell, group.parent) for group in trace.graph.groups] == [
        ("one", "block", None),
        ("one.g", "gate", 0),
        ("two", "block", None),
        ("two.g", "gate", 2),
    ]
    assert computed(trace.graph)[:3] == ["one.g.s#1", "one.g.s", "one.out"]

    def block(v: Any) -> Any:
        return v / (1 + np.exp(-2 * v))

    assert_close(trace.value("f"), block(block(0.5)) + block(0.5))
    groups = [step.get("group") for step in run_json("case", trace)["steps"]]
    assert groups[:4] == ["one.g", "one.g", "one", "two.g"]
    assert groups[-1] == "one.g"


def test_a_scan_inside_a_cell() -> None:
    text = """
inputs: {xs: [1, 2, 3], a: 1, b: 2}
cells:
  add: {inputs: [x, s], nodes: {t: s + x}, outputs: [t]}
  total:
    inputs: [start]
    nodes:
      sums: {scan: add, over: {x: xs}, carry: {s: {init: start, next: t}}}
      end: sums[-1].t * 1
    outputs: [end]
nodes:
  p: {cell: total, inputs: {start: a}}
  q: {cell: total, inputs: {start: b}}
  f: p.end * q.end
"""
    trace = load(text).record()
    assert trace.value("f") == 7 * 8
    assert trace.value("q.sums[-1].t") == 8
    assert trace.gradient("a") == 8
    assert trace.graph.lengths == {"p.sums": 3, "q.sums": 3}
    assert trace.graph.groups[1].parent == 0


def test_a_number_can_be_given_to_an_instance() -> None:
    text = "inputs: {xs: [1, 2]}\ncells: {c: {inputs: [x, s, k], nodes: {t: s * k + x}, outputs: [t]}}\n"
    text += "nodes:\n  r: {scan: c, over: {x: xs}, inputs: {k: 10}, carry: {s: {init: 1, next: t}}}\n"
    assert load(f"{text}  f: r[-1].t\n").record().value("f") == 112


@pytest.mark.parametrize(
    ("nodes", "code", "hint"),
    [
        ("  f: states.q\n" + SCAN, "no-output", "its outputs are h"),
        ("  f: sum(states[0].a)\n" + SCAN, "no-output", "add it to the cell's outputs: `outputs: [h, a]`"),
        ("  f: sum(states)\n" + SCAN, "no-output", "use one of its outputs: `states[-1].h`"),
        ("  f: sum(states[0])\n" + SCAN, "no-output", "use one of its outputs: `states[-1].h`"),
        ("  f: sum(states[7].h)\n" + SCAN, "unknown-name", "`states[0]` to `states[2]`"),
        ("  f: {cell: rmn, inputs: {x: h0, h_prev: h0}}\n", "unknown-cell", "did you mean `rnn`?"),
        ("  f: {cell: rnn, inputs: {x: h0}}\n", "cell-inputs", "its inputs are x, h_prev"),
        ("  f: {cell: rnn, inputs: {x: h0, hprev: h0}}\n", "cell-inputs", "did you mean `h_prev`?"),
        (SCAN.replace("x: xs", "x: xs, h_prev: xs"), "cell-inputs", "keep one of them"),
        (SCAN.replace("next: h}", "next: hh}"), "no-output", "did you mean `h`?"),
        ("  v: sum(h0)\n" + SCAN.replace("x: xs", "x: v"), "scan-shapes", "every time step"),
        ("  g: states[0].h\n" + SCAN.replace("init: h0", "init: g"), "cycle", "no loops"),
    ],
)  # fmt: skip
def test_mistakes_in_instances(nodes: str, code: str, hint: str) -> None:
    found = mistakes(RNN + nodes)
    assert found[0][0] == code
    assert hint in found[0][1]
    assert len(found) == 1


def test_what_is_carried_keeps_its_shape() -> None:
    text = "inputs: {xs: [[1, 2], [3, 4]]}\ncells: {c: {inputs: [x, s], nodes: {t: s + x}, outputs: [t]}}\n"
    text += "nodes:\n  r: {scan: c, over: {x: xs}, carry: {s: {init: 1, next: t}}}\n  f: sum(r[-1].t)\n"
    assert mistakes(text) == [("scan-shapes", "a carried value must keep its shape")]


def test_a_cell_that_uses_itself() -> None:
    text = "inputs: {x: 1}\ncells:\n  a: {inputs: [v], nodes: {i: {cell: b, inputs: {v: v}}}, outputs: [i]}\n"
    text += "  b: {inputs: [v], nodes: {i: {cell: a, inputs: {v: v}}}, outputs: [i]}\n"
    assert ("cell-recursion", "a `scan` repeats a cell; a graph is finite") in mistakes(
        f"{text}nodes: {{f: x * 2}}\n"
    )


def test_too_many_instances_are_refused_before_they_are_made() -> None:
    cells = "  c0: {inputs: [v], nodes: {o: tanh(v)}, outputs: [o]}\n"
    for level in range(1, 40):
        uses = ", ".join(f"u{k}: {{cell: c{level - 1}, inputs: {{v: v}}}}" for k in range(2))
        cells += f"  c{level}: {{inputs: [v], nodes: {{{uses}, o: u0.o + u1.o}}, outputs: [o]}}\n"
    text = f"inputs: {{x: 1}}\ncells:\n{cells}nodes:\n  i: {{cell: c39, inputs: {{v: x}}}}\n  f: i.o * 1\n"
    assert mistakes(text)[0][0] == "too-many-nodes"


def test_a_mistake_in_a_cell_is_reported_once() -> None:
    broken = RNN.replace("h: tanh(a)", "h: tanh(W + a @ xs)")
    assert len(mistakes(broken + SCAN + "  L: sum(states[-1].h)\n")) == 1


def test_an_unused_cell_leaves_nothing_behind() -> None:
    text = "inputs: {x: 1}\ncells: {c: {nodes: {h: tanh(x)}, outputs: [h]}}\nnodes: {f: x * 2}\n"
    assert computed(load(text).graph) == ["f"]


def test_a_cell_without_nodes() -> None:
    text = "inputs: {x: 1}\ncells: {c: {nodes: {}, outputs: []}}\nnodes: {f: x * 2}\n"
    assert [code for code, _ in mistakes(text)] == ["cell-form"]


def test_a_note_of_an_instance_is_told_when_it_is_done() -> None:
    noted = SCAN.replace("over:", "note: Again., over:")
    one = "  one: {cell: rnn, inputs: {x: h0, h_prev: h0}, note: Once.}\n"
    scenario = load(RNN + noted + one + "  L: sum(one.h + states.h)\n")
    told = {scenario.graph.nodes[at].name: str(note.text) for at, (note,) in scenario.notes.items()}
    assert told == {
        "states[0].h": "Again.",
        "states[1].h": "Again.",
        "states[2].h": "Again.",
        "one.h": "Once.",
    }


def test_an_unused_cell_is_checked_all_the_same() -> None:
    broken = RNN.replace("h: tanh(a)", "h: tanh(a, a)") + "  f: sum(h0)\n"
    assert [code for code, _ in mistakes(broken)] == ["operands"]
