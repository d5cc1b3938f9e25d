"""What a node is in symbols: whole where its expression is kept whole, and never a part of one."""

from __future__ import annotations

import pytest

from backprop_engine.evaluation.graph_nodes import LONGEST_TEXT
from backprop_engine.explain.symbols import whole_formula
from backprop_engine.scenario.make_graph import make_graph


@pytest.mark.parametrize("joint", [" + ", " +\n  ", " * "])
def test_a_long_expression_is_told_by_its_last_operator(joint: str) -> None:
    short, long = ([f"name_{number}" for number in range(count)] for count in (3, 60))
    graph = make_graph(
        {"f": joint.join(long), "g": joint.join(short)}, inputs=dict.fromkeys(long, 1), output="f"
    )
    sign = "·" if "*" in joint else "+"
    assert whole_formula(graph, graph["f"]) == f"f#58 {sign} name_59"
    assert whole_formula(graph, graph["g"]) == f" {sign} ".join(short)


@pytest.mark.parametrize("spaces", range(4))
def test_at_the_limit_no_part_is_taken_for_the_whole(spaces: int) -> None:
    text = "x" + " + y" * 49 + " " * spaces + "+y"
    told = whole_formula(graph := make_graph({"f": text}, inputs={"x": 1, "y": 1}), graph["f"])
    assert LONGEST_TEXT - 1 + spaces == len(text)
    assert told == ("x" + " + y" * 50 if len(text) <= LONGEST_TEXT else "f#49 + y")
