"""A scenario's file together with how it was opened, so that it can be opened the same way again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.files.bundled import ScenarioEntry, following, named_next
from backprop_tui.files.watching import Stamp, stamp

if TYPE_CHECKING:
    from backprop_engine.scenario.model import Scenario

__all__ = ["Opening", "is_folder", "load"]


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder to choose a scenario from; one that holds a recording, or those of several
    ranks, is none.
    """
    if not os.path.isdir(path):
        return False
    from backprop_engine.recordings.folders import holds_recording

    return not holds_recording(Path(path))


def load(path: str | os.PathLike[str], **limits: int) -> Scenario:
    """The scenario in a file, within `limits`, or the recording in a folder.

    `ScenarioError` for mistakes in a file, `UsageError` for a recording that cannot be read.
    """
    if os.path.isdir(path) and not is_folder(path):
        from backprop_engine.recordings.scenarios import load_recording

        return load_recording(path)
    from backprop_engine.scenario.loader import load_scenario

    return load_scenario(Path(path), **limits)


class Opening(Struct, frozen=True):
    """A file, the settings that are in force over it, and what it looked like before it was read, as well as
    its data files, as far as they are known.

    Where it was chosen from a folder of the user's own, `among` are all that are there, in their order.
    """

    path: str
    settings: tuple[str, ...] = ()
    max_memory: int = 2**30
    max_work: int = 10**10
    stamps: Mapping[str, Stamp] = {}
    among: tuple[ScenarioEntry, ...] = ()

    @classmethod
    def of(cls, path: str | os.PathLike[str], settings: tuple[str, ...] = (), **more: Any) -> Opening:
        """The file at `path`, about to be read."""
        name = os.fspath(path)
        return cls(name, settings, stamps={name: stamp(name)}, **more)

    @property
    def next(self) -> ScenarioEntry | None:
        """The scenario to read after this one: that in the list it was chosen from, else that which it names
        itself, else that after it among those that are bundled; None where there is none.
        """
        if self.among:
            return following(self.path, self.among)
        return named_next(self.path) or following(self.path)

    def load(self) -> Scenario:
        """The scenario as the file says it now, with the settings in force.

        Raises `ScenarioError` for mistakes in the file, `UsageError` for a setting that no longer fits it.
        """
        from backprop_engine.scenario.leaves.assignment import parse_setting

        scenario = load(self.path, max_memory=self.max_memory, max_work=self.max_work)
        for setting in self.settings:
            try:
                scenario = scenario.with_leaf(*parse_setting(setting))
            except UsageError as error:
                raise UsageError(
                    msg("{setting}: {problem}", setting=f"--set {clean(setting)}", problem=error.text)
                ) from None
        return scenario
