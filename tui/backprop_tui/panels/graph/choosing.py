"""Which scene is shown: all of the graph, or a part of one that is too large to wait for."""

from __future__ import annotations

from functools import lru_cache

from backprop_engine.trace.trace import Trace
from backprop_tui.layout.stages import Stages, finish
from backprop_tui.panels.graph.folding import plan_of
from backprop_tui.panels.graph.scene import LARGEST, Scene, Whole, scene_in_stages
from backprop_tui.view import Density, View

__all__ = ["part_shown", "scene_of", "whole_scene", "whole_wanted"]

_MOST = 20_000
"""The most units that are laid out at all."""
_STRETCH = 80
"""Of a graph that is shown in parts, the part changes after so many units."""


def scene_of(view: View) -> Scene:
    """The scene that the reader stands in: of the whole graph, if it is small or laid out, else of a part."""
    session, wanted = view.session, whole_wanted(view)
    whole = None if wanted is None else _laid_out(view, wanted)
    if whole is not None:
        return whole
    return _scene(session.trace, session.compared, _folded(view), view.density, *_stretch(view))


def part_shown(view: View) -> str:
    """Which of the computed units are shown; empty where it is all of them."""
    wanted = whole_wanted(view)
    if wanted is not None and _laid_out(view, wanted) is not None:
        return ""
    start, stop = _stretch(view)
    count = plan_of(view.graph, _folded(view)).computed
    return "" if stop - start == count else f"{start + 1}–{stop} / {count}"


def whole_wanted(view: View) -> Whole | None:
    """The picture of all of a graph that is too large to be laid out while one waits; None for any other."""
    folded = _folded(view)
    if not LARGEST < len(plan_of(view.graph, folded).standing) <= _MOST:
        return None
    return Whole(view.graph, folded, view.density, view.session.compared is not None)


def whole_scene(view: View) -> Stages[Scene | None]:
    """The picture of all of a graph, in steps; it fits every run of it, where longer numbers are clipped.

    None where it would be nearly all long wires, which nobody could follow.
    """
    folded, session = _folded(view), view.session
    computed = plan_of(view.graph, folded).computed
    wanted = whole_wanted(view)
    return scene_in_stages(session.trace, session.compared, folded, view.density, 0, computed, wanted)


def _laid_out(view: View, wanted: Whole) -> Scene | None:
    return next((scene for scene in view.whole if scene.whole == wanted), None)


def _folded(view: View) -> tuple[str, ...]:
    return () if view.session.levels else view.session.folded


def _stretch(view: View) -> tuple[int, int]:
    """The computed units to show, as numbers in the order of computing."""
    plan = plan_of(view.graph, _folded(view))
    if len(plan.standing) <= LARGEST:
        return 0, plan.computed
    at = plan.place_of.get(view.frame.node.position, 0) if view.frame.node else 0
    start = max(0, (at - plan.leaves) // _STRETCH * _STRETCH - _STRETCH // 4)
    return start, min(plan.computed, start + _STRETCH * 3 // 2)


@lru_cache(maxsize=12)
def _scene(
    trace: Trace, before: Trace | None, folded: tuple[str, ...], density: Density, start: int, stop: int
) -> Scene:
    scene = finish(scene_in_stages(trace, before, folded, density, start, stop))
    assert scene is not None  # only the whole of a large graph can be too long
    return scene
