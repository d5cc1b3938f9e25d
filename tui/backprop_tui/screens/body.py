"""The panels of the debugger, and how many rows the graph gets where it stands above another."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Container
from textual.geometry import Size

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph
from backprop_tui.panels.graph.picture import shown_scene, whole_scene_key
from backprop_tui.view import View

__all__ = ["Body", "rows_of_graph"]

_BORDER = 2
"""The rows and the columns that a border takes."""
_HEADINGS = 3
"""The rows of an equation, and of its check, beside those of its largest matrix."""
_LEAST = 6
"""The rows of the shortest equations: with a shape or a rule over their numbers, and a blank row."""
_SHARE = 2, 5
"""What stands below the graph gets at least this part of the rows."""


class Body(Container):
    """The panels between the header and the timeline; the graph's rows are fixed, or None."""

    def __init__(self, rows_of_graph: Callable[[Size], int | None], *, id: str) -> None:
        super().__init__(id=id)
        self._rows_of_graph = rows_of_graph
        self._rows: int | None = None

    def on_resize(self) -> None:
        """Share the rows anew."""
        self.share()

    def share(self, size: Size | None = None) -> None:
        """Give the graph its rows; `size` is what there will be, before there is any."""
        size = size or self.size
        if not size:
            return
        rows = self._rows_of_graph(size)
        if rows != self._rows:
            self._rows = rows
            self.query_one("#graph").styles.height = rows


def rows_of_graph(view: View, size: Size) -> int | None:
    """The rows of the graph's panel above another one, so that both fill `size`.

    It gets what its picture needs, but half of them at least, and no more than leaves enough for equations
    below. None is half of them: where only a part of the graph is shown, of which each has its own height.
    Nothing here depends on the step.
    """
    if whole_scene_key(view) is not None:
        return None
    picture = shown_scene(view).layout
    below = max(_rows_below(view.graph, size.height), size.height * _SHARE[0] // _SHARE[1])
    return max(size.height // 2, min(picture.height + _BORDER, size.height - below))


@derived(limit=4)
def _rows_below(graph: Graph, rows: int) -> int:
    """What a panel needs for equations: all rows of matrices, or half of `rows` where that is too much."""
    shapes = [node.shape for node in graph.nodes if graph.active[node.position] and node.shape]
    tallest = max((height for shape in shapes for height in shape[-2:-1] or shape), default=1)
    return min(_BORDER + max(_LEAST, _HEADINGS + tallest), rows - rows // 2)
