"""Small files that would come to a great deal: each is refused, or read in reasonable time."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_engine import load_scenario
from backprop_engine.derivatives.jacobian import window
from mutating import outcome


def nested_cells(count: int) -> str:
    """Each cell holds an instance of the one before."""
    cells = ["c0: {inputs: [x], nodes: {h: x * 2}, outputs: [h]}"]
    for number in range(1, count):
        inner = f"{{i: {{cell: c{number - 1}, inputs: {{x: x}}}}, h: i.h}}"
        cells.append(f"c{number}: {{inputs: [x], nodes: {inner}, outputs: [h]}}")
    nodes = f"{{o: {{cell: c{count - 1}, inputs: {{x: x}}}}, f: o.h}}"
    return f"inputs: {{x: 1}}\nnodes: {nodes}\ncells:\n" + "".join(f"  {cell}\n" for cell in cells)


def multiplying_cells(count: int) -> str:
    """Each cell holds three instances of the one before."""
    cells = ["c0: {nodes: {h: x * 2}, outputs: [h]}"]
    for number in range(1, count):
        uses = ", ".join(f"{name}: {{cell: c{number - 1}}}" for name in "abc")
        cells.append(f"c{number}: {{nodes: {{{uses}, h: x}}, outputs: [h]}}")
    nodes = f"{{o: {{cell: c{count - 1}}}, f: x}}\noutput: f"
    return f"inputs: {{x: 1}}\nnodes: {nodes}\ncells:\n" + "".join(f"  {cell}\n" for cell in cells)


LONG = "+".join(["x"] * 20_000)
WORDS = "가나 " * 300_000


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("too-many-nodes", nested_cells(600)),
        ("too-many-nodes", multiplying_cells(9_100)),
        (
            "yaml-expansion",
            f"inputs: {{x: 1}}\nnodes:\n  f: &a {LONG}\n" + "".join(f"  n{i}: *a\n" for i in range(300)),
        ),
        (
            "yaml-expansion",
            f"inputs: {{x: 1}}\nnodes: {{f: x}}\nbreakpoints:\n  - &a {WORDS}\n" + "  - *a\n" * 300,
        ),
        (
            "expect-name",
            "inputs: {x: 1}\nnodes: {f: x}\nexpect: {values: {? 'f" + "[-1]" * 50_000 + "' : 1}}\n",
        ),
        (
            "too-many-nodes",
            "inputs: {x: {shape: [120000], init: zeros}}\nnodes: {s: {scan: c, over: {u: x}}, f: 's[-1].h'}\n"
            "cells: {c: {inputs: [u], nodes: {h: u * u}, outputs: [h]}}\n",
        ),
        (
            "too-many-nodes",
            "inputs: {x: 1}\nnodes:\n" + "".join(f"  f{i}: {LONG}+x*{i}\n" for i in range(20)),
        ),
    ],
    ids=[
        "nested",
        "multiplying",
        "repeated expressions",
        "repeated texts",
        "long path",
        "long scan",
        "many parts",
    ],
)
def test_what_would_take_too_much_is_refused(code: str, text: str) -> None:
    assert f"error[{code}]" in outcome(text.encode())


ONES = "[" + ", ".join(["1"] * 70) + "]"
MANY = [
    f"reshape(a, shape={ONES})",
    f"broadcast_to(a, shape={ONES})",
    f"tile(a, reps={ONES})",
    f"a[{'None, ' * 70}0]",
    f"unsqueeze(a, axis={list(range(70))})",
    "a" + "[:, None]" * 40,
]


@pytest.mark.parametrize("call", MANY)
@pytest.mark.parametrize("own", [False, True], ids=["node", "operator"])
def test_a_result_of_more_axes_than_a_tensor_has_is_refused(call: str, own: bool) -> None:
    operator = f"operators: {{f: {{inputs: [a], forward: 'sum({call})'}}}}\n" if own else ""
    node = "f(a)" if own else f"sum({call})"
    found = outcome(f"{operator}constants: {{a: [0]}}\nnodes:\n  L: '{node}'\n".encode())
    assert "error[shapes]" in found
    assert "axes; at most 32 are allowed" in found


def test_an_einsum_of_many_operands_is_summed_letter_by_letter() -> None:
    """At once they would be 2 to the 40 numbers."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
    call = f"einsum({', '.join('q' * 40)}, subscripts='{','.join(letters)}->')".replace("'", '"')
    trace = load_scenario(f"inputs: {{q: [0.5, 1]}}\nnodes:\n  L: '{call}'\n").record()
    found = window(trace, trace.graph.edges[0], range(1), range(2))
    np.testing.assert_allclose(found, [[1.5**39, 1.5**39]], rtol=1e-12)


def test_the_scores_of_attention_count_before_they_are_computed() -> None:
    text = (
        "inputs: {q: {shape: [2000, 1], init: ones}}\n"
        "nodes:\n  y: scaled_dot_product_attention(q, q, q)\n  L: sum(y)\n"
    )
    assert "error[too-large]: computing y needs 30.5 MiB; at most 1 MiB are allowed" in outcome(text.encode())
    assert outcome(text.replace("2000", "200").encode()) == ""
