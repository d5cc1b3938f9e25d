"""The text of a scenario file: reading it without surprises, and finding places in it."""

from __future__ import annotations

import codecs
import os
import re
import stat
from bisect import bisect_right
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from backprop_engine.errors import Code, Diagnostic, Place, ScenarioError, code
from backprop_engine.text import clean

__all__ = ["MAX_BYTES", "Source", "read_source"]

MAX_BYTES: Final = 16 * 1024 * 1024

FILE_NOT_FOUND = code("file-not-found", "There is no file at this path.")
FILE_NOT_REGULAR = code(
    "file-not-regular", "The path is a directory, a pipe or a device; scenarios are files."
)
FILE_UNREADABLE = code("file-unreadable", "The system refuses to open the file.")
FILE_TOO_LARGE = code("file-too-large", "The file is larger than 16 MiB.")
FILE_BINARY = code("file-binary", "The file holds zero bytes: it is no text.")
FILE_ENCODING = code("file-encoding", "The file is neither UTF-8 nor UTF-16 with a byte order mark.")
FILE_CONTROL = code("file-control-character", "A raw control character stands in the file.")

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# Controls without tab and line breaks, and what some readers take for a line break or for no character.
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, eq=False)
class Source:
    """The text of a file under the path that the user gave; offsets into it count code points from 0.

    Lines end at a line feed, a carriage return, or both together. The text holds no raw control characters.
    """

    path: str
    text: str = field(repr=False)

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> Source:
        """The text in `data`, checked; `path` is what places show."""
        path = clean(path)
        if len(data) > MAX_BYTES:
            raise _too_large(path)
        text = _decoded(path, data)
        source = cls(path, text)
        if found := _FORBIDDEN.search(text):
            raise source.error(*_forbidden(found[0]), found.start())
        return source

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        return [0, *(found.end() for found in _LINE_BREAK.finditer(self.text))]

    def line(self, number: int) -> str:
        """The line with this number, counted from 1, without its line break."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def quoted(self, number: int) -> str:
        """The line for a terminal: harmless, and every character still in its column."""
        line = self.line(number)
        shown = clean(line)
        if len(shown) == len(line):
            return shown
        return "".join(safe if len(safe := clean(character)) == 1 else "\ufffd" for character in line)

    def place(self, offset: int, width: int = 1) -> Place:
        """The place of `width` characters at `offset`, cut at the end of the line."""
        starts = self.line_starts
        line = bisect_right(starts, offset)
        column = offset - starts[line - 1]
        if line == len(starts) or offset + width > starts[line] - 2:  # perhaps past the end of the line
            width = min(width, len(self.line(line)) - column)
        return Place(self.path, line, column + 1, max(1, width))

    def diagnostic(self, kind: Code, message: str, place: Place, hint: str = "") -> Diagnostic:
        """A mistake at a place in this file, with its line quoted; what it shows is harmless."""
        return Diagnostic(kind, clean(message), place, clean(hint), self.quoted(place.line))

    def error(self, kind: Code, message: str, offset: int, hint: str = "", width: int = 1) -> ScenarioError:
        """A single mistake at `offset`, ready to be raised."""
        return ScenarioError([self.diagnostic(kind, message, self.place(offset, width), hint)])


def read_source(path: str | os.PathLike[str]) -> Source:
    """The text of the file at `path`; raises `ScenarioError` if it can't be read as text.

    Nothing but a regular file is opened: a pipe would wait for ever, a device may act on being read.
    """
    label = clean(os.fspath(path))
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise _unread(label, FILE_NOT_REGULAR, f"{_kind_of(status.st_mode)} is no scenario file")
        if status.st_size > MAX_BYTES:
            raise _too_large(label)
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _unread(label, FILE_NOT_FOUND, "there is no such file", _nearest(os.fspath(path))) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise _unread(label, FILE_UNREADABLE, f"the file can't be read: {reason}") from None
    return Source.from_bytes(label, data)


def _unread(path: str, kind: Code, message: str, hint: str = "") -> ScenarioError:
    """The error of a file without text; its place is the beginning."""
    return ScenarioError([Diagnostic(kind, clean(message), Place(path, 1, 1), clean(hint))])


def _too_large(path: str) -> ScenarioError:
    hint = "put large tensors in .npy or .csv files beside the scenario"
    return _unread(path, FILE_TOO_LARGE, f"a scenario file has at most {MAX_BYTES // 2**20} MiB", hint)


def _kind_of(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _nearest(path: str) -> str:
    """A hint that names the file beside `path` with the most similar name."""
    folder, name = os.path.split(path)
    try:
        near = get_close_matches(name, os.listdir(folder or "."), n=1)
    except (OSError, ValueError):
        return ""
    return f"did you mean {os.path.join(folder, near[0])}?" if near else ""


def _decoded(path: str, data: bytes) -> str:
    """`data` without its byte order mark, as text."""
    body, encoding, name = data.removeprefix(codecs.BOM_UTF8), "utf-8", "UTF-8"
    for mark, wide in _WIDE.items():
        if data.startswith(mark):
            body, encoding, name = data.removeprefix(mark), wide, "UTF-16"
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as problem:
        # All before the first bad byte decodes alone, so its length is the offset.
        source = Source(path, body.decode(encoding, errors="replace"))
        offset = len(body[: problem.start].decode(encoding))
        zero = source.text.find("\0")
        if zero >= 0:
            raise source.error(*_forbidden("\0"), zero) from None
        message = f"byte 0x{body[problem.start]:02x} is not valid {name} here"
        raise source.error(FILE_ENCODING, message, offset, "save the file as UTF-8") from None


def _forbidden(character: str) -> tuple[Code, str]:
    """The kind of mistake that a forbidden character is, in words."""
    if character == "\0":
        return FILE_BINARY, "a zero character: this looks like a binary file"
    return FILE_CONTROL, f"a raw control character, U+{ord(character):04X}"
