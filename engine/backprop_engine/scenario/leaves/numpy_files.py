"""NumPy's files: an array in `.npy`, arrays by name in the zip archive that `.npz` is.

NumPy reads the headers, and nothing is ever unpickled. The size of an array follows from its header, and no
more than that is read: in an archive too, where a few bytes may stand for very many.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from math import prod
from tokenize import TokenError
from typing import IO, Any, Final

import numpy as np
from msgspec import Struct
from numpy.lib import format as npy_format

from backprop_engine.arrays import MAX_AXES, Shape, Tensor
from backprop_engine.errors import code
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.leaves.data_files import DataFile, DataFiles
from backprop_engine.scenario.leaves.selection import cut_short
from backprop_engine.scenario.read.mistakes import as_text, is_absent, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlMapping

__all__ = ["read_npy", "read_npz"]

DATA_KEY = code("data-key", msg("`key` is missing, or is not the name of an array in the `.npz` file."))

_MAX_HEADER: Final = 10_000
"""The longest header, in bytes, that is given to NumPy: its own limit for headers it does not trust."""
_MAX_MEMBERS: Final = 10_000
_READERS: Final = {
    b"\x01": (2, npy_format.read_array_header_1_0),
    b"\x02": (4, npy_format.read_array_header_2_0),
    b"\x03": (4, npy_format.read_array_header_2_0),  # the third is the second with names that are not ASCII
}
"""By a file's major version, the width of its header's length, and what reads the header."""
_REFUSED: Final = {
    "O": msg("Python objects, which are never unpickled"),
    "c": msg("complex numbers"),
    "S": msg("texts"),
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


_BROKEN_HEADER: Final = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, SyntaxError, TokenError,
    TypeError, ValueError,
)  # fmt: skip
"""What NumPy raises for a header that isn't a Python literal, or not the literal it takes."""


class _Header(Struct, frozen=True):
    """What an array's header says, and how many bytes it takes itself."""

    dtype: np.dtype[Any]
    shape: Shape
    fortran: bool
    size: int

    @property
    def bytes(self) -> int:
        """How many bytes the array takes."""
        return prod(self.shape) * self.dtype.itemsize


def read_npy(name: str, file: DataFile, files: DataFiles) -> Tensor:
    """The array in an `.npy` file, for the leaf called `name`."""
    if not file.data.startswith(npy_format.MAGIC_PREFIX):
        hint = msg("this is an archive: name it `.npz`") if file.data.startswith(b"PK") else _SAVE
        raise file.wrong(msg("`{file}` does not start like an `.npy` file", file=file.shown), hint)
    return _array(name, file, f"`{file.shown}`", io.BytesIO(file.data), len(file.data), files)


def read_npz(name: str, node: YamlMapping, file: DataFile, files: DataFiles) -> Tensor:
    """The array in an `.npz` file that the `key` of the leaf names."""
    try:
        with _archive(file) as archive:
            member = _member(node, file, archive)
            what = msg("`{key}` in `{file}`", key=_key(member.filename), file=file.shown)
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise file.wrong(
                    msg("{what} is encrypted or compressed in an unusual way", what=what),
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
        hint: Hint = (
            msg("this is a single array: name it `.npy`")
            if file.data.startswith(npy_format.MAGIC_PREFIX)
            else ""
        )
        message = msg("`{file}` does not start like an `.npz` file", file=file.shown)
        raise file.wrong(message, hint or msg("save it again with `numpy.savez`"))
    if file.data.count(b"PK\x01\x02") > _MAX_MEMBERS:  # each is an entry of the table of contents
        raise file.wrong(msg("`{file}` holds more than {most:,} files", file=file.shown, most=_MAX_MEMBERS))
    return zipfile.ZipFile(io.BytesIO(file.data))


def _key(filename: str) -> str:
    return shortened(clean(filename.removesuffix(".npy")), 40)


def _member(node: YamlMapping, file: DataFile, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The file in the archive that `key` names."""
    members = {
        member.filename.removesuffix(".npy"): member
        for member in archive.infolist()
        if member.filename[-1:] != "/"
    }
    there = (
        msg("available: {names}", names=cut_short(list(members))) if members else msg("it contains no arrays")
    )
    given = node.get("key")
    if given is None or is_absent(given):
        hint = (
            msg("write `{text}`", text=f"key: {shortened(clean(next(iter(members))), 40)}")
            if len(members) == 1
            else there
        )
        message = msg("`{file}` holds several named arrays: choose one with `key`", file=file.shown)
        raise mistake(DATA_KEY, file.node if given is None else node.entries["key"].key, message, hint)
    key = as_text(given, msg("the name of an array for `key`"), there).text
    if key not in members:
        message = msg("there is no array `{key}` in `{file}`", key=shortened(clean(key), 40), file=file.shown)
        raise mistake(DATA_KEY, given, message, did_you_mean(key, members) or there)
    return members[key]


def _array(name: str, file: DataFile, what: str, stream: IO[bytes], size: int, files: DataFiles) -> Tensor:
    """The array in `stream`, which is `size` bytes long; `what` names it in messages."""
    header = _header(file, what, stream)
    files.check(file.node, f"`{name}`", prod(max(1, size) for size in header.shape))
    rest = size - header.size
    data = b""
    if rest == header.bytes:
        data = stream.read(header.bytes)
        rest = len(data)  # less, where an archive says more of itself than there is
    if rest < header.bytes:
        message = msg(
            "{what} is cut off: it has only {rest:,} of the {bytes:,} bytes of its array",
            what=what,
            rest=rest,
            bytes=header.bytes,
        )
        raise file.wrong(message, _SAVE)
    if rest > header.bytes:
        message = msg(
            "{what} has more data after its array of {bytes:,} bytes", what=what, bytes=header.bytes
        )
        raise file.wrong(message, msg("a file holds one array; an `.npz` file holds several"))
    flat = np.frombuffer(data, header.dtype)
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def _header(file: DataFile, what: str, stream: IO[bytes]) -> _Header:
    """The header at the beginning of `stream`, whatever follows it."""
    start = stream.read(npy_format.MAGIC_LEN)
    if not start.startswith(npy_format.MAGIC_PREFIX):
        raise file.wrong(msg("{what} does not start like an `.npy` file", what=what), _SAVE)
    width, reader = _READERS.get(start[6:7], (0, None))
    prefix = stream.read(width)
    length = int.from_bytes(prefix, "little")
    if reader is None or length > _MAX_HEADER:
        raise file.wrong(msg("{what} has an unknown kind of header", what=what), _SAVE)
    text = stream.read(length)
    if len(prefix) < width or len(text) < length:
        raise file.wrong(msg("{what} is cut off inside its header", what=what), _SAVE)
    broken = file.wrong(msg("the header of {what} is not valid", what=what), _SAVE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2, and escapes in texts
            shape, fortran, dtype = reader(io.BytesIO(prefix + text), max_header_size=_MAX_HEADER)
    except _BROKEN_HEADER:
        raise broken from None
    if not all(type(size) is int for size in shape):
        raise broken
    _check_kind(file, what, dtype)
    if any(size < 0 for size in shape):
        raise file.wrong(msg("{what} has an axis of a negative size", what=what), _SAVE)
    if len(shape) > MAX_AXES:
        raise file.wrong(
            msg(
                "{what} has {count} axes; at most {most} are allowed",
                what=what,
                count=len(shape),
                most=MAX_AXES,
            )
        )
    return _Header(dtype, shape, fortran, len(start) + width + length)


def _check_kind(file: DataFile, what: str, dtype: np.dtype[Any]) -> None:
    """Refuse an array of anything but whole numbers, floats up to eight bytes, and booleans."""
    if dtype.kind in "biu" or (dtype.kind == "f" and dtype.itemsize <= 8):
        return
    held = _REFUSED.get(dtype.kind, msg("something other than numbers"))
    raise file.wrong(
        msg("{what} holds {held}", what=what, held=held),
        msg("save whole numbers, floats of up to eight bytes, or booleans"),
    )
