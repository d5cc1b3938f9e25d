"""`--ops FILE.py`: operators that the user's own Python file defines; no scenario can name such a file."""

from __future__ import annotations

import runpy
import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg

__all__ = ["run_definitions"]


def run_definitions(path: str) -> None:
    """Run a Python file, so that what it defines is known; `UsageError` with its line if it fails.

    What it prints goes with the messages: a command's output may be read by a program.
    """
    if not Path(path).is_file():
        raise UsageError(msg("{file}: no such file", file=path))
    try:
        with redirect_stdout(sys.stderr):
            runpy.run_path(path)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a file of the user's own may raise anything
        raise UsageError(
            msg("{file}:{line}: {problem}", file=path, line=_line(error, path), problem=_told(error))
        ) from None


def _line(error: BaseException, path: str) -> int:
    """The line of the file that an exception came from; 0 where it came from none."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return (frames[-1].lineno or 0) if frames else 0


def _told(error: BaseException) -> str:
    if isinstance(error, UsageError):
        return str(error)
    return f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
