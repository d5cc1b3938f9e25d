"""What subcommands print: role-tagged lines and, on a terminal, the progress of a long training run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from time import monotonic
from typing import Final, TextIO

from backprop_engine.debugger import Session, advance, progress
from backprop_engine.messages.message import Message, msg
from backprop_engine.trace.run import Run
from backprop_tui.cells.lines import Line, Role, line_text
from backprop_tui.cells.text import cell_width
from backprop_tui.cells.troubles import with_troubles

__all__ = ["ProgressMeter", "print_lines"]

SILENT_SECONDS: Final = 0.5
"""Seconds after which the progress is shown."""
REFRESH_SECONDS: Final = 0.1
_CELLS: Final = 24
_COLOURS = {
    Role.VALUE: "32",
    Role.ACTIVE_VALUE: "32",
    Role.GRADIENT: "31",
    Role.ACTIVE_GRADIENT: "31",
    Role.PRODUCT: "1",
    Role.LOCAL: "35",
    Role.WARNING: "33",
    Role.TROUBLE: "7;33",
    Role.NAME: "34",
    Role.HEADING: "1",
    Role.DIM: "2",
    Role.CODE: "36",
}


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines; in colour where standard output is a terminal that wants it."""
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    for line in lines:
        if coloured:
            text = "".join(
                f"\x1b[{_COLOURS[role]}m{part}\x1b[0m" if role in _COLOURS else part
                for part, role in with_troubles(line)
            )
        else:
            text = line_text(line)
        sys.stdout.write(text.rstrip() + "\n")


class ProgressMeter:
    """A line that is rewritten again and again, and erased at the end."""

    def __init__(self, language: str, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._language = language
        self._shown = 0
        self._next = monotonic() + SILENT_SECONDS if self._stream.isatty() else float("inf")

    def reach(self, run: Run, iteration: int) -> None:
        """Compute what must be computed before the trace of an iteration, which may not exist."""
        iteration = min(iteration, run.iterations - 1)
        of = run.missing(iteration)
        while (left := run.missing(iteration)) > 1:
            run.approach(iteration)
            self._show(1 - left / of, _iteration(iteration + 1 - left, iteration))
        self.wipe()

    def extend(self, run: Run) -> None:
        """Compute every iteration that has not been computed."""
        last = run.iterations - 1
        while run.extend():
            self._show(run.history.count / run.iterations, _iteration(run.history.count, last))
        self.wipe()

    def gradients(self, done: int, count: int) -> None:
        """Say how many gradients have been checked; nothing is left of it once all are."""
        if done < count:
            self._show(done / count, msg("gradient {done} of {count}", done=done, count=count))
        else:
            self.wipe()

    def finish(self, session: Session) -> Session:
        """The session when what is pending is done."""
        while session.pending is not None:
            if monotonic() >= self._next and (reached := progress(session)) is not None:
                self._show(reached.part, _iteration(reached.iteration, reached.last))
            session = advance(session)
        self.wipe()
        return session

    def _show(self, part: float, words: Message) -> None:
        now = monotonic()
        if now < self._next:
            return
        self._next = now + REFRESH_SECONDS
        done = round(part * _CELLS)
        line = f"[{'#' * done}{'-' * (_CELLS - done)}] {words.in_language(self._language)}"
        self._write(line + " " * (self._shown - cell_width(line)))
        self._shown = cell_width(line)

    def wipe(self) -> None:
        """Erase the line, if it is shown."""
        if self._shown:
            self._write(" " * self._shown)
            self._write("")
            self._shown = 0

    def _write(self, line: str) -> None:
        self._stream.write(f"\r{line}")
        self._stream.flush()


def _iteration(iteration: int, last: int) -> Message:
    return msg("iteration {iteration} of {last}", iteration=iteration, last=last)
