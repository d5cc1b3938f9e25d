"""A small picture of a scenario's graph, as the gallery shows it: at the end of its first run, zoomed to
fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from math import prod
from pathlib import Path
from typing import Final

from msgspec import Struct

from backprop_engine.debugger import Session
from backprop_engine.errors import BackpropError, ScenarioError
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.memory import TOO_LARGE
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.work import TOO_MUCH_WORK
from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width, wrap_line, wrap_lines
from backprop_tui.files.watching import stamp
from backprop_tui.panels.graph import graph_picture
from backprop_tui.panels.mistakes import mistakes
from backprop_tui.scene.folding import folded_graph
from backprop_tui.scene.scene import LARGEST
from backprop_tui.view import View

__all__ = ["Preview", "preview_of", "with_preview"]

_FEWEST_ROWS, _FEWEST_COLUMNS = 6, 20
"""The least of a picture that is worth showing."""
_GAP = 2

_MOST_BYTES: Final = 256 * 1024
_MOST_MEMORY: Final = 64 * 2**20
_MOST_WORK: Final = 10**8
_MOST_ENTRIES: Final = 200_000
"""Larger files, runs and tensors have no picture, since it should appear at once."""


class Preview(Struct, frozen=True, eq=False):
    """A scenario at the end of its first run; where there is no picture, what is wrong with it, or why."""

    view: View | None = None
    error: BackpropError | None = None
    why: Message | None = None


def preview_of(path: Path) -> Preview:
    """Load a scenario and run it, if it is small enough; nothing that a file does is an error here."""
    seen = stamp(str(path))
    if seen is not None and seen[1] > _MOST_BYTES:
        return Preview(why=msg("a large file: Enter opens it"))
    try:
        scenario = load_scenario(path, max_memory=_MOST_MEMORY, max_work=_MOST_WORK)
        return _pictured(scenario)
    except ScenarioError as error:
        if all(found.code in (TOO_LARGE, TOO_MUCH_WORK) for found in error.diagnostics):
            return Preview(why=msg("large tensors: Enter opens it"))
        return Preview(error=error)
    except BackpropError as error:
        return Preview(error=error)
    except MemoryError:
        return Preview(why=msg("large tensors: Enter opens it"))


def _pictured(scenario: Scenario) -> Preview:
    graph, folded = scenario.graph, tuple[str, ...]()
    if len(graph.nodes) > LARGEST:
        folded = tuple(group.name for group in graph.groups if group.parent is None)
        if len(folded_graph(graph, folded).nodes) > LARGEST:
            return Preview(why=msg("{count} nodes: Enter opens it", count=len(graph.nodes)))
    if sum(prod(node.shape) for node in graph.nodes) > _MOST_ENTRIES:
        return Preview(why=msg("large tensors: Enter opens it"))
    run = scenario.run()
    return Preview(View(scenario, Session(run, run.schedule(0).completed, folded=folded)))


def with_preview(
    text: Sequence[Line], preview: Preview, language: str, width: int, height: int, *, ascii: bool
) -> list[Line]:
    """A description with its picture: below it, or beside it where there is less room below."""
    lines = wrap_lines(text, width)
    below = height - len(lines) - 1
    side = (width - _GAP) * 2 // 5
    beside = preview.view is not None and below < _FEWEST_ROWS and side >= _FEWEST_COLUMNS
    if not beside:
        room = max(below, _FEWEST_ROWS)
        return [*lines, (), *_preview_lines(preview, language, width, room, ascii=ascii)]
    lines = wrap_lines(text, width - side - _GAP)
    picture = _preview_lines(preview, language, side, height, ascii=ascii)
    return [
        (*line, Span(" " * (width - side - line_width(line))), *row)
        for line, row in zip_longest(lines, picture, fillvalue=())
    ]


def _preview_lines(preview: Preview, language: str, width: int, height: int, *, ascii: bool) -> list[Line]:
    """The picture in `width` cells and `height` lines, cut where it is larger; or what is wrong."""
    if preview.error is not None:
        return list(mistakes(preview.error, width, language).lines)
    if preview.why is not None:
        return wrap_line((Span(preview.why.in_language(language), Role.DIM),), width)
    assert preview.view is not None
    room = width, max(1, height)
    picture = graph_picture(replace(preview.view, language=language, ascii=ascii, minimap=False, room=room))
    return [clip_line(picture.row(y, 0, width), width) for y in range(min(picture.height, room[1]))]
