"""Which panels are shown and where, what is in their borders, and how much room the graph gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, TypeAlias, get_args

from textual.geometry import Size

from backprop_engine.derived import derived
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_tui.cells.text import in_ascii
from backprop_tui.panel_slots import FIRST_IN_FRONT, PANEL_SLOTS, PanelSlot
from backprop_tui.panels.graph.picture import shown_scene, whole_scene_key
from backprop_tui.panels.registry import PANELS
from backprop_tui.panels.step import equation_title
from backprop_tui.scene.placing import Room
from backprop_tui.screens.handle import Handle
from backprop_tui.textual_private import LaidOutOnce
from backprop_tui.view import View

__all__ = [
    "BREAKPOINTS",
    "SLOTS",
    "STAGE",
    "VERTICAL_BREAKPOINTS",
    "Body",
    "PanelArrangement",
    "Plan",
    "cells_of_graph",
    "most_of_graph",
    "plan_of",
]

Plan: TypeAlias = Literal["stacked", "tower", "wide", "beside", "roomy", "filled", "staged"]
"""How a screen is divided. The graph is as wide as the screen, and below it are: one panel (`stacked`), one
below another (`tower`), two side by side (`wide`), or three (`roomy`). On a screen that is wide but low the
two are `beside` it. Where a panel has all of the screen, it is `filled`; `staged` are the graph and one
large equation.
"""

_WIDE, _ROOMY = 100, 160
"""The columns from which panels are side by side, and from which there are more of them."""
_MEDIUM, _TALL = 32, 45
"""The rows from which a screen is not low, and from which three panels are one below another."""
BREAKPOINTS: list[tuple[int, str]] = [(0, "-narrow"), (_WIDE, "-wide"), (_ROOMY, "-roomy")]
"""The class that the screen has from a number of columns on."""
VERTICAL_BREAKPOINTS: list[tuple[int, str]] = [(0, "-low"), (_MEDIUM, "-medium"), (_TALL, "-tall")]
"""The class that the screen has from a number of rows on."""
STAGE = "stage"
"""The panel with the large equation."""
SLOTS = {slot.name: slot for slot in PANEL_SLOTS}

_BORDER = 2
"""The rows and the columns that a border takes."""
_HEADINGS = 3
"""The rows of an equation, and of its check, beside those of its largest matrix."""
_LEAST = 6
"""The rows of the shortest equations: with a shape or a rule over their numbers, and a blank row."""
_SHARE = 2, 5
_SHARES: Final[dict[Plan, tuple[int, int]]] = {"tower": (3, 5), "staged": (1, 2)}
"""What is below the graph gets at least this part of the rows."""
_LEAST_SHARE = 1, 3
"""The graph gets at least this part of the rows; of the columns it is half, where others are beside it."""
_BESIDE = 58
"""The columns that equations and tables need beside the graph."""


def plan_of(size: Size) -> Plan:
    """How a screen of a size is divided."""
    if size.width < _WIDE:
        return "tower" if size.height >= _TALL else "stacked"
    if size.width < _ROOMY:
        return "wide"
    return "beside" if size.height < _MEDIUM else "roomy"


class PanelArrangement:
    """Of each region, the panel brought to the front last is seen; its border names those behind it.

    Any panel can have the screen for itself; this stays so in another size, and for the panel shown next.
    """

    def __init__(self, handle: Handle, filling: str = "") -> None:
        self._handle = handle
        self._recent = tuple(dict.fromkeys((*FIRST_IN_FRONT, *SLOTS)))
        """The panels from the one brought to the front last; of each region the first of them is seen."""
        self._filling = filling
        """The panel that has the screen for itself; the stage has it together with the graph."""
        self._links: dict[tuple[str, str], list[tuple[str, str]]] = {}
        """What is in a panel's border, by panel and language, for the arrangement there is."""

    @property
    def plan(self) -> Plan:
        """How the screen is divided now."""
        if self._filling:
            return "staged" if self._filling == STAGE else "filled"
        return plan_of(self._handle.application.size)

    def _region_of(self, slot: PanelSlot) -> str:
        """Where a panel is; where there is room for one below the graph, all but that share a region."""
        if slot.region == "graph":
            return "graph"
        match self.plan:
            case "filled" | "staged" | "stacked":
                return "shared"
            case "tower" | "wide" | "beside":
                return slot.region
            case "roomy":
                return slot.roomy

    def bring_to_front(self, name: str) -> bool:
        """Show a panel from the next `arrange` on; whether it is one of those that are arranged."""
        if name not in SLOTS:
            return False
        if self._filling:
            self._filling = "" if self._filling == STAGE else name
        self._recent = (name, *(other for other in self._recent if other != name))
        return True

    def fill(self, name: str) -> None:
        """Have a panel fill the screen from the next `arrange` on; none where `name` is empty."""
        self._filling = name

    @property
    def filling(self) -> str:
        """The panel that has the screen for itself; empty where none has."""
        return self._filling

    def arrange(self) -> None:
        """Of each region, show the panel brought to the front last."""
        self._links.clear()
        front: dict[str, str] = {}
        for name in self._recent:
            front.setdefault(self._region_of(SLOTS[name]), name)
        shown = {self._filling} if self._filling else set(front.values())
        if self._filling == STAGE:
            shown.add("graph")
        for name in (*SLOTS, STAGE):
            self._handle.panel(name).set_class(name not in shown, "-behind")

    def show_titles(self) -> None:
        """Put titles into the borders; text of a scenario is never read as markup."""
        view = self._handle.current
        for slot in PANEL_SLOTS:
            panel = self._handle.panel(slot.name)
            if panel.has_class("-behind"):
                continue
            if slot.name == "graph" and self._handle.is_lacking(view):
                continue  # its title says how it is drawn
            drawn = PANELS[slot.name]
            title = drawn.title(view) if drawn.title else slot.title.in_language(view.language)
            panel.entitle(_shown(title, view), self._behind(slot, view))
        stage = self._handle.panel(STAGE)
        if not stage.has_class("-behind"):
            stage.entitle(_shown(equation_title(view), view), self._back(view))
        self._handle.panel("timeline").entitle(_shown(msg("Timeline").in_language(view.language), view))

    def _behind(self, front: PanelSlot, view: View) -> list[tuple[str, str]]:
        """The panels behind `front`, each with the digit that brings it forward, and what a click does.

        A panel that fills the screen says how the others come back.
        """
        asked = (front.name, view.language)
        if asked not in self._links:
            region = self._region_of(front)
            self._links[asked] = [
                (
                    _shown(f"{number} {slot.title.in_language(view.language)}", view),
                    f"screen.command('show_{slot.name}')",
                )
                for number, slot in enumerate(PANEL_SLOTS, 1)
                if slot is not front and (self.plan == "filled" or self._region_of(slot) == region)
            ]
            if self.plan == "filled":
                self._links[asked] += self._back(view)
        return self._links[asked]

    def _back(self, view: View) -> list[tuple[str, str]]:
        back = msg("Esc back to all panels").in_language(view.language)
        return [(_shown(back, view), "screen.command('fill')")]


def _shown(words: str, view: View) -> str:
    return in_ascii(words) if view.ascii else words


class Body(LaidOutOnce):
    """The panels between the header and the timeline, in a grid that is divided as `plan` says."""

    def __init__(
        self,
        current: Callable[[], View],
        is_lacking: Callable[[View], bool],
        plan: Callable[[], Plan],
        *,
        id: str,
    ) -> None:
        super().__init__(id=id)
        self._current = current
        self._is_lacking = is_lacking
        self._plan = plan
        self._shared: tuple[Plan, int, int] | None = None

    def on_resize(self) -> None:
        """Share the rows again."""
        self.share()

    def most(self, view: View) -> Room:
        """The most room available for the picture of a view."""
        return _inside(most_of_graph(view.graph, self._plan(), self.size))

    def share(self, size: Size | None = None) -> bool:
        """Give the graph its rows; `size` is the size to come, before there is any. Returns whether they
        changed.
        """
        size = size or self.size
        if not size:
            return False
        plan = self._plan()
        shared = plan, self._cells_of_graph(plan, size), size.width
        is_other = shared != self._shared
        if is_other:
            self._shared = shared
            self.update_classes({f"-{each}": each == plan for each in get_args(Plan)})
            rows, columns = _GRIDS[plan]
            self.styles.grid_rows = rows.format(shared[1])
            self.styles.grid_columns = columns.format(shared[1], size.width * 7 // 20, size.width * 6 // 20)
        return is_other

    def _cells_of_graph(self, plan: Plan, size: Size) -> int:
        """The cells of the graph; until its picture is laid out, those that it has in this plan."""
        view = self._current()
        if not self._is_lacking(view):
            return cells_of_graph(view, plan, size)
        if self._shared is not None and self._shared[0] == plan:
            return self._shared[1]
        most = most_of_graph(view.graph, plan, size)
        return most.width if plan == "beside" else most.height


_GRIDS: Final[dict[Plan, tuple[str, str]]] = {
    "filled": ("1fr", "1fr"),
    "staged": ("{0} 1fr", "1fr"),
    "stacked": ("{0} 1fr", "1fr"),
    "tower": ("{0} 3fr 2fr", "1fr"),
    "wide": ("{0} 1fr", "3fr 2fr"),
    "beside": ("3fr 2fr", "{0} 1fr"),
    "roomy": ("{0} 1fr", "1fr {1} {2}"),
}
"""The rows and the columns of the grid.

0 stands for the cells of the graph, 1 and 2 for seven and six twentieths of the width: the first of three
columns gets what is left over, so that it is never narrower than the next.
"""


def cells_of_graph(view: View, plan: Plan, size: Size) -> int:
    """The rows that the graph's panel gets of `size`, or its columns where the others are beside it.

    It gets what its picture needs, but a certain part at least, and no more than leaves enough for the
    others; all that it may have where only parts of the graph are shown, each with a size of its own.
    Nothing here depends on the step.
    """
    room = most_of_graph(view.graph, plan, size)
    view = replace(view, room=_inside(room))
    beside = plan == "beside"
    most = room.width if beside else room.height
    least = size.width // 2 if beside else size.height * _LEAST_SHARE[0] // _LEAST_SHARE[1]
    if whole_scene_key(view) is not None:
        return most
    picture = shown_scene(view).layout
    needed = picture.width if beside else picture.height
    return min(most, max(least, needed + _BORDER))


def _inside(room: Size) -> Room:
    return room.width - _BORDER, room.height - _BORDER


def most_of_graph(graph: Graph, plan: Plan, size: Size) -> Size:
    """The most that the graph's panel may have of `size`, with its border, whatever its picture needs."""
    if plan == "filled":
        return size
    if plan == "beside":
        return Size(max(size.width // 2, size.width - _BESIDE), size.height)
    part, whole = _SHARES.get(plan, _SHARE)
    below = max(_rows_below(graph, size.height), size.height * part // whole)
    return Size(size.width, size.height - below)


@derived(limit=4)
def _rows_below(graph: Graph, rows: int) -> int:
    """What a panel needs for equations: all rows of matrices, or half of `rows` where that is too much."""
    shapes = [node.shape for node in graph.nodes if graph.active[node.position] and node.shape]
    tallest = max((height for shape in shapes for height in shape[-2:-1] or shape), default=1)
    return min(_BORDER + max(_LEAST, _HEADINGS + tallest), rows - rows // 2)
