"""The order of computing: of all units that are ready, the first in the file goes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

__all__ = ["computing_order", "cycles"]


def computing_order(uses: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of `uses` in the order of computing; its own order is the file's.

    `uses` gives for each unit the units it takes operands from. What lies on a cycle, or behind one, is left
    out.
    """
    names = list(uses)
    rank = {name: position for position, name in enumerate(names)}
    waiting = [0] * len(names)
    users: list[list[int]] = [[] for _ in names]
    for position, operands in enumerate(uses.values()):
        for operand in set(operands):
            waiting[position] += 1
            users[rank[operand]].append(position)
    ready = [position for position, count in enumerate(waiting) if not count]
    heapify(ready)
    order: list[str] = []
    while ready:
        position = heappop(ready)
        order.append(names[position])
        for user in users[position]:
            waiting[user] -= 1
            if not waiting[user]:
                heappush(ready, user)
    return order


def cycles(uses: Mapping[str, Sequence[str]], ordered: Sequence[str]) -> list[list[str]]:
    """One cycle for each group of units that need each other; it begins with its first in the file."""
    left = dict.fromkeys(uses)
    for name in ordered:
        left.pop(name)
    rank = {name: position for position, name in enumerate(uses)}
    found: list[list[str]] = []
    seen: set[str] = set()
    for start in left:
        trail: list[str] = []
        name = start
        while name not in seen:
            seen.add(name)
            trail.append(name)
            # What is left waits for something that is left.
            name = next(operand for operand in uses[name] if operand in left)
        if name in trail:
            loop = trail[trail.index(name) :]
            first = min(range(len(loop)), key=lambda at: rank[loop[at]])
            found.append(loop[first:] + loop[:first])
    return found
