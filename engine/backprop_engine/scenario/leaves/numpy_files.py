"""NumPy's files: an array in `.npy`, arrays by name in the zip archive that `.npz` is.

Headers are read by a grammar of our own and nothing is ever unpickled. What an array takes is told from its
header, and no more than that is read: in an archive too, where a few bytes may stand for very many.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from math import prod
from typing import IO, Final

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.errors import ScenarioError, code
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.leaves.data_files import DataFile, DataFiles
from backprop_engine.scenario.leaves.selection import cut_short
from backprop_engine.scenario.read.mistakes import as_text, is_absent, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlMapping

__all__ = ["read_npy", "read_npz"]

DATA_KEY = code("data-key", msg("`key` names no array of an `.npz` file, or is missing."))

_MAGIC: Final = b"\x93NUMPY"
_MAX_HEADER: Final = 2**16
_MAX_AXES: Final = 32
_MAX_MEMBERS: Final = 10_000
_ENTRY: Final = re.compile(
    r"""\s*(['"])(?P<name>\w+)\1\s*:\s*
    (?:(['"])(?P<text>[^'"]*)\3|(?P<flag>True|False)|\((?P<shape>[-\d\s,L]*)\)|(?P<record>[\[(]))
    \s*(?:,|(?=\})|(?<=[\[(]))""",
    re.VERBOSE | re.ASCII,
)
_NUMBERS: Final = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f[248])", re.ASCII)
_REFUSED: Final = {
    "O": msg("Python objects, which are never unpickled"),
    "c": msg("complex numbers"),
    "S": msg("texts"),
    "a": msg("texts"),
    "U": msg("texts"),
    "M": msg("dates"),
    "m": msg("time spans"),
    "V": msg("records"),
    "f": msg("numbers of more than eight bytes"),
}
_SAVE: Final = msg("save it again with `numpy.save`")
_BROKEN_ZIP: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, OverflowError,
)  # fmt: skip


class _Header(Struct, frozen=True):
    """What an array's header says, and how many bytes it takes itself."""

    descr: str
    shape: Shape
    fortran: bool
    size: int

    @property
    def bytes(self) -> int:
        """How many bytes the array takes."""
        return prod(self.shape) * np.dtype(self.descr).itemsize


def read_npy(name: str, file: DataFile, files: DataFiles) -> Tensor:
    """The array in an `.npy` file, for the leaf called `name`."""
    if not file.data.startswith(_MAGIC):
        hint = msg("this is an archive: name it `.npz`") if file.data.startswith(b"PK") else _SAVE
        raise file.wrong(msg("`{file}` does not begin as an `.npy` file does", file=file.shown), hint)
    return _array(name, file, f"`{file.shown}`", io.BytesIO(file.data), len(file.data), files)


def read_npz(name: str, node: YamlMapping, file: DataFile, files: DataFiles) -> Tensor:
    """The array in an `.npz` file that the `key` of the leaf names."""
    try:
        with _archive(file) as archive:
            member = _member(node, file, archive)
            what = msg("`{key}` in `{file}`", key=_key(member.filename), file=file.shown)
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise file.wrong(
                    msg("{what} is encrypted or packed in an unusual way", what=what),
                    msg("use `numpy.savez`"),
                )
            with archive.open(member) as stream:
                return _array(name, file, what, stream, member.file_size, files)
    except _BROKEN_ZIP:
        raise file.wrong(
            msg("`{file}` is a broken archive", file=file.shown), msg("save it again with `numpy.savez`")
        ) from None


def _archive(file: DataFile) -> zipfile.ZipFile:
    if not file.data.startswith(b"PK"):
        hint: Hint = msg("this is a single array: name it `.npy`") if file.data.startswith(_MAGIC) else ""
        message = msg("`{file}` does not begin as an `.npz` file does", file=file.shown)
        raise file.wrong(message, hint or msg("save it again with `numpy.savez`"))
    if file.data.count(b"PK\x01\x02") > _MAX_MEMBERS:  # each is an entry of the table of contents
        raise file.wrong(msg("`{file}` holds more than {most:,} files", file=file.shown, most=_MAX_MEMBERS))
    return zipfile.ZipFile(io.BytesIO(file.data))


def _key(filename: str) -> str:
    return shortened(clean(filename.removesuffix(".npy")), 40)


def _member(node: YamlMapping, file: DataFile, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The file in the archive that `key` names."""
    members = {
        one.filename.removesuffix(".npy"): one for one in archive.infolist() if one.filename[-1:] != "/"
    }
    there = (
        msg("there are {names}", names=cut_short(list(members)))
        if members
        else msg("there are no arrays in it")
    )
    given = node.get("key")
    if given is None or is_absent(given):
        hint = (
            msg("write `{text}`", text=f"key: {shortened(clean(next(iter(members))), 40)}")
            if len(members) == 1
            else there
        )
        message = msg("`{file}` holds arrays by name: one is chosen with `key`", file=file.shown)
        raise mistake(DATA_KEY, file.node if given is None else node.entries["key"].key, message, hint)
    key = as_text(given, msg("the name of an array for `key`"), there).text
    if key not in members:
        message = msg("there is no array `{key}` in `{file}`", key=shortened(clean(key), 40), file=file.shown)
        raise mistake(DATA_KEY, given, message, did_you_mean(key, members) or there)
    return members[key]


def _array(name: str, file: DataFile, what: str, stream: IO[bytes], size: int, files: DataFiles) -> Tensor:
    """The array in `stream`, which is `size` bytes long; `what` names it in messages."""
    header = _header(file, what, stream)
    files.check(file.node, f"`{name}`", prod(max(1, one) for one in header.shape))
    rest = size - header.size
    data = b""
    if rest == header.bytes:
        data = stream.read(header.bytes)
        rest = len(data)  # less, where an archive says more of itself than there is
    if rest < header.bytes:
        message = msg(
            "{what} is cut off: {rest:,} of {bytes:,} bytes of its array are there",
            what=what,
            rest=rest,
            bytes=header.bytes,
        )
        raise file.wrong(message, _SAVE)
    if rest > header.bytes:
        message = msg("{what} goes on behind its array of {bytes:,} bytes", what=what, bytes=header.bytes)
        raise file.wrong(message, msg("a file holds one array; an `.npz` file holds several"))
    flat = np.frombuffer(data, header.descr)
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def _header(file: DataFile, what: str, stream: IO[bytes]) -> _Header:
    """The header at the beginning of `stream`, whatever follows it."""
    start = stream.read(8)
    if start[:6] != _MAGIC:
        raise file.wrong(msg("{what} does not begin as an `.npy` file does", what=what), _SAVE)
    width = 2 if start[6:7] == b"\x01" else 4
    prefix = stream.read(width)
    length = int.from_bytes(prefix, "little")
    if start[6:7] not in (b"\x01", b"\x02", b"\x03") or length > _MAX_HEADER:
        raise file.wrong(msg("{what} has a header of a kind that is not known", what=what), _SAVE)
    text = stream.read(length)
    if len(prefix) < width or len(text) < length:
        raise file.wrong(msg("{what} is cut off inside its header", what=what), _SAVE)
    descr, shape, fortran = _entries(file, what, text.decode("latin-1"))
    return _Header(descr, shape, fortran, 8 + width + length)


def _entries(file: DataFile, what: str, text: str) -> tuple[str, Shape, bool]:
    """What a header's text says: the kind of number, the shape, whether the first axis is innermost."""
    broken = file.wrong(msg("the header of {what} makes no sense", what=what), _SAVE)
    position = text.find("{") + 1
    found: dict[str, re.Match[str]] = {}
    while entry := _ENTRY.match(text, position):
        if entry["name"] == "descr" and entry["record"]:
            raise _refused(file, what, "V")
        found[entry["name"]] = entry
        position = entry.end()
    if text[position:].strip() != "}" or text[: text.find("{")].strip():
        raise broken
    if found.keys() != {"descr", "shape", "fortran_order"}:
        raise broken
    descr, shape = found["descr"]["text"], found["shape"]["shape"]
    fortran = found["fortran_order"]["flag"]
    if descr is None or shape is None or fortran is None:
        raise broken
    if not _NUMBERS.fullmatch(descr):
        raise _refused(file, what, descr.lstrip("<>|=")[:1])
    sizes = [size.strip().removesuffix("L") for size in shape.split(",")]
    if not sizes[-1]:
        sizes.pop()
    elif len(sizes) == 1:
        raise broken
    if not all(re.fullmatch(r"-?\d{1,100}", size) for size in sizes):
        raise broken
    if any(size.startswith("-") for size in sizes):
        raise file.wrong(msg("{what} has an axis of a negative size", what=what), _SAVE)
    if len(sizes) > _MAX_AXES:
        raise file.wrong(
            msg(
                "{what} has {count} axes, at most {most} are allowed",
                what=what,
                count=len(sizes),
                most=_MAX_AXES,
            )
        )
    return descr, tuple(map(int, sizes)), fortran == "True"


def _refused(file: DataFile, what: str, kind: str) -> ScenarioError:
    held = _REFUSED.get(kind, msg("other things than numbers"))
    return file.wrong(
        msg("{what} holds {held}", what=what, held=held),
        msg("save whole numbers, floats up to eight bytes, or booleans"),
    )
