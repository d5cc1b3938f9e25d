"""Drawing a graph, against Graphviz's `dot`: crossings, length of the wires, and time.

`dot` is given the same boxes (a row of the terminal is a tenth of an inch, a column a twentieth), the same
blank row between them, and the same edges, none of them merged. One function measures both drawings. It asks
only for the rank of each node, which is its column, and for the height at which each edge passes the centre
of every rank that it spans; `dot`'s splines are evaluated there. Two edges cross between two ranks where the
order of their heights is reversed. Edges that run along one wire are counted each for itself, as they are in
`dot`'s drawing, which has no such wires.

The time of `dot` is that of its process, which writes coordinates, and ours that of `layout`, which gives
them, both as processor time. `dot` must be on the path; the figures on `benchmarks/README.md` are of version
2.42.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import subprocess
import sys
from bisect import bisect_left, bisect_right, insort
from itertools import chain, pairwise
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import process_time
from typing import NamedTuple

import numpy as np
from layout_graphs import GENERATED, Drawable, library

from backprop_tui.layout import Layout, layout
from backprop_tui.scene.wires import WireTiles

Point = tuple[float, float]
Edge = tuple[int, int]
ROW, COLUMN, GAP = 0.1, 0.05, 0.3
"""Inches of a row, of a column, and between two ranks."""
THREADS = "OPENBLAS_NUM_THREADS"
LONG = 5
"""Seconds of `dot` beyond which a graph gets one turn only."""


class Drawing(NamedTuple):
    """What is measured of a drawing: heights are in rows of the terminal."""

    rank: list[int]
    passes: list[list[float]]
    """For each edge, its height at every rank from its source to its target, both included."""
    height: float


class Figures(NamedTuple):
    """How good a drawing is."""

    crossings: int
    spanned: int
    """Ranks that all edges span together."""
    climbed: float
    """Rows that all edges climb or fall together."""
    height: float
    """Rows of the whole drawing."""


def measured(drawing: Drawing, edges: list[tuple[int, int]]) -> Figures:
    """The one measure for both drawings."""
    gaps: dict[int, list[tuple[float, float]]] = {}
    climbed = 0.0
    for (source, _), heights in zip(edges, drawing.passes, strict=True):
        for rank, link in enumerate(pairwise(heights), drawing.rank[source]):
            gaps.setdefault(rank, []).append(link)
            climbed += abs(link[1] - link[0])
    spanned = sum(drawing.rank[target] - drawing.rank[source] for source, target in edges)
    return Figures(sum(map(_reversals, gaps.values())), spanned, climbed, drawing.height)


def _reversals(links: list[tuple[float, float]]) -> int:
    """Pairs of links of which one starts above and ends below the other."""
    count = 0
    above: list[float] = []
    links.sort()
    for _, end in links:  # those with the same start come by their ends, so they reverse nothing
        count += len(above) - bisect_right(above, end)
        insort(above, end)
    return count


def ours(graph: Drawable, drawn: Layout) -> Drawing:
    """Our drawing; components stand below each other, each with ranks of its own."""
    columns: dict[int, dict[int, None]] = {}
    leader = _leaders(graph)
    for box, (x, _) in enumerate(drawn.origins):
        columns.setdefault(leader[box], {})[x] = None
    ranks = {part: {x: rank for rank, x in enumerate(sorted(xs))} for part, xs in columns.items()}
    rank = [ranks[leader[box]][x] for box, (x, _) in enumerate(drawn.origins)]
    centre = [y + height / 2 for (_, y), (_, height) in zip(drawn.origins, graph.sizes, strict=True)]
    passes = []
    for (source, target), route in zip(graph.edges, drawn.routes, strict=True):
        between = [
            x for x in ranks[leader[source]] if drawn.origins[source][0] < x < drawn.origins[target][0]
        ]
        heights, corner = [], 0
        for x in sorted(between):
            while route[corner + 1][0] < x:
                corner += 1
            heights.append(route[corner][1] + 0.5)
        passes.append([centre[source], *heights, centre[target]])
    return Drawing(rank, passes, drawn.height)


def _leaders(graph: Drawable) -> list[int]:
    """For each box, the first of its connected part."""
    leader = list(range(len(graph.sizes)))

    def find(box: int) -> int:
        while leader[box] != box:
            leader[box] = leader[leader[box]]
            box = leader[box]
        return box

    for source, target in graph.edges:
        one, other = find(source), find(target)
        leader[max(one, other)] = min(one, other)
    return [find(box) for box in range(len(leader))]


def as_dot(graph: Drawable) -> str:
    """The graph in `dot`'s language."""
    lines = [
        f"digraph {{ rankdir=LR; nodesep={ROW}; ranksep={GAP}",
        'node [shape=box, fixedsize=true, label=""]; edge [arrowhead=none]',
    ]
    lines += [
        f"{box} [width={width * COLUMN:.2f}, height={height * ROW:.2f}]"
        for box, (width, height) in enumerate(graph.sizes)
    ]
    lines += [f"{source} -> {target}" for source, target in graph.edges]
    return "\n".join([*lines, "}"])


def run_dot(graph: Drawable, limit: float) -> tuple[float, str]:
    """The seconds that `dot` takes, and its drawing; an empty one where it is stopped at the limit."""
    before = getrusage(RUSAGE_CHILDREN)
    try:
        drawn = subprocess.run(
            ["dot", "-Tplain"], input=as_dot(graph), capture_output=True, text=True, check=True, timeout=limit
        ).stdout
    except subprocess.TimeoutExpired:
        drawn = ""
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, drawn


def theirs(plain: str) -> tuple[Drawing, list[Edge]]:
    """What `dot` has drawn, and the edges in the order in which it says so."""
    centres: dict[int, Point] = {}
    edges: list[Edge] = []
    splines: list[list[Point]] = []
    height = 0.0
    for line in plain.splitlines():
        match line.split():
            case ["graph", _, _, tall]:
                height = float(tall)
            case ["node", name, x, y, *_]:
                centres[int(name)] = float(x), float(y)
            case ["edge", source, target, count, *rest]:
                edges.append((int(source), int(target)))
                numbers = list(map(float, rest[: 2 * int(count)]))
                splines.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    columns = sorted(dict.fromkeys(x for x, _ in centres.values()))
    rank = [bisect_left(columns, centres[box][0]) for box in range(len(centres))]
    passes = []
    for (source, target), spline in zip(edges, splines, strict=True):
        between = columns[rank[source] + 1 : rank[target]]
        heights = [centres[source][1], *_heights(spline, between), centres[target][1]]
        passes.append([height / ROW for height in heights])
    return Drawing(rank, passes, height / ROW), edges


def _heights(spline: list[Point], columns: list[float]) -> list[float]:
    """Where a spline of cubic pieces passes some columns."""
    if not columns:
        return []
    points = np.array(spline)
    t = np.linspace(0, 1, 17)[:, None]
    pieces = [
        (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
        for a, b, c, d in zip(points[:-3:3], points[1:-2:3], points[2:-1:3], points[3::3], strict=True)
    ]
    x, y = np.concatenate(pieces).T
    return [float(height) for height in np.interp(columns, np.maximum.accumulate(x), y)]


def run_ours(graph: Drawable, *, by_wire: bool = False) -> tuple[float, Layout]:
    """The seconds that we take, and the layout."""
    gc.collect()
    started = process_time()
    drawn = layout(graph.sizes, graph.edges, by_wire=by_wire)
    return process_time() - started, drawn


class Comparison(NamedTuple):
    """One graph, drawn by both; `dot` may have no figures, where it was stopped."""

    ours: Figures
    theirs: Figures | None
    wires: int
    """Crossings that are seen on our drawing, where edges share wires."""
    seconds: float
    dot_seconds: float


def compare(graph: Drawable, turns: int, limit: float, *, by_wire: bool) -> Comparison:
    """Draw a graph by turns."""
    times, dot_times = [], []
    plain = ""
    for _ in range(turns):
        took, drawn = run_ours(graph, by_wire=by_wire)
        times.append(took)
        took, plain = run_dot(graph, limit)
        dot_times.append(took)
        if took > LONG:
            break
    tiles = WireTiles(drawn.routes, [source for source, _ in graph.edges])
    seen = sum(mark.crossing for y in range(drawn.height) for _, mark in tiles.row(y, 0, drawn.width))
    other = measured(*theirs(plain)) if plain else None
    return Comparison(
        measured(ours(graph, drawn), graph.edges), other, seen, median(times), median(dot_times)
    )


def report(name: str, found: Comparison) -> None:
    """One line of the table: crossings, then lengths and time as multiples of `dot`'s."""
    mine, dot = found.ours, found.theirs
    cells = [f"{mine.crossings:,}", f"{dot.crossings:,}" if dot else "–", f"{found.wires:,}"]
    for one, other in (
        (mine.spanned, dot and dot.spanned),
        (mine.climbed, dot and dot.climbed),
        (mine.height, dot and dot.height),
        (found.seconds, found.dot_seconds),
    ):
        cells.append(f"{one / other:.2f}" if other else "–" if other is None else "")
    if dot is None:
        cells[-1] = "< " + cells[-1]
    print(f"{name:<34}" + "".join(f"{cell:>11}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=3, help="turns of each (3)")
    parser.add_argument("--limit", type=float, default=120, help="seconds after which dot is stopped (120)")
    parser.add_argument("--only", default="", help="graphs with this in their name")
    parser.add_argument("--by-wire", action="store_true", help="keep wires short, not edges")
    chosen = parser.parse_args()
    if THREADS not in os.environ:  # one, as the command line has it: it is read when NumPy is loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {THREADS: "1"})
    if not shutil.which("dot"):
        raise SystemExit("Graphviz's dot is not on the path: there is nothing to compare with.")
    heads = ("crossings", "dot's", "seen", "ranks", "rows", "height", "time")
    print(f"{'graph':<34}" + "".join(f"{head:>11}" for head in heads))
    bundled = []
    for name, graph in chain(library(), ((name, make()) for name, make in GENERATED.items())):
        if chosen.only in name:
            found = compare(graph, chosen.turns, chosen.limit, by_wire=chosen.by_wire)
            if name not in GENERATED:
                bundled.append(found)
            if name in GENERATED or chosen.only or found.wires:
                report(name, found)
    if len(bundled) > 1:
        report("the bundled scenarios together", together(bundled))


def together(found: list[Comparison]) -> Comparison:
    """The sums over some graphs, all of which `dot` has drawn."""
    mine = [one.ours for one in found]
    dot = [one.theirs for one in found if one.theirs]
    return Comparison(
        Figures(*map(sum, zip(*mine, strict=True))),
        Figures(*map(sum, zip(*dot, strict=True))),
        sum(one.wires for one in found),
        sum(one.seconds for one in found),
        sum(one.dot_seconds for one in found),
    )


if __name__ == "__main__":
    main()
