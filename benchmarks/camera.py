"""Whether the whole graph is in view, by name, and how often the picture moves while one steps through a run.

    python benchmarks/camera.py [--size 120x40] [--each]

Every bundled scenario is opened without a terminal in each size, and stepped from the start of its first
iteration to its end. A node counts as seen by its name where its whole box is in view and has its name in it.
A move is a step after which the panel of the graph is scrolled otherwise than before.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import NamedTuple

from backprop_engine.debugger import Go, Session
from backprop_engine.graph.graph import Kind
from backprop_engine.scenario.loader import load_scenario
from backprop_tui.app import DebuggerApp
from backprop_tui.files.bundled import bundled
from backprop_tui.panels.graph import GraphPicture
from backprop_tui.scene.boxes import short_name
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.view import View
from backprop_tui.widgets.graph_panel import GraphPanel

SIZES = ("120x40", "200x60")


class Figures(NamedTuple):
    """What was seen of one scenario."""

    stem: str
    density: str
    named: bool
    """Whether every node was seen by its name at the start."""
    moves: int
    steps: int


async def figures(stem: str, size: tuple[int, int]) -> Figures:
    """Open a scenario, and step through it."""
    scenario = load_scenario(bundled()[stem])
    session = Session(scenario.run())
    app = DebuggerApp(View(scenario, session), still=True)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, DebuggerScreen)
        panel = screen.panel("graph")
        assert isinstance(panel, GraphPanel)
        named, density = all_named(panel), panel.drawing.scene.density  # type: ignore[attr-defined]
        moves, scrolled = 0, panel.scroll_offset
        last = session.trace.schedule.last
        for position in range(1, last + 1):
            screen.do(Go(position))
            await pilot.pause(0)
            moves += panel.scroll_offset != scrolled
            scrolled = panel.scroll_offset
    return Figures(stem, density, named, moves, last)


def all_named(panel: GraphPanel) -> bool:
    """Whether every node is in view with its name in its box."""
    picture, window = panel.drawing, panel.window
    assert isinstance(picture, GraphPicture)
    graph = picture.appearance.frame.graph
    return all(
        _named(picture, node.position, short_name(node.name), window)
        for node in graph.nodes
        if node.kind is not Kind.LITERAL
    )


def _named(picture: GraphPicture, node: int, name: str, window: tuple[int, int, int, int]) -> bool:
    area = picture.area_of(node)
    if area is None or picture.scene.boxes[picture.scene.box_of[node]].group:
        return False
    x, y, width, height = window
    inside = (
        x <= area.x
        and area.x + area.width <= x + width
        and y <= area.y
        and area.y + area.height <= y + height
    )
    rows = range(max(y, area.y - 1), min(y + height, area.y + area.height + 1))
    room = max(area.width, len(name) + 3)
    texts = ("".join(span.text for span in picture.row(row, area.x, room)) for row in rows)
    return inside and any(name in text for text in texts)


async def main() -> None:
    """Print a line for each size; with `--each` one for each scenario too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", action="append")
    parser.add_argument("--each", action="store_true")
    arguments = parser.parse_args()
    for size in arguments.size or SIZES:
        columns, rows = map(int, size.split("x"))
        found = [await figures(stem, (columns, rows)) for stem in bundled()]
        if arguments.each:
            for one in found:
                seen = "named" if one.named else "-"
                print(f"{one.stem:28} {one.density:8} {seen:6} {one.moves:4} of {one.steps}")
        named, moves, steps = (
            sum(row) for row in zip(*((f.named, f.moves, f.steps) for f in found), strict=True)
        )
        print(f"{size}: {named} of {len(found)} show every node by name,", end=" ")
        print(f"and the picture moves at {moves} of {steps} steps")


if __name__ == "__main__":
    asyncio.run(main())
