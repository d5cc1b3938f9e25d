"""How much a run of the tests tries, decided here and nowhere else.

The README's test line tries enough of everything to find a mistake within two minutes.
`BACKPROP_EFFORT=thorough` tries all: every bundled scenario where otherwise a covering set stands for them,
every example that a law is given, fifty planted faults. `exhaustive` draws ten times as many files and
sequences of commands, which takes half an hour more. `BACKPROP_SHARE=3/15` leaves one test in fifteen:
each belongs to one of the fifteen shares, and always to the same one. `.ci/run` tries a share.
"""

from __future__ import annotations

import os
from typing import Final, TypeVar
from zlib import crc32

T = TypeVar("T")

_EFFORT: Final = os.environ.get("BACKPROP_EFFORT")
EXHAUSTIVE: Final = _EFFORT == "exhaustive"
THOROUGH: Final = _EFFORT == "thorough" or EXHAUSTIVE
_PART, _PARTS = map(int, os.environ.get("BACKPROP_SHARE", "0/1").split("/"))
CASES: Final = {
    "tui/screens": 1,
    "tui/widgets": 1,
    "tui/panels": 2,
    "tui/render": 4,
    "tui/prompt": 4,
    "tui/scene": 2,
    "engine/scenario": 20,
    "tui/export": 2,
    "tui/pytest_plugin": 2,
    "docs": 3,
    "cli": 5,
    "engine/ops": 12,
    "engine/debugger": 8,
    "engine/evaluation": 8,
    "engine/optim": 8,
    "engine/expressions": 20,
    "engine/catalogue": 8,
    "engine/derivatives": 8,
    "engine/explain": 8,
    "engine/program": 8,
    "engine/practice": 4,
    "engine/messages": 12,
    "scenarios": 8,
    "tui/cells": 4,
    "tui": 12,
    "web": 8,
    "engine/recordings": 8,
    "engine/trace": 20,
}
"""How many cases of a function in these folders are run where effort is not thorough: most of them start the
whole app, draw for each scenario of the covering set, or go through a table or a corpus."""


def tried(everything: T, enough: T) -> T:
    """All that there is to try, or what is enough of it between two changes."""
    return everything if THOROUGH else enough


def in_share(test: str) -> bool:
    """Whether a test, by its name, belongs to the share that is run."""
    return crc32(test.encode()) % _PARTS == _PART % _PARTS


def spread(count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(number * (count - 1) / max(1, most - 1)) for number in range(most)]


def examples(count: int) -> int:
    """How many examples a law is given, of the `count` that a thorough run gives it."""
    return tried(count, max(10, count // 12))
