"""The reader's own editor: which one it is, and how it opens a file at a line."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import PurePath
from time import monotonic
from typing import Final

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import msg

__all__ = ["Loan", "command_line", "run_editor", "wanted_editor"]

_PLUS_LINE = ("vi", "vim", "nvim", "gvim", "nano", "emacs", "emacsclient", "kak", "micro")
_COLON_LINE = ("hx", "helix", "subl", "sublime_text", "zed", "zeditor")
_GOTO = ("code", "code-insiders", "codium", "vscodium", "cursor")

_UNQUOTED: Final[dict[str, str]] = {
    problem: problem for problem in (msg("No closing quotation"), msg("No escaped character"))
}
"""What is said of a command line that no shell could split."""


def _reason(problem: ValueError) -> str:
    return _UNQUOTED.get(str(problem), str(problem))


def wanted_editor(environment: Mapping[str, str]) -> str:
    """What VISUAL says, else EDITOR; empty where neither says anything."""
    return environment.get("VISUAL", "").strip() or environment.get("EDITOR", "").strip()


def command_line(editor: str, path: str, line: int) -> list[str]:
    """The words of a command that opens the file at `path`, at `line` where the editor is known to take one.

    `editor` is split as a shell would, and no shell is asked. The path is made absolute, so that it can be
    taken for no option. Raises `UsageError` for a text that is not a command.
    """
    try:
        words = shlex.split(editor)
    except ValueError as problem:
        raise UsageError(msg("{editor}: {problem}", editor=editor, problem=_reason(problem))) from None
    if not words:
        raise UsageError(msg("the editor's name is empty"))
    path = os.path.abspath(path)
    name = PurePath(words[0]).stem.lower() if words[0].lower().endswith(".exe") else PurePath(words[0]).name
    if name in _PLUS_LINE:
        return [*words, f"+{line}", path]
    if name in _COLON_LINE:
        return [*words, f"{path}:{line}"]
    if name in _GOTO:
        return [*words, "--goto", f"{path}:{line}"]
    return [*words, path]


class Loan:
    """The terminal, while another program has it.

    An interrupt typed there reaches us as well, and we hear of it only once we run again: until a moment
    after the end, interrupts are the other program's affair.
    """

    _MOMENT = 0.3
    _until = 0.0

    @classmethod
    def is_on(cls) -> bool:
        """Whether an interrupt that is heard of now was meant for the other program."""
        return monotonic() < cls._until

    def __enter__(self) -> None:
        Loan._until = float("inf")

    def __exit__(self, *_: object) -> None:
        Loan._until = monotonic() + self._MOMENT


def run_editor(words: list[str]) -> int:
    """Run an editor in the terminal; returns its exit status. `UsageError` if it cannot be started."""
    with Loan():
        try:
            return subprocess.run(words, check=False).returncode
        except (OSError, ValueError) as problem:
            raise UsageError(msg("{editor}: {problem}", editor=words[0], problem=reason(problem))) from None
