"""The transcript: what is wrapped hangs below its own words."""

from __future__ import annotations

import pytest

from backprop_engine.explain.symbols import derivative, gradient_name
from backprop_engine.messages.translations import languages
from backprop_tui.cells.lines import line_text
from backprop_tui.panels.transcript import transcript
from scenes import view


@pytest.mark.parametrize("language", languages())
def test_no_line_begins_at_the_edge(language: str) -> None:
    drawing = transcript(view("rnn_cell", 14, language), 60, 20)
    rows = [line_text(drawing.row(y, 0, drawing.width)) for y in range(drawing.height)]
    assert all(row.startswith(" ") for row in rows if row.strip())
    assert drawing.width <= 60


def test_a_part_of_an_operator_is_named_by_a_path() -> None:
    from backprop_engine.debugger import StepBy, StepInto, ToBackward, update

    session = view("softmax_classifier").session
    for command in (ToBackward(), StepBy(), StepInto()):
        session = update(session, command)
    graph = session.graph
    inner = next(node for node in graph.nodes if node.name == "L.p")
    assert gradient_name(graph, inner) == "∂L/∂L.p"
    assert derivative(inner, graph["L.e"]) == "∂L.p/∂L.e"
