"""Paths into instances of cells: `one.h`, `states[2].h`, `states[-1].h`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["absolute", "module_path", "root", "split"]

_LONGEST: Final = 10_000
"""The longest name in a graph."""
_ROOT_ENDS: Final = re.compile(r"[.\[]")
_STEP: Final = re.compile(r"\[(-?\d{1,18})\]|\.?([^.\[\]#\s]+)")


def root(path: str) -> str:
    """The name that a path begins with: `states` of `states[2].h`."""
    found = _ROOT_ENDS.search(path)
    return path[: found.start()] if found else path


def split(path: str) -> tuple[str | int, ...] | None:
    """The steps of a path, `("states", -1, "h")` for `states[-1].h`; None for a text that is not a path.

    A numbered part of an expression, `states[0].a#1`, keeps its number in the last step.
    """
    body, mark, number = path.partition("#")
    if mark and not number.isdecimal():
        return None
    steps: list[str | int] = []
    at = 0
    while at < len(body):
        found = _STEP.match(body, at)
        named = found is not None and found[2] is not None
        if found is None or (named and (body[at] == ".") != bool(steps)) or (not named and not steps):
            return None
        steps.append(found[2] if named else int(found[1]))
        at = found.end()
    if not steps or (mark and isinstance(steps[-1], int)):
        return None
    if mark:
        steps[-1] = f"{steps[-1]}#{number}"
    return tuple(steps)


def module_path(path: str, root: str = "model") -> str:
    """The path of a module, ``blocks.1.attn``, as paths are written here: ``blocks[1].attn``.

    A number at its beginning is an index of `root`; what no name may have becomes an underscore.
    """
    written = ""
    for part in path.split(".") if path else ():
        if part.isdecimal() and part.isascii():
            written = f"{written or root}[{int(part[:18])}]"
        else:
            word = re.sub(r"[^\w\[\]-]", "_", part[:200]) or "_"
            word = f"_{word}" if word[0].isdecimal() else word
            written = f"{written}.{word}" if written else word
    return written


def absolute(path: str, lengths: Mapping[str, int]) -> str:
    """`path` with the indices that count from the end counted from the start; `lengths` are those of scans.

    What no scan has stays as it is, and is found under no name then.
    """
    if "[-" not in path or len(path) > _LONGEST:
        return path
    steps = split(path)
    if steps is None:
        return path
    written = ""
    for step in steps:
        if isinstance(step, str):
            written += f".{step}" if written else step
        else:
            length = lengths.get(written, 0)
            written += f"[{step + length if -length <= step < 0 else step}]"
    return written
