"""How well the scenarios of a list were practised."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from backprop_engine.messages.message import Message, msg
from backprop_tui.files.bundled import ScenarioEntry
from backprop_tui.files.progress import Practised, read_progress

__all__ = ["MASTERED", "practised_in_words", "standing"]

MASTERED: Final = 0.8
"""The share of the credit of a session from which a scenario counts as mastered."""


def standing(entries: Iterable[ScenarioEntry]) -> dict[Path, Practised]:
    """What was practised of these scenarios, by their files."""
    progress = read_progress()
    return {
        entry.path: practised
        for entry in entries
        if (practised := progress.get(_kept_as(entry))) is not None and practised.questions
    }


def _kept_as(entry: ScenarioEntry) -> str:
    """What progress is kept under: the name of a bundled scenario, the path of any other."""
    return os.path.abspath(entry.path) if entry.named else entry.stem


def practised_in_words(practised: Practised | None) -> Message:
    """When a scenario was practised, how often, and how well."""
    if practised is None:
        return msg("not practised yet")
    best = round(100 * practised.best)
    if practised.sessions == 1:
        return msg("practised on {day}: {best}%", day=practised.last, best=best)
    return msg(
        "practised {count} times, most recently on {day}; best score {best}%",
        count=practised.sessions,
        day=practised.last,
        best=best,
    )
