"""Questions on standard output, and answers from standard input, typed or piped in."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

from backprop_engine.messages.message import Message
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.lines import Role, Span, wrap_line
from backprop_tui.cli.output import print_lines

__all__ = ["WIDTH", "Asker"]

WIDTH: Final = 100
_LONGEST_LINE: Final = 4096


class Asker:
    """Asks on standard output and reads standard input; what is piped in is written after its prompt."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._echoes = sys.stdin is None or not sys.stdin.isatty()

    def ask(self, prompt: str) -> str | None:
        """What is typed; None at the end of the input."""
        if not self._echoes:
            return self._edited(prompt)
        sys.stdout.write(prompt)
        sys.stdout.flush()
        typed = "" if sys.stdin is None else sys.stdin.readline(_LONGEST_LINE)
        if not typed:
            sys.stdout.write("\n")
            return None
        typed = typed.rstrip("\r\n")
        sys.stdout.write(f"{clean(typed)}\n")
        return typed.strip()

    def _edited(self, prompt: str) -> str | None:
        """What is typed at a terminal, with line editing and a history."""
        with suppress(ImportError):
            import readline  # noqa: F401 - it is what edits
        try:
            return input(prompt)[:_LONGEST_LINE].strip()
        except EOFError:
            sys.stdout.write("\n")
            return None

    def say(self, *messages: Message, role: Role = Role.TEXT) -> None:
        """Print sentences, each wrapped on lines of its own."""
        for message in messages:
            print_lines(wrap_line((Span(message.in_language(self.language), role),), WIDTH))
