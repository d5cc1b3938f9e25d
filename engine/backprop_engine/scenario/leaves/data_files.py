"""Data files beside a scenario: which may be opened, and their bytes, read once for a whole load.

A path counts from the scenario's own folder and stays in it, links resolved. Nothing but a regular file is
opened. Messages name a file as the scenario does, without saying where it is.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from itertools import islice
from pathlib import PureWindowsPath
from typing import Final

import numpy as np
from msgspec import Struct

from backprop_engine.errors import Code, ScenarioError, code, reason
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import nearest
from backprop_engine.scenario.memory import HINT, TOO_LARGE, check_size, size_message
from backprop_engine.scenario.read.mistakes import mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode, YamlScalar

__all__ = ["DATA_FORMAT", "ENDINGS", "DataFile", "DataFiles"]

ENDINGS: Final = (".csv", ".npy", ".npz")
MAX_DATA_BYTES: Final = 64 * 2**20

DATA_PATH = code(
    "data-path", msg("The path of a data file leads out of the scenario's folder, or is not a path.")
)
DATA_NOT_FOUND = code("data-not-found", msg("There is no data file at this path."))
DATA_UNREADABLE = code(
    "data-unreadable",
    msg(
        "A data file is a directory, a pipe or a device, or the operating system does not allow it "
        "to be opened."
    ),
)
DATA_SIZE = code("data-size", msg("A data file is larger than 64 MiB, or larger than `--max-memory`."))
DATA_FORMAT = code(
    "data-format",
    msg("A data file is corrupt, does not match its extension, or contains something other than numbers."),
)

_FLAGS: Final = sum(
    getattr(os, flag, 0) for flag in ("O_RDONLY", "O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
)
_DOUBLE: Final = np.dtype(np.float64)
_MAX_SEEN: Final = 10_000
"""How many names in a folder are considered for a hint."""


class DataFile(Struct, frozen=True, eq=False):
    """The bytes of a data file, and the `file` value that names it: the place of everything wrong in it."""

    node: YamlScalar
    data: bytes

    @property
    def shown(self) -> str:
        """Its path as the scenario writes it."""
        return _shown(self.node)

    def wrong(self, message: Message, hint: Hint = "", kind: Code = DATA_FORMAT) -> ScenarioError:
        """A mistake in the file, ready to be raised."""
        return mistake(kind, self.node, message, hint)


class DataFiles:
    """The data files of one load: each is read once, and together they are bounded by `max_memory`."""

    def __init__(self, max_memory: int) -> None:
        self.max_memory = max_memory
        self._contents: dict[str, bytes] = {}
        self._read = 0
        self._kept = 0

    def read(self, node: YamlScalar) -> DataFile:
        """The file that the `file` value `node` names; `ScenarioError` if it cannot or may not be read."""
        _check_text(node)
        root = path = ""
        try:
            root, path = _resolved(node)
            if path not in self._contents:
                self._contents[path] = self._content(node, path)
        except (FileNotFoundError, NotADirectoryError):
            hint = _instead(root, path) if path else ""
            raise mistake(
                DATA_NOT_FOUND, node, msg("there is no file `{file}`", file=_shown(node)), hint
            ) from None
        except (OSError, ValueError) as problem:
            is_named = getattr(problem, "strerror", None)
            why = reason(problem) if is_named else msg("the operating system does not accept it as a path")
            message = msg("`{file}` can't be read: {reason}", file=_shown(node), reason=why)
            raise mistake(DATA_UNREADABLE, node, message) from None
        return DataFile(node, self._contents[path])

    def check(self, node: YamlNode, what: str, entries: int) -> None:
        """Refuse a tensor of that many `entries`, in double precision, if it alone is too large."""
        check_size(node, what, entries, _DOUBLE, self.max_memory)

    def keep(self, node: YamlNode, what: str, entries: int) -> None:
        """Refuse a tensor that stays, if it or all of them together are too large."""
        self.check(node, what, entries)
        kept = self._kept + entries * _DOUBLE.itemsize
        if kept > self.max_memory:
            message = size_message(msg("what is read from data files"), kept, self.max_memory)
            raise mistake(TOO_LARGE, node, message, HINT)
        self._kept = kept

    def _content(self, node: YamlScalar, path: str) -> bytes:
        limit = min(MAX_DATA_BYTES, self.max_memory)
        _check_regular(node, os.stat(path))  # a device may act on being opened
        with open(os.open(path, _FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(node, status)
            size = status.st_size
            if size > limit:
                raise mistake(
                    DATA_SIZE, node, size_message(msg("the file `{file}`", file=_shown(node)), size, limit)
                )
            if self._read + size > self.max_memory:
                message = size_message(
                    msg("the content of the data files"), self._read + size, self.max_memory
                )
                raise mistake(TOO_LARGE, node, message, HINT)
            data = file.read(size + 1)
        if len(data) != size:
            raise mistake(
                DATA_UNREADABLE,
                node,
                msg("`{file}` changed while it was being read", file=_shown(node)),
                msg("load it again"),
            )
        self._read += size
        return data


def _shown(node: YamlScalar) -> str:
    return shortened(clean(node.text), 60)


def _check_regular(node: YamlScalar, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = msg("a directory") if stat.S_ISDIR(status.st_mode) else msg("a pipe, a socket or a device")
    hint = msg("data are read from files that end in {names}", names=", ".join(ENDINGS))
    raise mistake(DATA_UNREADABLE, node, msg("`{file}` is {kind}", file=_shown(node), kind=kind), hint)


def _resolved(node: YamlScalar) -> tuple[str, str]:
    """The scenario's folder and the file, both without links; the file is in the folder, if it is at all."""
    root = os.path.realpath(os.path.dirname(node.source.path) or os.curdir)
    path = os.path.realpath(os.path.join(root, node.text))
    if os.path.commonpath((root, path)) != root:
        raise _leaves(node)
    return root, path


def _check_text(node: YamlScalar) -> None:
    """Refuse anything but a relative path below the scenario's folder, from its text alone."""
    text, scenario = node.text, node.source.path
    if not scenario or re.fullmatch(r"<[^/\\]*>", scenario):
        message = msg("this scenario is not in a folder, so it cannot have data files")
        raise mistake(DATA_PATH, node, message, msg("save it to a file beside its data, and open that file"))
    if clean(text) != text:
        message = msg(
            "a path cannot contain control characters or invisible ones: `{file}`", file=_shown(node)
        )
        raise mistake(DATA_PATH, node, message)
    if "://" in text:
        hint = msg("save the file beside the scenario and write its name")
        raise mistake(DATA_PATH, node, msg("data files are not downloaded"), hint)
    if PureWindowsPath(text).anchor:  # of either system: a scenario means the same everywhere
        hint = msg("paths are relative to the scenario's folder, such as `file: data/iris.csv`")
        raise mistake(DATA_PATH, node, msg("`{file}` is an absolute path", file=_shown(node)), hint)
    depth = 0
    for part in re.split(r"[/\\]", text):
        depth += -1 if part == os.pardir else part not in ("", os.curdir)
        if depth < 0:
            raise _leaves(node)


def _leaves(node: YamlScalar) -> ScenarioError:
    message = msg("`{file}` leads out of the scenario's folder", file=_shown(node))
    return mistake(DATA_PATH, node, message, msg("put the file in that folder, or in a folder below it"))


def _instead(root: str, path: str) -> Hint:
    """A hint for a path that is not there: its first missing part, with the nearest name in its place."""
    parts = os.path.relpath(path, root).split(os.sep)
    folder, missing = root, 0
    while missing < len(parts) - 1 and os.path.isdir(os.path.join(folder, parts[missing])):
        folder = os.path.join(folder, parts[missing])
        missing += 1
    names = _names(folder, files=missing == len(parts) - 1)
    wanted = parts[missing]
    if any(unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", wanted) for name in names):
        return msg(
            "the name of the file looks the same, but its letters are composed differently: rename the file"
        )
    rest = parts[missing + 1 :]
    near = nearest(wanted, names)
    if near is None:
        return msg("paths are relative to the scenario's folder")
    return msg("did you mean `{text}`?", text="/".join((*parts[:missing], near, *rest)))


def _names(folder: str, files: bool) -> list[str]:
    """The names of the data files in `folder`, or of the folders in it."""
    try:
        with os.scandir(folder) as entries:
            seen = list(islice(entries, _MAX_SEEN))
    except OSError:
        return []
    return sorted(
        entry.name
        for entry in seen
        if (entry.name.lower().endswith(ENDINGS) if files else entry.is_dir(follow_symlinks=False))
    )
