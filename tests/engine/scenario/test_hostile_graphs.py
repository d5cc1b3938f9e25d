"""Small files that would come to a great deal: each is refused, or read in reasonable time."""

from __future__ import annotations

import pytest

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
