"""The picture of the graph: differences beside numbers, what is known, what is ahead, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from backprop_engine.debugger import Go, Session, Set, update
from backprop_engine.explain.lines import Role, line_text
from backprop_engine.explain.numbers import number
from backprop_engine.graph import Kind, Node
from backprop_tui.panels.graph import GraphPicture, graph_picture
from backprop_tui.view import View
from scenes import run, scenario


def rows_of(picture: GraphPicture, node: Node) -> list[str]:
    """The text in the rows that belong to `node`."""
    area = picture.area(picture.scene.unit_of[node.position])
    return [line_text(picture.row(area.y + row, area.x, area.width)) for row in range(area.height)]


# Differences

CHANGED = {
    "add_multiply": ("x", 3.0),
    "softmax_classifier": ("b", 0.5),
    "value_used_twice": ("a", -1.0),
    "bptt": ("h0", 0.25),
    "relu_kink": ("x", 2.0),
    "gradient_descent": ("x", 7.5),
}


def changed(stem: str) -> Session:
    """The scenario with another number in force."""
    name, value = CHANGED[stem]
    return update(Session(run(stem)), Set(name, np.float64(value)))


def every_view(stem: str) -> Iterator[View]:
    session = changed(stem)
    for at in range(session.trace.schedule.last + 1):
        yield View(scenario(stem), update(session, Go(at)))


def difference(now: object, before: object) -> str:
    """By how much a number differs, worked out anew; nothing where it does not."""
    if now is None or before is None:
        return ""
    by = np.asarray(now, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not np.any(by):
        return ""
    if by.ndim:
        return f" Δ{number(np.float64(np.sqrt((by * by).sum())), 3)}"
    return f" Δ{'+' if by > 0 else ''}{number(np.float64(by), 3)}"


def behind(row: str) -> str:
    """What stands in a row from its difference on."""
    return row[row.index(" Δ") :].rstrip(" ╯┛") if " Δ" in row else ""


@pytest.mark.parametrize("stem", CHANGED)
def test_every_number_shows_its_difference(stem: str) -> None:
    shown = 0
    for view in every_view(stem):
        assert view.session.compared is not None
        before = view.session.compared.frame(view.session.here)
        picture = graph_picture(view)
        for node in view.graph.nodes:
            if node.kind is Kind.LITERAL:
                continue
            above, _, below = rows_of(picture, node)
            assert behind(above) == difference(view.frame.value(node), before.value(node))
            if view.graph.active[node.position] and view.graph.differentiable[node.position]:
                assert behind(below) == difference(view.frame.gradient(node), before.gradient(node))
            shown += bool(behind(above))
    assert shown


@pytest.mark.parametrize("stem", CHANGED)
def test_what_the_change_did_not_touch_stands_back(stem: str) -> None:
    for view in every_view(stem):
        before, picture = view.session.compared, graph_picture(view)
        assert before is not None
        for node in view.graph.nodes:
            if node.kind is Kind.LITERAL or view.frame.node is node:
                continue
            area = picture.area(picture.scene.unit_of[node.position])
            roles = {
                span.role
                for row in (0, 2)
                for span in picture.row(area.y + row, area.x, area.width)
                if span.text.strip(" ╭─╮╰╯")
            }
            at, now = node.position, view.session.trace
            if not difference(now.values[at], before.values[at]) + difference(
                now.gradients[at], before.gradients[at]
            ):
                assert roles == {Role.DIM}


@pytest.mark.parametrize("stem", CHANGED)
def test_with_differences_nothing_moves_while_one_steps(stem: str) -> None:
    assert len({id(graph_picture(view).scene) for view in every_view(stem)}) == 1
