"""Long work in stages: a generator that yields where it can be paused or given up, and returns a result."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

__all__ = ["Stages", "finish"]

Result = TypeVar("Result")
Stages: TypeAlias = Generator[None, None, Result]


def finish(stages: Stages[Result]) -> Result:
    """Do all the work at once, and return its result."""
    while True:
        try:
            next(stages)
        except StopIteration as end:
            result: Result = end.value
            return result
