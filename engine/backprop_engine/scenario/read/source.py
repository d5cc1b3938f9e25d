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
from itertools import islice
from typing import Final

import numpy as np

from backprop_engine.errors import Code, Diagnostic, Place, ScenarioError, code, reason
from backprop_engine.messages.message import Hint, Message, cleaned, msg
from backprop_engine.messages.plain_text import clean

__all__ = ["INVISIBLE", "MAX_BYTES", "Source", "read_source"]

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_NAMES: Final = 100_000
MAX_VALUES: Final = 1_000_000

FILE_NOT_FOUND = code("file-not-found", msg("There is no file at this path."))
FILE_NOT_REGULAR = code(
    "file-not-regular", msg("The path is a directory, a pipe or a device; scenarios are files.")
)
FILE_UNREADABLE = code("file-unreadable", msg("The operating system does not allow the file to be opened."))
FILE_TOO_LARGE = code(
    "file-too-large",
    msg(
        "The file is larger than 16 MiB, or has more than 100,000 names, a million values, or a thousand "
        "breakpoints or watches."
    ),
)
FILE_BINARY = code("file-binary", msg("The file contains null bytes, so it is not text."))
FILE_ENCODING = code("file-encoding", msg("The file is neither UTF-8 nor UTF-16 with a byte order mark."))
FILE_CONTROL = code("file-control-character", msg("The file contains a raw control character."))

_SHOWN = 200
_ELSEWHERE = msg("put large tensors in .npy or .csv files beside the scenario")
_COUNTED = (
    (msg("names with a value"), (": ", ":\n", ":\r", '":'), MAX_NAMES),
    (msg("lines and list entries"), (",", "\n", "\r", "- ", "[", "{"), MAX_VALUES),
)
"""What costs time and memory, told from the signs that go with it, before anything is parsed."""
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ZERO = msg("a null character: this looks like a binary file")
# Controls without tab and line breaks, and what some readers take for a line break or for no character.
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


INVISIBLE: Final = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""A pattern for characters that are invisible on a screen.

Compiled where a text outside ASCII is shown: it takes milliseconds, for which no start waits.
"""


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
            kind, message, hint = _forbidden(found[0], found.start())
            raise source.error(kind, message, found.start(), hint)
        _check_counts(path, text)
        return source

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        ends = codes == ord("\n")
        if "\r" in self.text:
            returns = codes == ord("\r")
            returns[:-1] &= ~ends[1:]  # a return before a line feed ends no line by itself
            ends |= returns
        starts: list[int] = (np.flatnonzero(ends) + 1).tolist()
        return [0, *starts]

    def line(self, number: int) -> str:
        """The line with this number, counted from 1, without its line break."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def quoted(self, number: int) -> str:
        """The line for a terminal: harmless, nothing in it invisible, and every character in its column."""
        line = self.line(number).replace("\t", " ")
        if line.isascii() and line.isprintable():
            return line
        return line.translate({ord(character): _seen(character) for character in set(line)})

    def place(self, offset: int, width: int = 1) -> Place:
        """The place of `width` characters at `offset`, cut at the end of the line."""
        starts = self.line_starts
        line = bisect_right(starts, offset)
        column = offset - starts[line - 1]
        if line == len(starts) or offset + width > starts[line] - 2:  # perhaps past the end of the line
            width = min(width, len(self.line(line)) - column)
        return Place(self.path, line, column + 1, max(1, width))

    def diagnostic(self, kind: Code, message: Message, place: Place, hint: Hint = "") -> Diagnostic:
        """A mistake at a place in this file, with its line quoted; what it shows is harmless."""
        return Diagnostic(kind, cleaned(message), place, cleaned(hint), self.quoted(place.line))

    def error(
        self, kind: Code, message: Message, offset: int, hint: Hint = "", width: int = 1
    ) -> ScenarioError:
        """A single mistake at `offset`, ready to be raised."""
        return ScenarioError([self.diagnostic(kind, message, self.place(offset, width), hint)])


def read_source(path: str | os.PathLike[str]) -> Source:
    """The text of the file at `path`; raises `ScenarioError` if it can't be read as text.

    Nothing but a regular file is opened: a pipe would wait forever, a device may act on being read.
    """
    label = clean(os.fspath(path))
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise _unread(
                label,
                FILE_NOT_REGULAR,
                msg("{kind} is not a scenario file", kind=_kind_of(status.st_mode)),
            )
        if status.st_size > MAX_BYTES:
            raise _too_large(label)
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _unread(label, FILE_NOT_FOUND, *_not_found(os.fspath(path))) from None
    except (OSError, ValueError) as problem:
        message = msg("the file can't be read: {reason}", reason=reason(problem))
        raise _unread(label, FILE_UNREADABLE, message) from None
    return Source.from_bytes(label, data)


def _check_counts(path: str, text: str) -> None:
    """Refuse more names or values than the loader can take in reasonable time, at the first too many."""
    for what, signs, most in _COUNTED:
        if sum(map(text.count, signs)) > most:
            found = re.finditer("|".join(map(re.escape, signs)), text)
            at = next(islice(found, most, None)).start()
            message = msg("a scenario file can have at most {most:,} {what}", most=most, what=what)
            raise Source(path, text[: at + _SHOWN]).error(FILE_TOO_LARGE, message, at, _ELSEWHERE)


def _seen(character: str) -> str:
    """A character in place of another, which a terminal shows and does not obey."""
    shown = clean(character)
    is_seen = len(shown) == 1 and shown.isprintable() and not re.match(INVISIBLE, shown)
    return shown if is_seen else "\ufffd"


def _unread(path: str, kind: Code, message: Message, hint: Hint = "") -> ScenarioError:
    """The error of a file without text; its place is the beginning."""
    return ScenarioError([Diagnostic(kind, cleaned(message), Place(path, 1, 1), cleaned(hint))])


def _too_large(path: str) -> ScenarioError:
    return _unread(
        path,
        FILE_TOO_LARGE,
        msg("a scenario file can be at most {most} MiB", most=MAX_BYTES // 2**20),
        _ELSEWHERE,
    )


def _kind_of(mode: int) -> Message:
    if stat.S_ISDIR(mode):
        return msg("a directory")
    if stat.S_ISFIFO(mode):
        return msg("a pipe")
    return msg("a socket") if stat.S_ISSOCK(mode) else msg("a device")


def _not_found(path: str) -> tuple[Message, Hint]:
    """The message and the hint for a path that leads nowhere."""
    try:
        return msg("this is a link to {path}, which does not exist", path=os.readlink(path)), ""
    except (OSError, ValueError):
        return msg("there is no such file"), _nearest(path)


def _stem(name: str) -> str:
    """A file's name without its ending, which many files share."""
    return os.path.splitext(name)[0]


def _nearest(path: str) -> Hint:
    """A hint that names the file beside `path` with the most similar name."""
    folder, name = os.path.split(path)
    try:
        near = get_close_matches(name, os.listdir(folder or "."), n=1)
        near = [file for file in near if get_close_matches(_stem(name), [_stem(file)])]
    except (OSError, ValueError):
        return ""
    return msg("did you mean {path}?", path=os.path.join(folder, near[0])) if near else ""


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
            raise source.error(FILE_BINARY, _ZERO, zero) from None
        message = msg(
            "byte 0x{byte:02x} is not valid {encoding} here", byte=body[problem.start], encoding=name
        )
        raise source.error(FILE_ENCODING, message, offset, msg("save the file as UTF-8")) from None


def _forbidden(character: str, offset: int) -> tuple[Code, Message, Hint]:
    """The kind of mistake that a forbidden character is, in words, and what to do about it."""
    number = ord(character)
    if character == "\0":
        return FILE_BINARY, _ZERO, ""
    if character == "\ufeff":
        message = (
            msg("a second byte order mark, U+FEFF")
            if offset == 0
            else msg("a byte order mark inside the text, U+FEFF")
        )
        return FILE_CONTROL, message, msg("it is invisible: remove it")
    escape = f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
    hint = msg('remove it; in double quotes, write it as "{escape}"', escape=escape)
    if character == "\u2028":
        return FILE_CONTROL, msg("a line separator, U+2028"), hint
    if character == "\u2029":
        return FILE_CONTROL, msg("a paragraph separator, U+2029"), hint
    return FILE_CONTROL, msg("a raw control character, U+{number:04X}", number=number), hint
