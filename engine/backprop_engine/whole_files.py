"""Files that appear whole: the new one, or what was there before, and never half of one.

Everything that this program keeps for people is written here. The text goes to a new file beside the old one,
which then takes its name at once; where the disk is full, or the program is ended, the old file stays.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_IMODE, S_ISREG
from typing import BinaryIO, Final

__all__ = ["whole_file", "write_whole"]

_BINARY: Final = getattr(os, "O_BINARY", 0)
"""On Windows, bytes stay as they are."""


def write_whole(path: str | os.PathLike[str], content: str | bytes, *, new: bool = False) -> None:
    """Write a file, all of it or nothing; text is written as UTF-8. For the rest see `whole_file`.

    Once the file has its name, it is on the disk, so that a power cut leaves the old one or the new one too.
    """
    with whole_file(path, new=new) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
        if S_ISREG(os.fstat(file.fileno()).st_mode):
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def whole_file(path: str | os.PathLike[str], *, new: bool = False) -> Iterator[BinaryIO]:
    """A file to write bytes to, which takes the place of the one at `path` at the end of the block.

    Where the block raises, everything is as it was. A link stays one, and what it leads to is written; a file
    that is replaced keeps its permissions. A pipe or a device is written to, not replaced. With `new`,
    `FileExistsError` where there is anything at `path`, be it a link that leads nowhere. Raises what opening
    and writing raise: `OSError`, and `ValueError` for what is not a file name.
    """
    given = os.fspath(path)
    if not given:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), given)
    if not new and os.path.exists(given) and not os.path.isfile(given):  # a folder says that it is one
        with open(given, "wb") as file:
            yield file
        return
    target = given if new else os.path.realpath(given)
    folder, name = os.path.split(target)
    if not name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), given)
    if new and os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), given)
    draft = os.path.join(folder, f".backprop-{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        with open(descriptor, "w+b") as file:
            _take_permissions(draft, target)
            yield file
        if new:
            _name(draft, target)
        else:
            os.replace(draft, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise


def _take_permissions(draft: str, target: str) -> None:
    """Give a draft the permissions of the file that it will replace, if there is one."""
    with suppress(OSError):
        found = os.stat(target)
        if S_ISREG(found.st_mode):
            os.chmod(draft, S_IMODE(found.st_mode))


def _name(draft: str, target: str) -> None:
    """Give a draft its name, unless something else has it."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):  # a file system without links
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.replace(draft, target)
    else:
        os.unlink(draft)
