"""What has come back of the gradient along each wire, as a river: its size is its colour and its weight.

A wire carries the contribution that has crossed it, a stretch that several share the largest of theirs, and
the wire beside a node's name all that has arrived there. Sizes are norms on the logarithmic scale of the run.
"""

from __future__ import annotations

from math import isfinite
from typing import Final, NamedTuple

from backprop_engine.arrays import norm
from backprop_engine.graph.graph import Node
from backprop_engine.trace.magnitudes import contribution_norm, gradient_magnitudes
from backprop_engine.trace.trace import Frame
from backprop_tui.cells.lines import Role, Tint
from backprop_tui.cells.shades import FLOWS, Flow, flow
from backprop_tui.scene.scene import Scene

__all__ = ["River", "Stream"]

_HEAVY = 2 * FLOWS // 3
"""From this level on a wire is a heavy line."""
_HEAVY_LINES: Final = str.maketrans("─│╭╮╰╯├┤┬┴┼", "━┃┏┓┗┛┣┫┳┻╋")
_DRY: Final = str.maketrans(dict.fromkeys("─│╭╮╰╯├┤┬┴┼", "⋅"))


class Stream(NamedTuple):
    """How a wire looks along which a gradient has come back."""

    tint: Tint
    size: float

    def lines(self, drawn: str) -> str:
        """Light lines as heavy ones where much has come, as dots where it is zero."""
        if self.size == 0:
            return drawn.translate(_DRY)
        heavy = not isinstance(self.tint, Flow) or self.tint.level >= _HEAVY
        return drawn.translate(_HEAVY_LINES) if heavy else drawn


class River:
    """The streams of a scene at one position of the run."""

    def __init__(self, frame: Frame, scene: Scene) -> None:
        self._frame, self._scene = frame, scene
        schedule = frame.trace.schedule
        self._runs = schedule.seed < frame.position < schedule.clear
        self._streams: dict[tuple[int, ...], Stream | None] = {}
        self._sizes: dict[int, float | None] = {}
        self._edges: dict[int, dict[int, int]] = {}
        """Of the nodes that were asked for, the edge of each operand, of which there may be thousands."""

    def along(self, wires: tuple[int, ...]) -> Stream | None:
        """What has come back along any of some wires; None where nothing has yet."""
        if not self._runs:
            return None
        if wires not in self._streams:
            known = self._sizes
            known.update({wire: self._crossed(wire) for wire in wires if wire not in known})
            sizes = [size for wire in wires if (size := known[wire]) is not None]
            self._streams[wires] = self._stream(_largest(sizes)) if sizes else None
        return self._streams[wires]

    def beside(self, node: Node) -> Stream | None:
        """What has arrived at a node so far; None where nothing has."""
        gradient = self._frame.gradient(node)
        if gradient is None or not self._frame.graph.gets_gradient(node.position):
            return None
        return self._stream(norm(gradient))

    def _crossed(self, wire: int) -> float | None:
        """The size of what has crossed a wire, or the feeder of a bus."""
        sizes = [
            contribution_norm(self._frame.trace, edge)
            for served in self._scene.buses.served(wire)
            if (edge := self._passed(self._scene.ends[served])) is not None
        ]
        return _largest(sizes) if sizes else None

    def _passed(self, end: tuple[int, int, int]) -> int | None:
        """The edge of a wire that the gradient has been passed back along."""
        schedule = self._frame.trace.schedule
        _, node, argnum = end
        edges = self._edges.get(node)
        if edges is None:
            found = schedule.edges_of.get(node, ())
            edges = self._edges[node] = {schedule.edges[index].argnum: index for index in found}
        index = edges.get(argnum)
        if index is None or self._frame.position < schedule.starts[index]:
            return None
        return schedule.edges[index].index

    def _stream(self, size: float) -> Stream:
        if not isfinite(size):
            return Stream(Role.TROUBLE, size)
        return Stream(flow(gradient_magnitudes(self._frame.trace).share(size)), size)


def _largest(sizes: list[float]) -> float:
    """The largest of some sizes; what is not finite is larger than anything."""
    return next((size for size in sizes if not isfinite(size)), max(sizes))
