"""The river: what has come back of a gradient along a wire is its colour and its weight."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import pytest

from backprop_engine.debugger import Break, Enable, update
from backprop_engine.trace.magnitudes import contribution_norm, gradient_magnitudes
from backprop_tui.cells.lines import Role, line_text
from backprop_tui.cells.shades import FLOWS, Flow
from backprop_tui.panels.graph import GraphPicture, graph_picture
from backprop_tui.scene.boxes import DENSITIES, Density
from backprop_tui.view import View
from covering import SHOWN
from driving import text_of
from scenes import trace, view


def levels(picture: GraphPicture) -> list[int]:
    """How much has come back along each wire that a gradient has crossed, in their order."""
    streams = (picture.river.along((wire,)) for wire in range(len(picture.scene.ends)))
    return [stream.tint.level for stream in streams if stream and isinstance(stream.tint, Flow)]


def end_of(stem: str) -> GraphPicture:
    return graph_picture(view(stem, trace(stem).schedule.completed))


def test_where_gradients_vanish_the_river_fades() -> None:
    found = levels(end_of("vanishing_sigmoids"))
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] >= FLOWS - 3


def test_along_a_residual_connection_it_stays_strong() -> None:
    picture = end_of("residual_connection")
    assert max(levels(picture)) == FLOWS - 1
    assert min(levels(picture)) >= FLOWS // 2


@pytest.mark.parametrize("stem", SHOWN)
def test_every_wire_says_how_much_has_crossed_it(stem: str) -> None:
    run = trace(stem)
    scale = gradient_magnitudes(run)
    seed, last = run.schedule.seed, run.schedule.completed
    for at in (0, seed, (seed + last) // 2, last):
        picture = graph_picture(view(stem, at))
        for wire, (_, node, argnum) in enumerate(picture.scene.ends):
            crossed = [
                run.schedule.edges[index].index
                for index in run.schedule.edges_of.get(node, ())
                if run.schedule.edges[index].argnum == argnum and at >= run.schedule.starts[index]
            ]
            stream = picture.river.along((wire,))
            if not crossed or at <= seed:
                assert stream is None
                continue
            assert stream is not None
            size = contribution_norm(run, crossed[0])
            assert stream.size == size or not isfinite(size)
            if isfinite(size):
                assert isinstance(stream.tint, Flow)
                assert stream.tint.level == round(scale.share(size) * (FLOWS - 1))
            else:
                assert stream.tint is Role.TROUBLE


def test_zero_is_told_from_what_has_not_arrived() -> None:
    """The operand that a maximum has not let through."""
    seed, last = trace("max_gate").schedule.seed, trace("max_gate").schedule.completed
    assert "⋅⋅◀" in text_of(end_of("max_gate"))
    assert "⋅" not in text_of(graph_picture(view("max_gate", seed)))
    assert ",,<" in text_of(graph_picture(view("max_gate", last, ascii=True)))


def marked(shown: View, name: str, density: Density) -> str:
    """What stands in the first two cells of a box, over all its rows."""
    picture = graph_picture(replace(shown, density=density))
    area = picture.area_of(shown.graph.position(name))
    assert area is not None
    return "".join(line_text(picture.row(y, area.x, 2)) for y in range(area.y, area.y + area.height))


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("name", ["f", "x"])
def test_a_breakpoint_is_marked_at_its_node(density: Density, name: str) -> None:
    plain = view("branch_and_merge")
    session = update(plain.session, Break(name))
    on, off = replace(plain, session=session), replace(plain, session=update(session, Enable(1, False)))
    without, with_one, with_none = (marked(shown, name, density) for shown in (plain, on, off))
    assert without != with_one
    assert ("!" if density == "dots" else "●") in with_one
    assert density == "dots" or "●" not in with_none
