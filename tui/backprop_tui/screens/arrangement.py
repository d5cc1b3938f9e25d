"""Which panels are in front, what stands in their borders, and how many rows the graph gets above another."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Container
from textual.geometry import Size

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_tui.cells.text import in_ascii
from backprop_tui.panel_slots import FIRST_IN_FRONT, PANEL_SLOTS, PanelSlot
from backprop_tui.panels.graph.picture import shown_scene, whole_scene_key
from backprop_tui.panels.registry import PANELS
from backprop_tui.screens.handle import Handle
from backprop_tui.view import View

__all__ = ["BREAKPOINTS", "SLOTS", "WIDE", "Body", "PanelArrangement", "rows_of_graph"]

WIDE, _ROOMY = 100, 160
"""The columns from which panels stand side by side, and from which there are more of them."""
BREAKPOINTS: list[tuple[int, str]] = [(0, "-narrow"), (WIDE, "-wide"), (_ROOMY, "-roomy")]
"""The class that the screen has from a number of columns on."""
SLOTS = {slot.name: slot for slot in PANEL_SLOTS}

_BORDER = 2
"""The rows and the columns that a border takes."""
_HEADINGS = 3
"""The rows of an equation, and of its check, beside those of its largest matrix."""
_LEAST = 6
"""The rows of the shortest equations: with a shape or a rule over their numbers, and a blank row."""
_SHARE = 2, 5
"""What stands below the graph gets at least this part of the rows."""


class PanelArrangement:
    """Of each region, the panel brought to the front last is seen; its border names those behind it."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._recent = tuple(dict.fromkeys((*FIRST_IN_FRONT, *(slot.name for slot in PANEL_SLOTS[1:]))))
        """The panels from the one brought to the front last; of each region the first of them is seen."""
        self._links: dict[tuple[str, str], list[tuple[str, str]]] = {}
        """What stands in a panel's border, by panel and language, for the arrangement there is."""

    def _region_of(self, slot: PanelSlot) -> str:
        """Where a panel stands on a screen of this size; on a narrow one all but the graph share a region."""
        if self._handle.has_class("-narrow"):
            return "graph" if slot.region == "graph" else "shared"
        return slot.roomy if self._handle.has_class("-roomy") else slot.region

    def bring_to_front(self, name: str) -> bool:
        """Have a panel seen from the next `arrange` on; whether it can be behind others at all."""
        if name not in self._recent:
            return False
        self._recent = (name, *(other for other in self._recent if other != name))
        return True

    def arrange(self) -> None:
        """Of each region, show the panel brought to the front last."""
        self._links.clear()
        front: dict[str, str] = {"graph": "graph"}
        for name in self._recent:
            front.setdefault(self._region_of(SLOTS[name]), name)
        for slot in PANEL_SLOTS:
            self._handle.panel(slot.name).set_class(front[self._region_of(slot)] != slot.name, "-behind")

    def show_titles(self) -> None:
        """Put titles into the borders; text of a scenario is never read as markup."""
        view = self._handle.current
        for slot in PANEL_SLOTS:
            panel = self._handle.panel(slot.name)
            if panel.has_class("-behind"):
                continue
            drawn = PANELS[slot.name]
            title = drawn.title(view) if drawn.title else slot.title.in_language(view.language)
            panel.entitle(_shown(title, view), self._behind(slot, view))
        self._handle.panel("timeline").entitle(_shown(msg("Timeline").in_language(view.language), view))

    def _behind(self, front: PanelSlot, view: View) -> list[tuple[str, str]]:
        """The panels behind `front`, each with the digit that brings it forward, and what a click does."""
        asked = (front.name, view.language)
        if asked not in self._links:
            region = self._region_of(front)
            self._links[asked] = [
                (
                    _shown(f"{number} {slot.title.in_language(view.language)}", view),
                    f"screen.command('show_{slot.name}')",
                )
                for number, slot in enumerate(PANEL_SLOTS, 1)
                if slot is not front and self._region_of(slot) == region
            ]
        return self._links[asked]


def _shown(words: str, view: View) -> str:
    return in_ascii(words) if view.ascii else words


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
    below. None means half: where only parts of the graph are shown, each part has a height of its own.
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
