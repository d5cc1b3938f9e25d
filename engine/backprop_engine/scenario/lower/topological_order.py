"""The order of computing: of all definitions that are ready, the first in the file goes first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush

__all__ = ["TopologicalOrder", "cycles", "topological_order"]


def topological_order(uses: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of `uses` in the order of computing; its own order is the file's.

    `uses` gives the definitions that each definition takes operands from. What lies on a cycle, or depends on
    one, is left out.
    """
    names = list(uses)
    rank = {name: position for position, name in enumerate(names)}
    waiting: list[int] = []
    users: list[list[int]] = [[] for _ in names]
    for position, operands in enumerate(uses.values()):
        distinct = {rank[operand] for operand in operands}
        waiting.append(len(distinct))
        for operand in distinct:
            users[operand].append(position)
    ready = [position for position, count in enumerate(waiting) if not count]
    order: list[str] = []
    while ready:
        position = heappop(ready)
        order.append(names[position])
        for user in users[position]:
            waiting[user] -= 1
            if not waiting[user]:
                heappush(ready, user)
    return order


class TopologicalOrder:
    """Hands out definitions as they become ready: those before are computed by then.

    A scan is handed out by its name first; `unroll` then says how many instances it has. They follow as
    `states[0]`, `states[1]`, …, each as soon as the one before is computed. Other definitions come between
    them where these are ready and are earlier in the file. A need is the name of a definition, or of a part
    of a scan: `states[2]`, `states[-1]`, or `states.h`, the stack of all instances, which comes last.
    """

    def __init__(self, needs: Mapping[str, Sequence[str]], scans: Collection[str]) -> None:
        self._rank = {name: position for position, name in enumerate(needs)}
        self._waiting: dict[str, int] = {}
        self._users: dict[str, list[str]] = {}
        self._stacks: dict[str, list[str]] = {name: [] for name in scans}
        self._items: dict[str, tuple[str, int]] = {}
        self._lengths: dict[str, int] = {}
        for name, operands in needs.items():
            distinct = dict.fromkeys(operands)
            self._waiting[name] = len(distinct)
            for operand in distinct:
                self._users.setdefault(operand, []).append(name)
        for need in self._users if scans else ():
            scan, dot, _ = need.partition(".")
            if dot and scan in self._stacks:
                self._stacks[scan].append(need)
        self._ready = [(self._rank[name], -1, name) for name, count in self._waiting.items() if not count]
        heapify(self._ready)

    def __iter__(self) -> Iterator[str]:
        while self._ready:
            rank, _, name = heappop(self._ready)
            yield name
            self._release(name)
            if name in self._items:
                self._next_instance(rank, *self._items[name])

    def unroll(self, scan: str, length: int) -> None:
        """Say that the scan handed out last has `length` instances, 1 or more."""
        self._lengths[scan] = length
        self._push_instance(self._rank[scan], scan, 0)

    def out_of_range(self, scan: str) -> Iterator[tuple[str, str]]:
        """(user, need) for every need of an instance that an unrolled scan does not have."""
        length = self._lengths[scan]
        for need, users in self._users.items():
            name, bracket, index = need.rstrip("]").partition("[")
            if bracket and name == scan and not -length <= int(index) < length:
                yield from ((user, need) for user in users)

    def _push_instance(self, rank: int, scan: str, index: int) -> None:
        name = f"{scan}[{index}]"
        self._items[name] = (scan, index)
        heappush(self._ready, (rank, index, name))

    def _next_instance(self, rank: int, scan: str, index: int) -> None:
        length = self._lengths[scan]
        self._release(f"{scan}[{index - length}]")
        if index + 1 < length:
            self._push_instance(rank, scan, index + 1)
            return
        for number, stack in enumerate(self._stacks[scan]):
            heappush(self._ready, (rank, length + number, stack))

    def _release(self, need: str) -> None:
        for user in self._users.get(need, ()):
            self._waiting[user] -= 1
            if not self._waiting[user]:
                heappush(self._ready, (self._rank[user], -1, user))


def cycles(uses: Mapping[str, Sequence[str]], ordered: Sequence[str]) -> list[list[str]]:
    """One cycle for each group of definitions that need each other; it begins with its first in the file."""
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
