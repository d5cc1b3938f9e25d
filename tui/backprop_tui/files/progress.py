"""What a person has practised, when, and how well: one small file in the user's folder.

It is read, changed and written under a lock, and put in place of the old one whole: two instances lose
nothing of each other's, and a crash leaves the file as it was. A file that cannot be read is set aside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct, field, structs

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.model import Scenario
from backprop_engine.whole_files import write_whole
from backprop_tui.files.bundled import bundled
from backprop_tui.files.locks import locked
from backprop_tui.files.user_folder import user_folder

if TYPE_CHECKING:  # the gallery shows what is kept, and asks nothing
    from backprop_engine.practice.score import Score

__all__ = [
    "Practised",
    "ProgressFile",
    "keep_score",
    "note_practice",
    "progress_name",
    "progress_path",
    "read_progress",
]

_VERSION: Final = 1
_LARGEST: Final = 2**22
"""A larger file is not ours, in bytes."""
_MOST_SCENARIOS: Final = 10_000
_MOST: Final = 10**9
"""Nobody practises more often."""
_Count: TypeAlias = Annotated[int, Meta(ge=0, le=_MOST)]


class Practised(Struct, frozen=True):
    """What was practised of a scenario: how many sessions, the last day, and questions with their credit.

    `best` is the best share of the credit of a session, 0 to 1; `mistakes` counts misconceptions by name.
    """

    sessions: _Count = 0
    last: Annotated[str, Meta(pattern=r"\A(\d{4}-\d\d-\d\d)?\Z")] = ""
    questions: _Count = 0
    credit: Annotated[float, Meta(ge=0, le=_MOST)] = 0.0
    best: Annotated[float, Meta(ge=0, le=1)] = 0.0
    bugs: _Count = 0
    mistakes: dict[str, _Count] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The credit of all questions as a share, 0 to 1."""
        return self.credit / self.questions if self.questions else 0.0


class ProgressFile(Struct, frozen=True):
    """What is in the file: scenarios by name, those of a person's own by their paths."""

    version: int = _VERSION
    scenarios: dict[str, Practised] = field(default_factory=dict)


def progress_path() -> Path:
    """Where progress is kept."""
    return Path(user_folder(), "progress.json")


def progress_name(scenario: Scenario) -> str:
    """What progress is kept under: the name of a bundled scenario, the path of any other."""
    path = bundled().get(scenario.name)
    if path is not None and os.path.abspath(scenario.path) == os.path.abspath(path):
        return scenario.name
    return os.path.abspath(scenario.path)


def read_progress(path: Path | None = None) -> Mapping[str, Practised]:
    """What was practised, by scenario; nothing where there is no file, or none that can be read."""
    found = _read(path or progress_path())
    return {} if found is None else found.scenarios


def _read(path: Path) -> ProgressFile | None:
    """The file; None where it is damaged, or of another version."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None if path.exists() else ProgressFile()
        found = msgspec.json.decode(path.read_bytes(), type=ProgressFile)
    except FileNotFoundError:
        return ProgressFile()
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return None
    return found if found.version == _VERSION and len(found.scenarios) <= _MOST_SCENARIOS else None


def keep_score(scenario: Scenario, score: Score) -> None:
    """Add a session to what is kept, if anything was answered; `UsageError` where that cannot be written."""
    if score.credits:
        note_practice(progress_name(scenario), score)


def note_practice(
    name: str,
    score: Score,
    *,
    path: Path | None = None,
    today: Callable[[], date] = date.today,
) -> None:
    """Add a session to what is kept under a name; `UsageError` where the file cannot be written."""
    path = path or progress_path()
    try:
        with locked(path):
            kept = _read(path)
            if kept is None:
                os.replace(path, path.with_name(f"{path.name}.damaged"))
                kept = ProgressFile()
            before = kept.scenarios.get(name, Practised())
            after = _with_session(before, score, today().isoformat())
            progress = structs.replace(kept, scenarios={**kept.scenarios, name: after})
            write_whole(path, msgspec.json.format(msgspec.json.encode(progress), indent=1) + b"\n")
    except OSError as error:
        message = msg("{path} was not changed: {reason}", path=clean(str(path)), reason=reason(error))
        raise UsageError(message) from None


def _with_session(before: Practised, score: Score, day: str) -> Practised:
    count = len(score.credits)
    names = {**before.mistakes, **score.mistakes}
    return Practised(
        sessions=before.sessions + 1,
        last=day,
        questions=before.questions + count,
        credit=before.credit + score.credit,
        best=max(before.best, score.credit / count if count else 0.0),
        bugs=before.bugs + score.bugs,
        mistakes={name: before.mistakes.get(name, 0) + score.mistakes.get(name, 0) for name in names},
    )
