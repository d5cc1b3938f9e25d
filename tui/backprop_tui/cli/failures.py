"""How a command fails: one line that says what is wrong, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress

from backprop_engine.errors import ScenarioError, UsageError, reason
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean

__all__ = ["BAD_INPUT", "exit_code"]

BAD_INPUT = 2


def exit_code(error: BaseException, language: Callable[[], str], language_of_line: str) -> int:
    """Tell an error that is being handled; one that no user can cause is raised again.

    Mistakes of the user are reported in `language`, failures of the machine in that of the command line.
    """
    match error:
        case ScenarioError():
            _tell(error.in_language(language()))
            return BAD_INPUT
        case UsageError():
            _tell(f"backprop-tui: {clean(error.in_language(language()))}")
            return BAD_INPUT
        case MemoryError():
            _say(msg("there is not enough memory for this"), language_of_line)
            return BAD_INPUT
        case BrokenPipeError():
            _discard_output()
            return _killed_by("SIGPIPE")
        case OSError():
            _say(msg("standard output: {problem}", problem=reason(error)), language_of_line)
            _discard_output()
            return BAD_INPUT
        case KeyboardInterrupt():
            return _killed_by("SIGINT")
    raise error


def _say(message: Message, language: str) -> None:
    _tell(f"backprop-tui: {message.in_language(language)}")


def _tell(text: str) -> None:
    with suppress(OSError):  # the exit code says it too
        print(text, file=sys.stderr)


def _killed_by(name: str) -> int:
    """The exit code of what ends as if it were killed by the signal of this name."""
    import signal

    return 128 + int(getattr(signal, name))


def _discard_output() -> None:
    """Send standard output nowhere, so that Python does not fail again when it flushes it at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
